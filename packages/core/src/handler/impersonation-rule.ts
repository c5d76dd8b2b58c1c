import { escapeHtml } from '../authorization/forbidden.ts'
import type { HeaderChanges } from '../authenticator/authenticator.ts'
import { type AuthenticationError, rejected } from '../authenticator/errors.ts'
import { notify, type Observer } from '../authenticator/events.ts'
import { hasPrefix } from '../request/headers/has-prefix.ts'
import { withWarnings } from '../internal/warning-headers.ts'
import { quoted } from '../internal/quote.ts'
import type { AuthenticationRequest } from '../request/request.ts'
import { StatusError } from '../authenticator/status.ts'
import type { UserInfo } from '../authenticator/user.ts'
import { withoutStack } from '../internal/without-stack.ts'
import type { AuthenticatedRequest, RequestOutcome } from './authenticate-request.ts'
import type { AuthenticateRequestContext } from './authenticate-request-options.ts'

/**
 * Marks a middleware that handles `Impersonate-*` headers, so that the `authentication` middleware of an adapter finds it: adapters
 * set `middleware[IMPERSONATES] = true` on what their `impersonation` returns. It is a registered symbol, the same in every copy of
 * this package.
 */
export const IMPERSONATES: unique symbol = Symbol.for('@kube-authn/impersonates')

/**
 * Whether impersonation comes after a middleware, before the request is answered. An adapter asks it for
 * {@link AuthenticateRequestContext.impersonates}.
 *
 * @param handlers what is called for the request, in order, as far as the framework tells; `undefined` where a route answers it.
 * @param own the middleware itself. Where it is not among them, nothing is known.
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
 * Header names that ask to act as another user begin with this; Kubernetes may add to those that it reads today. Any of them counts, an
 * empty one too: a client that sends one never means to act in its own name.
 */
const PREFIX = 'impersonate-'

/** Decides what becomes of a user who may ask to act as another. */
export type ImpersonationRule = (
  request: AuthenticationRequest,
  accepted: AuthenticatedRequest,
  given: AuthenticateRequestContext | undefined,
) => RequestOutcome

/** A user may ask to act as another only where something decides about it. */
export function impersonationRule(
  option: 'auto' | 'later' | 'pass',
  observer: Observer | undefined,
): ImpersonationRule {
  return function unlessUnhandled(request, accepted, given) {
    if (option === 'pass') return accepted
    const isGone = given?.askedToImpersonate === true
    if (!isGone && !hasPrefix(request.headers, PREFIX)) return accepted
    const { authentication, headerChanges, warnings, closesConnection } = accepted
    const failure = unhandled(authentication.user, warnings)
    if (!isGone && (option === 'later' || isPromised(given))) {
      return { ...accepted, unresolvedImpersonation: failure }
    }
    notify(observer, {
      type: 'impersonation',
      request,
      result: 'denied',
      requester: authentication.user,
      failure,
      durationSeconds: 0,
    })
    return {
      failure,
      unresolvedImpersonation: failure,
      headerChanges: withoutImpersonation(headerChanges),
      closesConnection,
    }
  }
}

/** 403, with a sentence like kube-apiserver's when it does not allow an impersonation. */
function unhandled(user: UserInfo, warnings: readonly string[]): StatusError {
  const message = `forbidden: ${escapeHtml(`User ${quoted(user.username)} cannot impersonate`)}: no impersonation middleware handles the Impersonate-* headers of this request`
  const headers = {
    'x-content-type-options': 'nosniff',
    ...withWarnings(warnings),
  }
  return withoutStack(
    () => new StatusError({ status: 403, reason: 'Forbidden', message, headers, cause: noMiddleware }),
  )
}

/** One object for all: it says nothing about the request. */
const noMiddleware: AuthenticationError = Object.freeze(
  rejected(
    'the request has Impersonate-* headers, and no impersonation middleware was found after authentication on its way: ' +
      "mount impersonation(...) there; where it is mounted and cannot be seen, set impersonationHeaders: 'later'; " +
      "an app that hands the headers on to a kube-apiserver sets impersonationHeaders: 'pass'",
  ),
)

/** Whether impersonation is known to follow. What cannot be told is not known. */
function isPromised(given: AuthenticateRequestContext | undefined): boolean {
  try {
    return given?.impersonates === true
  } catch {
    return false
  }
}

function withoutImpersonation(changes: HeaderChanges): HeaderChanges {
  return { ...changes, removePrefixes: [...(changes.removePrefixes ?? []), PREFIX] }
}
