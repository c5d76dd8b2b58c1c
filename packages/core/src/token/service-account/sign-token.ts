import type { SigningKey } from '../jwt/pem-keys.ts'

/**
 * Signs claims as a JWT in compact serialization, with `kid` and `alg` of the key in the header.
 *
 * Source: kubernetes `pkg/serviceaccount/jwt.go` (`GenerateToken`).
 *
 * @example
 * const token = await signToken(key, { iss: 'https://issuer.example.com', ...boundTokenClaims(content) })
 */
export async function signToken({ kid, alg, key }: SigningKey, claims: object): Promise<string> {
  // Loaded on demand: most processes only verify tokens.
  const { CompactSign } = await import('jose/jws/compact/sign')
  const payload = new TextEncoder().encode(JSON.stringify(claims))
  return new CompactSign(payload).setProtectedHeader({ alg, kid }).sign(key)
}
