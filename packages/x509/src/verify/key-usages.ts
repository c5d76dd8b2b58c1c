import type { Certificate } from '../certificate.ts'
import { ExtendedKeyUsage } from '../extensions/keys.ts'

/**
 * Whether a chain may be used for at least one of the purposes. Each certificate that names purposes, including the root, excludes all
 * others for itself and the certificates below it.
 *
 * Source: Go `crypto/x509/verify.go` (`checkChainForKeyUsage`).
 *
 * @param keyUsages object identifiers; if empty or with `any`, every chain is permitted.
 */
export function permitsKeyUsage(chain: readonly Certificate[], keyUsages: readonly string[]): boolean {
  if (keyUsages.length === 0 || keyUsages.includes(ExtendedKeyUsage.any)) return true
  const named = chain
    .map(({ extensions }) => extensions.extendedKeyUsage)
    .filter((usages) => usages !== undefined && !usages.includes(ExtendedKeyUsage.any))
  return keyUsages.some((wanted) => named.every((usages) => usages?.includes(wanted)))
}
