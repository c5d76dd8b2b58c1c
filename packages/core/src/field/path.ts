/**
 * Where a value is in what an operator wrote, printed as Kubernetes does: `jwt[0].claimMappings.extra[0].key`.
 *
 * Source: apimachinery `pkg/util/validation/field/path.go`.
 */
export interface FieldPath {
  /** The member of this name. */
  child(name: string): FieldPath
  /** The element at this position, counted from 0. */
  index(position: number): FieldPath
  /** The entry under this key of a map. */
  key(key: string): FieldPath
  toString(): string
}

/**
 * The path of these nested members, from the outermost object on. Without a name it is the object itself.
 *
 * @example
 * String(fieldPath('rules').index(0).child('verbs')) // 'rules[0].verbs'
 */
export function fieldPath(...names: readonly string[]): FieldPath {
  return new Path(names.join('.'))
}

class Path implements FieldPath {
  readonly #text: string

  constructor(text: string) {
    this.#text = text
  }

  child(name: string): FieldPath {
    return new Path(this.#text === '' ? name : `${this.#text}.${name}`)
  }

  index(position: number): FieldPath {
    return new Path(`${this.#text}[${position}]`)
  }

  key(key: string): FieldPath {
    return new Path(`${this.#text}[${key}]`)
  }

  toString(): string {
    return this.#text
  }
}
