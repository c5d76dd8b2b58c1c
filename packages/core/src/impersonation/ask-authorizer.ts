import type { Authorizer } from '../authorization/authorizer.ts'
import { decide } from '../authorization/decide.ts'
import { andThen } from '../internal/awaitable.ts'
import type { Context } from '../authenticator/context.ts'
import { notify } from '../authenticator/notify.ts'
import type { AuthenticationRequest } from '../request/request.ts'
import type { Ask } from './checks.ts'

/** Asks an authorizer about the parts of an impersonation, and reports each check to the context's observer. */
export function askAuthorizer(authorizer: Authorizer, request: AuthenticationRequest, context: Context): Ask {
  const { observer } = context
  if (observer === undefined) return (attributes) => decide(authorizer, attributes, context)
  return (attributes) => {
    const start = performance.now()
    return andThen(decide(authorizer, attributes, context), (decision) => {
      notify(observer, {
        type: 'impersonationCheck',
        request,
        mode: modeOf(attributes.verb),
        result: decision.verdict === 'allow' ? 'allowed' : 'denied',
        durationSeconds: (performance.now() - start) / 1000,
      })
      return decision
    })
  }
}

/** `impersonate`, `impersonate:MODE` or `impersonate-on:MODE:VERB`. */
function modeOf(verb: string): string {
  return verb.split(':')[1] ?? 'legacy'
}
