import { escapeHtml } from '../authorization/forbidden.ts'
import { rejected } from '../authenticator/errors.ts'
import { notify } from '../authenticator/notify.ts'
import type { Observer } from '../authenticator/events.ts'
import type { Log } from '../authenticator/log.ts'
import { logRefusal } from '../logging/log-refusal.ts'
import { withWarnings } from '../internal/warning-headers.ts'
import { quoted } from '@kube-authn/internal/quote'
import type { AuthenticationRequest } from '../request/request.ts'
import { StatusError } from '../authenticator/status.ts'
import type { AuthenticatedRequest, RequestOutcome } from './request-outcome.ts'
import type { AuthenticateRequestContext } from './authenticate-request-options.ts'

/**
 * Marks a middleware that handles `Impersonate-*` headers, so that the `authentication` middleware of an adapter can find it: adapters
 * set `middleware[IMPERSONATES] = true` on the result of their `impersonation` function. It is a registered symbol, the same in every copy of this package.
 */
export const IMPERSONATES: unique symbol = Symbol.for('@kube-authn/impersonates')

/**
 * Whether an impersonation middleware follows a middleware before a route answers the request. Adapters use it for {@link AuthenticateRequestContext.impersonates}.
 *
 * @param handlers the handlers of the request, in order, as far as the framework reveals them; `undefined` stands for a route.
 * @param own the middleware itself. If it is not among the handlers, the result is `false`.
 */
export function leadsToImpersonation(handlers: Iterable<unknown>, own: unknown): boolean {
  let isAfter = false
  for (const handler of handlers) {
    if (handler === own) isAfter = true
    else if (isAfter && handler === undefined) return false
    else if (isAfter && isImpersonation(handler)) return true
  }
  return false
}

function isImpersonation(handler: unknown): boolean {
  return typeof handler === 'function' && Reflect.get(handler, IMPERSONATES) === true
}

/** The prefix of all impersonation headers; Kubernetes may add more. Every header with it counts, even if empty: a client that sends one does not intend to act as itself. */
const IMPERSONATION_PREFIX = 'impersonate-'

/** Whether a request has impersonation headers, or had some that are already removed. */
export function asksToImpersonate(
  { headers }: AuthenticationRequest,
  given: AuthenticateRequestContext | undefined,
): boolean {
  return given?.askedToImpersonate === true || headers.hasPrefix(IMPERSONATION_PREFIX)
}

/** How accepted requests that ask for impersonation are handled. */
export interface ImpersonationRule {
  readonly impersonationHeaders: 'auto' | 'later' | 'pass'
  readonly observer: Observer | undefined
  readonly log: Log | undefined
}

/** Refuses an accepted request that asks for impersonation, unless an impersonation middleware handles it. */
export function unlessUnhandled(
  { impersonationHeaders, observer, log }: ImpersonationRule,
  request: AuthenticationRequest,
  accepted: AuthenticatedRequest,
  given: AuthenticateRequestContext | undefined,
): RequestOutcome {
  if (impersonationHeaders === 'pass') return accepted
  const isHandled = impersonationHeaders === 'later' || isPromised(given)
  if (given?.askedToImpersonate !== true && isHandled) return unresolved(accepted)
  const { headerChanges, closesConnection } = accepted
  const { user } = accepted.authentication
  const failure = unhandled(accepted)
  logRefusal(log, { request, failure, by: 'impersonation', user })
  notify(observer, {
    type: 'impersonation',
    request,
    result: 'denied',
    requester: user,
    failure,
    durationSeconds: 0,
  })
  return {
    failure,
    answer: failure,
    unresolvedImpersonation: failure,
    headerChanges: {
      ...headerChanges,
      removePrefixes: [...(headerChanges.removePrefixes ?? []), IMPERSONATION_PREFIX],
    },
    closesConnection,
  }
}

/** Errors are made when they are read, since impersonation nearly always decides before. Own properties, so that copies have them too. */
function unresolved(accepted: AuthenticatedRequest): AuthenticatedRequest {
  return {
    ...accepted,
    held: {
      caller: accepted.authentication,
      get failure() {
        return unhandled(accepted)
      },
    },
    get unresolvedImpersonation() {
      return unhandled(accepted)
    },
  }
}

/** A 403 with a message like that of kube-apiserver for a forbidden impersonation. */
function unhandled({ authentication: { user }, warnings }: AuthenticatedRequest): StatusError {
  const message = `forbidden: ${escapeHtml(`User ${quoted(user.username)} cannot impersonate`)}: no impersonation middleware handles the Impersonate-* headers of this request`
  const headers = {
    'x-content-type-options': 'nosniff',
    ...withWarnings(warnings),
  }
  return new StatusError({ status: 403, reason: 'Forbidden', message, headers, cause: noMiddleware })
}

/** Shared, since it contains nothing from the request. */
const noMiddleware = Object.freeze(
  rejected(
    'the request has Impersonate-* headers, but no impersonation middleware was found after authentication: ' +
      "mount impersonation(...) there; if it is mounted but not found, set impersonationHeaders: 'later'; " +
      "to forward the headers to a kube-apiserver, set impersonationHeaders: 'pass'",
  ),
)

/** Whether impersonation is known to follow. A getter that throws means no. */
function isPromised(given: AuthenticateRequestContext | undefined): boolean {
  try {
    return given?.impersonates === true
  } catch {
    return false
  }
}
