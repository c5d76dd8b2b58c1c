import { describe, expect, it } from 'vitest'
import { envelope, protobuf, type ProtobufField } from '../../test/protobuf.ts'
import { decodeObject } from './decode-object.ts'
import type { Field, ObjectType } from '../schema/declared-types.ts'

const field = (number: number, name: string, type: Field['type'], more: Partial<Field> = {}): Field => ({
  number,
  name,
  type,
  isRequired: false,
  isNullable: false,
  isInline: false,
  isMerged: false,
  retainsKeys: false,
  listKeys: [],
  isSet: false,
  isAtomic: false,
  ...more,
})

const typeOf = (...ownFields: readonly Field[]): ObjectType => ({
  name: 'Thing',
  fullName: 'x.Thing',
  isAtomic: false,
  ownFields,
  fields: new Map(),
})
const inner = typeOf(field(1, 'a', 'string'), field(2, 'b', 'int32'))
const THING = typeOf(
  field(1, 'text', 'string'),
  field(2, 'required', 'int32', { isRequired: true }),
  field(3, 'nullable', 'int64', { isNullable: true }),
  field(4, 'count', 'int32'),
  field(5, 'on', 'bool'),
  field(6, 'off', 'bool', { isNullable: true }),
  field(7, 'port', 'IntOrString'),
  field(8, 'limits', 'Quantity', { many: 'map' }),
  field(9, 'inner', inner, { isInline: true }),
  field(10, 'list', inner, { many: 'list' }),
  field(11, 'numbers', 'int64', { many: 'list' }),
  field(12, 'data', 'bytes', { many: 'map' }),
  field(13, 'extra', 'ExtraValue', { many: 'map' }),
  field(14, 'fields', 'FieldsV1'),
  field(15, 'at', 'Time'),
  field(16, 'names', 'string', { many: 'list' }),
)

function decode(...fields: readonly ProtobufField[]): unknown {
  const body = envelope('example.com/v1', 'Thing', protobuf(...fields))
  const { apiVersion, kind, ...rest } = decodeObject(body, { apiVersion: 'x/v1', kind: 'Thing', type: THING })
  expect([apiVersion, kind]).toEqual(['example.com/v1', 'Thing'])
  return rest
}

describe('a declared message', () => {
  it('is read with zero values only where they differ from absent ones', () => {
    expect(decode([1, ''], [2, 0], [3, 0], [4, 0], [5, 0], [6, 0])).toEqual({
      required: 0,
      nullable: 0,
      off: false,
    })
    expect(decode([1, 'x'], [2, 1], [3, -1n], [4, 4], [5, 1], [6, 1])).toEqual({
      text: 'x',
      required: 1,
      nullable: -1,
      count: 4,
      on: true,
      off: true,
    })
  })

  it.each<[string, readonly ProtobufField[], object]>([
    ['a port with a number', [[7, protobuf([1, 0], [2, 80], [3, ''])]], { port: 80 }],
    ['a port with a name', [[7, protobuf([1, 1], [2, 0], [3, 'http'])]], { port: 'http' }],
    [
      'quantities',
      [
        [8, protobuf([1, 'cpu'], [2, protobuf([1, '500m'])])],
        [8, protobuf([1, '__proto__'])],
      ],
      JSON.parse('{"limits":{"cpu":"500m","__proto__":"0"}}') as object,
    ],
    ['a message within', [[9, protobuf([1, 'x'], [2, 2])]], { a: 'x', b: 2 }],
    [
      'a list',
      [
        [10, protobuf([1, 'x'])],
        [10, protobuf()],
      ],
      { list: [{ a: 'x' }, {}] },
    ],
    [
      'a list with zeros',
      [
        [11, 0],
        [11, 7],
      ],
      { numbers: [0, 7] },
    ],
    [
      'a list with empty strings',
      [
        [16, ''],
        [16, 'x'],
      ],
      { names: ['', 'x'] },
    ],
    [
      'bytes',
      [
        [12, protobuf([1, 'k'], [2, Uint8Array.of(255)])],
        [12, protobuf([1, 'e'])],
      ],
      { data: { k: '/w==', e: '' } },
    ],
    [
      'values of a user',
      [[13, protobuf([1, 'k'], [2, protobuf([1, 'x'], [1, 'y'])])]],
      { extra: { k: ['x', 'y'] } },
    ],
    ['fields as JSON', [[14, protobuf([1, '{"f:ä":{}}'])]], { fields: { 'f:ä': {} } }],
    ['a time', [[15, protobuf([1, 1_800_000_000])]], { at: '2027-01-15T08:00:00Z' }],
    [
      'unknown fields, which are not lost silently',
      [
        [99, 1],
        [10, protobuf([7, 'x'])],
      ],
      { 'field-99': true, list: [{ 'field-7': true }] },
    ],
  ])('has %s', (_, fields, expected) => {
    expect(JSON.stringify(decode(...fields))).toBe(JSON.stringify(expected))
  })

  it.each<[string, readonly ProtobufField[]]>([
    [
      'a field twice',
      [
        [1, 'a'],
        [1, 'b'],
      ],
    ],
    ['a string for a number', [[4, 'x']]],
    ['a number for a list of messages', [[10, 1]]],
    ['fields that are not JSON', [[14, protobuf([1, '{'])]]],
    ['a message that is cut off', [[9, Uint8Array.of(10)]]],
  ])('is refused with %s', (_, fields) => {
    expect(() => decode(...fields)).toThrow(expect.objectContaining({ status: 400 }))
  })

  it('is not read as another kind', () => {
    const body = envelope('v1', 'Other', protobuf([1, 'x']))
    expect(() => decodeObject(body, { kind: 'Thing', type: THING })).toThrow('its kind is not supported')
  })
})
