import type { Context } from '../authenticator/context.ts'
import type { UserInfo } from '../authenticator/user.ts'
import type { Awaitable } from '../internal/awaitable.ts'
import { hasMethod } from '../internal/options/check.ts'
import { type Check, must } from '../internal/options/index.ts'

/** What is known of a credential that was accepted. */
export interface UsedCredential {
  /** Its ids are in `extra`, under `authentication.kubernetes.io/credential-id`: `JTI=` of a token, `X509SHA256=` of a certificate. */
  readonly user: UserInfo
  /** The serial number and the issuer of a certificate: `X509SERIAL=1a2b/CN=users ca,O=example`, in lower case. `undefined` without one. */
  readonly certificateId: string | undefined
  /** When it was issued, in milliseconds since the epoch: `iat` of a token, `notBefore` of a certificate. `undefined`: unknown. `Infinity`: the user is impersonated, and has no credential. */
  readonly issuedAtMs: number | undefined
  /** When it expires, likewise. `undefined`: unknown, or never. */
  readonly expiresAtMs: number | undefined
  /** The SHA-256 digest of the token of the request, in lower-case hexadecimal; `undefined` without a token. Computed when it is read. Of a request with several tokens, each is asked about. */
  readonly tokenSha256: string | undefined
  /**
   * All digests by which the token may be revoked, likewise: `tokenSha256`, and of a JWT that of what was signed, header and payload with the dot between them, which stays the same
   * however the signature is written. Absent: only `tokenSha256`.
   */
  readonly tokenDigests?: readonly string[]
}

/** Decides whether a credential is revoked. An error means that it is not known, and the request is refused. */
export type IsRevoked = (credential: UsedCredential, context: Pick<Context, 'signal'>) => Awaitable<boolean>

/** Says which credentials are revoked. `revocationList(...)` is one. */
export interface Revocations {
  readonly isRevoked: IsRevoked
  /** Calls back once when a credential is revoked that was not before. Returns a function that stops waiting. Without it, open connections do not end. */
  watch?(credential: UsedCredential, onRevoked: () => void): () => void
}

/** What says which credentials are revoked, or only a function that does. */
export type RevocationSource = Revocations | IsRevoked

export const aRevocationSource: Check = must(
  'must be a function, or revocations with the method isRevoked',
  (value) => typeof value === 'function' || hasMethod(value, 'isRevoked'),
)

/** The same as an object. */
export function revocationsOf(source: RevocationSource): Revocations {
  return typeof source === 'function' ? { isRevoked: source } : source
}
