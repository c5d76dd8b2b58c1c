import { attributesReader } from '../authorization/authorize-request.ts'
import type { Authorizer } from '../authorization/authorizer.ts'
import { internalError } from '../authorization/error-answers.ts'
import { noUser } from '../authenticator/no-user.ts'
import type { Context } from '../authenticator/context.ts'
import { isStatusError, type StatusError } from '../authenticator/status.ts'
import type { UserInfo } from '../authenticator/user.ts'
import { andThen, type Awaitable } from '../internal/awaitable.ts'
import { systemClock } from '../internal/clock.ts'
import type { AuthenticationRequest } from '../request/request.ts'
import { notify } from '../authenticator/notify.ts'
import { decide } from '../authorization/decide.ts'
import { type Ask, firstRefusal, strictRefusal } from './checks.ts'
import {
  type ImpersonateRequestContext,
  type ImpersonateRequestOptions,
  modeIn,
} from './impersonate-request-options.ts'
import { legacyChecks } from './legacy.ts'
import { type AllowedImpersonation, impersonationModes } from './modes.ts'
import { type RevocableImpersonation, unlessUserRevoked } from './revoked-user.ts'
import { impersonatedUser, type WantedUser } from './wanted-user.ts'

export interface AskedImpersonation {
  readonly request: AuthenticationRequest
  readonly requester: UserInfo | undefined
  readonly wanted: WantedUser
  readonly given: ImpersonateRequestContext
  /** For the authorizer. */
  readonly context: Context
}

/** Decides whether the requester may act as the wanted user. */
export type Attempt = (asked: AskedImpersonation) => Awaitable<RevocableImpersonation | StatusError>

/** @param options valid ones. */
export function attempting(authorizer: Authorizer, options: ImpersonateRequestOptions): Attempt {
  const allow = modeIn(options) === 'legacy' ? legacy : constrained(options)
  return (asked) => {
    const { request, given, context } = asked
    const answer = allow(asked, askAuthorizer(authorizer, request, context))
    return unlessUserRevoked(request, answer, given.revocation)
  }
}

type Allow = (asked: AskedImpersonation, ask: Ask) => Awaitable<AllowedImpersonation | StatusError>

/** The stand-alone filter of Kubernetes before constrained impersonation: its order of checks, and its strictness about errors. */
const legacy: Allow = ({ request, requester, wanted }, ask) => {
  // JavaScript callers may pass `null`; a request without a user must not impersonate anyone.
  if (requester === undefined || requester === null) {
    return internalError(request, 'no user found for request', { cause: noUser() })
  }
  const { user, groups, extra, uid } = legacyChecks(requester, wanted)
  return andThen(
    firstRefusal([user, groups, extra, uid], ask, strictRefusal),
    (refused) => refused ?? { user: impersonatedUser(wanted), mode: 'legacy' },
  )
}

function constrained(options: ImpersonateRequestOptions): Allow {
  const attributesFor = attributesReader(options)
  const tryModes = impersonationModes({
    clock: options.clock ?? systemClock,
    ttlSeconds: options.ttlSeconds ?? 10,
    maxEntries: options.maxEntries ?? 8192,
  })
  return ({ request, requester, wanted, given }, ask) =>
    andThen(attributesFor(request, requester, given), (attributes) =>
      isStatusError(attributes) ? attributes : tryModes(wanted, attributes, ask),
    )
}

/** Asks an authorizer about the parts of an impersonation, and reports each check to the context's observer. */
function askAuthorizer(authorizer: Authorizer, request: AuthenticationRequest, context: Context): Ask {
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
