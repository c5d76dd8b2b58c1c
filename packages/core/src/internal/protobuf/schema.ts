import { latin1FromBytes } from '../byte-text.ts'
import { malformed, type WireField, wireFields, type WireType } from './wire.ts'

/** What a field holds: how it is written, and how it looks in JSON. */
export interface FieldType {
  readonly wireType: WireType
  /** The value that stands for none, where there is one. It is left out. */
  readonly nothing?: unknown
  /** @param name the field, for messages. */
  read(value: WireField['value'], name: string): unknown
}

/** A field of a message. */
export interface Field {
  /** What it is called in JSON. */
  readonly name: string
  readonly type: FieldType
  /** `list`: each occurrence is an element. `map`: each is an entry. Default: there is one at most. */
  readonly many?: 'list' | 'map'
  /** What an entry of a map holds that does not say so. */
  readonly empty?: unknown
}

/** The fields of a message by their number. What is not in it is skipped. */
export type MessageFields = Readonly<Record<number, Field>>

/** Text, which must be UTF-8. Empty text is no value, as in the JSON of Kubernetes. */
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

// A byte order mark is a character like any other.
const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** A whole number. */
export const integer: FieldType = {
  wireType: 0,
  read(value, name) {
    const number = Number(BigInt.asIntN(64, varintOf(value)))
    if (!Number.isSafeInteger(number)) throw malformed(`${name} is too large`)
    return number
  },
}

/** A whole number of which 0 is no value. */
export const count: FieldType = { ...integer, nothing: 0 }

/** True or false. */
export const boolean: FieldType = { wireType: 0, read: (value) => varintOf(value) !== 0n }

/** Bytes, in base64 as in JSON. */
export const bytes: FieldType = { wireType: 2, read: (value) => btoa(latin1FromBytes(bytesOf(value))) }

/** Another message. */
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

/** A point in time, in the form of RFC 3339; `null` when it is none. */
export const time: FieldType = {
  wireType: 2,
  read(value, name) {
    const { seconds = 0, nanos = 0 } = readMessage(bytesOf(value), TIME) as Partial<
      Record<'seconds' | 'nanos', number>
    >
    if (seconds === 0 && nanos === 0) return null
    const date = new Date(seconds * 1000)
    if (Number.isNaN(date.getTime())) throw malformed(`${name} is no time`)
    return date.toISOString().replace('.000Z', 'Z')
  },
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
 * A message as the object that Kubernetes has for it in JSON, without unknown fields. The objects have no prototype, so every key is an
 * ordinary one.
 *
 * Deviation: what can be read in more than one way is refused (`docs/deviations.md`, protobuf).
 *
 * @throws {StatusError} 400 when it is malformed, or a field that can be there once is there again.
 */
export function readMessage(within: Uint8Array, fields: MessageFields): Record<string, unknown> {
  const object = Object.create(null) as Record<string, unknown>
  const seen = new Set<number>()
  for (const { number, wireType, value } of wireFields(within)) {
    const field = Object.hasOwn(fields, number) ? fields[number] : undefined
    if (field === undefined) continue
    const { name, type, many, empty } = field
    if (wireType !== type.wireType) throw malformed(`${name} is of the wrong wire type`)
    const read = type.read(value, name)
    if (many === 'list') listIn(object, name).push(read)
    else if (many === 'map') addEntry(object, name, read as MapEntry, empty)
    else {
      if (seen.has(number)) throw malformed(`${name} is there more than once`)
      seen.add(number)
      if (read !== type.nothing) object[name] = read
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
  if (Object.hasOwn(map, key)) throw malformed(`${name} has a key more than once`)
  map[key] = value ?? empty
}

function listIn(object: Record<string, unknown>, name: string): unknown[] {
  return (object[name] ??= []) as unknown[]
}

function bytesOf(value: WireField['value']): Uint8Array {
  return value instanceof Uint8Array ? value : new Uint8Array()
}

function varintOf(value: WireField['value']): bigint {
  return typeof value === 'bigint' ? value : 0n
}
