import { andThen, type Awaitable, isPromiseLike, promiseOf } from '../internal/awaitable.ts'
import type { Context } from '../authenticator/context.ts'
import { notify } from '../authenticator/notify.ts'
import type { Attributes } from './attributes.ts'
import type { Authorizer } from './authorizer.ts'
import { type Decision, noOpinion } from './decision.ts'
import { memberOf } from '../internal/objects.ts'
import { asAuthorizationError } from './errors.ts'

/** Asks an authorizer. All callers ask through this function: an error becomes a decision, an invalid answer allows nothing, and the observer is notified. */
export function decide(
  authorizer: Authorizer,
  attributes: Attributes,
  context: Context,
): Awaitable<Decision> {
  const { observer } = context
  if (observer === undefined) return decisionOf(authorizer, attributes, context)
  const start = performance.now()
  return andThen(decisionOf(authorizer, attributes, context), (decision) => {
    notify(observer, {
      type: 'authorizerConsulted',
      authorizer: authorizer.name,
      ...(authorizer.type !== undefined && { authorizerType: authorizer.type }),
      attributes,
      decision,
      durationSeconds: (performance.now() - start) / 1000,
    })
    return decision
  })
}

function decisionOf(authorizer: Authorizer, attributes: Attributes, context: Context): Awaitable<Decision> {
  try {
    const answer = authorizer.authorize(attributes, context)
    return isPromiseLike(answer) ? promiseOf(answer).then(asDecision, undecided) : asDecision(answer)
  } catch (error) {
    return undecided(error)
  }
}

function asDecision(answer: unknown): Decision {
  return isDecision(answer) ? answer : undecided(new TypeError('an authorizer did not return a decision'))
}

function undecided(thrown: unknown): Decision {
  return noOpinion('', asAuthorizationError(thrown))
}

function isDecision(value: unknown): value is Decision {
  const verdict = memberOf(value, 'verdict')
  return verdict === 'allow' || verdict === 'deny' || verdict === 'noOpinion'
}
