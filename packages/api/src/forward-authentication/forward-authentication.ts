import type { Authenticator, AuthenticationRequest } from '@kube-authn/core'
import {
  type HttpAnswer,
  StatusError,
  authorizeRequest,
  authenticateRequest,
  type AuthenticateRequestOptions,
  aNonEmptyString,
  impersonateRequest,
  listOf,
  oneOf,
  type OptionsShape,
} from '@kube-authn/core/adapter'
import type { Authorizer } from '@kube-authn/core/authorization'
import {
  anAuthorizer,
  authenticateRequestShape,
  defined,
  must,
  isStatusError,
  type AuthorizeRequestContext,
  unauthorizedFor,
  aRequestAuthenticator,
  optionProblems,
  refuseProblems,
  without,
} from '@kube-authn/core/internal'
import { authenticatedAnswer, type Told } from './authenticated-answer.ts'
import { withLogin } from './login-redirect.ts'
import { afterPrefix, fromHeaders, OriginalRequest, type ReadOriginal } from './original-request.ts'

/** Options of {@link forwardAuthentication}. */
export interface ForwardAuthenticationOptions extends Omit<
  AuthenticateRequestOptions,
  'closeUnauthenticatedHttp2' | 'impersonationHeaders'
> {
  /**
   * Where the proxy says what it was asked for. It must set these headers itself, whatever the client sent.
   *
   * - `x-forwarded` (default): `X-Forwarded-Method` and `X-Forwarded-Uri`. Traefik and Caddy send them.
   * - `x-original`: `X-Original-Method` and `X-Original-URI`, for nginx, which understands no redirect: a login is a 401 with a `Location`.
   * - `path`: the request itself, with `pathPrefix` before its path. Envoy sends it.
   */
  readonly original?: 'x-forwarded' | 'x-original' | 'path'
  /** What the proxy puts before the path, for `original: 'path'`. Default `/authenticate`. */
  readonly pathPrefix?: string
  /** Whether the user may make the request, by its method and Kubernetes-style path. Default: every user may. */
  readonly authorizer?: Authorizer
  /** Whether the user may act as another one by `Impersonate-*` headers. Default: a request with such headers is a 403. */
  readonly impersonation?: Authorizer
  /** Where a browser without a user is sent: a path of the same host, or an absolute URL. Default: it gets the 401. */
  readonly loginUrl?: string
  /** The parameter of `loginUrl` with the path and query to come back to. Default `returnTo`. */
  readonly returnParameter?: string
  /**
   * How many groups are also sent as `X-Remote-Group-1`, `X-Remote-Group-2` and so on, for proxies that cannot copy repeated headers, as nginx. A user with more
   * groups is a 403. Default 0: none are.
   */
  readonly maxNumberedGroups?: number
  /**
   * The keys of `extra` that the proxy hands on, for proxies that copy headers by their names. A user with another one, or with several values of one, is a 403: it may limit what the
   * user may do. Keys of Kubernetes (`authentication.kubernetes.io/...`) of the user's own credential are left out silently. Default: all, or none with `maxNumberedGroups`.
   */
  readonly extraKeys?: readonly string[]
}

const shape: OptionsShape<ForwardAuthenticationOptions> = {
  ...without(authenticateRequestShape, 'closeUnauthenticatedHttp2', 'impersonationHeaders'),
  original: oneOf('x-forwarded', 'x-original', 'path'),
  pathPrefix: must(
    "must be a path without a slash at its end, such as '/authenticate'",
    (value) => typeof value === 'string' && /^(?:\/[\w.~-]+)+$/.test(value),
  ),
  authorizer: anAuthorizer,
  impersonation: anAuthorizer,
  loginUrl: must(
    'must be a path, or an absolute https URL, without a fragment',
    (value) => typeof value === 'string' && isLoginUrl(value),
  ),
  returnParameter: must(
    'must consist of letters, digits, "-" and "_"',
    (value) => typeof value === 'string' && /^[\w-]+$/.test(value),
  ),
  extraKeys: listOf(aNonEmptyString),
  maxNumberedGroups: must(
    'must be a whole number from 0 to 256',
    (value) => typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= 256,
  ),
}

const URL_CHARACTERS = /^[\w!$%&'()*+,./:;=?@~-]+$/

function isLoginUrl(value: string): boolean {
  if (!URL_CHARACTERS.test(value)) return false
  if (value.startsWith('/')) return !value.startsWith('//')
  return value.startsWith('https://') && URL.canParse(value)
}

/** Answers the request that a proxy makes for each request of a client. It never rejects. */
export type ForwardAuthentication = (
  request: AuthenticationRequest,
  context?: Pick<AuthorizeRequestContext, 'signal'>,
) => Promise<HttpAnswer>

const READERS: Readonly<Record<'x-forwarded' | 'x-original', ReadOriginal>> = {
  'x-forwarded': fromHeaders('x-forwarded-method', 'x-forwarded-uri'),
  'x-original': fromHeaders('x-original-method', 'x-original-uri'),
}

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
  refuseProblems(aRequestAuthenticator(authenticator, 'authenticator'), optionProblems(shape, options))
  const {
    original = 'x-forwarded',
    pathPrefix = '/authenticate',
    authorizer,
    impersonation,
    loginUrl,
    returnParameter = 'returnTo',
    maxNumberedGroups = 0,
    extraKeys = maxNumberedGroups > 0 ? [] : undefined,
    ...ofAuthentication
  } = options
  const { observer, log = authenticator.log } = options
  const telling = defined({ observer, log })
  const authenticate = authenticateRequest(authenticator, ofAuthentication)
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
    if (known.isAnonymous && !admitsAnonymous) {
      const noUser = { status: 401, reason: 'Unauthorized', message: 'Unauthorized' } as const
      return unauthorizedFor(request)?.() ?? new StatusError(noUser)
    }
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
      told = { user: acting.user ?? told.user, isImpersonated: acting.requester !== undefined }
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
