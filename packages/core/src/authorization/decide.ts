import { type Awaitable, settle } from '../awaitable.ts'
import type { Context } from '../context.ts'
import { notify } from '../events.ts'
import type { Attributes } from './attributes.ts'
import type { Authorizer } from './authorizer.ts'
import { type Decision, noOpinion } from './decision.ts'
import { asAuthorizationError } from './errors.ts'

/**
 * Asks an authorizer. Whoever asks one asks through here: what it throws becomes a decision, an answer that is none allows
 * nothing, and an observer sees it all.
 */
export function decide(
  authorizer: Authorizer,
  attributes: Attributes,
  context: Context,
): Awaitable<Decision> {
  const { observer } = context
  const start = observer === undefined ? 0 : performance.now()

  const conclude = (decision: Decision): Decision => {
    if (observer === undefined) return decision
    notify(observer, {
      type: 'authorizerConsulted',
      authorizer: authorizer.name,
      ...(authorizer.type !== undefined && { authorizerType: authorizer.type }),
      attributes,
      decision,
      durationSeconds: (performance.now() - start) / 1000,
    })
    return decision
  }

  return settle<Decision, Decision>(
    () => authorizer.authorize(attributes, context),
    (decision) => conclude(isDecision(decision) ? decision : noOpinion('', UNINTELLIGIBLE)),
    (thrown) => conclude(noOpinion('', asAuthorizationError(thrown))),
  )
}

const UNINTELLIGIBLE = asAuthorizationError(new TypeError('an authorizer did not answer with a decision'))

function isDecision(value: unknown): value is Decision {
  if (typeof value !== 'object' || value === null || !('verdict' in value)) return false
  return value.verdict === 'allow' || value.verdict === 'deny' || value.verdict === 'noOpinion'
}
