import type { Awaitable } from '../../internal/awaitable.ts'
import { type Clock, systemClock } from '../../internal/clock.ts'
import { AuthenticationError } from '../../authenticator/errors.ts'
import { bytesFromText } from '../../internal/byte-text.ts'
import { deadlineAfter } from '../../internal/http/deadline.ts'
import { base64urlOf, isCanonicalBase64url, textOfBase64url } from '../../internal/base64url.ts'
import { isJsonObject, type JsonObject, readJwt } from '../jwt/read-jwt.ts'
import { strictJson } from '../jwt/strict-json.ts'
import { KEY_PARAMETERS } from '../jwt/verification-key.ts'
import { verifySignature } from '../jwt/verify-signature.ts'
import { isKeyId } from './key-id.ts'
import { keysFor, type KeySource } from '../service-account/key-source.ts'

/** What is to be signed. */
export interface SignTokenRequest {
  /** The claims in base64url: the second part of the token, as it is. */
  readonly payload: string
  /** Aborted when nothing waits for the signature any longer. */
  readonly signal: AbortSignal
}

/** The two parts of a token that a signer makes, both in base64url. */
export interface SignedTokenParts {
  /** Only `alg` (RS256, ES256, ES384 or ES512), `kid` and `typ: JWT`. */
  readonly header: string
  /** Over `header.payload`, as RFC 7515 wants it. */
  readonly signature: string
}

/** Signs tokens with a key that is kept elsewhere: in a KMS, a vault, or an external signer of Kubernetes. */
export interface TokenSigner {
  sign(request: SignTokenRequest): Awaitable<SignedTokenParts>
  /** What its tokens are verified with. No token is given out that these do not verify. */
  readonly keys: KeySource
  /** The longest life that it gives to a token, 600 or more. Default: any. */
  readonly maxExpirationSeconds?: number
}

/** How {@link signedBy} waits. */
export interface SignedByOptions {
  readonly timeoutSeconds: number
  readonly clock?: Clock
  /** Ends it early. */
  readonly signal?: AbortSignal | undefined
}

/**
 * A token with these claims, signed elsewhere, after everything that the signer returned has been checked.
 *
 * Source: kubernetes `pkg/serviceaccount/externaljwt/plugin/plugin.go`.
 *
 * Deviation: the signature is verified (`docs/deviations.md`, tokens of signers).
 *
 * @throws {Error} as a rejection: what the signer threw, that it took too long, or what is wrong with what it returned.
 */
export async function signedBy(
  signer: TokenSigner,
  claims: object,
  { timeoutSeconds, clock = systemClock, signal: caller }: SignedByOptions,
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
  throw new Error('the signer returned no header and signature')
}

/** What a token calls its key, once everything in its header is as it must be. */
function keyIdIn(text: string): string {
  const header = headerOf(text)
  if (header === undefined) throw badHeader('while parsing header JSON')
  const unknown = Object.keys(header).find((name) => !MEMBERS.has(name))
  if (unknown !== undefined) throw badHeader('there is more in it than alg, kid and typ')
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
    return isJsonObject(header) ? header : undefined
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
    throw new Error('the token is not signed with a key that its signer has under this name', { cause })
  }
}
