import type { SelectorRequirement } from '@kube-authn/core/internal'

/** Everything that a selector requires of one label or field. */
export interface SelectorCondition {
  /** Whether there must be a value. */
  readonly isRequired: boolean
  /** Whether a value is right. */
  holds(this: void, value: string): boolean
}

/** All requirements with the same key as one condition, which takes no longer if there are more of them. */
export function conditionsByKey(
  requirements: readonly SelectorRequirement[],
): ReadonlyMap<string, SelectorCondition> {
  const byKey = new Map<string, SelectorRequirement[]>()
  for (const requirement of requirements) {
    const known = byKey.get(requirement.key)
    if (known === undefined) byKey.set(requirement.key, [requirement])
    else known.push(requirement)
  }
  return new Map([...byKey].map(([key, same]) => [key, conditionOf(same)]))
}

function conditionOf(requirements: readonly SelectorRequirement[]): SelectorCondition {
  const of = (wanted: SelectorRequirement['operator']): SelectorRequirement[] =>
    requirements.filter(({ operator }) => operator === wanted)
  const ins = of('In').map(({ values }) => new Set(values))
  const [smallest = new Set<string>()] = ins.toSorted((a, b) => a.size - b.size)
  const among = [...smallest].filter((value) => ins.every((values) => values.has(value)))
  const allowed = ins.length === 0 ? undefined : new Set(among)
  const refused = new Set(of('NotIn').flatMap(({ values }) => values))
  const isForbidden = of('DoesNotExist').length > 0
  const isWithin = rangeOf(of('Gt'), of('Lt'))
  return {
    isRequired: requirements.some(({ operator }) => operator !== 'NotIn' && operator !== 'DoesNotExist'),
    holds: (value) => !isForbidden && allowed?.has(value) !== false && !refused.has(value) && isWithin(value),
  }
}

/** Whether a value is greater than all of some bounds and less than all others. What is no 64-bit integer is neither. */
function rangeOf(
  greater: readonly SelectorRequirement[],
  less: readonly SelectorRequirement[],
): (value: string) => boolean {
  if (greater.length + less.length === 0) return () => true
  const [above, below] = [greater.map(boundOf), less.map(boundOf)]
  const hasNone = [...above, ...below].includes(undefined)
  const least = above.reduce((a, b) => (a !== undefined && b !== undefined && a > b ? a : b), above[0])
  const greatest = below.reduce((a, b) => (a !== undefined && b !== undefined && a < b ? a : b), below[0])
  return (value) => {
    const number = integerOf(value)
    if (number === undefined || hasNone) return false
    return (least === undefined || number > least) && (greatest === undefined || number < greatest)
  }
}

function boundOf({ values: [bound = ''] }: SelectorRequirement): bigint | undefined {
  return integerOf(bound)
}

function integerOf(text: string): bigint | undefined {
  return /^-?\d{1,19}$/.test(text) ? BigInt(text) : undefined
}
