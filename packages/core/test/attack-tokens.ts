import { type KeyObject, sign } from 'node:crypto'
import { fixedClock } from './fakes.ts'
import { ecPair, rsaPair } from './key-pairs.ts'
import type { Authentication } from '../src/authenticator/authenticator.ts'
import { AuthenticationError } from '../src/authenticator/errors.ts'
import { verificationKeysFromPem } from '../src/token/jwt/pem-keys.ts'
import { serviceAccountObjects } from '../src/token/service-account/objects.ts'
import { serviceAccountToken } from '../src/token/service-account/service-account.ts'

/*
 * Tokens of a service account in every shape, and an authenticator of service accounts that is asked about them.
 */

const NOW_MS = Date.UTC(2030, 0, 1)
export const NOW = NOW_MS / 1000
export const ISSUER = 'https://issuer.example.com'

export const pairs = {
  ec: ecPair(),
  rsa: rsaPair(),
}
export const attacker = ecPair()
export const pemOf = ({ publicKey }: { readonly publicKey: KeyObject }): string =>
  String(publicKey.export({ type: 'spki', format: 'pem' }))
const keys = await verificationKeysFromPem(pemOf(pairs.ec) + pemOf(pairs.rsa))
const [ecKey, rsaKey] = keys
export const kids = { ec: ecKey?.kid ?? '', rsa: rsaKey?.kid ?? '' }
export const publishedRsaKey = rsaKey?.jwk

export const CLAIMS = {
  iss: ISSUER,
  sub: 'system:serviceaccount:ns:sa',
  aud: [ISSUER],
  exp: NOW + 600,
  iat: NOW,
  nbf: NOW,
  jti: 'id',
  'kubernetes.io': { namespace: 'ns', serviceaccount: { name: 'sa', uid: '1' } },
}

export const encode = (value: unknown): string =>
  Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url')

/** A token with whatever is in it, signed with the private key as its kind of key signs. */
export function signed(
  header: unknown,
  claims: unknown,
  privateKey: KeyObject = pairs.ec.privateKey,
): string {
  const text = `${encode(header)}.${encode(claims)}`
  const signature = sign('sha256', Buffer.from(text), { key: privateKey, dsaEncoding: 'ieee-p1363' })
  return `${text}.${signature.toString('base64url')}`
}

export const ES256 = { alg: 'ES256', kid: kids.ec }
export const bound = (claims: object): string => signed(ES256, { ...CLAIMS, ...claims })
export const good = signed(ES256, CLAIMS)

/** What the authenticator of service accounts says. */
export async function ask(token: string): Promise<Authentication | undefined> {
  const objects = serviceAccountObjects({
    serviceAccounts: [{ namespace: 'ns', name: 'sa', uid: '1' }],
  })
  const clock = fixedClock(NOW_MS)
  return serviceAccountToken({ issuers: [ISSUER], keys, objects, clock }).authenticateToken(token, {})
}

export const UNKNOWN_TOKEN = 'unknown token'

/** The outcome for a token: its user, no opinion, or a rejection whose reason contains nothing of the signature. */
export async function outcomeOf(token: string): Promise<string> {
  try {
    return (await ask(token))?.user.username ?? UNKNOWN_TOKEN
  } catch (error) {
    if (!(error instanceof AuthenticationError) || error.code !== 'rejected') throw error
    const secret = token.split('.')[2] ?? ''
    if (secret.length > 20 && error.message.includes(secret.slice(0, 20))) throw error
    return refused(error.message)
  }
}

export function refused(message: string): string {
  return `refused: ${message}`
}
