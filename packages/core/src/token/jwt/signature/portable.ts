import { compactVerify } from 'jose/jws/compact/verify'
import { bytesOfBase64url } from '../../../internal/base64url.ts'
import type { JwsAlgorithm } from '../algorithms.ts'
import type { UnverifiedJws } from '../read-jwt.ts'
import type { PublicJwk } from '../public-jwk.ts'

/** Whether the key verifies the token with this algorithm: jose on WebCrypto, which every runtime has. */
export async function isSignedWith(
  { token }: UnverifiedJws,
  key: CryptoKey | PublicJwk,
  algorithm: JwsAlgorithm,
): Promise<boolean> {
  try {
    const { protectedHeader } = await compactVerify(token, key, { algorithms: [algorithm] })
    // jose supports the extension `b64`, with which the payload would differ from the claims that were read.
    return protectedHeader.crit === undefined && isWhole(token, key)
  } catch {
    // Some of the errors are plain TypeErrors, and none means more than an invalid signature.
    return false
  }
}

/**
 * Whether an RSA signature is as long as the modulus. OpenSSL accepts one by PSS without the zeros in front of it, as another text of the same token.
 *
 * Source: RFC 8017 section 8.1.2.
 */
function isWhole(token: string, key: CryptoKey | PublicJwk): boolean {
  const bits = modulusBits(key)
  if (bits === undefined) return true
  const signature = bytesOfBase64url(token.slice(token.lastIndexOf('.') + 1))
  return signature.length === Math.ceil(bits / 8)
}

/** `undefined` if it is no RSA key. */
function modulusBits(key: CryptoKey | PublicJwk): number | undefined {
  if (!('kty' in key)) return (key.algorithm as MaybeRsaAlgorithm).modulusLength
  if (key.kty !== 'RSA') return undefined
  const octets = bytesOfBase64url(key.n)
  const first = octets.findIndex((octet) => octet > 0)
  return first === -1 ? 0 : 8 * (octets.length - first)
}

/** The algorithm of a WebCrypto key, which has a modulus if it is RSA. */
interface MaybeRsaAlgorithm extends KeyAlgorithm {
  readonly modulusLength?: number
}
