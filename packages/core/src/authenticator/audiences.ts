import type { AnyAuthenticator } from './authenticator.ts'
import { consult } from './consult.ts'
import { unavailable } from './errors.ts'
import { andThen } from '../internal/awaitable.ts'
import { aString, listOf, refuseProblems } from '../internal/options/index.ts'
import { around } from './union.ts'

/**
 * The audiences that are in both lists, in the order and with the repetitions of `second`.
 *
 * Source: apiserver `pkg/authentication/authenticator/audiences.go`.
 */
export function intersectAudiences(first: readonly string[], second: readonly string[]): readonly string[] {
  return second.filter((audience) => first.includes(audience))
}

/**
 * Makes an authenticator that knows nothing about audiences usable with them: what it accepts is valid for the implicit audiences.
 * If a request asks for none of these, the authenticator is not called.
 *
 * Source: apiserver `pkg/authentication/authenticator/audagnostic.go`.
 *
 * @param implicitAudiences the audiences that every credential is valid for (`--api-audiences`).
 * @example
 * const tokens = audienceAgnostic(['https://api.example.com'], tokenFile(csv))
 */
export function audienceAgnostic<A extends AnyAuthenticator>(
  implicitAudiences: readonly string[],
  delegate: A,
): A {
  refuseProblems(listOf(aString)(implicitAudiences, 'implicitAudiences'))
  return around(delegate.name, delegate, (only, ask, credential, context) => {
    const requested = context.audiences
    if (requested === undefined) return consult(ask, only, credential, context)
    const audiences = intersectAudiences(implicitAudiences, requested)
    if (audiences.length === 0) return undefined
    return andThen(consult(ask, only, credential, context), (answer) => {
      if (answer?.audiences !== undefined && answer.audiences.length > 0) {
        throw unavailable(`${delegate.name} is not audience agnostic: it set audiences by itself`)
      }
      return answer && { ...answer, audiences }
    })
  })
}

/** Whether two lists have the same audiences. No list is one without any. */
export function areSameAudiences(one: readonly string[] = [], other: readonly string[] = []): boolean {
  return one.length === other.length && one.every((each) => other.includes(each))
}
