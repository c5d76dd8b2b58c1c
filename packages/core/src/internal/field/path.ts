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

/** Its text is made when somebody asks for it: nearly all paths are those of fields in which nothing is wrong. */
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
