import { isPromiseLike } from '../awaitable.ts'
import type { ConfigurationProblem } from '../../authenticator/errors.ts'

/** Says what is wrong with the value of an option; nothing when it may be used. Runs at construction only. */
export interface Check {
  (value: unknown, path: string): readonly ConfigurationProblem[]
  /** Whether the option must be given. Without it `undefined` counts as left out, and the check is not asked. */
  readonly isRequired?: boolean
}

/** A {@link Check} of an option that must be given. */
export interface RequiredCheck extends Check {
  readonly isRequired: true
}

/**
 * A check of one value by one test.
 *
 * @param expectation what the value must be, as in `must be a boolean`. The value itself is never shown: it may be a secret.
 * @example
 * const port = must('must be a port', (value) => Number.isInteger(value) && Number(value) > 0)
 */
/* @__NO_SIDE_EFFECTS__ */
export function must(expectation: string, test: (value: unknown) => boolean): Check {
  return (value, path) => (!isPromise(value) && test(value) ? [] : problemOf(value, path, expectation))
}

/** The problem of a value that is not what was expected, in the words for a promise or `null` where it is one. */
export function problemOf(
  value: unknown,
  path: string,
  expectation: string,
): readonly [ConfigurationProblem] {
  if (isPromise(value)) return [{ path, message: 'is a promise; await it first' }]
  return [{ path, message: value === null ? `${expectation}, not null` : expectation }]
}

/** The same check for an option that must be given. @param advice how to come by it, behind `is required`. */
/* @__NO_SIDE_EFFECTS__ */
export function required(check: Check, advice = ''): RequiredCheck {
  const checkRequired = (value: unknown, path: string): readonly ConfigurationProblem[] =>
    value === undefined ? [{ path, message: `is required${advice}` }] : check(value, path)
  return Object.assign(checkRequired, { isRequired: true } as const)
}

/** One check for the values that a test selects, another for all others: for options of two types. */
/* @__NO_SIDE_EFFECTS__ */
export function either(isFirst: (value: unknown) => boolean, first: Check, otherwise: Check): Check {
  return (value, path) => (isFirst(value) ? first : otherwise)(value, path)
}

/** Any value, as long as it is not a promise for one. */
export const anything: Check = must('must be given', (value) => value !== null)

/** A string, which may be empty. */
export const aString: Check = must('must be a string', isString)

/** A string that is not empty. */
export const aNonEmptyString: Check = (value, path) =>
  value === '' ? [{ path, message: 'must not be empty' }] : aString(value, path)

/** Exactly `true` or `false`: `'false'`, as environment variables have it, would count as true. */
export const aBoolean: Check = must('must be a boolean', (value) => typeof value === 'boolean')

/** A function. */
export const aFunction: Check = must('must be a function', (value) => typeof value === 'function')

/** An object with these methods. @param noun what it is, as in `a clock`. */
/* @__NO_SIDE_EFFECTS__ */
export function withMethods(noun: string, ...methods: readonly string[]): Check {
  return must(`must be ${noun}`, (value) => methods.every((method) => hasMethod(value, method)))
}

/** A number above a bound, and at most another one. */
/* @__NO_SIDE_EFFECTS__ */
export function above(bound: number, max?: number): Check {
  const limit = max === undefined ? '' : ` and at most ${max}`
  return must(
    `must be above ${bound}${limit}`,
    (value) => typeof value === 'number' && value > bound && (max === undefined || value <= max),
  )
}

/** A number of at least this, and at most another one. */
/* @__NO_SIDE_EFFECTS__ */
export function atLeast(min: number, max?: number): Check {
  return must(
    max === undefined ? `must be ${min} or more` : `must be from ${min} to ${max}`,
    (value) => typeof value === 'number' && value >= min && (max === undefined || value <= max),
  )
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
  const shown = values.map((value) => `'${value}'`)
  const last = shown.pop() ?? ''
  const choice = shown.length === 0 ? last : `${shown.join(', ')} or ${last}`
  return must(`must be ${choice}`, (value) => isString(value) && values.includes(value))
}

/** A list of values that pass a check. */
/* @__NO_SIDE_EFFECTS__ */
export function listOf(check: Check): Check {
  return (value, path) => {
    if (!Array.isArray(value)) return problemOf(value, path, 'must be a list')
    return Array.from(value, (element: unknown, index) => check(element, `${path}[${index}]`)).flat()
  }
}

/** A list that has at least one element. @param advice what to do instead of giving an empty one. */
/* @__NO_SIDE_EFFECTS__ */
export function nonEmptyListOf(check: Check, advice = ''): Check {
  const checkEach = listOf(check)
  return (value, path) =>
    Array.isArray(value) && value.length === 0
      ? [{ path, message: `must not be empty${advice}` }]
      : checkEach(value, path)
}

/** An object with names of the user's choice, and values that pass a check. */
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

/** Whether it is an object that can hold options: no list, no `Map`, no bytes, no promise, nothing else that is iterated. */
export function isPlainObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !(Symbol.iterator in value) && !isPromise(value)
}

function isString(value: unknown): value is string {
  return typeof value === 'string'
}

function isPromise(value: unknown): boolean {
  return isPromiseLike(value)
}
