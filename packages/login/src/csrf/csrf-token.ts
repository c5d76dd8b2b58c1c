import { base64urlOf, bytesOfBase64url, isCanonicalBase64url } from '@kube-authn/core/internal'
import type { Session } from '../sessions/session-keeper.ts'

const SALT_BYTES = 16
const utf8 = new TextEncoder()
const TOKEN = /^([\w-]{22})\.([\w-]{43})$/

/**
 * A token for the forms and scripts of a session, for `verifyCsrfToken`. It is 66 characters long, valid as long as the session, and different each time, so that
 * the compression of a page tells nothing about it (BREACH).
 *
 * Source: OWASP CSRF Prevention Cheat Sheet, signed double-submit cookie: HMAC-SHA-256 of a random value, by a key that is derived from the id of the session.
 */
export async function csrfToken(session: Pick<Session, 'id'>): Promise<string> {
  const salt = crypto.getRandomValues(new Uint8Array(SALT_BYTES))
  const signature = await crypto.subtle.sign('HMAC', await deriveKey(session), salt)
  return `${base64urlOf(salt)}.${base64urlOf(new Uint8Array(signature))}`
}

/** Whether a token is of this session. It takes as long for every token of the right form. */
export async function verifyCsrfToken(session: Pick<Session, 'id'>, token: string): Promise<boolean> {
  const [, salt, signature] = TOKEN.exec(token) ?? []
  if (salt === undefined || signature === undefined) return false
  if (!isCanonicalBase64url(salt) || !isCanonicalBase64url(signature)) return false
  return crypto.subtle.verify(
    'HMAC',
    await deriveKey(session),
    bytesOfBase64url(signature),
    bytesOfBase64url(salt),
  )
}

/** Derived from the id of the session, which only the browser and the server know, for this use only. */
async function deriveKey({ id }: Pick<Session, 'id'>): Promise<CryptoKey> {
  const base = await crypto.subtle.importKey('raw', utf8.encode(id), 'HKDF', false, ['deriveKey'])
  return crypto.subtle.deriveKey(
    {
      name: 'HKDF',
      hash: 'SHA-256',
      salt: new Uint8Array(0),
      info: utf8.encode(JSON.stringify(['kube-authn', 'csrf token', 1])),
    },
    base,
    { name: 'HMAC', hash: 'SHA-256', length: 256 },
    false,
    ['sign', 'verify'],
  )
}
