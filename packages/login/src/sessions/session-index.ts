import { sha256Hex } from '@kube-authn/core/internal'
import type { SessionSelector } from './session-keeper.ts'
import { createRecord, isRefusal, recordsUnder, removeRecord, type SessionStore } from './session-store.ts'
import type { Lifetimes } from './lifetimes.ts'
import { isSelected, parsedRecord, type SessionEntry } from './stored-session.ts'

/** The members by which sessions are found, the most exact first. */
const INDEXED = ['providerSession', 'subject', 'username'] as const
/** The members by which sessions end. `provider` has no index: it would select too many for one to help. */
const ENDING = [...INDEXED, 'provider'] as const

/** How long logins are refused that may have begun before a logout. */
export const LOGOUT_WINDOW_MS = 10_000

/** How long a session may be in the index before it is stored: longer than any store takes. */
const COMPLETED_MS = 300_000

/** Finds sessions by their members. */
export interface SessionIndex {
  /** Must be called before the session is stored: a logout looks here first. */
  add(entry: SessionEntry, ttlMs: number): Promise<void>
  remove(entry: SessionEntry): Promise<void>
  /** The digests of sessions that a selector may mean; `undefined` if every session must be looked at. */
  find(selector: SessionSelector): Promise<readonly string[] | undefined>
  /** Takes a session out that is gone, unless it was added so recently that it may be yet to come. */
  forget(username: string, digest: string): Promise<void>
  /**
   * Records that the selected sessions end. Must be called before they are looked for.
   *
   * @param isBrief only for logins that are being completed: for selectors that anyone may send. A mark that there is stays as it is.
   */
  markEnded(selector: SessionSelector, isBrief?: boolean): Promise<void>
  /** Whether a session was stored while it was ended. Must be called after it was stored. */
  isMarkedEnded(entry: SessionEntry): Promise<boolean>
}

/**
 * The index of sessions in a store, below `prefix`:
 *
 * - `by/KIND/DIGEST OF THE VALUE/DIGEST OF THE SESSION`
 * - `ended/KIND/DIGEST OF THE VALUE/DIGEST OF THE SELECTOR`
 *
 * A login writes the index, then the session, and then reads the marks. A logout writes the mark, and then reads the index. So whichever is first, one of them sees the other.
 *
 * @param lifetimes the session of a provider is marked for the longest one, since it does not come back.
 */
export function sessionIndex(
  store: SessionStore,
  prefix: string,
  { clock, maxLifetimeMs: longestMs }: Pick<Lifetimes, 'clock' | 'maxLifetimeMs'>,
): SessionIndex {
  return {
    async add(entry, ttlMs) {
      const value = JSON.stringify({ addedAtMs: clock.now() })
      await Promise.all(entryKeys(prefix, entry).map((key) => createRecord(store, key, value, ttlMs)))
    },

    async remove(entry) {
      await Promise.all(entryKeys(prefix, entry).map((key) => removeRecord(store, key)))
    },

    async find(selector) {
      if (selector.digest !== undefined) return [selector.digest]
      for (const kind of INDEXED) {
        const { [kind]: value } = selector
        if (value === undefined) continue
        const place = `${prefix}by/${valuePath(kind, value)}/`
        const digests: string[] = []
        for await (const { key } of recordsUnder(store, place)) digests.push(key.slice(place.length))
        return digests
      }
      return undefined
    },

    async forget(username, digest) {
      const key = `${prefix}by/${valuePath('username', username)}/${digest}`
      const known = await store.get(key)
      if (known === undefined) return
      // Long ago if the value does not say so.
      const { addedAtMs } = parsedRecord(known.value)
      if (typeof addedAtMs === 'number' && clock.now() - addedAtMs < COMPLETED_MS) return
      await removeRecord(store, key, known.revision)
    },

    async markEnded(selector, isBrief = false) {
      const kind = ENDING.find((each) => selector[each] !== undefined)
      // A session that is named by its digest is there already.
      if (kind === undefined || selector.digest !== undefined) return
      const value = JSON.stringify(selector)
      const key = `${prefix}ended/${valuePath(kind, selector[kind] ?? '')}/${sha256Hex(value)}`
      if (isBrief) await createRecord(store, key, value, LOGOUT_WINDOW_MS)
      else await put(store, key, value, kind === 'providerSession' ? longestMs : LOGOUT_WINDOW_MS)
    },

    async isMarkedEnded(entry) {
      const marks = await Promise.all(
        ENDING.map(async (kind) => {
          const { [kind]: value } = entry
          if (value === undefined) return false
          const place = `${prefix}ended/${valuePath(kind, value)}/`
          for await (const mark of recordsUnder(store, place)) {
            // A mark that cannot be read concerns every session that finds it.
            if (isSelected(entry, parsedRecord(mark.value))) return true
          }
          return false
        }),
      )
      return marks.includes(true)
    },
  }
}

/** The digest of a value below its kind, so that all keys have the same length. */
function valuePath(kind: string, value: string): string {
  return `${kind}/${sha256Hex(value)}`
}

function entryKeys(prefix: string, entry: SessionEntry): readonly string[] {
  return INDEXED.flatMap((kind) => {
    const { [kind]: value } = entry
    return value === undefined ? [] : [`${prefix}by/${valuePath(kind, value)}/${entry.digest}`]
  })
}

const MAX_ATTEMPTS = 5

/** Creates an object, or has it live longer. */
async function put(store: SessionStore, key: string, value: string, ttlMs: number): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      const known = await store.get(key)
      await (known === undefined
        ? store.create(key, value, { ttlMs })
        : store.update(key, value, known.revision, { ttlMs }))
      return
    } catch (thrown) {
      // Another request marks the same, or a mark has just expired.
      if (
        attempt === MAX_ATTEMPTS ||
        !isRefusal(thrown, 'objectExists', 'objectNotFound', 'revisionConflict')
      )
        throw thrown
    }
  }
}
