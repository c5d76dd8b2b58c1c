import { canonical, type Difference } from '../difference.ts'

/** Rules of a SelfSubjectRulesReview have no order, since bindings have none. */
export function isOrderOfRules({ at, there, here }: Difference): boolean {
  return /[rR]esourceRules$/.test(at) && canonical(sorted(there)) === canonical(sorted(here))
}

/** Whether rules are equal except for duplicates. */
export function areRepeatedRules({ at, there, here }: Difference): boolean {
  if (!/[rR]esourceRules$/.test(at)) return false
  const [said, says] = [sorted(there), sorted(here)]
  return says.length > said.length && canonical([...new Set(said)]) === canonical([...new Set(says)])
}

function sorted(rules: unknown): readonly string[] {
  return Array.isArray(rules) ? rules.map(canonical).toSorted() : []
}
