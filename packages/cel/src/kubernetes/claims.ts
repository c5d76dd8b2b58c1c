import { fail, Failure, noSuchOverload, raise } from '../evaluate/evaluation.ts'
import { shownText } from '../evaluate/attributes.ts'
import { RESERVED } from '../syntax/primaries.ts'
import { ofLongTexts } from '../values/text-size.ts'
import { MapView, setView, transient, type Visit } from '../values/map.ts'
import { isList, type MapValue, type Value } from '../values/value.ts'

const MAX_DEPTH = 64
/** Maximum size of what is read of an input: one per value and one per 32 characters of strings. */
const MAX_SIZE = 100_000

/** Claims, as `JSON.parse` returns them. A claim is checked when it is read, so an invalid one that is not read is no error. */
export function claimsValue(claims: Readonly<Record<string, unknown>>): MapValue {
  return new ClaimsMap(claims)
}

/**
 * The size of a value of JSON.
 *
 * It fails if the value is too large or nested too deeply, or if it has a number beyond a double, such as `1e400`, as in Go.
 *
 * Deviation: the size and the depth are limited (`docs/deviations.md`, CEL limits).
 */
export function requiredSize(value: unknown): number {
  const size = sizeOf(value, 1)
  return size > MAX_SIZE ? fail('the value is too large') : size
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
 * The claims as a whole. They have the escaped names of Kubernetes only.
 *
 * Source: apiserver `pkg/cel/lazy/lazy.go`.
 */
class ClaimsMap extends MapView {
  override readonly typeName = 'kubernetes.claims'
  readonly isView = true
  readonly #claims: object
  /** By name: a value, or why the claim is invalid. An expression may ask for one at every step. */
  readonly #read = new Map<string, Value | Failure>()
  /** The size of the claims that have been read. */
  #size = 0
  readonly #visited: JsonMap

  constructor(claims: object) {
    super()
    this.#claims = claims
    this.#visited = new JsonMap(claims, 'visited')
  }

  get size(): number {
    return this.#visited.size
  }

  find(key: Value): Value | undefined {
    if (typeof key !== 'string') return noSuchOverload()
    const name = unescaped(key)
    return name === undefined ? undefined : this.#claim(name)
  }

  visited(): MapValue {
    return this.#visited
  }

  *entries(): Iterable<readonly [string, Value]> {
    for (const name of this.#visited.keys()) {
      const value = this.#claim(name)
      if (value !== undefined) yield [name, value]
    }
  }

  /** The values of the claims and, as a second variable, what each value finds as if it were a name. */
  override *visits(hasSecond: boolean): Iterable<Visit> {
    for (const name of this.#visited.keys()) {
      const value = this.#found(name)
      if (!hasSecond) yield [value, undefined]
      else yield [value, value instanceof Failure ? value : this.#found(value)]
    }
  }

  #found(name: Value): Value | Failure {
    if (typeof name !== 'string') return new Failure('no such overload')
    try {
      const found = this.find(name)
      return found === undefined ? new Failure(() => `no such key: ${shownText(name)}`) : found
    } catch (error) {
      if (!(error instanceof Failure)) throw error
      return error
    }
  }

  #claim(name: string): Value | undefined {
    let value = this.#read.get(name)
    if (value === undefined) {
      if (!Object.hasOwn(this.#claims, name)) return undefined
      value = this.#checked(name, Reflect.get(this.#claims, name))
      this.#read.set(name, value)
    }
    return value instanceof Failure ? raise(value) : value
  }

  #checked(name: string, claim: unknown): Value | Failure {
    try {
      this.#size += requiredSize(claim)
      if (this.#size > MAX_SIZE) fail('the value is too large')
      return selected(claim)
    } catch (error) {
      if (!(error instanceof Failure)) throw error
      return new Failure(() => `claim "${shownText(name)}" failed to unmarshal: ${error.message}`)
    }
  }
}

/**
 * An object of JSON in the claims or the user as a map, whose values are converted when they are used.
 *
 * As in Kubernetes, escaped names such as `kubernetes__dot__io` find the key that they stand for, and not a key with underscores. In what a
 * comprehension visits, names are not escaped.
 *
 * Source: apiserver `plugin/pkg/authenticator/token/oidc/oidc.go` (`unescapeMapper`, `unescapeLister`).
 */
export class JsonMap extends MapView {
  readonly isView: boolean
  readonly #object: object
  /** An expression may go through the same map at every step of another. */
  #converted: Map<string, Value> | undefined
  #keys: readonly string[] | undefined
  #visited: JsonMap | undefined

  /** @param origin how the object has been found: by a name or an index, or by going through all of a list or map. */
  constructor(object: object, origin: 'selected' | 'visited' = 'selected') {
    super()
    this.#object = object
    this.isView = origin === 'selected'
  }

  get size(): number {
    return this.keys().length
  }

  keys(): readonly string[] {
    return (this.#keys ??= Object.keys(this.#object))
  }

  find(key: Value): Value | undefined {
    if (typeof key !== 'string') return undefined
    return this.#get(this.isView ? (unescaped(key) ?? key) : key)
  }

  override has(key: Value): boolean {
    return typeof key === 'string' && Object.hasOwn(this.#object, key)
  }

  visited(): JsonMap {
    if (!this.isView) return this
    return (this.#visited ??= new JsonMap(this.#object, 'visited'))
  }

  *entries(): Iterable<readonly [string, Value]> {
    const map = this.visited()
    for (const key of this.keys()) yield [key, map.#get(key) ?? null]
  }

  #get(name: string): Value | undefined {
    const known = this.#converted?.get(name)
    if (known !== undefined) return known
    if (!Object.hasOwn(this.#object, name)) return undefined
    const part: unknown = Reflect.get(this.#object, name)
    const value = transient(this.isView ? selected(part) : visited(part))
    this.#converted ??= new Map()
    this.#converted.set(name, value)
    return value
  }
}

/** The value of a part that has been found by a name or an index. */
export function selected(part: unknown): Value {
  const value = converted(part, 'selected')
  if (Array.isArray(part) && isList(value) && differs(part)) {
    setView(value, () => part.map((each: unknown) => transient(selected(each))))
  }
  return value
}

/** Whether a list differs from what a visit finds: not if it has only simple elements. One that is empty is no zero value. */
function differs(list: readonly unknown[]): boolean {
  return list.length === 0 || list.some((each) => typeof each === 'object')
}

function visited(part: unknown): Value {
  return transient(converted(part, 'visited'))
}

function converted(part: unknown, origin: 'selected' | 'visited'): Value {
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

const SYMBOLS: ReadonlyMap<string, string> = new Map([
  ['underscores', '__'],
  ['dot', '.'],
  ['dash', '-'],
  ['slash', '/'],
])

/**
 * The key for an escaped name in an expression, such as `kubernetes.io` for `kubernetes__dot__io`; `undefined` if it has an invalid escape.
 *
 * Source: apiserver `pkg/cel/escaping.go`.
 */
export const unescaped: (name: string) => string | undefined = ofLongTexts((name) => {
  if (!name.includes('__')) return name
  let isValid = true
  const key = name.replaceAll(/__([^_]+)__/g, (whole, word: string) => {
    const symbol = SYMBOLS.get(word)
    if (symbol !== undefined) return symbol
    if (!RESERVED.has(word) || whole.length !== name.length) isValid = false
    return word
  })
  return isValid ? key : undefined
})
