import { compactVerify } from 'jose/jws/compact/verify'
import type { JwsAlgorithm } from '../algorithms.ts'
import type { UnverifiedJws } from '../read-jwt.ts'
import type { PublicJwk } from '../verification-key.ts'

/** Whether the key verifies the token with this algorithm: jose on WebCrypto, which every runtime has. */
export async function isSignedWith(
  { token }: UnverifiedJws,
  key: CryptoKey | PublicJwk,
  algorithm: JwsAlgorithm,
): Promise<boolean> {
  try {
    const { protectedHeader } = await compactVerify(token, key, { algorithms: [algorithm] })
    // jose supports the extension `b64`, with which the payload would differ from the claims that were read.
    return protectedHeader.crit === undefined
  } catch {
    // Some of the errors are plain TypeErrors, and none means more than an invalid signature.
    return false
  }
}
