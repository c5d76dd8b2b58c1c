import {
  badRequest,
  parseFieldSelector,
  parseLabelSelector,
  type SelectorRequirement,
} from '@kube-authn/core/internal'
import type { KubeObject } from './kube-object.ts'
import type { Resource } from './resource.ts'
import { conditionsByKey } from './selector-conditions.ts'

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
