import {
  ANY,
  DYN,
  listType,
  mapType,
  optionalType,
  parameterType,
  printedType,
  SIMPLE_TYPES,
  Type,
  typeType,
  wrapperType,
} from './types.ts'

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
    if (name === 'wrapper') return wrapperType(first)
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
