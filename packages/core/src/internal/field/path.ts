/**
 * The path of a value in an object, printed as Kubernetes does: `jwt[0].claimMappings.extra[0].key`.
 *
 * Source: apimachinery `pkg/util/validation/field/path.go`.
 */
export interface FieldPath {
  /** The member with this name. */
  child(name: string): FieldPath
  /** The element at this position, starting at 0. */
  index(position: number): FieldPath
  /** The map entry with this key. */
  key(key: string): FieldPath
  toString(): string
}

/**
 * The path of these nested members, outermost first. Without names it is the path of the object itself.
 *
 * @example
 * String(fieldPath('rules').index(0).child('verbs')) // 'rules[0].verbs'
 */
export function fieldPath(...names: readonly string[]): FieldPath {
  return new Path(names.join('.'))
}

/** The string is built on demand, since nearly all paths belong to valid fields and are never printed. */
class Path implements FieldPath {
  readonly #parent: Path | undefined
  readonly #step: string | number
  readonly #kind: 'child' | 'element'

  constructor(step: string | number, parent?: Path, kind: 'child' | 'element' = 'child') {
    this.#parent = parent
    this.#step = step
    this.#kind = kind
  }

  child(name: string): FieldPath {
    return new Path(name, this)
  }

  index(position: number): FieldPath {
    return new Path(position, this, 'element')
  }

  key(key: string): FieldPath {
    return new Path(key, this, 'element')
  }

  toString(): string {
    const before = this.#parent === undefined ? '' : this.#parent.toString()
    if (this.#kind === 'element') return `${before}[${this.#step}]`
    return before === '' ? String(this.#step) : `${before}.${this.#step}`
  }
}
