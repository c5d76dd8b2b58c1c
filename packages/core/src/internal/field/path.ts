/**
 * The path of a value in an object, printed as Kubernetes does: `jwt[0].claimMappings.extra[0].key`.
 *
 * Source: apimachinery `pkg/util/validation/field/path.go`.
 */
export class FieldPath {
  readonly #text: string

  constructor(text: string) {
    this.#text = text
  }

  /** The member with this name. */
  child(name: string): FieldPath {
    return new FieldPath(this.#text === '' ? name : `${this.#text}.${name}`)
  }

  /** The element at this position, starting at 0. */
  index(position: number): FieldPath {
    return new FieldPath(`${this.#text}[${position}]`)
  }

  /** The map entry with this key. */
  key(key: string): FieldPath {
    return new FieldPath(`${this.#text}[${key}]`)
  }

  toString(): string {
    return this.#text
  }
}

/**
 * The path of these nested members, outermost first. Without names it is the path of the object itself.
 *
 * @example
 * String(fieldPath('rules').index(0).child('verbs')) // 'rules[0].verbs'
 */
export function fieldPath(...names: readonly string[]): FieldPath {
  return new FieldPath(names.join('.'))
}
