import { createHash } from 'node:crypto'
import { ecKey, jwkOf, type KeyPair, NOW, signed } from './issuer.ts'

/** The key of a client. */
export const clientKey: KeyPair = ecKey('client')

/** The public members of a key, as a proof has them. */
export function publicJwk(key: KeyPair): Readonly<Record<string, unknown>> {
  const { kid: _, ...jwk } = jwkOf(key)
  return { ...jwk }
}

/** By an implementation of its own: RFC 7638. */
export function thumbprintOf(key: KeyPair): string {
  const jwk = publicJwk(key)
  const members = jwk['kty'] === 'RSA' ? ['e', 'kty', 'n'] : ['crv', 'kty', 'x', 'y']
  const text = JSON.stringify(Object.fromEntries(members.map((name) => [name, jwk[name]])))
  return createHash('sha256').update(text).digest('base64url')
}

export const hashOf = (token: string): string => createHash('sha256').update(token).digest('base64url')

/** What a test changes of a good proof; `undefined` removes a member. */
export interface ProofParts {
  readonly header?: object
  readonly claims?: object
  readonly key?: KeyPair
  readonly algorithm?: string
  /** Default: the one that is in the header by default. */
  readonly signer?: KeyPair
}

export const TOKEN = 'a-token'
export const BASE = 'https://api.example.com'

let count = 0

/** The claims of a good proof of `GET /orders` with {@link TOKEN}, at {@link NOW}. */
function proofClaims(): object {
  return {
    jti: `proof-${++count}`,
    htm: 'GET',
    htu: `${BASE}/orders`,
    iat: NOW,
    ath: hashOf(TOKEN),
  }
}

export function proofOf({
  header = {},
  claims = {},
  key = clientKey,
  algorithm = 'ES256',
  signer = key,
}: ProofParts = {}): string {
  return signed(
    signer,
    { typ: 'dpop+jwt', alg: algorithm, jwk: publicJwk(key), ...header },
    { ...proofClaims(), ...claims },
    algorithm,
  )
}
