/** The kinds of types. `any` is dynamic like `dyn`, but prints differently. */
export type TypeKind =
  | 'any'
  | 'bool'
  | 'bytes'
  | 'double'
  | 'duration'
  | 'dyn'
  | 'error'
  | 'int'
  | 'list'
  | 'map'
  | 'null'
  | 'opaque'
  | 'parameter'
  | 'string'
  | 'struct'
  | 'timestamp'
  | 'type'
  | 'uint'

/** A static type. Types are immutable. */
export class Type {
  readonly kind: TypeKind
  /** The name at run time, such as `int`, `list` or `google.protobuf.Duration`. */
  readonly name: string
  readonly parameters: readonly Type[]
  /** Whether it is the wrapper of a primitive type, which can be null. */
  readonly isWrapper: boolean

  constructor(kind: TypeKind, name: string, parameters: readonly Type[] = [], isWrapper = false) {
    this.kind = kind
    this.name = name
    this.parameters = parameters
    this.isWrapper = isWrapper
  }
}

export const ANY: Type = new Type('any', 'google.protobuf.Any')
export const BOOL: Type = new Type('bool', 'bool')
export const BYTES: Type = new Type('bytes', 'bytes')
export const DOUBLE: Type = new Type('double', 'double')
export const DURATION: Type = new Type('duration', 'google.protobuf.Duration')
export const DYN: Type = new Type('dyn', 'dyn')
export const ERROR: Type = new Type('error', '*error*')
export const INT: Type = new Type('int', 'int')
export const NULL: Type = new Type('null', 'null_type')
export const STRING: Type = new Type('string', 'string')
export const TIMESTAMP: Type = new Type('timestamp', 'google.protobuf.Timestamp')
const TYPE: Type = new Type('type', 'type')
export const UINT: Type = new Type('uint', 'uint')

/** The types of the language without parameters, of which values can be. */
export const SIMPLE_TYPES: readonly Type[] = [
  BOOL,
  BYTES,
  DOUBLE,
  DURATION,
  INT,
  NULL,
  STRING,
  TIMESTAMP,
  TYPE,
  UINT,
]

export function listType(element: Type): Type {
  return new Type('list', 'list', [element])
}

export function mapType(key: Type, value: Type): Type {
  return new Type('map', 'map', [key, value])
}

/** The type of a primitive value or null. */
export function wrapperType({ kind, name }: Type): Type {
  return new Type(kind, name, [], true)
}

export function optionalType(value: Type): Type {
  return new Type('opaque', 'optional_type', [value])
}

/** The type of a type, such as that of the name `int`. */
export function typeType(type: Type): Type {
  return new Type('type', 'type', [type])
}

export function parameterType(name: string): Type {
  return new Type('parameter', name)
}

export function structType(name: string): Type {
  return new Type('struct', name)
}

/** A parameter of a list, map or optional type. */
export function parameterOf({ parameters }: Type, index: 0 | 1): Type {
  return parameters[index] ?? DYN
}

export function isOptional({ kind, name }: Type): boolean {
  return kind === 'opaque' && name === 'optional_type'
}

export function isDynamic({ kind }: Type): boolean {
  return kind === 'dyn' || kind === 'any'
}

export function isDynamicOrError(type: Type): boolean {
  return isDynamic(type) || type.kind === 'error'
}

/** Whether the types are the same, whatever the names of their parameters if `ignoresNames`. */
export function isSameType(a: Type, b: Type, ignoresNames = false): boolean {
  if (a === b) return true
  if (a.kind !== b.kind || a.parameters.length !== b.parameters.length) return false
  if (a.name !== b.name && !(ignoresNames && a.kind === 'parameter')) return false
  return a.parameters.every((each, index) => isSameType(each, b.parameters[index] ?? ERROR, ignoresNames))
}

const PRINTED: Partial<Record<TypeKind, string>> = {
  any: 'any',
  duration: 'duration',
  error: '!error!',
  null: 'null',
  timestamp: 'timestamp',
}

/**
 * The type as in error messages, such as `list(string)`.
 *
 * Source: cel-go `checker/format.go` (`FormatCELType`).
 */
export function printedType({ kind, name, parameters, isWrapper }: Type): string {
  const printed = PRINTED[kind]
  if (printed !== undefined) return printed
  if (isWrapper) return `wrapper(${name})`
  return parameters.length === 0 ? name : `${name}(${parameters.map(printedType).join(', ')})`
}
