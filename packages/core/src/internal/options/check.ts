import { isPromiseLike } from '../awaitable.ts'
import { memberOf } from '../objects.ts'
import type { ConfigurationProblem } from '../../authenticator/errors.ts'

/** Returns the problems of an option's value; none if it is valid. Runs only at construction. */
export interface Check {
  (value: unknown, path: string): readonly ConfigurationProblem[]
  /** Whether the option is required. Otherwise `undefined` counts as absent, and the check is skipped. */
  readonly isRequired?: boolean
  /** Whether an option that is given as `undefined` is refused. */
  readonly refusesUnset?: boolean
}

/** A {@link Check} of a required option. */
export interface RequiredCheck extends Check {
  readonly isRequired: true
}

/** A check of one value by one test. @param expectation as in `must be a boolean`. The value itself is never shown: it may be a secret. */
/* @__NO_SIDE_EFFECTS__ */
export function must(expectation: string, test: (value: unknown) => boolean): Check {
  return (value, path) => (!isPromiseLike(value) && test(value) ? [] : problemOf(value, path, expectation))
}

/** The problem of an unexpected value, with a specific message for promises and `null`. */
export function problemOf(
  value: unknown,
  path: string,
  expectation: string,
): readonly [ConfigurationProblem] {
  if (isPromiseLike(value)) return [{ path, message: 'is a promise; await it first' }]
  return [{ path, message: value === null ? `${expectation}, not null` : expectation }]
}

/** The same check for a required option. @param advice how to get a value, appended to `is required`. */
/* @__NO_SIDE_EFFECTS__ */
export function required(check: Check, advice = ''): RequiredCheck {
  return Object.assign(ifGiven(check, `is required${advice}`), { isRequired: true } as const)
}

/** The same check for an option without which more is accepted: it may be left out, but not be `undefined`. */
/* @__NO_SIDE_EFFECTS__ */
export function neverUnset(check: Check): Check {
  const message = 'is undefined, as an environment variable that is not set: set it, or leave the option out'
  return Object.assign(ifGiven(check, message), { refusesUnset: true })
}

function ifGiven(check: Check, message: string): Check {
  return (value, path) => (value === undefined ? [{ path, message }] : check(value, path))
}

/** For options of two types: one check for the values that a test selects, another for the rest. */
/* @__NO_SIDE_EFFECTS__ */
export function either(isFirst: (value: unknown) => boolean, first: Check, otherwise: Check): Check {
  return (value, path) => (isFirst(value) ? first : otherwise)(value, path)
}

/** Any value except `null` and promises. */
export const anything: Check = must('must be given', (value) => value !== null)

/** A string, which may be empty. */
export const aString: Check = must('must be a string', (value) => typeof value === 'string')

/** A string that is not empty. */
export const aNonEmptyString: Check = (value, path) =>
  value === '' ? [{ path, message: 'must not be empty' }] : aString(value, path)

/** Exactly `true` or `false`: the string `'false'`, for example from an environment variable, is truthy. */
export const aBoolean: Check = must('must be a boolean', (value) => typeof value === 'boolean')

/** A function. */
export const aFunction: Check = must('must be a function', (value) => typeof value === 'function')

/** An object with these methods. @param noun its description, as in `a clock`. */
/* @__NO_SIDE_EFFECTS__ */
export function withMethods(noun: string, ...methods: readonly string[]): Check {
  return must(`must be ${noun}`, (value) => methods.every((method) => hasMethod(value, method)))
}

/** A clock. If `now` does not return a number, nothing would ever expire. */
export const aClock: Check = (value, path) => {
  const problems = isClock(value, path)
  const now = memberOf(value, 'now')
  if (problems.length > 0 || typeof now !== 'function') return problems
  try {
    return tellsNumber(Reflect.apply(now, value, []), `${path}.now()`)
  } catch {
    // It may work later. Until then its users fail.
    return []
  }
}

const isClock = withMethods('a clock', 'now', 'after')
const tellsNumber = must('must be a number of milliseconds', (value) => Number.isFinite(value))

/** A number above a bound, and at most `max`. */
/* @__NO_SIDE_EFFECTS__ */
export function above(bound: number, max: number = Infinity): Check {
  const limit = max === Infinity ? '' : ` and at most ${max}`
  const isWithin = (value: unknown): boolean => typeof value === 'number' && value > bound && value <= max
  return must(`must be above ${bound}${limit}`, isWithin)
}

/** A number of at least `min`, and at most `max`. */
/* @__NO_SIDE_EFFECTS__ */
export function atLeast(min: number, max: number = Infinity): Check {
  const isWithin = (value: unknown): boolean => typeof value === 'number' && value >= min && value <= max
  return must(max === Infinity ? `must be ${min} or more` : `must be from ${min} to ${max}`, isWithin)
}

/** A whole number of at least this. */
/* @__NO_SIDE_EFFECTS__ */
export function wholeNumber(min: number): Check {
  return must(
    min === 0 ? 'must be a whole number, 0 or more' : `must be a whole number above ${min - 1}`,
    (value) => Number.isSafeInteger(value) && Number(value) >= min,
  )
}

/** One of these strings. */
/* @__NO_SIDE_EFFECTS__ */
export function oneOf(...values: readonly string[]): Check {
  const listed = values.map((value) => `'${value}'`).join(', ')
  const choice = listed.replace(/, ([^,]*)$/, ' or $1')
  return must(`must be ${choice}`, (value) => typeof value === 'string' && values.includes(value))
}

/** A list of values that pass a check. */
/* @__NO_SIDE_EFFECTS__ */
export function listOf(check: Check): Check {
  return (value, path) => {
    if (!Array.isArray(value)) return problemOf(value, path, 'must be a list')
    return Array.from(value, (element: unknown, index) => check(element, `${path}[${index}]`)).flat()
  }
}

/** A list with at least one element. @param advice what to do instead of passing an empty list. */
/* @__NO_SIDE_EFFECTS__ */
export function nonEmptyListOf(check: Check, advice = ''): Check {
  const checkEach = listOf(check)
  return (value, path) =>
    Array.isArray(value) && value.length === 0
      ? [{ path, message: `must not be empty${advice}` }]
      : checkEach(value, path)
}

/** An object with arbitrary names, and values that pass a check. */
/* @__NO_SIDE_EFFECTS__ */
export function recordOf(check: Check): Check {
  return (value, path) =>
    isPlainObject(value)
      ? Object.entries(value).flatMap(([name, each]) => check(each, `${path}[${JSON.stringify(name)}]`))
      : problemOf(value, path, 'must be an object')
}

/** Whether a value has a method of this name, its own or inherited. */
export function hasMethod(value: unknown, name: string): boolean {
  return (
    ((typeof value === 'object' && value !== null) || typeof value === 'function') &&
    typeof Reflect.get(value, name) === 'function'
  )
}

/** Whether it is an object that can hold options: not an array, a `Map`, bytes, another iterable, or a promise. */
export function isPlainObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !(Symbol.iterator in value) && !isPromiseLike(value)
}
