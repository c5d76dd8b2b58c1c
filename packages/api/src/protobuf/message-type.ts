import {
  boolean,
  bytes,
  bytesOf,
  type Field as MessageField,
  type FieldType,
  integer,
  listMessage,
  mapOf,
  type MessageFields,
  microTime,
  readMessage,
  text,
  time,
} from './schema.ts'
import type { Field, ObjectType, Scalar } from '../schema/declared-types.ts'
import { malformed } from '@kube-authn/internal/protobuf-wire'

/**
 * The reader of messages of a declared type.
 *
 * @param unknown what becomes of a field that is not declared. If it is named, by its number, it is refused or reported as any other unknown field is.
 */
export function declaredMessage(type: ObjectType, unknown: 'named' | 'skipped'): FieldType {
  const readers = unknown === 'named' ? naming : skipping
  const known = readers.get(type)
  if (known !== undefined) return known
  const nameOfUnknown = unknown === 'named' ? (number: number): string => `field-${number}` : undefined
  let fields: MessageFields | undefined
  const reader: FieldType = {
    wireType: 2,
    read(value) {
      fields ??= Object.fromEntries(type.ownFields.map((field) => [field.number, fieldOf(field, unknown)]))
      return readMessage(bytesOf(value), fields, nameOfUnknown)
    },
  }
  readers.set(type, reader)
  return reader
}

const naming = new WeakMap<ObjectType, FieldType>()
const skipping = new WeakMap<ObjectType, FieldType>()

/** Numbers in a string, as the units of a resource. */
const quantity = unwrapped({ 1: { name: 'value', type: text } }, ({ value = '0' }) => value)

/** A number or a string. */
const intOrString = unwrapped(
  {
    1: { name: 'type', type: integer },
    2: { name: 'number', type: integer },
    3: { name: 'text', type: text },
  },
  ({ type, number = 0, text: string = '' }) => (type === 1 ? string : number),
)

/** Fields as JSON. */
const fieldsV1 = unwrapped({ 1: { name: 'raw', type: text } }, ({ raw = '{}' }) => {
  try {
    return JSON.parse(String(raw)) as unknown
  } catch (cause) {
    throw malformed('fieldsV1 is not JSON', cause)
  }
})

const SCALARS: Readonly<Record<Scalar, FieldType>> = {
  string: text,
  bool: boolean,
  int32: integer,
  int64: integer,
  bytes,
  Time: time,
  MicroTime: microTime,
  Quantity: quantity,
  IntOrString: intOrString,
  ExtraValue: listMessage(text),
  FieldsV1: fieldsV1,
}

/** The values that are absent in JSON where they do not differ from an absent one. */
const ZEROS: Readonly<Record<string, unknown>> = { string: '', bool: false, int32: 0, int64: 0 }
/** The values of map entries without one. */
const EMPTY: Readonly<Record<string, unknown>> = { string: '', bytes: '', Quantity: '0', ExtraValue: [] }

function fieldOf(
  { name, type, many, isRequired, isNullable, isInline }: Field,
  unknown: 'named' | 'skipped',
): MessageField {
  const reader = typeof type === 'string' ? SCALARS[type] : declaredMessage(type, unknown)
  const scalar = typeof type === 'string' ? type : ''
  if (many === 'map') return mapOf(name, reader, EMPTY[scalar])
  const nothing = isRequired || isNullable || many === 'list' ? undefined : ZEROS[scalar]
  const ofField = { ...reader, nothing }
  return { name, type: ofField, ...(many === 'list' && { many }), ...(isInline && { isInline }) }
}

function unwrapped(fields: MessageFields, value: (message: Record<string, unknown>) => unknown): FieldType {
  return { wireType: 2, read: (sent) => value(readMessage(bytesOf(sent), fields)) }
}
