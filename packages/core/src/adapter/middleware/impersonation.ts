import type { ConfigurationProblem } from '../../authenticator/errors.ts'
import type { Authentication, HeaderChanges } from '../../authenticator/authenticator.ts'
import { advise } from '../../internal/log/app-warnings.ts'
import type { StatusError } from '../../authenticator/status.ts'
import type { UserInfo } from '../../authenticator/user.ts'
import type { RequestAttributes } from '../../authorization/attributes.ts'
import type { AuthorizeRequestContext } from '../../authorization/authorize-request.ts'
import type { Authorizer } from '../../authorization/authorizer.ts'
import { prefixProblems } from '../../authorization/path-prefix.ts'
import {
  type ImpersonateRequestOptions,
  impersonateRequestShape,
} from '../../impersonation/impersonate-request-options.ts'
import { impersonateRequest, type ImpersonationOutcome } from '../../impersonation/impersonate-request.ts'
import { andThen, type Awaitable } from '../../internal/awaitable.ts'
import {
  aFunction,
  anAuthorizer,
  type AnyShape,
  type Check,
  optionProblems,
  type OptionsShape,
  refuseProblems,
} from '../../internal/options/index.ts'
import type { Users } from '../request-states.ts'

/** Options of an adapter's `impersonation`. `R` is the request of the framework, or its context. */
export interface ImpersonationOptionsOf<R> extends Omit<ImpersonateRequestOptions, 'attributes'> {
  /** The attributes of a request, for `mode: 'constrained'`. Default: from Kubernetes-style paths. */
  readonly attributes?: (request: R) => RequestAttributes
  /** The caller of a request. Default: the authenticated user. */
  readonly user?: (request: R) => UserInfo | undefined
}

/** The checks of an adapter's `impersonation`, which also handles refusals. */
export const impersonationShape: OptionsShape<ImpersonationOptionsOf<never>> & { readonly onFailure: Check } =
  {
    ...impersonateRequestShape,
    user: aFunction,
    onFailure: aFunction,
  }

/**
 * The decision of an adapter's `impersonation`: sets the user of a request, or returns the error to refuse it with.
 *
 * @throws {ConfigurationError} if there is no authorizer, or an option is invalid.
 */
export function impersonationOf<R>(
  users: Users<R>,
  authorizer: Authorizer,
  options: ImpersonationOptionsOf<R> & { readonly onFailure?: unknown },
): (
  request: R,
  context: AuthorizeRequestContext,
  changeHeaders: (request: R, changes: HeaderChanges) => void,
) => Awaitable<StatusError | undefined> {
  checkAuthorizerOptions(authorizer, impersonationShape, options)
  const { attributes, user, onFailure: _adapterOnly, ...rest } = options
  const impersonate = impersonateRequest(authorizer, rest)

  return (received, context, changeHeaders) => {
    const { request, held } = users.stateOf(received)
    const caller = users.authenticationOf(received) ?? held?.caller
    if (user === undefined && caller === undefined && held === undefined)
      advise(options.log, 'KUBE_AUTHN_NO_USER')
    const requester = user === undefined ? caller?.user : asCaller(users, received, () => user(received))
    if (caller?.revocation !== undefined) Object.assign(context, { revocation: caller.revocation })
    if (attributes !== undefined) Object.assign(context, { attributes: () => attributes(received) })
    return andThen(impersonate(request, requester, context), (outcome) => {
      // First: if it fails, the request keeps its user, or stays held.
      changeHeaders(received, outcome.headerChanges)
      return conclude(users, received, caller, outcome)
    })
  }
}

/** @param further problems of other arguments. @throws {ConfigurationError} if there is no authorizer, or an option is invalid. */
export function checkAuthorizerOptions(
  authorizer: Authorizer,
  shape: AnyShape,
  options: { readonly prefix?: string },
  further: readonly ConfigurationProblem[] = [],
): void {
  refuseProblems(
    anAuthorizer(authorizer, 'authorizer'),
    further,
    optionProblems(shape, options),
    prefixProblems(options),
  )
}

function conclude<R>(
  users: Users<R>,
  received: R,
  caller: Authentication | undefined,
  outcome: ImpersonationOutcome,
): StatusError | undefined {
  if ('failure' in outcome) {
    users.hold(received, { failure: outcome.failure })
    return outcome.failure
  }
  const { held } = users.stateOf(received)
  if (outcome.requester !== undefined && outcome.user !== undefined) {
    const { user, requester, revocation = caller?.revocation } = outcome
    users.setAuthentication(received, {
      ...caller,
      user,
      requester,
      ...(revocation !== undefined && { revocation }),
    })
  } else if (held?.caller !== undefined) users.setAuthentication(received, held.caller)
  return undefined
}

/** Calls a function of the app, for which the user of a held request is the caller. */
function asCaller<R, T>(users: Users<R>, received: R, ask: () => T): T {
  const { held } = users.stateOf(received)
  if (held?.caller === undefined) return ask()
  users.setAuthentication(received, held.caller)
  try {
    return ask()
  } finally {
    users.hold(received, held)
  }
}
