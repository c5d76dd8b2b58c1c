import { bytesOfBase64url, isObject, memberOf } from '@kube-authn/core/internal'
import { idTokenDigest, type KnownIdToken } from './revoked-id-tokens.ts'
import { seal, type SealingKey, sealingKey, unseal } from './seal.ts'
import type { ListedSession, Session, SessionSelector } from './session-keeper.ts'
import { parseSession, serializeSession } from './session.ts'

/** The part of a record that can be read without the cookie: for lists, and to find sessions that end. Requests trust only the sealed part. */
export interface SessionEntry extends ListedSession {
  readonly providerSession?: string
  readonly idToken?: KnownIdToken
}

/** The format of what is sealed. */
const VERSION = 1

const ID = /^[\w-]{43}$/

/** Whether a string can be the id of a session. */
export function isSessionId(text: string): boolean {
  return ID.test(text)
}

/** Derived from the id of a session, which only its browser has. */
function sessionKey(id: string, prefix: string): Promise<SealingKey> {
  return sealingKey(bytesOfBase64url(id), ['stored session', VERSION, prefix])
}

/** The value of the record of a session. */
export async function sealSession(session: Session, prefix: string): Promise<string> {
  const sealed = await seal(serializeSession(session), await sessionKey(session.id, prefix))
  return JSON.stringify({ ...fullEntry(session), sealed })
}

/** The session of a record; `undefined` if it is not the one with this id, or was changed. */
export async function unsealSession(value: string, id: string, prefix: string): Promise<Session | undefined> {
  const { sealed } = parsedRecord(value)
  const text = typeof sealed === 'string' ? await unseal(sealed, [await sessionKey(id, prefix)]) : undefined
  const session = text === undefined ? undefined : parseSession(text)
  return session?.id === id ? session : undefined
}

/** The entry of a session, with the digest of its id token. */
export function fullEntry(session: Session): SessionEntry {
  return { ...sessionEntry(session), idToken: idTokenDigest(session.content) }
}

/** The entry of a session, as the index needs it. */
export function sessionEntry({ digest, startedAtMs, endsAtMs, seenAtMs, content }: Session): SessionEntry {
  const { provider, subject, username, providerSession } = content
  return {
    digest,
    provider,
    subject,
    username,
    startedAtMs,
    endsAtMs,
    seenAtMs,
    ...(providerSession !== undefined && { providerSession }),
  }
}

/** The entry in a record; `undefined` if the record is damaged. */
export function parseEntry(value: string): SessionEntry | undefined {
  const record = parsedRecord(value)
  const { digest, provider, subject, username, providerSession, startedAtMs, endsAtMs, seenAtMs } = record
  if (typeof digest !== 'string' || typeof provider !== 'string' || typeof subject !== 'string')
    return undefined
  if (typeof username !== 'string' || typeof startedAtMs !== 'number') return undefined
  if (typeof endsAtMs !== 'number' || typeof seenAtMs !== 'number') return undefined
  return {
    digest,
    provider,
    subject,
    username,
    startedAtMs,
    endsAtMs,
    seenAtMs,
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
