import { fail, noSuchOverload } from '../evaluate/failure.ts'
import { markTransient } from '../values/map.ts'
import { MapValue, type Value } from '../values/value.ts'
import { unescaped } from './escape.ts'

const MAX_DEPTH = 64
/** Maximum size of a claim set: one per value and one per 32 characters of strings. */
const MAX_SIZE = 100_000

/**
 * Checks an input: a JSON object as `JSON.parse` returns it. It fails if the object is too large or nested too deeply, or if it has a number
 * beyond a double, such as `1e400`: Go rejects the whole object then.
 *
 * Deviation: the size and the depth are limited (`docs/deviations.md`, CEL limits).
 */
export function requireClaims(claims: Readonly<Record<string, unknown>>): void {
  // The object itself does not count.
  if (sizeOf(claims, 0) - 1 > MAX_SIZE) fail('the value is too large')
}

function sizeOf(value: unknown, depth: number): number {
  if (typeof value === 'string') return 1 + (value.length >> 5)
  if (typeof value === 'number' && !Number.isFinite(value)) fail('a number is out of range')
  if (typeof value !== 'object' || value === null) return 1
  if (depth > MAX_DEPTH) fail('the value is nested too deeply')
  let size = 1
  if (Array.isArray(value)) for (const each of value) size += sizeOf(each, depth + 1)
  else {
    for (const [key, each] of Object.entries(value)) size += (key.length >> 5) + sizeOf(each, depth + 1)
  }
  return size
}

/** An object of JSON as a map, whose values are converted when they are used. */
export class JsonMap extends MapValue {
  override readonly typeName: string
  readonly #object: object
  readonly #isTop: boolean
  readonly #converted = new Map<string, Value>()
  #keys: readonly string[] | undefined

  /** @param isTop whether a name with an invalid escape finds nothing, as at the top level of claims. */
  constructor(object: object, isTop = false, type = 'map') {
    super()
    this.#object = object
    this.#isTop = isTop
    this.typeName = type
  }

  get size(): number {
    this.#keys ??= Object.keys(this.#object)
    return this.#keys.length
  }

  /**
   * Finds keys under their escaped names too, such as `kubernetes__dot__io`.
   *
   * Source: apiserver `plugin/pkg/authenticator/token/oidc/oidc.go` (`unescapeMapper`), `pkg/cel/lazy`.
   */
  find(key: Value): Value | undefined {
    if (typeof key !== 'string') return this.#isTop ? noSuchOverload() : undefined
    const name = unescaped(key)
    if (name === undefined) return this.#isTop ? undefined : this.#get(key)
    const found = this.#get(name)
    return found === undefined && !this.#isTop ? this.#get(key) : found
  }

  *entries(): Iterable<readonly [string, Value]> {
    for (const key of Object.keys(this.#object)) {
      const value = this.#get(key)
      if (value !== undefined) yield [key, value]
    }
  }

  #get(name: string): Value | undefined {
    const known = this.#converted.get(name)
    if (known !== undefined) return known
    if (!Object.hasOwn(this.#object, name)) return undefined
    const value = converted(Reflect.get(this.#object, name))
    if (!this.#isTop) markTransient(value)
    this.#converted.set(name, value)
    return value
  }
}

function converted(value: unknown): Value {
  switch (typeof value) {
    case 'string':
    case 'number':
    case 'boolean':
      return value
    case 'object':
      if (value === null) return null
      return Array.isArray(value) ? value.map(converted) : new JsonMap(value)
    default:
      return null
  }
}
