import type { Certificate } from '../certificate.ts'
import { ExtendedKeyUsage } from '../extensions/key-usage.ts'

/**
 * Whether a chain may be used for at least one of the purposes. Each certificate that names purposes takes away all others, also
 * from those below it; the root counts as well.
 *
 * Source: Go `crypto/x509/verify.go` (`checkChainForKeyUsage`).
 *
 * @param keyUsages object identifiers; `any` among them, or none at all: there is nothing to ask for.
 */
export function permitsKeyUsage(chain: readonly Certificate[], keyUsages: readonly string[]): boolean {
  if (keyUsages.length === 0 || keyUsages.includes(ExtendedKeyUsage.any)) return true
  const named = chain
    .map(({ extensions }) => extensions.extendedKeyUsage)
    .filter((usages) => usages !== undefined && !usages.includes(ExtendedKeyUsage.any))
  return keyUsages.some((wanted) => named.every((usages) => usages?.includes(wanted)))
}
