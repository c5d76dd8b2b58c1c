import type { HeaderChanges } from '../authenticator/authenticator.ts'
import { andThen, type Awaitable } from '../internal/awaitable.ts'
import { contextOf } from '../authorization/authorize-request.ts'
import type { Authorizer } from '../authorization/authorizer.ts'
import { prefixProblems } from '../authorization/path-prefix.ts'
import type { CredentialRevocation } from '../authenticator/credential-revocation.ts'
import { isWithoutUser } from '../authenticator/no-user.ts'
import { advise } from '../internal/log/app-warnings.ts'
import { notify } from '../authenticator/notify.ts'
import { anAuthorizer, optionProblems, refuseProblems } from '../internal/options/index.ts'
import { logRefusal } from '../logging/log-refusal.ts'
import type { AuthenticationRequest } from '../request/request.ts'
import { isStatusError, StatusError } from '../authenticator/status.ts'
import type { UserInfo } from '../authenticator/user.ts'
import { attempting } from './attempts.ts'
import {
  type ImpersonateRequestContext,
  type ImpersonateRequestOptions,
  modeIn,
  impersonateRequestShape,
} from './impersonate-request-options.ts'
import { IMPERSONATION_HEADERS, readImpersonation } from './read-headers.ts'
import type { RevocableImpersonation } from './revoked-user.ts'

/** The request is made by the impersonated user, or by the requester if there is no impersonation. */
export interface RequestUser {
  /** The user that the application sees. Absent only if there is no requester and no impersonation. */
  readonly user: UserInfo | undefined
  /** The user who made the request; present only with impersonation. */
  readonly requester?: UserInfo
  /** The mode that allowed the impersonation. */
  readonly mode?: string
  /** Whether the credential of the requester, or the impersonated user, is revoked later; present only with impersonation. */
  readonly revocation?: CredentialRevocation
  /** Changes to apply to the headers before the application sees them, and before anything asynchronous. */
  readonly headerChanges: HeaderChanges
}

/** The request is refused. */
export interface RefusedImpersonation {
  readonly failure: StatusError
  /** Changes to apply to the headers if the request is passed on anyway: drops the refused impersonation headers. */
  readonly headerChanges: HeaderChanges
}

/** The result of {@link impersonateRequest}. No more will be added. */
export type ImpersonationOutcome = RequestUser | RefusedImpersonation

/** Decides which user a request is made as. It never throws and never rejects. */
export type ImpersonateRequest = (
  request: AuthenticationRequest,
  requester: UserInfo | undefined,
  context?: ImpersonateRequestContext,
) => Awaitable<ImpersonationOutcome>

/**
 * Implements impersonation for all adapters.
 *
 * 0. A request that is incomplete, or may have lost headers unnoticed, is refused: without its impersonation headers it would run with the
 *    permissions of the requester.
 * 1. Without impersonation headers the user stays the requester.
 * 2. Groups, a uid or extra fields without a user get a 400, as do more values than the limit.
 * 3. The authorizer must allow the requester to impersonate each value in the headers. The first one refused is a 403.
 * 4. A user that is revoked is a 403, if the context has the revocation of the requester's credential.
 * 5. The application sees the impersonated user, with nothing of the requester, and without the impersonation headers.
 *
 * Whether that user may make the request is for `authorizeRequest` to decide afterwards.
 *
 * Source: apiserver `pkg/endpoints/filters/impersonation`, KEP-5284.
 *
 * @throws {ConfigurationError} when an option is invalid.
 * @example
 * const impersonate = impersonateRequest(rbac(policy))
 * const outcome = await impersonate(fetchRequest(request), user)
 * if ('failure' in outcome) return outcome.failure.getResponse()
 */
export function impersonateRequest(
  authorizer: Authorizer,
  options: ImpersonateRequestOptions = {},
): ImpersonateRequest {
  refuseProblems(
    anAuthorizer(authorizer, 'authorizer'),
    optionProblems(impersonateRequestShape, options),
    prefixProblems(options),
  )
  const { observer, log } = options
  const isConstrained = modeIn(options) === 'constrained'
  const reading = {
    maxValues: options.maxValues ?? 256,
    userText: isConstrained ? 'a user name' : 'a user',
  }
  const attempt = attempting(authorizer, options)

  return function impersonateOne(request, requester, given = {}) {
    const wanted =
      refusalOf(request, requester) ??
      readImpersonation(request.headers, reading, request.httpVersionMajor === 2)
    if (wanted === undefined) {
      // Deviation: Kubernetes keeps empty headers, and names with `_` instead of `-` (`docs/deviations.md`, impersonation headers).
      const headerChanges = request.headers.hasPrefix('impersonate') ? IMPERSONATION_HEADERS : NO_CHANGES
      return { user: requester, headerChanges }
    }
    const start = performance.now()
    const attempted = (): Awaitable<RevocableImpersonation | StatusError> => {
      if (isStatusError(wanted)) return wanted
      if ('problem' in wanted) return badRequest(wanted.problem)
      return attempt({ request, requester, wanted, given, context: contextOf(observer, given) })
    }
    return andThen(attempted(), (result) => {
      notify(observer, {
        type: 'impersonation',
        request,
        durationSeconds: (performance.now() - start) / 1000,
        ...(requester !== undefined && { requester }),
        ...(isStatusError(result)
          ? { result: 'denied', failure: result }
          : { result: 'allowed', impersonated: result.user, mode: result.mode }),
      })
      if (isStatusError(result)) {
        const isLogged = logRefusal(log, { request, failure: result, by: 'impersonation', user: requester })
        if (!isLogged && isWithoutUser(result)) advise(log, 'KUBE_AUTHN_NO_USER')
        return { failure: result, headerChanges: IMPERSONATION_HEADERS }
      }
      return {
        user: result.user,
        mode: result.mode,
        ...(result.revocation !== undefined && { revocation: result.revocation }),
        headerChanges: IMPERSONATION_HEADERS,
        ...(requester !== undefined && { requester }),
      }
    })
  }
}

/**
 * Why the headers are not read at all. Over HTTP/2 a dropped header leaves no trace, so any request with a user may have asked for
 * impersonation.
 *
 * Deviation: kube-apiserver's HTTP/2 server drops no headers (`docs/deviations.md`, HTTP/2 fields).
 */
function refusalOf(request: AuthenticationRequest, requester: UserInfo | undefined): StatusError | undefined {
  if (request.refusal !== undefined) return request.refusal
  if (request.headers.complete !== false || requester === undefined || requester === null) return undefined
  return new StatusError({
    status: 505,
    reason: 'HTTPVersionNotSupported',
    message:
      'Impersonation is disabled over HTTP/2 because this server may drop an Impersonate-* header unnoticed: use HTTP/1.1, ' +
      'or create the server with http2ServerOptions or tlsServerOptions of @kube-authn/node on Node 22.17, 24.2 or later',
  })
}

const NO_CHANGES: HeaderChanges = Object.freeze({ remove: [] })

function badRequest(message: string): StatusError {
  const headers = { 'x-content-type-options': 'nosniff' }
  return new StatusError({ status: 400, reason: 'BadRequest', message, headers })
}
