import type { SigningKey } from '../jwt/pem-keys.ts'

/**
 * Signs claims with the key, as a JWT in compact form whose header names the key and its algorithm.
 *
 * Source: kubernetes `pkg/serviceaccount/jwt.go` (`GenerateToken`).
 *
 * @example
 * const token = await signToken(key, { iss: 'https://issuer.example.com', ...boundTokenClaims(content) })
 */
export async function signToken({ kid, alg, key }: SigningKey, claims: object): Promise<string> {
  // Most processes verify tokens and never sign one.
  const { CompactSign } = await import('jose/jws/compact/sign')
  const payload = new TextEncoder().encode(JSON.stringify(claims))
  return new CompactSign(payload).setProtectedHeader({ alg, kid }).sign(key)
}
