import { listType, mapType, STRING, structType, type Type } from '../check/types.ts'
import { fail } from '../evaluate/failure.ts'
import { mapOf } from '../values/map.ts'
import { Struct, type Value } from '../values/value.ts'
import type { CelAccessRequest, CelResourceAttributes, CelSelector } from './cel.ts'

const REQUIREMENT = structType('kubernetes.SelectorRequirement')
const FIELD_SELECTOR = structType('kubernetes.FieldSelectorAttributes')
const LABEL_SELECTOR = structType('kubernetes.LabelSelectorAttributes')
const RESOURCE = structType('kubernetes.ResourceAttributes')
const NON_RESOURCE = structType('kubernetes.NonResourceAttributes')

/** The type of `request`. */
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

function fieldTypes(
  strings: readonly string[],
  others: Readonly<Record<string, Type>>,
): ReadonlyMap<string, Type> {
  return new Map([...strings.map((name) => [name, STRING] as const), ...Object.entries(others)])
}

/** Maximum size: one per value and one per 32 characters of strings. */
const MAX_SIZE = 100_000

/** The value of `request`. Keys of `extra` are not escaped, as in Kubernetes, where it is a map and not an API object. */
export function requestValue(request: CelAccessRequest): Value {
  const { user, uid, groups, extra, resourceAttributes, nonResourceAttributes } = request
  const size = { value: 0 }
  const fields = new Map<string, Value>([
    ['user', counted(user, size)],
    ['uid', counted(uid, size)],
    ['groups', countedList(groups, size)],
    ['extra', mapOf(countedMap(extra, size))],
  ])
  if (resourceAttributes !== undefined) {
    fields.set('resourceAttributes', resourceValue(resourceAttributes, size))
  }
  if (nonResourceAttributes !== undefined) {
    const { path, verb } = nonResourceAttributes
    fields.set('nonResourceAttributes', new Struct(NON_RESOURCE, countedMap({ path, verb }, size)))
  }
  if (size.value > MAX_SIZE) fail('the value is too large')
  return new Struct(REQUEST, fields)
}

interface Size {
  value: number
}

function resourceValue({ fieldSelector, labelSelector, ...texts }: CelResourceAttributes, size: Size): Value {
  const fields = new Map<string, Value>(countedMap(texts, size))
  if (fieldSelector !== undefined) {
    fields.set('fieldSelector', new Struct(FIELD_SELECTOR, selectorFields(fieldSelector, size)))
  }
  if (labelSelector !== undefined) {
    fields.set('labelSelector', new Struct(LABEL_SELECTOR, selectorFields(labelSelector, size)))
  }
  return new Struct(RESOURCE, fields)
}

function selectorFields({ requirements }: CelSelector, size: Size): ReadonlyMap<string, Value> {
  const values = requirements.map(
    ({ key, operator, values: texts }) =>
      new Struct(
        REQUIREMENT,
        new Map<string, Value>([
          ['key', counted(key, size)],
          ['operator', counted(operator, size)],
          ['values', countedList(texts, size)],
        ]),
      ),
  )
  return new Map([['requirements', values]])
}

function counted(text: string, size: Size): string {
  size.value += 1 + Math.floor(text.length / 32)
  return text
}

function countedList(texts: readonly string[], size: Size): readonly string[] {
  for (const text of texts) counted(text, size)
  return texts
}

function countedMap(
  map: Readonly<Record<string, string | readonly string[]>>,
  size: Size,
): ReadonlyMap<string, Value> {
  const entries = Object.entries(map)
  for (const [key, value] of entries) {
    counted(key, size)
    if (typeof value === 'string') counted(value, size)
    else countedList(value, size)
  }
  return new Map(entries)
}
