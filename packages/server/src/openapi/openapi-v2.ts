import { isObject, stringMemberOf } from '@kube-authn/core/internal'
import { GIT_VERSIONS } from '@kube-authn/internal/kubernetes-version'
import type { KubernetesVersion } from '@kube-authn/core'
import type { GroupDocument } from './group-document.ts'
import type { Schema } from './schemas.ts'

/** The media type of OpenAPI 2.0 in protobuf. Clients ask for it with an `@` before `v1.0`, which no media type may have. */
export const OPENAPI_V2_TYPE = 'application/com.github.proto-openapi.spec.v2.v1.0+protobuf'

const GVK = 'x-kubernetes-group-version-kind'
const PATCH_TYPE = 'application/strategic-merge-patch+json'

/**
 * What kubectl before 1.27 reads of OpenAPI 2.0, in protobuf: the schemas, and for each kind that patches take `fieldValidation`.
 *
 * Source: gnostic-models `openapiv2/OpenAPIv2.proto`; kubectl `pkg/util/openapi`, cli-runtime `pkg/resource/query_param_verifier.go`.
 *
 * Deviation: it has no more than that, and there is none in JSON (`docs/deviations.md`, OpenAPI).
 */
export function openApiV2(documents: readonly GroupDocument[], release: KubernetesVersion): Uint8Array {
  const schemas = new Map(documents.flatMap(({ components }) => Object.entries(components.schemas)))
  const paths = documents.flatMap((document) => Object.entries(document.paths))
  const items = paths.map(([path, item]) => written([1, path], [2, pathItemOf(item)]))
  const definitions = [...schemas].map(([name, schema]) => written([1, name], [2, schemaOf(schema)]))
  return written(
    [1, '2.0'],
    [2, written([1, 'Kubernetes'], [2, GIT_VERSIONS[release]])],
    [8, written(...repeated(2, items))],
    [9, written(...repeated(1, definitions))],
  )
}

/** Only its patch is read. */
function pathItemOf(item: object): Uint8Array {
  const { patch } = objectOf(item)
  return isObject(patch) ? written([8, operationOf(patch)]) : written()
}

function operationOf(operation: Schema): Uint8Array {
  const parameters = Array.isArray(operation['parameters']) ? operation['parameters'].map(objectOf) : []
  return written(
    [5, stringMemberOf(operation, 'operationId')],
    ...repeated(7, [PATCH_TYPE]),
    ...repeated(8, parameters.map(parameterOf)),
    ...extensionsOf(13, operation),
  )
}

function parameterOf(parameter: Schema): Uint8Array {
  const query = written(
    [2, 'query'],
    [3, stringMemberOf(parameter, 'description')],
    [4, stringMemberOf(parameter, 'name')],
    [6, stringMemberOf(objectOf(parameter['schema']), 'type')],
  )
  return written([1, written([2, written([3, query])])])
}

function schemaOf(schema: Schema): Uint8Array {
  const reference = referenceIn(schema)
  const { properties, items, additionalProperties, required, oneOf } = schema
  const type = oneOf === undefined ? stringMemberOf(schema, 'type') : 'string'
  const fields = Object.entries(objectOf(properties)).map(([name, each]) => {
    return written([1, name], [2, schemaOf(objectOf(each))])
  })
  return written(
    [1, reference],
    [2, stringMemberOf(schema, 'format')],
    [4, stringMemberOf(schema, 'description')],
    ...repeated(19, Array.isArray(required) ? required.map(String) : []),
    [21, isObject(additionalProperties) ? written([1, schemaOf(additionalProperties)]) : undefined],
    [22, type === '' || reference !== '' ? undefined : written([1, type])],
    [23, isObject(items) ? written([1, schemaOf(items)]) : undefined],
    [25, fields.length === 0 ? undefined : written(...repeated(1, fields))],
    ...extensionsOf(31, schema),
  )
}

/** A schema of the document, named by itself or as the only one that another is made of. */
function referenceIn(schema: Schema): string {
  const all: readonly unknown[] = Array.isArray(schema['allOf']) ? schema['allOf'] : [schema]
  return stringMemberOf(objectOf(all[0]), '$ref').replace('#/components/schemas/', '#/definitions/')
}

/** Their values are YAML, which JSON is too. */
function extensionsOf(number: number, of: Schema): readonly WrittenField[] {
  return Object.entries(of)
    .filter(([name]) => name.startsWith('x-kubernetes-') && (number === 31 || name === GVK))
    .map(([name, value]) => [number, written([1, name], [2, written([2, JSON.stringify(value)])])])
}

function objectOf(value: unknown): Schema {
  return isObject(value) ? value : {}
}

/** A field of a message: a string or a nested message. Empty strings are not written. */
type WrittenField = readonly [number: number, value: string | Uint8Array | undefined]

const UTF8 = new TextEncoder()

/** A message of protobuf. Source: Protocol Buffers, "Encoding". */
function written(...fields: readonly WrittenField[]): Uint8Array {
  return Uint8Array.from(fields.flatMap(([number, value]) => fieldOctets(number, value)))
}

/** A repeated field. */
function repeated(number: number, values: readonly (string | Uint8Array)[]): readonly WrittenField[] {
  return values.map((value) => [number, value])
}

function fieldOctets(number: number, value: WrittenField[1]): readonly number[] {
  if (value === undefined || value === '') return []
  const content = typeof value === 'string' ? UTF8.encode(value) : value
  return [...varint(number * 8 + 2), ...varint(content.length), ...content]
}

function varint(value: number): readonly number[] {
  return value > 0x7f ? [(value % 0x80) + 0x80, ...varint(Math.floor(value / 0x80))] : [value]
}
