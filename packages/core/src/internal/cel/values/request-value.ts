import type { CelAccessRequest, CelResourceAttributes, CelSelector } from '../cel.ts'
import type { SizedValue } from './input.ts'
import { CelObjectValue } from './object-value.ts'

class AccessRequestValue extends CelObjectValue {}
class ResourceAttributesValue extends CelObjectValue {}
class NonResourceAttributesValue extends CelObjectValue {}
class FieldSelectorValue extends CelObjectValue {}
class LabelSelectorValue extends CelObjectValue {}
class SelectorRequirementValue extends CelObjectValue {}

/** An object type of `request` or of its fields. */
export interface RequestType {
  readonly name: string
  readonly ctor: typeof CelObjectValue
  readonly fields: Readonly<Record<string, string>>
}

/** The type of `request`. */
export const REQUEST_TYPE = 'kubernetes.SubjectAccessReviewSpec'

const SELECTOR = { rawSelector: 'string', requirements: 'list<kubernetes.SelectorRequirement>' }

/**
 * The object types, field types first.
 *
 * Source: apiserver `pkg/authorization/cel/compile.go` (`buildRequestType`).
 */
export const REQUEST_TYPES: readonly RequestType[] = [
  {
    name: 'kubernetes.SelectorRequirement',
    ctor: SelectorRequirementValue,
    fields: { key: 'string', operator: 'string', values: 'list<string>' },
  },
  { name: 'kubernetes.FieldSelectorAttributes', ctor: FieldSelectorValue, fields: SELECTOR },
  { name: 'kubernetes.LabelSelectorAttributes', ctor: LabelSelectorValue, fields: SELECTOR },
  {
    name: 'kubernetes.ResourceAttributes',
    ctor: ResourceAttributesValue,
    fields: {
      namespace: 'string',
      verb: 'string',
      group: 'string',
      version: 'string',
      resource: 'string',
      subresource: 'string',
      name: 'string',
      fieldSelector: 'kubernetes.FieldSelectorAttributes',
      labelSelector: 'kubernetes.LabelSelectorAttributes',
    },
  },
  {
    name: 'kubernetes.NonResourceAttributes',
    ctor: NonResourceAttributesValue,
    fields: { path: 'string', verb: 'string' },
  },
  {
    name: REQUEST_TYPE,
    ctor: AccessRequestValue,
    fields: {
      resourceAttributes: 'kubernetes.ResourceAttributes',
      nonResourceAttributes: 'kubernetes.NonResourceAttributes',
      user: 'string',
      groups: 'list<string>',
      extra: 'map<string, list<string>>',
      uid: 'string',
    },
  },
]

/** The value of `request`. Keys of `extra` are not escaped, as in Kubernetes, where it is a map and not an API object. */
export function requestInput(request: CelAccessRequest): SizedValue {
  const { user, uid, groups, extra, resourceAttributes, nonResourceAttributes } = request
  const size = { value: 0 }
  const fields = new Map<string, unknown>([
    ['user', counted(user, size)],
    ['uid', counted(uid, size)],
    ['groups', countedList(groups, size)],
    ['extra', countedMap(extra, size)],
  ])
  if (resourceAttributes !== undefined) {
    fields.set('resourceAttributes', resourceValue(resourceAttributes, size))
  }
  if (nonResourceAttributes !== undefined) {
    const { path, verb } = nonResourceAttributes
    fields.set('nonResourceAttributes', new NonResourceAttributesValue(countedMap({ path, verb }, size)))
  }
  return { value: new AccessRequestValue(fields), size: size.value }
}

interface Size {
  value: number
}

function resourceValue(
  { fieldSelector, labelSelector, ...texts }: CelResourceAttributes,
  size: Size,
): unknown {
  const fields = new Map<string, unknown>(countedMap(texts, size))
  if (fieldSelector !== undefined) {
    fields.set('fieldSelector', new FieldSelectorValue(selectorFields(fieldSelector, size)))
  }
  if (labelSelector !== undefined) {
    fields.set('labelSelector', new LabelSelectorValue(selectorFields(labelSelector, size)))
  }
  return new ResourceAttributesValue(fields)
}

function selectorFields({ requirements }: CelSelector, size: Size): ReadonlyMap<string, unknown> {
  const values = requirements.map(
    ({ key, operator, values: texts }) =>
      new SelectorRequirementValue(
        new Map<string, unknown>([
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
): ReadonlyMap<string, unknown> {
  const entries = Object.entries(map)
  for (const [key, value] of entries) {
    counted(key, size)
    if (typeof value === 'string') counted(value, size)
    else countedList(value, size)
  }
  return new Map(entries)
}
