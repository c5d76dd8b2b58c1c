import { CelEvaluationError } from '../cel.ts'
import { escapedMap } from './escape.ts'

const MAX_DEPTH = 64

/** A value for expressions, and its size. */
export interface SizedValue {
  readonly value: unknown
  /** One per value and one per 32 characters of strings. */
  readonly size: number
}

/**
 * Converts a JSON object to maps that also find keys under their escaped names. At the top level, names with an invalid escape find
 * nothing; deeper down they are used as they are.
 *
 * @throws {CelEvaluationError} if it is nested too deeply, or has a number beyond a double, such as `1e400`: Go rejects the whole object
 * then.
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
