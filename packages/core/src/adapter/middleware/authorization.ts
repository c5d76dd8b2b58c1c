import type { StatusError } from '../../authenticator/status.ts'
import type { UserInfo } from '../../authenticator/user.ts'
import type { RequestAttributes } from '../../authorization/attributes.ts'
import {
  type AuthorizeRequestContext,
  type AuthorizeRequestOptions,
  authorizeRequest,
  authorizeRequestShape,
} from '../../authorization/authorize-request.ts'
import type { Authorizer } from '../../authorization/authorizer.ts'
import { prefixProblems } from '../../authorization/path-prefix.ts'
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

/** Options of an adapter's `authorization`. `R` is the request of the framework, or its context. */
export interface AuthorizationOptionsOf<R> extends Omit<AuthorizeRequestOptions, 'attributes'> {
  /** The attributes of a request. Default: from Kubernetes-style paths; any other path is a non-resource path. */
  readonly attributes?: (request: R) => RequestAttributes
  /** The user of a request. Default: the authenticated user, or the user that it impersonates. */
  readonly user?: (request: R) => UserInfo | undefined
}

/** The checks of an adapter's `authorization`, which also handles refusals. */
export const authorizationShape: OptionsShape<AuthorizationOptionsOf<never>> & { readonly onFailure: Check } =
  {
    ...authorizeRequestShape,
    user: aFunction,
    onFailure: aFunction,
  }

/**
 * The decision of an adapter's `authorization`: returns the error to refuse a request with, if it is not allowed.
 *
 * @throws {ConfigurationError} if there is no authorizer, or an option is invalid.
 */
export function authorizationOf<R>(
  users: Pick<Users<R>, 'stateOf' | 'authenticationOf'>,
  authorizer: Authorizer,
  shape: AnyShape,
  options: AuthorizationOptionsOf<R> & { readonly onFailure?: unknown },
): (request: R, context: AuthorizeRequestContext) => Awaitable<StatusError | undefined> {
  refuseProblems(
    anAuthorizer(authorizer, 'authorizer'),
    optionProblems(shape, options),
    prefixProblems(options),
  )
  const { attributes, user, onFailure: _adapterOnly, ...rest } = options
  const authorize = authorizeRequest(authorizer, rest)

  return (received, context) => {
    const { request, held } = users.stateOf(received)
    if (held !== undefined) return held.failure
    if (attributes !== undefined) Object.assign(context, { attributes: () => attributes(received) })
    const subject = user === undefined ? users.authenticationOf(received)?.user : user(received)
    return andThen(authorize(request, subject, context), (outcome) =>
      'failure' in outcome ? outcome.failure : undefined,
    )
  }
}
