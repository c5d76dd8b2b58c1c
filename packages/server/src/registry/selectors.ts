import {
  badRequest,
  parseFieldSelector,
  parseLabelSelector,
  type SelectorRequirement,
} from '@kube-authn/core/internal'
import type { KubeObject } from './kube-object.ts'
import type { Resource } from './resource.ts'

export type Selects = (object: KubeObject) => boolean

export interface SentSelectors {
  readonly labelSelector?: string
  readonly fieldSelector?: string
}

/** Which objects are meant. */
export interface Collection extends SentSelectors {
  readonly resource: Resource
  /** `''` for all. */
  readonly namespace: string
}

/**
 * Compiles selectors for objects of a resource. `undefined` if every object is selected.
 *
 * Source: apimachinery `pkg/labels/selector.go`, `pkg/fields/selector.go`.
 *
 * @throws {StatusError} 400 if one cannot be parsed, or names a field that cannot be selected.
 */
export function selectsOf(
  resource: Resource,
  { labelSelector = '', fieldSelector = '' }: SentSelectors,
): Selects | undefined {
  const labels = parseLabelSelector(labelSelector)
  const fields = parseFieldSelector(fieldSelector)
  const error = labels.error ?? fields.error
  if (error !== undefined) throw badRequest(error)
  const ofFields = [...conditionsByKey(fields.requirements)].map(([key, condition]): Selects => {
    const field = fieldOf(resource, key)
    return (object) => condition.holds(field(object))
  })
  const ofLabels = labels.requirements.length === 0 ? [] : [selectsLabels(labels.requirements)]
  const all = [...ofFields, ...ofLabels]
  return all.length === 0 ? undefined : (object) => all.every((selects) => selects(object))
}

/** Looks at each label of an object once, however many requirements there are. */
function selectsLabels(requirements: readonly SelectorRequirement[]): Selects {
  const conditions = conditionsByKey(requirements)
  const required = [...conditions.values()].filter(({ isRequired }) => isRequired).length
  return ({ metadata: { labels = {} } }) => {
    let found = 0
    for (const [key, value] of Object.entries(labels)) {
      const condition = conditions.get(key)
      if (condition === undefined) continue
      if (!condition.holds(value)) return false
      if (condition.isRequired) found++
    }
    return found === required
  }
}

function fieldOf(resource: Resource, key: string): (object: KubeObject) => string {
  if (key === 'metadata.name') return ({ metadata }) => metadata.name ?? ''
  if (key === 'metadata.namespace' && resource.isNamespaced) return ({ metadata }) => metadata.namespace ?? ''
  const { selectableFields = {} } = resource
  const field = Object.hasOwn(selectableFields, key) ? selectableFields[key] : undefined
  if (field !== undefined) return field
  const name = key.slice(0, 256)
  if (resource.selectableFields !== undefined) throw badRequest(`field label not supported: ${name}`)
  throw badRequest(`"${name}" is not a known field selector: only "metadata.name", "metadata.namespace"`)
}

/** Everything that a selector requires of one label or field. */
export interface SelectorCondition {
  /** Whether there must be a value. */
  readonly isRequired: boolean
  /** Whether a value is right. */
  holds(this: void, value: string): boolean
}

/** All requirements with the same key as one condition, which takes no longer if there are more of them. */
function conditionsByKey(
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
