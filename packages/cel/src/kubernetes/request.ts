import { listType, mapType, STRING, structType, type Type } from '../check/types.ts'
import { mapOf } from '../values/map.ts'
import { Struct, type Value } from '../values/value.ts'
import { requiredSize } from './claims.ts'
import type { CelAccessRequest, CelResourceAttributes, CelSelector } from './cel.ts'

const REQUIREMENT = structType('kubernetes.SelectorRequirement')
const FIELD_SELECTOR = structType('kubernetes.FieldSelectorAttributes')
const LABEL_SELECTOR = structType('kubernetes.LabelSelectorAttributes')
const RESOURCE = structType('kubernetes.ResourceAttributes')
const NON_RESOURCE = structType('kubernetes.NonResourceAttributes')

export const REQUEST: Type = structType('kubernetes.SubjectAccessReviewSpec')

const SELECTOR_FIELDS = fieldTypes(['rawSelector'], { requirements: listType(REQUIREMENT) })

/**
 * The fields of the types of `request`.
 *
 * Source: apiserver `pkg/authorization/cel/compile.go` (`buildRequestType`).
 */
export const REQUEST_FIELDS: ReadonlyMap<string, ReadonlyMap<string, Type>> = new Map([
  [REQUIREMENT.name, fieldTypes(['key', 'operator'], { values: listType(STRING) })],
  [FIELD_SELECTOR.name, SELECTOR_FIELDS],
  [LABEL_SELECTOR.name, SELECTOR_FIELDS],
  [
    RESOURCE.name,
    fieldTypes(['namespace', 'verb', 'group', 'version', 'resource', 'subresource', 'name'], {
      fieldSelector: FIELD_SELECTOR,
      labelSelector: LABEL_SELECTOR,
    }),
  ],
  [NON_RESOURCE.name, fieldTypes(['path', 'verb'], {})],
  [
    REQUEST.name,
    fieldTypes(['user', 'uid'], {
      resourceAttributes: RESOURCE,
      nonResourceAttributes: NON_RESOURCE,
      groups: listType(STRING),
      extra: mapType(STRING, listType(STRING)),
    }),
  ],
])

export function fieldTypes(
  strings: readonly string[],
  others: Readonly<Record<string, Type>>,
): ReadonlyMap<string, Type> {
  return new Map([...strings.map((name) => [name, STRING] as const), ...Object.entries(others)])
}

/** The value of `request`. Keys of `extra` are not escaped, as in Kubernetes, where it is a map and not an API object. */
export function requestValue(request: CelAccessRequest): Value {
  const { user, uid, groups, extra, resourceAttributes, nonResourceAttributes } = request
  const { path, verb } = nonResourceAttributes ?? {}
  requiredSize(request)
  return struct(REQUEST, {
    user,
    uid,
    groups,
    extra: mapOf(Object.entries(extra)),
    resourceAttributes: resourceAttributes && resourceValue(resourceAttributes),
    nonResourceAttributes: nonResourceAttributes && struct(NON_RESOURCE, { path, verb }),
  })
}

function resourceValue({ fieldSelector, labelSelector, ...texts }: CelResourceAttributes): Value {
  return struct(RESOURCE, {
    ...texts,
    fieldSelector: fieldSelector && selectorValue(FIELD_SELECTOR, fieldSelector),
    labelSelector: labelSelector && selectorValue(LABEL_SELECTOR, labelSelector),
  })
}

function selectorValue(type: Type, { requirements }: CelSelector): Value {
  return struct(type, {
    requirements: requirements.map(({ key, operator, values }) =>
      struct(REQUIREMENT, { key, operator, values }),
    ),
  })
}

export function struct(type: Type, fields: Readonly<Record<string, Value | undefined>>): Struct {
  const present = Object.entries(fields).flatMap(([name, value]): [string, Value][] =>
    value === undefined ? [] : [[name, value]],
  )
  return new Struct(type, new Map(present))
}
