import type { HeaderChanges } from '../authenticator/authenticator.ts'
import { andThen, type Awaitable } from '../internal/awaitable.ts'
import {
  attributesReader,
  type AuthorizeRequestContext,
  contextOf,
} from '../authorization/authorize-request.ts'
import type { Authorizer } from '../authorization/authorizer.ts'
import { internalError } from '../authorization/internal-error.ts'
import { noUser } from '../authorization/no-user.ts'
import { systemClock } from '../internal/clock.ts'
import { notify } from '../authenticator/events.ts'
import { anAuthorizer, optionProblems, refuseProblems } from '../internal/options/index.ts'
import { hasPrefix } from '../request/headers/has-prefix.ts'
import type { AuthenticationRequest } from '../request/request.ts'
import { isStatusError, StatusError } from '../authenticator/status.ts'
import type { UserInfo } from '../authenticator/user.ts'
import { askAuthorizer } from './ask-authorizer.ts'
import { type Ask, firstRefusal, strictRefusal } from './checks.ts'
import { type ImpersonateRequestOptions, impersonateRequestShape } from './impersonate-request-options.ts'
import { legacyChecks } from './legacy.ts'
import { type AllowedImpersonation, impersonationModes } from './modes.ts'
import { IMPERSONATION_HEADERS, readImpersonation } from './read-headers.ts'
import { impersonatedUser, type WantedUser } from './wanted-user.ts'

/** The request is made as somebody else, or by the requester in person. */
export interface RequestUser {
  /** Who the application sees. Absent only where the requester is and nobody else is asked for. */
  readonly user: UserInfo | undefined
  /** Who made the request, when that is somebody else. */
  readonly requester?: UserInfo
  /** The mode that allowed it, when the user is somebody else. */
  readonly mode?: string
  /** What to do to the headers before the application sees them, and before anything is waited for. */
  readonly headerChanges: HeaderChanges
}

/** The request is refused. */
export interface RefusedImpersonation {
  readonly failure: StatusError
  /** What to do to the headers before anybody else sees the request after all: a wish that was not granted. */
  readonly headerChanges: HeaderChanges
}

/** What became of a request. */
export type ImpersonationOutcome = RequestUser | RefusedImpersonation

/** Decides who a request is made as. It never throws and never rejects. */
export type ImpersonateRequest = (
  request: AuthenticationRequest,
  requester: UserInfo | undefined,
  context?: AuthorizeRequestContext,
) => Awaitable<ImpersonationOutcome>

/**
 * Lets somebody act as somebody else, in one place for all adapters.
 *
 * 0. A request of which a part is missing, or may be missing unseen, is refused: a user who asks to act as another would act in person.
 * 1. Without impersonation headers nothing happens.
 * 2. Groups, a uid or extra fields without a user are a 400, and so are more values than the limit.
 * 3. The authorizer is asked, as the requester, for every single thing in the headers. The first that is not allowed is a 403.
 * 4. The application sees the wanted user, with nothing of the requester, and none of the headers.
 *
 * Whether that user may make the request is another question, for `authorizeRequest` after it.
 *
 * Source: apiserver `pkg/endpoints/filters/impersonation`, KEP-5284.
 *
 * @throws {ConfigurationError} when the options cannot work.
 * @example
 * const impersonate = impersonateRequest(rbac(policy))
 * const outcome = await impersonate(fetchRequest(request), user)
 * if ('failure' in outcome) return outcome.failure.getResponse()
 */
export function impersonateRequest(
  authorizer: Authorizer,
  options: ImpersonateRequestOptions = {},
): ImpersonateRequest {
  refuseProblems(anAuthorizer(authorizer, 'authorizer'), optionProblems(impersonateRequestShape, options))
  const { observer } = options
  const isConstrained = options.mode !== 'legacy'
  const reading = {
    maxValues: options.maxValues ?? 256,
    userText: isConstrained ? 'a user name' : 'a user',
  }
  const allow = isConstrained ? constrained(options) : legacy

  return function impersonateOne(request, requester, given = {}) {
    const wanted =
      refusalOf(request, requester) ??
      readImpersonation(request.headers, reading, request.httpVersionMajor === 2)
    if (wanted === undefined) {
      // Deviation: Kubernetes leaves empty headers, and names with `_` in the place of `-` (`docs/deviations.md`, impersonation headers).
      const headerChanges = hasPrefix(request.headers, 'impersonate') ? IMPERSONATION_HEADERS : NO_CHANGES
      return { user: requester, headerChanges }
    }
    const start = observer === undefined ? 0 : performance.now()
    const answer = isStatusError(wanted)
      ? wanted
      : 'problem' in wanted
        ? badRequest(wanted.problem)
        : allow({
            request,
            requester,
            wanted,
            given,
            ask: askAuthorizer(authorizer, request, contextOf(observer, given)),
          })
    return andThen(answer, (result) => {
      notify(observer, {
        type: 'impersonation',
        request,
        durationSeconds: (performance.now() - start) / 1000,
        ...(requester !== undefined && { requester }),
        ...(isStatusError(result)
          ? { result: 'denied', failure: result }
          : { result: 'allowed', impersonated: result.user, mode: result.mode }),
      })
      if (isStatusError(result)) return { failure: result, headerChanges: IMPERSONATION_HEADERS }
      return {
        user: result.user,
        mode: result.mode,
        headerChanges: IMPERSONATION_HEADERS,
        ...(requester !== undefined && { requester }),
      }
    })
  }
}

/**
 * Why it is not even looked for headers. Over HTTP/2 one that was left out unseen leaves nothing behind, so that every request that has
 * a user may be meant as another's.
 *
 * Deviation: kube-apiserver has no such server (`docs/deviations.md`, HTTP/2 fields).
 */
function refusalOf(request: AuthenticationRequest, requester: UserInfo | undefined): StatusError | undefined {
  if (request.refusal !== undefined) return request.refusal
  if (request.headers.complete !== false || requester === undefined || requester === null) return undefined
  return new StatusError({
    status: 505,
    reason: 'HTTPVersionNotSupported',
    message:
      'Impersonation is off over HTTP/2, since this server may lose an Impersonate-* header unseen: use HTTP/1.1, ' +
      'or a server made with http2ServerOptions or tlsServerOptions of @kube-authn/node on Node 22.17, 24.2 or later',
  })
}

const NO_CHANGES: HeaderChanges = Object.freeze({ remove: [] })

/** Somebody wants to act as somebody else. */
interface Attempt {
  readonly request: AuthenticationRequest
  readonly requester: UserInfo | undefined
  readonly wanted: WantedUser
  readonly given: AuthorizeRequestContext
  readonly ask: Ask
}

type Allow = (attempt: Attempt) => Awaitable<AllowedImpersonation | StatusError>

/** The stand-alone filter that Kubernetes had before the modes: its order of checks, and its strictness. */
const legacy: Allow = ({ request, requester, wanted, ask }) => {
  // Not every caller is type-checked, and nobody must become somebody here.
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
  const attributesFor = attributesReader(options.attributes)
  const tryModes = impersonationModes({
    clock: options.clock ?? systemClock,
    cacheTtlSeconds: options.cacheTtlSeconds ?? 10,
    maxCacheEntries: options.maxCacheEntries ?? 8192,
  })
  return ({ request, requester, wanted, given, ask }) => {
    const attributes = attributesFor(request, requester, given)
    return isStatusError(attributes) ? attributes : tryModes(wanted, attributes, ask)
  }
}

function badRequest(message: string): StatusError {
  const headers = { 'x-content-type-options': 'nosniff' }
  return new StatusError({ status: 400, reason: 'BadRequest', message, headers })
}
