import { sha256Hex } from '#sha256'
import { base64urlOf, bytesOfBase64url, isCanonicalBase64url } from '../internal/base64url.ts'
import { memberOf } from '../internal/objects.ts'
import { RecentMap } from '../internal/recent-map.ts'

/**
 * What was signed of a token that parses as a compact JWS (RFC 7515 section 7.1): header and payload, in base64url, with the dot between them. `undefined` for other tokens.
 * Its digest revokes the token however its signature is written.
 */
export function signedPartOf(token: string): string | undefined {
  const [header = '', payload, signature, ...others] = token.split('.')
  if (payload === undefined || signature === undefined || others.length > 0) return undefined
  // The signature covers these as they are written.
  if (!BASE64URL.test(header) || !BASE64URL.test(payload)) return undefined
  try {
    const read: unknown = JSON.parse(atob(header.replaceAll('-', '+').replaceAll('_', '/')))
    return typeof memberOf(read, 'alg') === 'string' ? `${header}.${payload}` : undefined
  } catch {
    return undefined
  }
}

const BASE64URL = /^[\w-]+$/

/**
 * The digests by which a token may be revoked: its own first, and that of what was signed. A revocation by the digest of a whole JWS also meets the other signature that ECDSA allows,
 * `(r, n - s)`, which anyone can compute.
 */
export function digestsOf(token: string): readonly string[] {
  return [sha256Hex(token), ...digestsOfSigned(token)]
}

/** The same for tokens that recur: those of the last ones are kept, each by the first of its digests. */
export function recentDigests(): (token: string) => readonly string[] {
  const recent = new RecentMap<readonly string[]>(MAX_TOKENS)
  return (token) => {
    const own = sha256Hex(token)
    const known = recent.get(own)
    if (known !== undefined) return known
    const digests = [own, ...digestsOfSigned(token)]
    recent.set(own, digests)
    return digests
  }
}

const MAX_TOKENS = 4096

function digestsOfSigned(token: string): readonly string[] {
  const signed = signedPartOf(token)
  if (signed === undefined) return []
  const signature = otherSignature(token.slice(signed.length + 1))
  return [signed, ...(signature === undefined ? [] : [`${signed}.${signature}`])].map(sha256Hex)
}

/** The orders of P-256, P-384 and P-521 (SEC 2 sections 2.4.2, 2.5.1 and 2.6.1), by the length of a signature in base64url. */
const ORDERS: ReadonlyMap<number, bigint> = new Map([
  [86, 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n],
  [128, 0xffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973n],
  [
    176,
    0x01fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffa51868783bf2f966b7fcc0148f709a5d03bb5c9b8899c47aebb6fb71e91386409n,
  ],
])

/** For a signature of another algorithm with the same length, a string that is no signature at all. */
function otherSignature(signature: string): string | undefined {
  const order = ORDERS.get(signature.length)
  if (order === undefined || !isCanonicalBase64url(signature)) return undefined
  const bytes = bytesOfBase64url(signature)
  const middle = bytes.length / 2
  const s = bytes.subarray(middle).reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n)
  if (s === 0n || s >= order) return undefined
  let rest = order - s
  for (let index = bytes.length - 1; index >= middle; index--) {
    bytes[index] = Number(rest & 0xffn)
    rest >>= 8n
  }
  return base64urlOf(bytes)
}
