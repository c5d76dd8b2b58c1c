import { isObject, member } from '../objects.ts'
import type { ErrorList } from './errors.ts'
import type { FieldPath } from './path.ts'
import { shownName } from './shown-name.ts'

export interface ReadObjectOptions {
  /** `null` in a list or a map: an error (default), or the empty value of the element type, as Go reads JSON. */
  readonly nullElements?: 'refused' | 'empty'
}

/** Returns a reader of this value. If the value is not an object, adds an error and returns `undefined`. */
export function readObject(
  value: unknown,
  path: FieldPath,
  errors: ErrorList,
  options: ReadObjectOptions = {},
): ObjectReader | undefined {
  if (isObject(value)) return new ObjectReader(value, path, errors, options)
  errors.typeInvalid(path, value, 'must be an object')
  return undefined
}

function readWhole<T>(reader: ObjectReader, read: (reader: ObjectReader) => T): T {
  const value = read(reader)
  reader.end()
  return value
}

/** Reads an object strictly: a value of the wrong type is an error, and `end()` reports every field that was not read. Absent and `null` fields read as the empty value of their type. */
export class ObjectReader {
  readonly path: FieldPath
  readonly #fields: Readonly<Record<string, unknown>>
  readonly #errors: ErrorList
  readonly #options: ReadObjectOptions
  readonly #asked = new Set<string>()

  constructor(
    fields: Readonly<Record<string, unknown>>,
    path: FieldPath,
    errors: ErrorList,
    options: ReadObjectOptions,
  ) {
    this.path = path
    this.#fields = fields
    this.#errors = errors
    this.#options = options
  }

  /** Whether the field exists and is not `null`. */
  has(name: string): boolean {
    return this.value(name) !== undefined
  }

  /** The value in this field, of any type. */
  value(name: string): unknown {
    this.#asked.add(name)
    return member(this.#fields, name)
  }

  /** The names of all fields. They do not count as read. */
  names(): readonly string[] {
    return Object.keys(this.#fields)
  }

  string(name: string): string {
    const value = this.value(name)
    if (value === undefined) return ''
    if (typeof value === 'string') return value
    this.#errors.typeInvalid(this.path.child(name), value, 'must be a string')
    return ''
  }

  boolean(name: string): boolean {
    const value = this.value(name)
    if (value === undefined) return false
    if (typeof value === 'boolean') return value
    this.#errors.typeInvalid(this.path.child(name), value, 'must be true or false')
    return false
  }

  strings(name: string): readonly string[] {
    const strings: string[] = []
    let position = 0
    for (const element of this.#list(name, 'must be a list of strings', '')) {
      if (typeof element === 'string') strings.push(element)
      else this.#errors.typeInvalid(this.path.child(name).index(position), element, 'must be a string')
      position++
    }
    return strings
  }

  /** A map of strings. */
  stringMap(name: string): ReadonlyMap<string, string> {
    const value = this.value(name)
    const path = this.path.child(name)
    const result = new Map<string, string>()
    if (value === undefined) return result
    if (!isObject(value)) {
      this.#errors.typeInvalid(path, value, 'must be an object')
      return result
    }
    const empty = this.#options.nullElements === 'empty' ? '' : undefined
    for (const [key, given] of Object.entries(value)) {
      const each: unknown = given ?? empty
      if (typeof each === 'string') result.set(key, each)
      else this.#errors.typeInvalid(path.key(key), each, 'must be a string')
    }
    return result
  }

  /** The object in this field, if there is one. */
  object(name: string): ObjectReader | undefined {
    const value = this.value(name)
    return value === undefined
      ? undefined
      : readObject(value, this.path.child(name), this.#errors, this.#options)
  }

  /** The objects of the list in this field. */
  objects(name: string): readonly ObjectReader[] {
    const path = this.path.child(name)
    const readers: ObjectReader[] = []
    let position = 0
    for (const element of this.#list(name, 'must be a list of objects', {})) {
      const reader = readObject(element, path.index(position++), this.#errors, this.#options)
      if (reader !== undefined) readers.push(reader)
    }
    return readers
  }

  /** Reads the object in this field, and reports its other fields; an absent one has none. */
  part<T>(name: string, read: (part: ObjectReader) => T): T {
    const given = this.object(name)
    return readWhole(given ?? new ObjectReader({}, this.path.child(name), this.#errors, this.#options), read)
  }

  /** The same for each object of the list in this field. */
  parts<T>(name: string, read: (part: ObjectReader) => T): readonly T[] {
    return this.objects(name).map((part) => readWhole(part, read))
  }

  /** Reports the fields that were not read. */
  end(): void {
    for (const name of this.names()) {
      if (!this.#asked.has(name)) this.#errors.unknown(this.path.child(shownName(name) || '?'))
    }
  }

  #list(name: string, expectation: string, empty: unknown): readonly unknown[] {
    const value = this.value(name)
    if (value === undefined) return []
    if (Array.isArray(value)) {
      return this.#options.nullElements === 'empty' ? value.map((each: unknown) => each ?? empty) : value
    }
    this.#errors.typeInvalid(this.path.child(name), value, expectation)
    return []
  }
}
