/** A domain name as its labels, the rightmost first, in lower case: `www.Example.com` is `com`, `example`, `www`. */
export type DomainLabels = readonly string[]

/**
 * The labels of a domain name; `undefined` when one is empty, also at the end, or holds anything but visible ASCII. The empty
 * name has no labels.
 *
 * Source: Go `crypto/x509/verify.go` (`domainToReverseLabels`).
 */
export function domainLabels(domain: string): DomainLabels | undefined {
  if (domain === '') return []
  const labels = domain.toLowerCase().split('.').toReversed()
  return labels.every((label) => /^[!-~]+$/.test(label)) ? labels : undefined
}

/** A subtree of the domain names: a domain and all below it or, where the constraint starts with a dot, only those below. */
export interface DomainSubtree {
  readonly labels: DomainLabels
  readonly onlyBelow: boolean
}

/** The subtree that a name constraint speaks of; `undefined` when it is no domain name. */
export function domainSubtree(constraint: string): DomainSubtree | undefined {
  const onlyBelow = constraint.startsWith('.')
  const labels = domainLabels(onlyBelow ? constraint.slice(1) : constraint)
  return labels && { labels, onlyBelow }
}

/** Whether the domain is in the subtree. */
export function isInSubtree(domain: DomainLabels, { labels, onlyBelow }: DomainSubtree): boolean {
  const isLongEnough = onlyBelow ? domain.length > labels.length : domain.length >= labels.length
  return isLongEnough && labels.every((label, index) => label === domain[index])
}

/**
 * Whether a domain that a wildcard stands for may be in the subtree, as `a.example.com` is one of `*.example.com`. Names without
 * a wildcard stand for themselves.
 *
 * Deviation: Go up to 1.24 takes the asterisk for a label like any other (CVE-2025-61727; `docs/deviations.md`, stricter certificates).
 */
export function mayBeInSubtree(domain: DomainLabels, subtree: DomainSubtree): boolean {
  if (isInSubtree(domain, subtree)) return true
  if (domain.at(-1) !== '*' || subtree.onlyBelow || domain.length !== subtree.labels.length) return false
  return subtree.labels.slice(0, -1).every((label, index) => label === domain[index])
}
