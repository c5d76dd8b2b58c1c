import { aString, type Check, must, nonEmptyListOf, withMethods } from './check.ts'

/** A clock. One that does not tell a number would never find anything expired. */
export const aClock: Check = (value, path) => {
  const problems = isClock(value, path)
  const now: unknown = typeof value === 'object' && value !== null ? Reflect.get(value, 'now') : undefined
  if (problems.length > 0 || typeof now !== 'function') return problems
  try {
    return tellsNumber(Reflect.apply(now, value, []), `${path}.now()`)
  } catch {
    // It may tell the time later. Until then whatever asks for it fails.
    return []
  }
}

const isClock = withMethods('a clock', 'now', 'after')
const tellsNumber = must('must be a number of milliseconds', (value) => Number.isFinite(value))

/** What credentials must be valid for. An empty list would be valid for nothing, and must not pass for no restriction. */
export const someAudiences: Check = nonEmptyListOf(aString, '; leave it out for no restriction')

/** Objects that can be gone through once: a list, a `Set`, the values of a `Map`. */
export const anIterable: Check = must(
  'must be a list',
  (value) => typeof value === 'object' && value !== null && Symbol.iterator in value,
)
