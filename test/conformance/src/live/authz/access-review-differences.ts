import { type Difference, differencesOf, isObject } from '../difference.ts'
import type { RbacMode } from './policies.ts'
import { attributesOfSpec, type RecordedSpec } from './question.ts'
import type { JsonAnswer } from './review-in-process.ts'

/**
 * How responses to an access review differ. Bindings have no order in a kube-apiserver: if several allow a request, each of their reasons is valid,
 * and missing roles are named in any order.
 */
export function accessReviewDifferences(
  there: JsonAnswer,
  here: JsonAnswer,
  { roles }: RbacMode,
  spec: RecordedSpec,
): readonly Difference[] {
  return differencesOf(there, here).filter(
    ({ at, there: said, here: says }) => at !== 'body.status.reason' || !isAsGood(said, says),
  )

  function isAsGood(said: unknown, says: unknown): boolean {
    if (typeof said !== 'string' || typeof says !== 'string') return false
    if (isAllowed(there) && isAllowed(here)) {
      const reasons = new Set(roles.explain(attributesOfSpec(spec)).map(({ reason }) => reason))
      return reasons.has(said) && reasons.has(says)
    }
    return says.startsWith('RBAC: ') && inAnyOrder(said) === inAnyOrder(says)
  }
}

function isAllowed({ body: { status } }: JsonAnswer): boolean {
  return isObject(status) && status['allowed'] === true
}

/** Errors in Go's form `[a, b]`, sorted. */
export function inAnyOrder(text: string): string {
  return text
    .replace(/^RBAC: /, '')
    .replaceAll(/^\[|\]$/g, '')
    .split(', ')
    .toSorted()
    .join()
}
