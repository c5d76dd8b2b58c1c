import { CelEvaluationError } from '../cel.ts'
import { escapedMap } from './escape.ts'

const MAX_DEPTH = 64

/** A value as expressions see it, and how much there is in it. */
export interface SizedValue {
  readonly value: unknown
  /** Values, and another for every 32 characters of text. */
  readonly size: number
}

/**
 * A JSON object as expressions see it: maps, where a key is also found under its escaped name. Of keys at the top, names that are
 * no valid escape find nothing; deeper down they are taken as they are.
 *
 * @throws {CelEvaluationError} when it is nested too deeply, or has a number beyond a double, as `1e400`: Go reads none of it then.
 */
export function claimsInput(claims: Readonly<Record<string, unknown>>): SizedValue {
  const counter = { size: 0 }
  return { value: mapOf(claims, counter, 0), size: counter.size }
}

function converted(value: unknown, counter: { size: number }, depth: number): unknown {
  counter.size++
  if (typeof value === 'string') counter.size += Math.floor(value.length / 32)
  if (typeof value === 'number' && !Number.isFinite(value)) {
    throw new CelEvaluationError('a number is out of range')
  }
  if (typeof value !== 'object' || value === null) return value
  if (depth > MAX_DEPTH) throw new CelEvaluationError('the value is nested too deeply')
  if (Array.isArray(value)) return value.map((element) => converted(element, counter, depth + 1))
  return mapOf(value, counter, depth)
}

function mapOf(object: object, counter: { size: number }, depth: number): ReadonlyMap<string, unknown> {
  const entries = Object.entries(object).map(([key, value]: [string, unknown]) => {
    counter.size += Math.floor(key.length / 32)
    return [key, converted(value, counter, depth + 1)] as const
  })
  return escapedMap(new Map(entries), depth === 0)
}
