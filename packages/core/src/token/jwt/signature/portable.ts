import { compactVerify } from 'jose/jws/compact/verify'
import type { JwsAlgorithm } from '../algorithms.ts'
import type { UnverifiedJws } from '../read-jwt.ts'
import type { PublicJwk } from '../verification-key.ts'

/** Whether this key has signed the token by this algorithm: with jose on WebCrypto, which every runtime has. */
export async function isSignedWith(
  { token }: UnverifiedJws,
  key: CryptoKey | PublicJwk,
  algorithm: JwsAlgorithm,
): Promise<boolean> {
  try {
    const { protectedHeader } = await compactVerify(token, key, { algorithms: [algorithm] })
    // With `b64` in it, which jose knows, the payload would be something else than the claims that were read.
    return protectedHeader.crit === undefined
  } catch {
    // Errors of several kinds, of which some are plain TypeErrors. Not one of them says more than "no".
    return false
  }
}
