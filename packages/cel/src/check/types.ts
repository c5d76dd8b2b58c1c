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
export const DURATION: Type = new Type('duration', 'google.protobuf.Duration')
export const DYN: Type = new Type('dyn', 'dyn')
export const ERROR: Type = new Type('error', '*error*')
export const INT: Type = new Type('int', 'int')
export const STRING: Type = new Type('string', 'string')
export const TIMESTAMP: Type = new Type('timestamp', 'google.protobuf.Timestamp')

/** The types of the language without parameters, of which values can be. */
export const SIMPLE_TYPES: readonly Type[] = [
  BOOL,
  new Type('bytes', 'bytes'),
  new Type('double', 'double'),
  DURATION,
  INT,
  new Type('null', 'null_type'),
  STRING,
  TIMESTAMP,
  new Type('type', 'type'),
  new Type('uint', 'uint'),
]

export function listType(element: Type): Type {
  return new Type('list', 'list', [element])
}

export function mapType(key: Type, value: Type): Type {
  return new Type('map', 'map', [key, value])
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

export type TypeNames = ReadonlyMap<string, Type>

/** The types without parameters, by the names in signatures and error messages. */
const NAMED_TYPES: TypeNames = new Map([ANY, DYN, ...SIMPLE_TYPES].map((type) => [printedType(type), type]))

/** A signature that has been read; the parameters begin with the receiver. */
export interface Signature {
  readonly name: string
  readonly parameters: readonly Type[]
  readonly result: Type
}

/**
 * Reads a signature, such as `string.charAt(int): string`.
 *
 * @param mayBeOperator whether the name may have any characters.
 * @throws {TypeError} if it is malformed, or if a type is unknown.
 */
export function parsedSignature(
  text: string,
  isMember: boolean,
  types: TypeNames,
  mayBeOperator = false,
): Signature {
  const [, head = '', result = ''] = /^(.*\)): ([^:]+)$/.exec(text) ?? []
  const open = openingOf(head)
  const called = head.slice(0, open)
  const dot = isMember ? called.lastIndexOf('.') : -1
  const name = called.slice(dot + 1)
  if (!(mayBeOperator || /^[\w.@]+$/.test(name)) || (isMember && dot === -1)) {
    throw new TypeError(`'${text}' must be a signature, such as '${isMember ? 'string.' : ''}f(int): bool'`)
  }
  const parameters = split(head.slice(open + 1, -1)).map((each) => parsedType(each, types))
  const receiver = isMember ? [parsedType(called.slice(0, dot), types)] : []
  return { name, parameters: [...receiver, ...parameters], result: parsedType(result, types) }
}

/**
 * Reads a type, such as `map(string, list(int))`. A single capital letter is a type parameter, and an unknown name with parameters a type of
 * its own, such as `pair(int, string)`.
 *
 * @throws {TypeError} if it is unknown.
 */
export function parsedType(text: string, types: TypeNames): Type {
  const [, name = text, inside] = /^([\w.]+)\((.+)\)$/.exec(text) ?? []
  const [first, second] = inside === undefined ? [] : split(inside).map((each) => parsedType(each, types))
  if (first !== undefined && second !== undefined && name === 'map') return mapType(first, second)
  if (inside !== undefined && !['list', 'map', 'optional_type', 'type', 'wrapper'].includes(name)) {
    return new Type(
      'opaque',
      name,
      split(inside).map((each) => parsedType(each, types)),
    )
  }
  if (first !== undefined && second === undefined) {
    if (name === 'list') return listType(first)
    if (name === 'optional_type') return optionalType(first)
    if (name === 'type') return typeType(first)
    if (name === 'wrapper') return new Type(first.kind, first.name, [], true)
  }
  const known = first === undefined ? (NAMED_TYPES.get(text) ?? types.get(text)) : undefined
  if (known !== undefined) return known
  if (/^[A-Z]$/.test(text)) return parameterType(text)
  throw new TypeError(`'${text}' must be a type, such as 'string' or 'list(int)'`)
}

/** The position of the bracket that the last one closes. */
function openingOf(text: string): number {
  let depth = 0
  for (let at = text.length - 1; at >= 0; at--) {
    if (text[at] === ')') depth++
    if (text[at] === '(' && --depth === 0) return at
  }
  return 0
}

/** The parts between the outer commas. */
function split(text: string): readonly string[] {
  const parts: string[] = []
  let depth = 0
  let start = 0
  for (const [at, character] of Array.from(text).entries()) {
    if (character === '(') depth++
    if (character === ')') depth--
    if (character !== ',' || depth > 0) continue
    parts.push(text.slice(start, at).trim())
    start = at + 1
  }
  const last = text.slice(start).trim()
  return last === '' && parts.length === 0 ? [] : [...parts, last]
}
