import { DESCRIPTIONS } from '../schema/descriptions.ts'
import type { Field, ObjectType, Scalar } from '@kube-authn/api/internal'

export type Schema = Readonly<Record<string, unknown>>

/** A group, a version and a kind, as extensions of Kubernetes name them. */
export interface GroupVersionKind {
  readonly group: string
  readonly version: string
  readonly kind: string
}

const QUANTITY = 'io.k8s.apimachinery.pkg.api.resource.Quantity'
const INT_OR_STRING = 'io.k8s.apimachinery.pkg.util.intstr.IntOrString'

const TIME = { type: 'string', format: 'date-time' }
const SCALARS: Readonly<Record<Scalar, Schema>> = {
  string: { type: 'string' },
  bool: { type: 'boolean' },
  int32: { type: 'integer', format: 'int32' },
  int64: { type: 'integer', format: 'int64' },
  bytes: { type: 'string', format: 'byte' },
  Time: TIME,
  MicroTime: TIME,
  Quantity: refTo(QUANTITY),
  IntOrString: refTo(INT_OR_STRING),
  ExtraValue: { type: 'array', items: { type: 'string' } },
  FieldsV1: { type: 'object' },
}

/** The schemas of types that are scalars here, and have names in Kubernetes. */
const NAMED_SCALARS: readonly (readonly [string, Schema])[] = [
  [
    QUANTITY,
    {
      oneOf: [{ type: 'string' }, { type: 'number' }],
      description: 'A number with a unit, such as 500m or 1Gi.',
    },
  ],
  [INT_OR_STRING, { oneOf: [{ type: 'integer' }, { type: 'string' }], format: 'int-or-string' }],
]

export function refTo(name: string): Schema {
  return { $ref: `#/components/schemas/${name}` }
}

/**
 * The schemas of these kinds, and of all types in them, by their full names.
 *
 * Source: kube-openapi `pkg/builder3`; api-conventions "Server Side Apply" and "Strategic Merge Patch" extensions.
 *
 * @param kinds the type of each kind, and as what it is served.
 */
export function schemasOf(
  kinds: ReadonlyMap<ObjectType, GroupVersionKind>,
): Readonly<Record<string, Schema>> {
  const schemas = new Map<string, Schema>(NAMED_SCALARS)
  const add = (type: ObjectType): void => {
    if (schemas.has(type.fullName)) return
    schemas.set(type.fullName, schemaOf(type, kinds.get(type)))
    for (const field of type.fields.values()) if (typeof field.type !== 'string') add(field.type)
  }
  for (const type of kinds.keys()) add(type)
  return Object.fromEntries([...schemas].toSorted(([a], [b]) => (a < b ? -1 : 1)))
}

function schemaOf(type: ObjectType, kind: GroupVersionKind | undefined): Schema {
  const fields = [...type.fields.values()]
  const required = fields.filter(({ isRequired }) => isRequired).map(({ name }) => name)
  const properties = fields.map((field) => [field.name, propertyOf(field, type)] as const)
  return {
    ...described(type.name),
    type: 'object',
    ...(required.length > 0 && { required }),
    properties: Object.fromEntries([...(kind === undefined ? [] : TYPE_META), ...properties]),
    ...(type.isAtomic && { 'x-kubernetes-map-type': 'atomic' }),
    ...(kind !== undefined && { 'x-kubernetes-group-version-kind': [kind] }),
  }
}

const TYPE_META: readonly (readonly [string, Schema])[] = [
  ['apiVersion', { type: 'string', description: 'Group and version of the schema of this object.' }],
  ['kind', { type: 'string', description: 'Kind of this object.' }],
]

function described(name: string): Schema {
  const description = DESCRIPTIONS.get(name)
  return description === undefined ? {} : { description }
}

function propertyOf(field: Field, within: ObjectType): Schema {
  const { name, type, many } = field
  const one = typeof type === 'string' ? SCALARS[type] : refTo(type.fullName)
  const description = described(`${within.name}.${name}`)
  if (many === 'list') return { ...description, type: 'array', items: one, ...listExtensions(field) }
  const ofMap = field.isAtomic ? { 'x-kubernetes-map-type': 'atomic' } : {}
  if (many === 'map') return { ...description, type: 'object', additionalProperties: one, ...ofMap }
  return Object.hasOwn(one, '$ref') ? { ...description, allOf: [one] } : { ...description, ...one }
}

function listExtensions(field: Field): Schema {
  const { isMerged, mergeKey, retainsKeys, listKeys, isSet } = field
  const listType = listKeys.length > 0 ? 'map' : isSet ? 'set' : 'atomic'
  return {
    'x-kubernetes-list-type': listType,
    ...(listKeys.length > 0 && { 'x-kubernetes-list-map-keys': listKeys }),
    ...(isMerged && { 'x-kubernetes-patch-strategy': retainsKeys ? 'merge,retainKeys' : 'merge' }),
    ...(mergeKey !== undefined && { 'x-kubernetes-patch-merge-key': mergeKey }),
  }
}
