import type { Session, SessionContent } from './session-keeper.ts'
import { sha256Hex } from './sha256.ts'

/** A session as a string, which must be sealed. Lists are shorter than objects, and cookies are small. */
export function textOfSession({ id, version, startedAtMs, endsAtMs, seenAtMs, content }: Session): string {
  const { provider, subject, username, expiresAtMs, idToken } = content
  return JSON.stringify([
    id,
    version,
    startedAtMs,
    endsAtMs,
    seenAtMs,
    provider,
    subject,
    username,
    expiresAtMs,
    idToken,
    content.refreshToken ?? null,
    content.providerSession ?? null,
    content.certificate ?? null,
  ])
}

/** The session of a string; `undefined` for another string. */
export async function sessionOfText(text: string): Promise<Session | undefined> {
  const fields = fieldsOf(text)
  const [id, version, startedAtMs, endsAtMs, seenAtMs] = fields
  const content = contentOf(fields.slice(5))
  if (typeof id !== 'string' || content === undefined) return undefined
  if (!isTime(version) || !isTime(startedAtMs) || !isTime(endsAtMs) || !isTime(seenAtMs)) return undefined
  return { id, digest: await sha256Hex(id), content, version, startedAtMs, endsAtMs, seenAtMs }
}

function fieldsOf(text: string): readonly unknown[] {
  try {
    const value: unknown = JSON.parse(text)
    return Array.isArray(value) ? value : []
  } catch {
    return []
  }
}

function contentOf(fields: readonly unknown[]): SessionContent | undefined {
  const [provider, subject, username, expiresAtMs, idToken, refreshToken, providerSession, certificate] =
    fields
  if (typeof provider !== 'string' || typeof subject !== 'string' || typeof username !== 'string')
    return undefined
  if (!isTime(expiresAtMs) || typeof idToken !== 'string') return undefined
  // What binds the session must not be lost: anything but a string and `null` is damage.
  if (fields.length !== 8 || ![refreshToken, providerSession, certificate].every(isStringOrNull))
    return undefined
  return {
    provider,
    subject,
    username,
    expiresAtMs,
    idToken,
    ...(typeof refreshToken === 'string' && { refreshToken }),
    ...(typeof providerSession === 'string' && { providerSession }),
    ...(typeof certificate === 'string' && { certificate }),
  }
}

function isTime(value: unknown): value is number {
  return typeof value === 'number'
}

function isStringOrNull(value: unknown): boolean {
  return typeof value === 'string' || value === null
}
