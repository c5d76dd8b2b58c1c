import { onFirstUse } from '@kube-authn/internal/on-first-use'
import { escapeHtml } from '../authorization/forbidden.ts'
import { type AuthenticationError, rejected } from '../authenticator/errors.ts'
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
 * set `middleware[IMPERSONATES] = true` on the result of their `impersonation` function. It is a registered symbol, the same in every copy
 * of this package.
 */
export const IMPERSONATES: unique symbol = Symbol.for('@kube-authn/impersonates')

/**
 * Whether an impersonation middleware follows a middleware before a route answers the request. Adapters use it for
 * {@link AuthenticateRequestContext.impersonates}.
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

/**
 * The prefix of all impersonation headers; Kubernetes may add more. Every header with it counts, even if empty: a client that sends one
 * does not intend to act as itself.
 */
export const IMPERSONATION_PREFIX = 'impersonate-'

/** Decides about an accepted request with impersonation headers, or of which some are already removed. */
export type ImpersonationRule = (
  request: AuthenticationRequest,
  accepted: AuthenticatedRequest,
  given: AuthenticateRequestContext | undefined,
) => RequestOutcome

/** Refuses impersonation headers unless an impersonation middleware handles them. */
export function impersonationRule(
  option: 'auto' | 'later' | 'pass',
  observer: Observer | undefined,
  log: Log | undefined,
): ImpersonationRule {
  // One outcome for consecutive requests of a caller: a property with a getter takes longer than authentication.
  let last: AuthenticatedRequest | undefined
  let outcome: AuthenticatedRequest | undefined
  return function unlessUnhandled(request, accepted, given) {
    if (option === 'pass') return accepted
    if (given?.askedToImpersonate !== true && (option === 'later' || isPromised(given))) {
      if (outcome === undefined || accepted !== last) {
        last = accepted
        outcome = unresolved(accepted)
      }
      return outcome
    }
    const { headerChanges, closesConnection } = accepted
    const failure = unhandled(accepted)
    logRefusal(log, { request, failure, by: 'impersonation', user: accepted.authentication.user })
    notify(observer, {
      type: 'impersonation',
      request,
      result: 'denied',
      requester: accepted.authentication.user,
      failure,
      durationSeconds: 0,
    })
    return {
      failure,
      unresolvedImpersonation: failure,
      headerChanges: {
        ...headerChanges,
        removePrefixes: [...(headerChanges.removePrefixes ?? []), IMPERSONATION_PREFIX],
      },
      closesConnection,
    }
  }
}

/** Every read makes an error of its own, since requests share the outcome. Own properties, so that copies of the outcome have them too. */
function unresolved(accepted: AuthenticatedRequest): AuthenticatedRequest {
  return Object.freeze({
    ...accepted,
    held: Object.freeze({
      caller: accepted.authentication,
      get failure() {
        return unhandled(accepted)
      },
    }),
    get unresolvedImpersonation() {
      return unhandled(accepted)
    },
  })
}

/** A 403 with a message like that of kube-apiserver for a forbidden impersonation. */
function unhandled({ authentication: { user }, warnings }: AuthenticatedRequest): StatusError {
  const message = `forbidden: ${escapeHtml(`User ${quoted(user.username)} cannot impersonate`)}: no impersonation middleware handles the Impersonate-* headers of this request`
  const headers = {
    'x-content-type-options': 'nosniff',
    ...withWarnings(warnings),
  }
  return new StatusError({ status: 403, reason: 'Forbidden', message, headers, cause: noMiddleware() })
}

/** Shared, since it contains nothing from the request. */
const noMiddleware: () => AuthenticationError = onFirstUse(() =>
  Object.freeze(
    rejected(
      'the request has Impersonate-* headers, but no impersonation middleware was found after authentication: ' +
        "mount impersonation(...) there; if it is mounted but not found, set impersonationHeaders: 'later'; " +
        "to forward the headers to a kube-apiserver, set impersonationHeaders: 'pass'",
    ),
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
