import type { Authentication, HeaderChanges } from './authenticator.ts'

/*
 * A copy of an answer with one more member, on every request. V8 makes `{ ...answer, member }` thirty times as slow as `{ member, ...answer }`
 * where the answer lacks the member, and only then the two are the same.
 */

/** The answer, and the headers its credential came in. */
export function withConsumed(answer: Authentication, consumed: HeaderChanges): Authentication {
  return 'consumed' in answer ? { ...answer, consumed } : { consumed, ...answer }
}

/** The answer, and what its credential is valid for. */
export function withAudiences(answer: Authentication, audiences: readonly string[]): Authentication {
  return 'audiences' in answer ? { ...answer, audiences } : { audiences, ...answer }
}
