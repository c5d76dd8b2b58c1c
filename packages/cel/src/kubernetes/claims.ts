import { fail, noSuchOverload } from '../evaluate/failure.ts'
import { markTransient } from '../values/map.ts'
import { isList, type MapValue, type Value } from '../values/value.ts'
import { MapView, setView } from '../values/views.ts'
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

/**
 * How an object of JSON has been found: the claims or the user themselves, a part of them by a name or an index, or a part of them by going
 * through all of a list or map.
 */
type Origin = 'whole' | 'selected' | 'visited'

/**
 * An object of JSON as a map, whose values are converted when they are used.
 *
 * As in Kubernetes, escaped names such as `kubernetes__dot__io` find the key that they stand for, and not a key with underscores. In what a
 * comprehension visits, names are not escaped.
 *
 * Source: apiserver `plugin/pkg/authenticator/token/oidc/oidc.go` (`unescapeMapper`, `unescapeLister`), `pkg/cel/lazy`.
 */
export class JsonMap extends MapView {
  override readonly typeName: string
  readonly isView: boolean
  readonly #object: object
  readonly #origin: Origin
  readonly #converted = new Map<string, Value>()
  #keys: readonly string[] | undefined

  constructor(object: object, origin: Origin = 'selected', type = 'map') {
    super()
    this.#object = object
    this.#origin = origin
    this.typeName = type
    this.isView = origin !== 'visited'
  }

  get size(): number {
    this.#keys ??= Object.keys(this.#object)
    return this.#keys.length
  }

  find(key: Value): Value | undefined {
    const isWhole = this.#origin === 'whole'
    if (typeof key !== 'string') return isWhole ? noSuchOverload() : undefined
    const name = this.#origin === 'visited' ? key : unescaped(key)
    if (name !== undefined) return this.#get(name)
    return isWhole ? undefined : this.#get(key)
  }

  override has(key: Value): boolean {
    if (this.#origin === 'whole') return this.find(key) !== undefined
    return typeof key === 'string' && Object.hasOwn(this.#object, key)
  }

  visited(): MapValue {
    return new JsonMap(this.#object, 'visited')
  }

  *entries(): Iterable<readonly [string, Value]> {
    for (const key of Object.keys(this.#object)) {
      const value = this.#origin === 'whole' ? this.#get(key) : visited(Reflect.get(this.#object, key))
      if (value !== undefined) yield [key, value]
    }
  }

  #get(name: string): Value | undefined {
    const known = this.#converted.get(name)
    if (known !== undefined) return known
    if (!Object.hasOwn(this.#object, name)) return undefined
    const part: unknown = Reflect.get(this.#object, name)
    const value = this.#origin === 'visited' ? visited(part) : selected(part)
    if (this.#origin !== 'whole') markTransient(value)
    this.#converted.set(name, value)
    return value
  }
}

/** The value of a part that has been found by a name or an index. */
function selected(part: unknown): Value {
  const value = converted(part, 'selected')
  if (Array.isArray(part) && isList(value)) {
    setView(value, () => part.map((each: unknown) => transient(selected(each))))
  }
  return value
}

function visited(part: unknown): Value {
  return transient(converted(part, 'visited'))
}

function transient(value: Value): Value {
  markTransient(value)
  return value
}

function converted(part: unknown, origin: Origin): Value {
  switch (typeof part) {
    case 'string':
    case 'number':
    case 'boolean':
      return part
    case 'object':
      if (part === null) return null
      return Array.isArray(part) ? part.map(visited) : new JsonMap(part, origin)
    default:
      return null
  }
}
