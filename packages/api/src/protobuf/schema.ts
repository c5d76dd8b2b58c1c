import { latin1FromBytes } from '@kube-authn/internal/byte-text'
import { malformed, wireFields } from '@kube-authn/internal/protobuf-wire'

/** A varint, or bytes. */
type WireValue = bigint | Uint8Array

/** The type of a field: its wire type, and its form in JSON. */
export interface FieldType {
  /** Varint, eight bytes, length-delimited or four bytes. */
  readonly wireType: 0 | 1 | 2 | 5
  /** The value that means absent, if any. It is omitted. */
  readonly nothing?: unknown
  /** @param name the name of the field, for errors. */
  read(value: WireValue, name: string): unknown
}

/** A field of a message. */
export interface Field {
  /** The name in JSON. */
  readonly name: string
  readonly type: FieldType
  /** `list`: each occurrence is an element. `map`: each is an entry. Default: it occurs at most once. */
  readonly many?: 'list' | 'map'
  /** The value of a map entry without one. */
  readonly empty?: unknown
  /** Whether the fields of this message are in JSON those of the one around it. */
  readonly isInline?: boolean
}

/** The fields of a message by number. Other fields are skipped. */
export type MessageFields = Readonly<Record<number, Field>>

/** A string, which must be UTF-8. An empty string means absent, as in the JSON of Kubernetes. */
export const text: FieldType = {
  wireType: 2,
  nothing: '',
  read(value, name) {
    try {
      return UTF8.decode(bytesOf(value))
    } catch (cause) {
      throw malformed(`${name} is not UTF-8`, cause)
    }
  },
}

// A byte order mark is an ordinary character.
const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** An integer. */
export const integer: FieldType = {
  wireType: 0,
  read(value, name) {
    const number = Number(BigInt.asIntN(64, varintOf(value)))
    if (!Number.isSafeInteger(number)) throw malformed(`${name} is too large`)
    return number
  },
}

/** A boolean. */
export const boolean: FieldType = { wireType: 0, read: (value) => varintOf(value) !== 0n }

/** Bytes, in base64 as in JSON. */
export const bytes: FieldType = { wireType: 2, read: (value) => btoa(latin1FromBytes(bytesOf(value))) }

/** A nested message. */
export function message(fields: MessageFields): FieldType {
  return { wireType: 2, read: (value) => readMessage(bytesOf(value), fields) }
}

/** A message whose only field is a list: in JSON it is that list. */
export function listMessage(type: FieldType): FieldType {
  const inner = message({ 1: { name: 'items', type, many: 'list' } })
  return {
    wireType: 2,
    read: (value, name) => (inner.read(value, name) as { items?: readonly unknown[] }).items ?? [],
  }
}

/** A timestamp, in whole seconds and the form of RFC 3339; `null` for the zero time. */
export const time: FieldType = timestamp(() => '')

/** A timestamp with exactly six decimals, which is how Kubernetes writes and reads the type `MicroTime` in JSON. */
export const microTime: FieldType = timestamp(
  (nanos) => `.${String(Math.trunc(nanos / 1000)).padStart(6, '0')}`,
)

function timestamp(fraction: (nanos: number) => string): FieldType {
  return {
    wireType: 2,
    read(value, name) {
      const { seconds = 0, nanos = 0 } = readMessage(bytesOf(value), TIME) as Partial<
        Record<'seconds' | 'nanos', number>
      >
      if (seconds === 0 && nanos === 0) return null
      const date = new Date(seconds * 1000)
      const isNamed = !Number.isNaN(date.getTime()) && /^\d/.test(date.toISOString())
      if (!isNamed || nanos < 0 || nanos >= 1e9) throw malformed(`${name} is not a valid time`)
      return date.toISOString().replace('.000Z', `${fraction(nanos)}Z`)
    },
  }
}

const TIME: MessageFields = {
  1: { name: 'seconds', type: integer },
  2: { name: 'nanos', type: integer },
}

/** A field that is a map: each occurrence is a message of a key and a value. */
export function mapOf(name: string, type: FieldType, empty: unknown): Field {
  const entry = message({ 1: { name: 'key', type: text }, 2: { name: 'value', type } })
  return { name, type: entry, many: 'map', empty }
}

/**
 * Decodes a message to the object that Kubernetes has for it in JSON. Unknown fields are skipped, or get a name and the value `true`. The objects have no prototype, so a key such
 * as `__proto__` is an ordinary one.
 *
 * Deviation: ambiguous messages are refused (`docs/deviations.md`, protobuf).
 *
 * @throws {StatusError} 400 when the message is malformed, or a field that may occur once is repeated.
 */
export function readMessage(
  within: Uint8Array,
  fields: MessageFields,
  nameOfUnknown?: (number: number) => string,
): Record<string, unknown> {
  const object = Object.create(null) as Record<string, unknown>
  const seen = new Set<number>()
  for (const { number, wireType, value } of wireFields(within)) {
    const field = Object.hasOwn(fields, number) ? fields[number] : undefined
    if (field === undefined) {
      if (nameOfUnknown !== undefined) object[nameOfUnknown(number)] = true
      continue
    }
    const { name, type, many, empty, isInline = false } = field
    if (wireType !== type.wireType) throw malformed(`${name} is of the wrong wire type`)
    const read = type.read(value, name)
    if (many === 'list') listIn(object, name).push(read)
    else if (many === 'map') addEntry(object, name, read as MapEntry, empty)
    else {
      if (seen.has(number)) throw malformed(`${name} occurs more than once`)
      seen.add(number)
      if (isInline) Object.assign(object, read)
      else if (type.nothing === undefined || read !== type.nothing) object[name] = read
    }
  }
  return object
}

interface MapEntry {
  readonly key?: string
  readonly value?: unknown
}

function addEntry(
  object: Record<string, unknown>,
  name: string,
  { key = '', value }: MapEntry,
  empty: unknown,
): void {
  const map = (object[name] ??= Object.create(null)) as Record<string, unknown>
  if (Object.hasOwn(map, key)) throw malformed(`${name} has a repeated key`)
  map[key] = value ?? empty
}

function listIn(object: Record<string, unknown>, name: string): unknown[] {
  return (object[name] ??= []) as unknown[]
}

export function bytesOf(value: WireValue): Uint8Array {
  return value instanceof Uint8Array ? value : new Uint8Array()
}

function varintOf(value: WireValue): bigint {
  return typeof value === 'bigint' ? value : 0n
}
