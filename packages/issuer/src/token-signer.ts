import { type Awaitable, type Clock, AuthenticationError } from '@kube-authn/core'
import {
  isObject,
  type JsonObject,
  deadlineAfter,
  base64urlOf,
  isCanonicalBase64url,
  textOfBase64url,
  strictJson,
} from '@kube-authn/core/internal'
import { readJwt } from '@kube-authn/core/oidc'
import { type KeySource, keysFor, KEY_PARAMETERS, verifySignature } from '@kube-authn/core/service-account'
import { bytesFromText } from '@kube-authn/internal/byte-text'

/** A request to sign a token. */
export interface SignTokenRequest {
  /** The claims in base64url, unchanged the second part of the token. */
  readonly payload: string
  /** Aborts when the signature is no longer needed. */
  readonly signal: AbortSignal
}

/** The two parts of a token that a signer returns, both in base64url. */
export interface SignedTokenParts {
  /** Only `alg` (RS256, ES256, ES384 or ES512), `kid` and `typ: JWT`. */
  readonly header: string
  /** The signature of `header.payload` (RFC 7515). */
  readonly signature: string
}

/** Signs tokens with a key in a KMS, a vault or an external signer of Kubernetes. */
export interface TokenSigner {
  sign(request: SignTokenRequest): Awaitable<SignedTokenParts>
  /** The keys that verify its tokens. Tokens that they do not verify are never issued. */
  readonly keys: KeySource
  /** Maximum token lifetime, at least 600. Default: unlimited. */
  readonly maxExpirationSeconds?: number
}

/**
 * Returns a token with these claims, signed by the signer, after validating everything that the signer returned.
 *
 * Source: kubernetes `pkg/serviceaccount/externaljwt/plugin/plugin.go`.
 *
 * Deviation: the signature is verified (`docs/deviations.md`, tokens of signers).
 *
 * @param caller aborts early.
 * @throws {Error} as a rejection: the error of the signer, a timeout, or an error about what it returned.
 */
export async function signedBy(
  signer: TokenSigner,
  claims: object,
  timeoutSeconds: number,
  clock: Clock,
  caller: AbortSignal | undefined,
): Promise<string> {
  const payload = base64urlOf(bytesFromText(JSON.stringify(claims)))
  const deadline = deadlineAfter({
    milliseconds: timeoutSeconds * 1000,
    clock,
    caller,
    tooLate: (cause) => new Error('the token was not signed in time', { cause }),
  })
  try {
    return await deadline.race(async (signal) => {
      const parts: unknown = await signer.sign({ payload, signal })
      const { header, signature } = partsOf(parts)
      const keyId = keyIdIn(header)
      if (signature === '') throw new Error('empty signature returned')
      await checkSignature(`${header}.${payload}.${signature}`, keyId, signer.keys)
      return `${header}.${payload}.${signature}`
    })
  } finally {
    deadline.end()
  }
}

function partsOf(parts: unknown): SignedTokenParts {
  if (typeof parts === 'object' && parts !== null && 'header' in parts && 'signature' in parts) {
    const { header, signature } = parts
    if (typeof header === 'string' && typeof signature === 'string') return { header, signature }
  }
  throw new Error('the signer must return header and signature as strings')
}

/** Returns `kid` of a header after validating the whole header. */
function keyIdIn(text: string): string {
  const header = headerOf(text)
  if (header === undefined) throw badHeader('while parsing header JSON')
  const unknown = Object.keys(header).find((name) => !MEMBERS.has(name))
  if (unknown !== undefined) throw badHeader('only alg, kid and typ are allowed')
  if (header['typ'] !== 'JWT') throw badHeader('bad type')
  const { kid, alg } = header
  if (kid === undefined || kid === '') throw badHeader('key id missing')
  if (!isKeyId(kid)) throw badHeader('key id longer than 1 kb')
  if (typeof alg !== 'string' || !Object.hasOwn(KEY_PARAMETERS, alg)) throw badHeader('bad signing algorithm')
  return kid
}

const MEMBERS: ReadonlySet<string> = new Set(['alg', 'kid', 'typ'])
const MAX_HEADER_LENGTH = 8192

function headerOf(text: string): JsonObject | undefined {
  if (text.length > MAX_HEADER_LENGTH || !isCanonicalBase64url(text)) return undefined
  try {
    const header = strictJson(textOfBase64url(text))
    return isObject(header) ? header : undefined
  } catch {
    return undefined
  }
}

function badHeader(why: string): Error {
  return new Error(`while validating header: ${why}`)
}

async function checkSignature(token: string, keyId: string, keys: KeySource): Promise<void> {
  const named = (await keysFor(keys, keyId)).filter(({ kid }) => kid === keyId)
  if (named.some(({ excludedFromDiscovery }) => excludedFromDiscovery === true)) {
    throw badHeader(`key used for signing JWT (kid: ${keyId}) is excluded from OIDC discovery docs`)
  }
  const jwt = readJwt(token)
  if (jwt === undefined) throw new Error('the signed token is too long, or its signature is not base64url')
  try {
    await verifySignature(jwt, named)
  } catch (cause) {
    if (!(cause instanceof AuthenticationError)) throw cause
    throw new Error('the signature does not match any key of the signer with this kid', { cause })
  }
}

const MAX_KEY_ID_BYTES = 1024

/**
 * Whether this is a valid key ID: 1 to 1,024 bytes.
 *
 * Source: kubernetes `pkg/serviceaccount/externaljwt/plugin/plugin.go`.
 */
export function isKeyId(value: unknown): value is string {
  return (
    typeof value === 'string' &&
    value !== '' &&
    value.length <= MAX_KEY_ID_BYTES &&
    bytesFromText(value).length <= MAX_KEY_ID_BYTES
  )
}

/** The `code` of an event for an error: the gRPC code if the error or one of its causes has a `grpcCode`. */
export function signerCode(error: unknown): string {
  let cause = error
  for (let depth = 0; depth < 8 && cause instanceof Error; depth++) {
    if ('grpcCode' in cause && typeof cause.grpcCode === 'string') return cause.grpcCode
    cause = cause.cause
  }
  return 'unknown-non-grpc'
}
