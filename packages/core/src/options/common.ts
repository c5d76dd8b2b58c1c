import { aString, type Check, must, nonEmptyListOf, withMethods } from './check.ts'

/** A clock. */
export const aClock: Check = withMethods('a clock', 'now', 'after')

/** What credentials must be valid for. An empty list would be valid for nothing, and must not pass for no restriction. */
export const someAudiences: Check = nonEmptyListOf(aString, '; leave it out for no restriction')

/** Objects that can be gone through once: a list, a `Set`, the values of a `Map`. */
export const anIterable: Check = must(
  'must be a list',
  (value) => typeof value === 'object' && value !== null && Symbol.iterator in value,
)
