import { unavailable } from '@kube-authn/core'
import { bytesOfBase64url, isObject, memberOf, sha256Hex } from '@kube-authn/core/internal'
import type { Lifetimes } from './lifetimes.ts'
import { idTokenDigest, type KnownIdToken } from './revoked-id-tokens.ts'
import { seal, type SealingKey, sealingKey, unseal } from './seal.ts'
import type { ListedSession, Session, SessionSelector } from './session-keeper.ts'
import { parseSession, serializeSession } from './session.ts'
import {
  isRefusal,
  recordsUnder,
  removeRecord,
  type SessionRecord,
  type SessionStore,
} from './session-store.ts'

/** The part of a record that can be read without the cookie: for lists, and to find sessions that end. Requests trust only the sealed part. */
export interface SessionEntry extends ListedSession {
  readonly providerSession?: string
  readonly idToken?: KnownIdToken
}

/** The format of what is sealed. */
const VERSION = 1

const ID = /^[\w-]{43}$/

export function isSessionId(text: string): boolean {
  return ID.test(text)
}

/** Derived from the id of a session, which only its browser has. */
function sessionKey(id: string, prefix: string): Promise<SealingKey> {
  return sealingKey(bytesOfBase64url(id), ['stored session', VERSION, prefix])
}

async function sealSession(session: Session, prefix: string): Promise<string> {
  const sealed = await seal(serializeSession(session), await sessionKey(session.id, prefix))
  return JSON.stringify({ ...fullEntry(session), sealed })
}

/** The session of a record; `undefined` if it is not the one with this id, or was changed. */
async function unsealSession(value: string, id: string, prefix: string): Promise<Session | undefined> {
  const { sealed } = parsedRecord(value)
  const text = typeof sealed === 'string' ? await unseal(sealed, [await sessionKey(id, prefix)]) : undefined
  const session = text === undefined ? undefined : parseSession(text)
  return session?.id === id ? session : undefined
}

/** The entry of a session, with the digest of its id token. */
export function fullEntry(session: Session): SessionEntry {
  return { ...sessionEntry(session), idToken: idTokenDigest(session.content) }
}

export function sessionEntry({ digest, startedAtMs, endsAtMs, seenAtMs, content }: Session): SessionEntry {
  const { provider, subject, username, providerSession } = content
  const entry = { digest, provider, subject, username, startedAtMs, endsAtMs, seenAtMs }
  return {
    ...entry,
    ...(providerSession !== undefined && { providerSession }),
  }
}

/** The entry in a record; `undefined` if the record is damaged. */
function parseEntry(value: string): SessionEntry | undefined {
  const record = parsedRecord(value)
  const { digest, provider, subject, username, providerSession, startedAtMs, endsAtMs, seenAtMs } = record
  if (typeof digest !== 'string' || typeof provider !== 'string' || typeof subject !== 'string')
    return undefined
  if (typeof username !== 'string' || typeof startedAtMs !== 'number') return undefined
  if (typeof endsAtMs !== 'number' || typeof seenAtMs !== 'number') return undefined
  const entry = { digest, provider, subject, username, startedAtMs, endsAtMs, seenAtMs }
  return {
    ...entry,
    ...(typeof providerSession === 'string' && { providerSession }),
    ...knownIdToken(record),
  }
}

/** Records of earlier versions have none. */
function knownIdToken({ idToken }: Readonly<Record<string, unknown>>): { readonly idToken?: KnownIdToken } {
  const sha256 = memberOf(idToken, 'sha256')
  const expiresAtMs = memberOf(idToken, 'expiresAtMs')
  return typeof sha256 === 'string' && typeof expiresAtMs === 'number'
    ? { idToken: { sha256, expiresAtMs } }
    : {}
}

const SELECTING = ['digest', 'provider', 'subject', 'providerSession', 'username'] as const

/** Whether a session has every given member. */
export function isSelected(entry: SessionEntry, selector: SessionSelector): boolean {
  return SELECTING.every((each) => selector[each] === undefined || selector[each] === entry[each])
}

/** The members of a value in a store; none if it is damaged. */
export function parsedRecord(value: string): Readonly<Record<string, unknown>> {
  try {
    const record: unknown = JSON.parse(value)
    return isObject(record) ? record : {}
  } catch {
    return {}
  }
}

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
