import { parseFieldSelector, parseLabelSelector, type SelectorRequirement } from '@kube-authn/core/internal'
import type { KubeObject } from './kube-object.ts'
import type { Resource } from './resource.ts'
import { badRequest } from './status-errors.ts'

/** Whether an object is selected. */
export type Selects = (object: KubeObject) => boolean

/** The selectors of a list or a watch, as sent. */
export interface SentSelectors {
  readonly labelSelector?: string
  readonly fieldSelector?: string
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
  const ofFields = fields.requirements.map((requirement): Selects => {
    const field = fieldOf(resource, requirement.key)
    return (object) => holds(requirement, field(object))
  })
  const ofLabels = labels.requirements.map((requirement): Selects => {
    const { key } = requirement
    return ({ metadata: { labels: given = {} } }) =>
      holds(requirement, Object.hasOwn(given, key) ? given[key] : undefined)
  })
  const all = [...ofFields, ...ofLabels]
  return all.length === 0 ? undefined : (object) => all.every((selects) => selects(object))
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

/** @param value `undefined` if the object has no such label. */
function holds({ operator, values }: SelectorRequirement, value: string | undefined): boolean {
  switch (operator) {
    case 'In':
      return value !== undefined && values.includes(value)
    case 'NotIn':
      return value === undefined || !values.includes(value)
    case 'Exists':
      return value !== undefined
    case 'DoesNotExist':
      return value === undefined
    case 'Gt':
      return compare(value, values[0]) > 0
    case 'Lt':
      return compare(value, values[0]) < 0
  }
}

/** Compares 64-bit integers; NaN if one is none. */
function compare(value: string | undefined, bound: string | undefined): number {
  if (value === undefined || bound === undefined || !isInteger(value) || !isInteger(bound)) return NaN
  const difference = BigInt(value) - BigInt(bound)
  return difference > 0n ? 1 : difference < 0n ? -1 : 0
}

function isInteger(text: string): boolean {
  return /^-?\d{1,19}$/.test(text)
}
