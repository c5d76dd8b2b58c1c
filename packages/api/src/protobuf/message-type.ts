import {
  boolean,
  bytes,
  type Field,
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
import { malformed } from '@kube-authn/internal/protobuf-wire'

/** The type of a message, as a declaration of its fields. */
export interface MessageType {
  readonly ownFields: readonly MessageField[]
}

/** A field of a {@link MessageType}. */
export interface MessageField {
  readonly name: string
  readonly number: number
  /** The name of a scalar in {@link SCALARS}, or a message. */
  readonly type: string | MessageType
  readonly many?: 'list' | 'map'
  /** Whether the zero value is written in JSON. */
  readonly isRequired: boolean
  /** Whether the zero value differs from an absent one. */
  readonly isNullable: boolean
  /** Whether in JSON the fields of the message are those of the one around it. */
  readonly isInline: boolean
}

/**
 * The reader of a declared message. A field that is not declared is read as `field-` and its number, so that it is refused or reported as any
 * other unknown field is.
 *
 * Deviation: Kubernetes skips them (`docs/deviations.md`, unknown fields in protobuf).
 */
export function declaredMessage(type: MessageType): FieldType {
  const known = read.get(type)
  if (known !== undefined) return known
  const fields = (): MessageFields =>
    Object.fromEntries(type.ownFields.map((field) => [field.number, fieldOf(field)]))
  let cached: MessageFields | undefined
  const reader: FieldType = {
    wireType: 2,
    read(value) {
      cached ??= fields()
      return readMessage(bytesIn(value), cached, (number) => `field-${number}`)
    },
  }
  read.set(type, reader)
  return reader
}

const read = new WeakMap<MessageType, FieldType>()

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

const SCALARS: Readonly<Record<string, FieldType>> = {
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

function fieldOf({ name, type, many, isRequired, isNullable, isInline }: MessageField): Field {
  const reader = typeof type === 'string' ? SCALARS[type] : declaredMessage(type)
  if (reader === undefined) throw new TypeError(`the type of the field ${name} is not known`)
  const scalar = typeof type === 'string' ? type : ''
  if (many === 'map') return mapOf(name, reader, EMPTY[scalar])
  const nothing = isRequired || isNullable || many === 'list' ? undefined : ZEROS[scalar]
  const ofField = { ...reader, nothing }
  return { name, type: ofField, ...(many === 'list' && { many }), ...(isInline && { isInline }) }
}

function unwrapped(fields: MessageFields, value: (message: Record<string, unknown>) => unknown): FieldType {
  return { wireType: 2, read: (sent) => value(readMessage(bytesIn(sent), fields)) }
}

function bytesIn(value: unknown): Uint8Array {
  return value instanceof Uint8Array ? value : new Uint8Array()
}
