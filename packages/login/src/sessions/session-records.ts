import { unavailable } from '@kube-authn/core'
import { sha256Hex } from '@kube-authn/core/internal'
import type { Lifetimes } from './lifetimes.ts'
import type { Session, SessionSelector } from './session-keeper.ts'
import {
  isRefusal,
  recordsUnder,
  removeRecord,
  type SessionRecord,
  type SessionStore,
} from './session-store.ts'
import { parseEntry, isSelected, type SessionEntry, unsealSession, sealSession } from './stored-session.ts'

/** The records of sessions in a store. */
export interface SessionRecords {
  create(session: Session): Promise<void>
  /** The session with this id; `undefined` if it is over or damaged. */
  read(id: string): Promise<Session | undefined>
  /**
   * Changes a session as it is now, again whenever another replica was faster.
   *
   * @param next returns what to write; `undefined` to leave it.
   * @returns the session afterwards; `undefined` if it has ended.
   */
  change(id: string, next: (current: Session) => Session | undefined): Promise<Session | undefined>
  /** @returns whether it was there. */
  remove(digest: string): Promise<boolean>
  /** The entries of the selected sessions among these digests; `undefined`: among all sessions. */
  entries(digests: readonly string[] | undefined, selector: SessionSelector): Promise<readonly SessionEntry[]>
}

/** Each change begins with a read, and a session changes seldom. */
const MAX_ATTEMPTS = 10

/** The records below `prefix`: `session/DIGEST OF THE SESSION`. A record is gone when its session is over. */
export function sessionRecords(store: SessionStore, prefix: string, lifetimes: Lifetimes): SessionRecords {
  const place = `${prefix}session/`

  const sessionIn = async (id: string, record: SessionRecord | undefined): Promise<Session | undefined> => {
    const session = record === undefined ? undefined : await unsealSession(record.value, id, prefix)
    return session === undefined || lifetimes.isOver(session) ? undefined : session
  }

  const change: SessionRecords['change'] = async (id, next) => {
    const key = place + sha256Hex(id)
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
      const record = await store.get(key)
      const current = await sessionIn(id, record)
      if (record === undefined || current === undefined) return undefined
      const changed = next(current)
      if (changed === undefined) return current
      try {
        const lifetime = { ttlMs: Math.max(1, lifetimes.remainingMs(changed)) }
        await store.update(key, await sealSession(changed, prefix), record.revision, lifetime)
        return changed
      } catch (thrown) {
        if (isRefusal(thrown, 'objectNotFound')) return undefined
        if (!isRefusal(thrown, 'revisionConflict')) throw thrown
      }
    }
    throw unavailable('the session is being changed by too many requests')
  }

  return {
    async create(session) {
      const lifetime = { ttlMs: lifetimes.remainingMs(session) }
      await store.create(place + session.digest, await sealSession(session, prefix), lifetime)
    },
    read: async (id) => sessionIn(id, await store.get(place + sha256Hex(id))),
    change,
    remove: (digest) => removeRecord(store, place + digest),
    async entries(digests, selector) {
      const found: SessionEntry[] = []
      const take = (record: SessionRecord | undefined): void => {
        const entry = record === undefined ? undefined : parseEntry(record.value)
        // The entry must be that of the session which the key names.
        if (entry === undefined || record?.key !== place + entry.digest) return
        if (isSelected(entry, selector)) found.push(entry)
      }
      if (digests === undefined) for await (const record of recordsUnder(store, place)) take(record)
      else for (const digest of digests) take(await store.get(place + digest))
      return found
    },
  }
}
