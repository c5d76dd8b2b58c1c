import { expirationOf, isBootstrapSecret, type Secret } from '@kube-authn/core/bootstrap-token'

/**
 * Deletes the secret of a bootstrap token that has expired, or whose expiration is invalid. Other secrets are left alone.
 *
 * Source: kubernetes `pkg/controller/bootstrap/tokencleaner.go`.
 *
 * Deviation: its callers try a deletion that failed again (`docs/deviations.md`, expired bootstrap tokens).
 *
 * @returns after how many milliseconds it expires; `undefined` if it is deleted or does not expire.
 */
export async function cleanBootstrapSecret(
  secret: Secret,
  nowMs: number,
  remove: () => unknown,
): Promise<number | undefined> {
  if (!isBootstrapSecret(secret)) return undefined
  const remainingMs = expirationOf(secret) - nowMs
  if (remainingMs > 0) return remainingMs === Infinity ? undefined : remainingMs
  await remove()
  return undefined
}
