import type { Type } from '../check/types.ts'
import {
  Duration,
  isList,
  MapValue,
  Opaque,
  Optional,
  Struct,
  Timestamp,
  TypeValue,
  Uint,
  type Value,
} from './value.ts'

/** The name of the type of a value, such as `int` or `list`. */
export function typeName(value: Value): string {
  switch (typeof value) {
    case 'string':
      return 'string'
    case 'number':
      return 'double'
    case 'bigint':
      return 'int'
    case 'boolean':
      return 'bool'
    default:
      return value === null ? 'null_type' : objectTypeName(value)
  }
}

function objectTypeName(value: Exclude<Value, string | number | bigint | boolean | null>): string {
  if (isList(value)) return 'list'
  if (value instanceof MapValue) return value.typeName
  if (value instanceof Uint) return 'uint'
  if (value instanceof Uint8Array) return 'bytes'
  if (value instanceof Duration) return 'google.protobuf.Duration'
  if (value instanceof Timestamp) return 'google.protobuf.Timestamp'
  if (value instanceof Optional) return 'optional_type'
  if (value instanceof TypeValue) return 'type'
  return value.type.name
}

/**
 * Whether the type of a value has methods of its own. Where a function has no overload for such a value, the error does not name it.
 *
 * Source: cel-go `common/types` (`ReceiverType`).
 */
export function isReceiver(value: Value): boolean {
  return typeof value === 'string' || value instanceof Duration || value instanceof Timestamp
}

/**
 * Whether a value can be an argument for a parameter. Of a list or map only the first element decides.
 *
 * Source: cel-go `common/types/types.go` (`IsAssignableRuntimeType`).
 */
export function isOfType(value: Value, type: Type): boolean {
  switch (type.kind) {
    case 'any':
    case 'dyn':
    case 'error':
    case 'parameter':
      return true
    case 'list':
      return isList(value) && isFirst(value[0], type.parameters[0])
    case 'map': {
      if (!(value instanceof MapValue)) return false
      const [[key, each] = []] = value.entries()
      return isFirst(key, type.parameters[0]) && isFirst(each, type.parameters[1])
    }
    case 'opaque':
      if (value instanceof Opaque) return value.type === type
      return value instanceof Optional && type.name === 'optional_type'
    case 'struct':
      return (value instanceof Struct || value instanceof Opaque) && value.type === type
    default:
      return (type.isWrapper && value === null) || typeName(value) === type.name
  }
}

function isFirst(value: Value | undefined, type: Type | undefined): boolean {
  return value === undefined || type === undefined || isOfType(value, type)
}

/** The types of Go that are not `types.` and a name. */
const OTHERS: ReadonlyMap<string, string> = new Map([
  ['kubernetes.NamedFormat', 'cel.Format'],
  ['kubernetes.Quantity', 'cel.Quantity'],
  ['kubernetes.Semver', 'cel.Semver'],
  ['kubernetes.URL', 'cel.URL'],
  ['kubernetes.UserInfo', '*lazy.MapValue'],
  ['kubernetes.claims', '*lazy.MapValue'],
  ['net.CIDR', 'cel.CIDR'],
  ['net.IP', 'cel.IP'],
  ['null_type', 'types.Null'],
  ['optional_type', '*types.Optional'],
  ['type', '*types.Type'],
])

/** What Go calls the type of a value, such as `types.Int`. It has many for lists and maps, so those of an evaluation have no name here. */
export function goTypeName(value: Value, isLiteral = false): string | undefined {
  if (isList(value)) return isLiteral ? '*types.baseList' : undefined
  if (value instanceof MapValue && value.typeName === 'map') return isLiteral ? '*types.baseMap' : undefined
  const name = typeName(value)
  const simple = name.slice(name.lastIndexOf('.') + 1)
  return OTHERS.get(name) ?? `types.${simple.charAt(0).toUpperCase()}${simple.slice(1)}`
}
