import { CREDENTIAL_ID_KEY } from '../authenticator/extra-keys.ts'
import {
  aNonEmptyString,
  aString,
  must,
  type OptionsShape,
  nested,
  optionProblems,
  refuseProblems,
  required,
} from '../internal/options/index.ts'
import type { ConfigurationProblem } from '../authenticator/errors.ts'
import { readCredentialId } from './read-credential-id.ts'
import type { UsedCredential } from './revocations.ts'

/** An attribute of users. */
export interface RevokedAttribute {
  /** A key of `extra`, such as one that a claim mapping sets from `sid`. */
  readonly key: string
  readonly value: string
}

/** What is revoked: one of `credentialId`, `tokenSha256`, `user` and `attribute`. */
export interface Revocation {
  /**
   * The id of a credential, as in `authentication.kubernetes.io/credential-id`: `JTI=2f6c`, `SESSION=` and a digest, or `X509SHA256=` and a digest; or of a certificate
   * by its number, `X509SERIAL=1A:2B/CN=users CA,O=Example`, with the name of its issuer in the form of RFC 4514. Digests and numbers are in hexadecimal, with or
   * without colons.
   */
  readonly credentialId?: string
  /**
   * The SHA-256 digest of a bearer token, in hexadecimal: for tokens without an id. For a JWT it is that of what was signed, `HEADER.PAYLOAD`, or of the whole token; both revoke the
   * token, however its signature is written.
   */
  readonly tokenSha256?: string
  /** The name of a user: all of the user's credentials, and impersonation of the user. */
  readonly user?: string
  /** With `user`: only credentials that were issued before this time, in milliseconds since the epoch. Those of an unknown time are meant too. */
  readonly issuedBeforeMs?: number
  /** A session, or another attribute of users. */
  readonly attribute?: RevokedAttribute
  /** When the revocation ends, in milliseconds since the epoch: not before what it revokes expires, with some clock skew. Default: never. */
  readonly expiresAtMs?: number
}

const aTime = must('must be a time in milliseconds', Number.isFinite)

const aReadableId = must(
  'must have a digest after X509SHA256=, or after X509SERIAL= a number in hexadecimal, / and the name of the issuer',
  (value) => typeof value !== 'string' || readCredentialId(value) !== undefined,
)

const attributeShape: OptionsShape<RevokedAttribute> = {
  key: required(aNonEmptyString),
  value: required(aString),
}

const revocationShape: OptionsShape<Revocation> = {
  credentialId: (value, path) => [...aNonEmptyString(value, path), ...aReadableId(value, path)],
  tokenSha256: must(
    'must be a SHA-256 digest in hexadecimal',
    (value) => typeof value === 'string' && /^[\dA-Fa-f]{64}$/.test(value),
  ),
  user: aNonEmptyString,
  issuedBeforeMs: aTime,
  attribute: nested(attributeShape),
  expiresAtMs: aTime,
}

/** @throws {ConfigurationError} if it is no revocation of one subject. */
export function requireRevocation(revocation: Revocation): void {
  refuseProblems(revocationProblems(revocation))
}

/** What is wrong with a revocation; the messages show no value of it. */
export function revocationProblems(revocation: Revocation): readonly ConfigurationProblem[] {
  const problems = optionProblems(revocationShape, revocation)
  if (problems.length > 0) return problems
  const message = 'must have one of credentialId, tokenSha256, user and attribute'
  if (subjectsOf(revocation).length !== 1) return [{ path: 'revocation', message }]
  if (revocation.issuedBeforeMs === undefined || revocation.user !== undefined) return []
  return [{ path: 'issuedBeforeMs', message: 'needs user' }]
}

/** What a revocation is found by. */
export type Subject =
  | { readonly kind: 'credentialId' | 'tokenSha256' | 'user'; readonly value: string }
  | { readonly kind: 'attribute'; readonly key: string; readonly value: string }

/** The subjects of a revocation: one, if it is sound. */
export function subjectsOf({ credentialId, tokenSha256, user, attribute }: Revocation): readonly Subject[] {
  const named = [
    credentialId !== undefined && {
      kind: 'credentialId' as const,
      value: readCredentialId(credentialId) ?? credentialId,
    },
    tokenSha256 !== undefined && { kind: 'tokenSha256' as const, value: tokenSha256.toLowerCase() },
    user !== undefined && { kind: 'user' as const, value: user },
    attribute !== undefined && { kind: 'attribute' as const, ...attribute },
  ]
  return named.filter((each) => each !== false)
}

/** Everything that a revocation of the credential may be found by. It computes the digests of a token. */
export function subjectsOfCredential(credential: UsedCredential): readonly Subject[] {
  const { user, certificateId } = credential
  return [
    { kind: 'user', value: user.username },
    ...Object.entries(user.extra).flatMap(([key, values]) =>
      values.flatMap((value): readonly Subject[] => [
        { kind: 'attribute', key, value },
        ...(key === CREDENTIAL_ID_KEY ? [{ kind: 'credentialId' as const, value }] : []),
      ]),
    ),
    ...(certificateId === undefined ? [] : [{ kind: 'credentialId' as const, value: certificateId }]),
    ...tokenDigestsOf(credential).map((value) => ({ kind: 'tokenSha256' as const, value })),
  ]
}

/** The digests by which the token of a credential may be revoked; none without a token. */
export function tokenDigestsOf(credential: UsedCredential): readonly string[] {
  return credential.tokenDigests ?? [credential.tokenSha256].filter((digest) => digest !== undefined)
}
