import { isObject } from '@kube-authn/core/internal'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decodeObject } from '../../../api/src/protobuf/decode-object.ts'
import { envelope, protobuf, type ProtobufField } from '../../../api/test/protobuf.ts'
import { expectedOf } from '../api/object-request.ts'
import { readKubeObject } from '../registry/read-kube-object.ts'
import { allResources } from '../registry/resources/index.ts'
import { apiVersionOf } from '../registry/resource.ts'
import type { Field, ObjectType, Scalar } from '@kube-authn/api/internal'
import { objectTypeOf } from './object-types.ts'

/** A value in JSON and in protobuf. */
interface Both {
  readonly json: unknown
  readonly wire: ProtobufField[1]
}

const text = fc.string({ minLength: 1, unit: 'grapheme' })
const seconds = fc.integer({ min: -60_000_000_000, max: 250_000_000_000 }).filter((each) => each !== 0)
const whole = (each: number): string => new Date(each * 1000).toISOString().replace('.000Z', 'Z')
const integer = (max: number) =>
  fc
    .integer({ min: -max, max })
    .filter((each) => each !== 0)
    .map((each): Both => ({ json: each, wire: BigInt(each) }))

/** Values that are not zero: those are absent in JSON, if the field does not say otherwise. */
const SCALARS: Readonly<Record<Scalar, fc.Arbitrary<Both>>> = {
  string: text.map((each) => ({ json: each, wire: each })),
  bool: fc.constant({ json: true, wire: 1 }),
  int32: integer(2 ** 31 - 1),
  int64: integer(Number.MAX_SAFE_INTEGER),
  bytes: fc.uint8Array({ minLength: 1, maxLength: 20 }).map((each) => ({
    json: Buffer.from(each).toString('base64'),
    wire: each,
  })),
  Time: seconds.map((each) => ({ json: whole(each), wire: protobuf([1, each]) })),
  MicroTime: fc.tuple(seconds, fc.nat(999_999), fc.nat(999)).map(([each, micros, rest]) => ({
    json: whole(each).replace('Z', `.${String(micros).padStart(6, '0')}Z`),
    wire: protobuf([1, each], [2, micros * 1000 + rest]),
  })),
  Quantity: fc.constantFrom('1', '500m', '1.5Gi', '-2e3').map((each) => ({
    json: each,
    wire: protobuf([1, each]),
  })),
  IntOrString: fc.oneof(
    fc.nat().map((each) => ({ json: each, wire: protobuf([1, 0], [2, each], [3, '']) })),
    text.map((each) => ({ json: each, wire: protobuf([1, 1], [2, 0], [3, each]) })),
  ),
  ExtraValue: fc.array(text).map((each) => ({
    json: each,
    wire: protobuf(...each.map((one): ProtobufField => [1, one])),
  })),
  FieldsV1: fc.constant({ json: { 'f:a': {} }, wire: protobuf([1, '{"f:a":{}}']) }),
}

/** Zero values, of fields where they differ from an absent one. */
const ZEROS: Readonly<Partial<Record<Scalar, Both>>> = {
  string: { json: '', wire: '' },
  bool: { json: false, wire: 0 },
  int32: { json: 0, wire: 0 },
  int64: { json: 0, wire: 0 },
}

interface Message {
  readonly json: Readonly<Record<string, unknown>>
  readonly fields: readonly ProtobufField[]
}

function valueOf({ type, many, isNullable }: Field): fc.Arbitrary<Both> {
  if (typeof type !== 'string') {
    return messageOf(type).map(({ json, fields }) => ({ json, wire: protobuf(...fields) }))
  }
  const zero = isNullable && many === undefined ? ZEROS[type] : undefined
  return zero === undefined ? SCALARS[type] : fc.oneof(SCALARS[type], fc.constant(zero))
}

function fieldOf(field: Field): fc.Arbitrary<Message> {
  const { name, number, many, isInline } = field
  const one = valueOf(field)
  if (many === 'list') {
    return fc.array(one, { maxLength: 2 }).map((all) => ({
      json: all.length === 0 ? {} : { [name]: all.map(({ json }) => json) },
      fields: all.map(({ wire }): ProtobufField => [number, wire]),
    }))
  }
  if (many === 'map') {
    return fc.uniqueArray(fc.tuple(text, one), { maxLength: 2, selector: ([key]) => key }).map((all) => ({
      json: all.length === 0 ? {} : { [name]: Object.fromEntries(all.map(([key, { json }]) => [key, json])) },
      fields: all.map(([key, { wire }]): ProtobufField => [number, protobuf([1, key], [2, wire])]),
    }))
  }
  return one.map(({ json, wire }) => ({
    json: isInline ? (json as object as Message['json']) : { [name]: json },
    fields: [[number, wire]],
  }))
}

const known = new Map<ObjectType, fc.Arbitrary<Message>>()

/** A message with some of its fields. */
function messageOf(type: ObjectType): fc.Arbitrary<Message> {
  const found = known.get(type)
  if (found !== undefined) return found
  const made = fc
    .subarray([...type.ownFields], { maxLength: Math.min(8, type.ownFields.length) })
    .chain((fields) =>
      fc.tuple(...fields.map(fieldOf)).map((all) => ({
        json: Object.assign({}, ...all.map(({ json }) => json)) as Message['json'],
        fields: all.flatMap((each) => each.fields),
      })),
    )
  known.set(type, made)
  return made
}

/** The value with its members in order. */
function inOrder(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(inOrder)
  if (!isObject(value)) return value
  const entries = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1))
  return entries.map(([key, each]) => [key, inOrder(each)])
}

describe.each(allResources.map((resource) => [resource.kind, resource] as const))(
  'an object of the type %s',
  (kind, resource) => {
    it('is the same in JSON and in protobuf', () => {
      const type = objectTypeOf(kind)
      if (type === undefined) throw new Error(`${kind} is not declared`)
      fc.assert(
        fc.property(messageOf(type), ({ json, fields }) => {
          const body = envelope(apiVersionOf(resource), kind, protobuf(...fields))
          const inJson = readKubeObject(json, resource)
          const inProtobuf = readKubeObject(decodeObject(body, expectedOf(resource)), resource)
          expect(JSON.stringify(inOrder(inProtobuf.object))).toBe(JSON.stringify(inOrder(inJson.object)))
          expect([inJson.errors.errors, inProtobuf.errors.errors]).toEqual([[], []])
        }),
        { numRuns: 60 },
      )
    })
  },
)
