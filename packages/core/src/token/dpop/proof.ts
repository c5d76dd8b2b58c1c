import { sha256Base64url } from '#sha256'
import { type JsonObject, member } from '../../internal/objects.ts'
import { isJwsAlgorithm, type JwsAlgorithm } from '../jwt/algorithms.ts'
import { readJwt, type UnverifiedJws } from '../jwt/read-jwt.ts'
import { invalidProof, nonceRequired } from './dpop-fault.ts'
import { proofKey, type ProofKey } from './proof-key.ts'
import { type ClientUrl, clientUrl, normalPath } from './request-url.ts'

/** A longer header is refused unread: the longest proof, of an RSA key of 4,096 bits, has half of it. */
const MAX_PROOF_LENGTH = 4096

/** What a proof must be about. */
export interface ProvedRequest {
  readonly method: string
  /** As sent: percent-encoded, without the query. */
  readonly path: string
  readonly token: string
}

/** How proofs are judged. */
export interface ProofRules {
  /** The URLs that clients have for the path `/` of this server. */
  readonly bases: readonly ClientUrl[]
  readonly algorithms: ReadonlySet<JwsAlgorithm>
  /** How far the clock of a client may be from this one, in both directions. */
  readonly maxAgeMs: number
  /** Whether a nonce is one of this server and has not expired. Absent: proofs need none. */
  readonly isCurrentNonce?: ((nonce: string, nowMs: number) => boolean) | undefined
}

/** A proof that is right about its request. Its signature is not verified yet. */
export interface Proof {
  readonly jws: UnverifiedJws
  readonly algorithm: JwsAlgorithm
  readonly key: ProofKey
  /** `jti`, which is another one in every proof. */
  readonly id: string
  readonly issuedAtMs: number
}

/**
 * Reads the values of the header `DPoP`, and refuses a proof that is not about this request. Of the checks of RFC 9449 section 4.3 only the signature (6) and whether the token is bound
 * to the key (12) are left: they are made once the token is known to be bound to it, so that no proof costs a verification without such a token.
 *
 * Source: RFC 9449 sections 4.2, 4.3, 7.1 and 9.
 *
 * @throws {AuthenticationError} `rejected`.
 */
export function checkProof(
  values: readonly string[],
  request: ProvedRequest,
  rules: ProofRules,
  nowMs: number,
): Proof {
  const [value = '', ...others] = values
  if (value === '') throw invalidProof('the request has no header DPoP with a proof')
  if (others.length > 0) throw invalidProof('the request has several headers DPoP')
  if (value.length > MAX_PROOF_LENGTH)
    throw invalidProof(`the proof is longer than ${MAX_PROOF_LENGTH} characters`)
  const jws = readJwt(value)
  if (jws === undefined) throw invalidProof('the proof is not a JWT')
  if (jws.type !== 'dpop+jwt') throw invalidProof('the proof does not have the type dpop+jwt')
  if (jws.isCritical) throw invalidProof('the proof needs an extension (crit)')
  const { algorithm, claims } = jws
  if (!isJwsAlgorithm(algorithm) || !rules.algorithms.has(algorithm))
    throw invalidProof('the proof is signed with an algorithm that is not accepted')
  const key = proofKey(jws.jwk, algorithm)
  if (key === undefined) throw invalidProof('jwk of the proof is not a public key of its algorithm')
  const id = stringIn(claims, 'jti')
  checkRequest(claims, request, rules)
  const issuedAtMs = checkTimes(claims, rules, nowMs)
  checkNonce(claims, rules, nowMs)
  return { jws, algorithm, key, id, issuedAtMs }
}

function checkRequest(
  claims: JsonObject,
  { method, path, token }: ProvedRequest,
  { bases }: ProofRules,
): void {
  if (stringIn(claims, 'htm') !== method)
    throw invalidProof('htm of the proof is not the method of the request')
  const url = clientUrl(stringIn(claims, 'htu'))
  if (url === undefined) throw invalidProof('htu of the proof is not an http or https URL')
  const ofOrigin = bases.filter(({ origin }) => origin === url.origin)
  if (ofOrigin.length === 0) throw invalidProof('htu of the proof has another origin than those of baseUrls')
  const sent = normalPath(path)
  if (!ofOrigin.some((base) => base.path.replace(/\/$/, '') + sent === url.path))
    throw invalidProof('htu of the proof has another path than the request')
  if (stringIn(claims, 'ath') !== sha256Base64url(token))
    throw invalidProof('ath of the proof is of another token')
}

/** @returns `iat` in milliseconds. */
function checkTimes(claims: JsonObject, { maxAgeMs }: ProofRules, nowMs: number): number {
  const issuedAtMs = timeIn(claims, 'iat')
  if (issuedAtMs === undefined) throw invalidProof('the proof has no iat')
  if (issuedAtMs < nowMs - maxAgeMs) throw invalidProof('the proof is too old (iat)')
  if (issuedAtMs > nowMs + maxAgeMs) throw invalidProof('the proof is from the future (iat)')
  // Not required, but a client that states them means them.
  if ((timeIn(claims, 'exp') ?? Infinity) <= nowMs) throw invalidProof('the proof has expired (exp)')
  if ((timeIn(claims, 'nbf') ?? -Infinity) > nowMs + maxAgeMs)
    throw invalidProof('the proof is not valid yet (nbf)')
  return issuedAtMs
}

function checkNonce(claims: JsonObject, { isCurrentNonce }: ProofRules, nowMs: number): void {
  if (isCurrentNonce === undefined) return
  const nonce = member(claims, 'nonce')
  if (typeof nonce !== 'string') throw nonceRequired('the proof has no nonce')
  if (!isCurrentNonce(nonce, nowMs))
    throw nonceRequired('the nonce of the proof is not one of this server, or has expired')
}

function stringIn(claims: JsonObject, name: string): string {
  const value = member(claims, name)
  if (typeof value !== 'string' || value === '') throw invalidProof(`the proof has no ${name}`)
  return value
}

function timeIn(claims: JsonObject, name: string): number | undefined {
  if (!Object.hasOwn(claims, name)) return undefined
  const value = claims[name]
  if (typeof value !== 'number' || !Number.isFinite(value))
    throw invalidProof(`${name} of the proof is not a number`)
  return value * 1000
}
