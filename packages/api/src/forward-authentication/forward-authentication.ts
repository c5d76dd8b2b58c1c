import type { Authenticator, AuthenticationRequest } from '@kube-authn/core'
import {
  type HttpAnswer,
  StatusError,
  authorizeRequest,
  authenticateRequest,
  impersonateRequest,
} from '@kube-authn/core/adapter'
import {
  isStatusError,
  type AuthorizeRequestContext,
  unauthorizedFor,
  aRequestAuthenticator,
  optionProblems,
  refuseProblems,
  without,
} from '@kube-authn/core/internal'
import { authenticatedAnswer, type Told } from './authenticated-answer.ts'
import {
  type ForwardAuthenticationOptions,
  forwardAuthenticationShape,
} from './forward-authentication-options.ts'
import { withLogin } from './login-redirect.ts'
import { afterPrefix, fromHeaders, OriginalRequest, type ReadOriginal } from './original-request.ts'

/** Answers the request that a proxy makes for each request of a client. It never rejects. */
export type ForwardAuthentication = (
  request: AuthenticationRequest,
  context?: Pick<AuthorizeRequestContext, 'signal'>,
) => Promise<HttpAnswer>

const READERS: Readonly<Record<'x-forwarded' | 'x-original', ReadOriginal>> = {
  'x-forwarded': fromHeaders('x-forwarded-method', 'x-forwarded-uri'),
  'x-original': fromHeaders('x-original-method', 'x-original-uri'),
}

function noUser(): StatusError {
  return new StatusError({ status: 401, reason: 'Unauthorized', message: 'Unauthorized' })
}

const OWN = [
  'original',
  'pathPrefix',
  'authorizer',
  'impersonation',
  'loginUrl',
  'returnParameter',
  'maxNumberedGroups',
  'extraKeys',
] as const

/**
 * Decides for a proxy about the requests of its clients: nginx (`auth_request`), Traefik, Caddy (`forward_auth`), HAProxy and Envoy (`ext_authz`). The answer is 200 with the
 * headers of an authenticating proxy (`X-Remote-User`, `X-Remote-Group`, ...), which the proxy hands on instead of those that the client sent; or the 401 or 403 for the
 * client, or the way to a login.
 *
 * A request without a credential is a 401, also where the authenticator calls it anonymous, unless there is an authorizer, which decides then, or the option `optional`.
 *
 * The credential of the client must reach it. Client certificates do not: TLS ends at the proxy.
 *
 * @throws {ConfigurationError} if an option is invalid.
 */
export function forwardAuthentication(
  authenticator: Authenticator,
  options: ForwardAuthenticationOptions = {},
): ForwardAuthentication {
  refuseProblems(
    aRequestAuthenticator(authenticator, 'authenticator'),
    optionProblems(forwardAuthenticationShape, options),
  )
  const {
    original = 'x-forwarded',
    pathPrefix = '/authenticate',
    authorizer,
    impersonation,
    loginUrl,
    returnParameter = 'returnTo',
    maxNumberedGroups = 0,
    extraKeys = maxNumberedGroups > 0 ? [] : undefined,
    observer,
    log = authenticator.log,
  } = options
  const telling = { ...(observer !== undefined && { observer }), ...(log !== undefined && { log }) }
  const authenticate = authenticateRequest(authenticator, without(options, ...OWN))
  const impersonate = impersonation && impersonateRequest(impersonation, telling)
  const authorize = authorizer && authorizeRequest(authorizer, telling)
  const readOriginal = original === 'path' ? afterPrefix(pathPrefix) : READERS[original]
  const admitsAnonymous = authorize !== undefined || options.optional === true
  const login =
    loginUrl === undefined
      ? undefined
      : { loginUrl, returnParameter, status: original === 'x-original' ? 401 : 302 }

  /** @returns the user, or the refusal. */
  const decide = async (
    request: OriginalRequest,
    context: Pick<AuthorizeRequestContext, 'signal'>,
  ): Promise<Told | StatusError> => {
    const known = await authenticate(request, {
      impersonates: impersonate !== undefined,
      // Not a copy of the context, which would lose or call the getter of an adapter's.
      get signal() {
        return context.signal
      },
    })
    if ('failure' in known) return known.failure
    // Conditions for anonymous requests, as for `/healthz`, mean paths of the server itself, not those of the app behind the proxy.
    if (known.isAnonymous && !admitsAnonymous) return unauthorizedFor(request)?.() ?? noUser()
    let told: Told = { user: known.authentication.user, isImpersonated: false }
    if (impersonate !== undefined) {
      const { revocation } = known.authentication
      const acting = await impersonate(request, told.user, {
        revocation,
        get signal() {
          return context.signal
        },
      })
      if ('failure' in acting) return acting.failure
      if (acting.user !== undefined) told = { user: acting.user, isImpersonated: true }
    }
    const allowed = await authorize?.(request, told.user, context)
    return allowed !== undefined && 'failure' in allowed ? allowed.failure : told
  }

  return async function answer(received, context = {}) {
    if (received.refusal !== undefined) return received.refusal
    try {
      const target = readOriginal(received)
      const decided = await decide(new OriginalRequest(received, target), context)
      if (!isStatusError(decided)) return authenticatedAnswer(decided, { maxNumberedGroups, extraKeys })
      return login === undefined ? decided : withLogin(decided, received, target, login)
    } catch (error) {
      if (isStatusError(error)) return error
      return new StatusError({
        status: 500,
        reason: 'InternalError',
        message: 'Internal error',
        cause: error,
      })
    }
  }
}
