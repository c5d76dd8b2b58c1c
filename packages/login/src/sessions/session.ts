import { rejected } from '@kube-authn/core'
import { base64urlOf, sha256Hex, without } from '@kube-authn/core/internal'
import type { Lifetimes } from './lifetimes.ts'
import type { Session, SessionContent } from './session-keeper.ts'

const ID_BYTES = 32

/** A session that begins now, with an id that was never used. */
export function newSession(content: SessionContent, lifetimes: Lifetimes): Session {
  const id = base64urlOf(crypto.getRandomValues(new Uint8Array(ID_BYTES)))
  return { id, digest: sha256Hex(id), content, version: 0, ...lifetimes.begin() }
}

/**
 * The content after a refresh, which stays bound to what the login was bound to: the certificate, and the provider's session, which a refreshed token need not name.
 *
 * Source: OpenID Connect Core section 12.2.
 *
 * @throws {AuthenticationError} `rejected` if it is of another user of the provider.
 */
export function continueSession(before: SessionContent, content: SessionContent): SessionContent {
  if (content.provider !== before.provider || content.subject !== before.subject) {
    throw rejected('the refreshed token belongs to another user')
  }
  const { providerSession = before.providerSession } = content
  return {
    ...without(content, 'certificate'),
    ...(providerSession !== undefined && { providerSession }),
    ...(before.certificate !== undefined && { certificate: before.certificate }),
  }
}

/** A session as a string, which must be sealed. Lists are shorter than objects, and cookies are small. */
export function serializeSession({ id, version, startedAtMs, endsAtMs, seenAtMs, content }: Session): string {
  const { provider, subject, username, expiresAtMs, idToken } = content
  const { refreshToken = null, providerSession = null, certificate = null } = content
  const times = [startedAtMs, endsAtMs, seenAtMs]
  const bound = [refreshToken, providerSession, certificate]
  return JSON.stringify([id, version, ...times, provider, subject, username, expiresAtMs, idToken, ...bound])
}

/** The session of a string; `undefined` for another string. */
export function parseSession(text: string): Session | undefined {
  const fields = parseFields(text)
  const [id, version, startedAtMs, endsAtMs, seenAtMs] = fields
  const content = parseContent(fields.slice(5))
  if (typeof id !== 'string' || content === undefined) return undefined
  if (typeof version !== 'number' || typeof startedAtMs !== 'number') return undefined
  if (typeof endsAtMs !== 'number' || typeof seenAtMs !== 'number') return undefined
  return { id, digest: sha256Hex(id), content, version, startedAtMs, endsAtMs, seenAtMs }
}

function parseFields(text: string): readonly unknown[] {
  try {
    const value: unknown = JSON.parse(text)
    return Array.isArray(value) ? value : []
  } catch {
    return []
  }
}

function parseContent(fields: readonly unknown[]): SessionContent | undefined {
  const [provider, subject, username, expiresAtMs, idToken, refreshToken, providerSession, certificate] =
    fields
  if (typeof provider !== 'string' || typeof subject !== 'string' || typeof username !== 'string')
    return undefined
  if (typeof expiresAtMs !== 'number' || typeof idToken !== 'string') return undefined
  // What binds the session must not be lost: anything but a string and `null` is damage.
  const bound = [refreshToken, providerSession, certificate]
  if (fields.length !== 8 || !bound.every((each) => typeof each === 'string' || each === null))
    return undefined
  const required = { provider, subject, username, expiresAtMs, idToken }
  return {
    ...required,
    ...(typeof refreshToken === 'string' && { refreshToken }),
    ...(typeof providerSession === 'string' && { providerSession }),
    ...(typeof certificate === 'string' && { certificate }),
  }
}
