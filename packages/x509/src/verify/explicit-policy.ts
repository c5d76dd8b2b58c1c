import type { Certificate } from '../certificate.ts'
import { isSameBytes } from '@kube-authn/internal/bytes'
import { ANY_POLICY } from '../extensions/policies.ts'

/**
 * Whether a chain has a policy wherever one of its CAs requires one (`requireExplicitPolicy`). If none does, policies are ignored.
 *
 * Source: RFC 5280 section 6.1 with all policies acceptable to the user, Go `crypto/x509/verify.go` (`policiesValid`).
 *
 * Deviation: if a policy is required, policy mappings are refused, not applied (`docs/deviations.md`, stricter certificates).
 *
 * @param chain leaf first, root last. The root's policies are ignored.
 */
export function satisfiesExplicitPolicy(chain: readonly Certificate[]): boolean {
  const path = chain.slice(0, -1).toReversed()
  const demands = path.some(({ extensions }) => extensions.policies.requireExplicitPolicy !== undefined)
  if (!demands) return true
  if (path.some(({ extensions }) => extensions.policies.hasMappings)) return false

  // The number of further certificates for which no policy is required, and for which `anyPolicy` counts.
  let explicitPolicyAfter = Infinity
  let anyPolicyUntil = Infinity
  let valid: PolicySet = { isAny: true, policies: new Set() }
  for (const [index, { extensions, issuer, subject }] of path.entries()) {
    const { certificatePolicies = [], requireExplicitPolicy, inhibitAnyPolicy } = extensions.policies
    const isLeaf = index === path.length - 1
    const isSelfIssued = isSameBytes(issuer.der, subject.der)
    valid = narrow(valid, certificatePolicies, anyPolicyUntil > 0 || (isSelfIssued && !isLeaf))
    if (explicitPolicyAfter === 0 && isEmpty(valid)) return false
    if (isLeaf) {
      explicitPolicyAfter = Math.max(explicitPolicyAfter - 1, 0)
      if (requireExplicitPolicy === 0) explicitPolicyAfter = 0
      break
    }
    if (!isSelfIssued) {
      explicitPolicyAfter = Math.max(explicitPolicyAfter - 1, 0)
      anyPolicyUntil = Math.max(anyPolicyUntil - 1, 0)
    }
    explicitPolicyAfter = Math.min(explicitPolicyAfter, requireExplicitPolicy ?? Infinity)
    anyPolicyUntil = Math.min(anyPolicyUntil, inhibitAnyPolicy ?? Infinity)
  }
  return explicitPolicyAfter > 0 || !isEmpty(valid)
}

/** The valid policies of a path so far: some, or any. */
interface PolicySet {
  readonly isAny: boolean
  readonly policies: ReadonlySet<string>
}

function isEmpty({ isAny, policies }: PolicySet): boolean {
  return !isAny && policies.size === 0
}

function narrow(valid: PolicySet, own: readonly string[], anyPolicyCounts: boolean): PolicySet {
  const hasAny = own.includes(ANY_POLICY) && anyPolicyCounts
  const named = own.filter((policy) => policy !== ANY_POLICY)
  if (valid.isAny) return { isAny: hasAny, policies: new Set(hasAny ? [...valid.policies, ...named] : named) }
  if (hasAny) return valid
  return { isAny: false, policies: new Set(named.filter((policy) => valid.policies.has(policy))) }
}
