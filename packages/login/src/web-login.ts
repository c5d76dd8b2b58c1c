import {
  type AuthenticationRequest,
  type Authenticator,
  authenticatorChain,
  type Awaitable,
  type TokenAuthenticator,
  union,
} from '@kube-authn/core'
import {
  fetchBody,
  fetchRequest,
  type HttpAnswer,
  responseOf,
  type StatusError,
} from '@kube-authn/core/adapter'
import {
  defined,
  isAuthenticationError,
  logFailure,
  type ReadBody,
  refuseProblems,
  replaceProblems,
  systemClock,
} from '@kube-authn/core/internal'
import { oidc } from '@kube-authn/core/oidc'
import { revocationList, type Revocations, unlessRevoked } from '@kube-authn/core/revocation'
import { crossSiteRequests } from './csrf/cross-site-requests.ts'
import { LoginFailure } from './login-failure.ts'
import { loginProviders, type WebLoginOptions, webLoginProblems } from './options.ts'
import { callbackPath, DEFAULT_PATHS } from './paths.ts'
import { getFetch } from './provider/bounded-fetch.ts'
import { logoutTokens } from './provider/logout-token.ts'
import { DEFAULT_NAME, openProvider, type Provider } from './provider/provider.ts'
import { isNavigation, loginRequired, type RefusedRequest } from './require-login.ts'
import { loginRoutes } from './routes/routes.ts'
import type { LoginParts } from './routes/route.ts'
import { sessionRenewal } from './session/renewal.ts'
import { sessionAuthenticator } from './session/session-authenticator.ts'
import { BOUND_ELSEWHERE, cookieHeader, requestSession } from './session/request-session.ts'
import { cookieSessions } from './sessions/cookie-sessions.ts'
import type { SessionKeeper } from './sessions/session-keeper.ts'
import { transactions } from './transactions.ts'
import { wiringMistake } from './wiring.ts'

/** The step before an app handles a request: respond, or set cookies in the response of the app. */
export type BeforeApp =
  | { readonly answer: HttpAnswer }
  | {
      /** Values of `Set-Cookie`, mostly none. */
      readonly setCookies: readonly string[]
    }

/** A login in a browser. */
export interface WebLogin {
  /** The chain with sessions and bearer tokens, for `authentication`. Build one with {@link WebLogin.authenticator} and {@link WebLogin.tokens} for more. */
  readonly chain: Authenticator
  /** Authenticates sessions: an authenticator for `requests` of `authenticatorChain`. */
  readonly authenticator: Authenticator
  /** The token authenticators that verify id tokens. */
  readonly tokens: readonly TokenAuthenticator[]
  /** Where sessions are kept: to end them, as `sessions.endWhere({ username })` does. */
  readonly sessions: SessionKeeper
  /**
   * Responds to a request for a route of the login: `/login`, `/login/callback`, `/logout` and those below. Resolves to `undefined` for all others.
   *
   * Sessions are renewed by the middlewares, or by {@link WebLogin.before}.
   */
  handle(request: Request): Promise<Response | undefined>
  /** For adapters: what {@link WebLogin.handle} does, and the renewal of the session of any other request. It comes before `authentication`. */
  before(request: AuthenticationRequest, readBody: ReadBody): Awaitable<BeforeApp>
  /**
   * For adapters: the response to a refused request. A browser that opens a page is sent to the login, and comes back afterwards; a script gets the refusal
   * with `loginUrl` in its JSON. A mistake that would send it to the login for ever is a 500 that says what to change.
   */
  refuse(error: StatusError, request: RefusedRequest): Promise<HttpAnswer>
  /** For the log of adapters: whether {@link WebLogin.refuse} sends a refused request to the login, if this authenticator refused it with 401. */
  sendsToLogin(this: void, request: RefusedRequest, authenticator: Authenticator): boolean
}

/**
 * Login in a browser by OpenID Connect: the authorization code flow with PKCE. Tokens stay at the server, and the user of a session is the same as that of
 * its id token sent as a bearer token, since the same authenticators verify it.
 *
 * Nothing is sent to a provider before the first login.
 *
 * Source: OpenID Connect Core 1.0, RFC 9700, OpenID Connect RP-Initiated Logout, Front-Channel Logout and Back-Channel Logout 1.0.
 *
 * @throws {ConfigurationError} with every problem of the options.
 * @example
 * const login = webLogin({ issuer, clientId, clientSecret, publicUrl: 'https://app.example.com', keys, usernameClaim: 'email' })
 * app.use(loginRoutes(login)).use(authentication(login.chain, { onFailure: requireLogin(login) }))
 */
export function webLogin(options: WebLoginOptions): WebLogin {
  refuseProblems(webLoginProblems(options))
  const { refreshBeforeSeconds = 60, log } = options
  const providers = openProviders(options)
  const { tokens = defaultTokens([...providers.values()], options) } = options
  const { sessions, revocations } = keptSessions(options)
  const parts = loginParts(options, { providers, sessions, tokens: union<TokenAuthenticator>(...tokens) })
  const { origin, paths } = parts
  const routes = loginRoutes(parts)
  const logged = (failure: LoginFailure): void =>
    logFailure(log, { what: 'login', cause: failure, code: 'session', level: logLevel(failure) })
  const { renew, isRefused } = sessionRenewal(parts, refreshBeforeSeconds, logged)
  const authenticator = sessionAuthenticator(parts, isRefused)
  const chain = authenticatorChain({ requests: [authenticator], tokens })

  const renewedCookies = async (request: AuthenticationRequest): Promise<readonly string[]> => {
    try {
      const session = await requestSession(sessions, request)
      return session === undefined || session === BOUND_ELSEWHERE ? [] : await renew(session)
    } catch (error) {
      // The authenticator will say the same.
      if (!isAuthenticationError(error)) throw error
      logged(new LoginFailure('unavailable', error.message))
      return []
    }
  }

  const before = (request: AuthenticationRequest, readBody: ReadBody): Awaitable<BeforeApp> => {
    const answer = routes.answer(request, readBody)
    if (answer !== undefined) return answer.then((given) => ({ answer: given }))
    if (request.refusal !== undefined) return NOTHING
    const cookies = cookieHeader(request)
    const mayHaveSession = sessions.cookieNames.some((name) => cookies.includes(name))
    return mayHaveSession ? renewedCookies(request).then((setCookies) => ({ setCookies })) : NOTHING
  }

  return {
    chain: revocations === undefined ? chain : unlessRevoked(revocations, chain),
    authenticator,
    tokens,
    sessions,
    before,
    async handle(request) {
      const answer = await routes.answer(fetchRequest(request), fetchBody(request))
      return answer === undefined ? undefined : responseOf(answer)
    },
    sendsToLogin: (request, { credentials }) =>
      isNavigation(request) &&
      !routes.paths.has(request.path) &&
      authenticator.credentials?.identityHeaders?.every((own) =>
        credentials?.identityHeaders?.includes(own),
      ) === true,
    async refuse(error, request) {
      const mistake = await wiringMistake(error, request, parts, routes.paths)
      if (mistake === undefined) return loginRequired(error, request, { origin, loginPath: paths.login })
      const { method, path } = request
      const { status } = mistake
      logFailure(log, { what: 'login', cause: mistake, code: 'login', request: { method, path, status } })
      return mistake
    },
  }
}

const NOTHING: BeforeApp = Object.freeze({ setCookies: [] })

function openProviders(options: WebLoginOptions): ReadonlyMap<string, Provider> {
  const { publicUrl, routes, clock = systemClock, timeoutSeconds = 10 } = options
  // Looked up on each call, so that a replaced global fetch is used.
  const { fetch = (url, init) => globalThis.fetch(url, init) } = options
  const { callback } = { ...DEFAULT_PATHS, ...routes }
  return new Map(
    loginProviders(options).map((provider) => {
      const { name = DEFAULT_NAME } = provider
      const redirectUri = publicUrl + callbackPath(callback, name)
      return [name, openProvider(provider, { redirectUri, fetch, clock, timeoutSeconds })] as const
    }),
  )
}

/**
 * The default of `tokens`: an `oidc(...)` for each provider, with the client id as its audience. Discovery begins with the first token.
 *
 * @throws {ConfigurationError} with the paths of the login's options.
 */
function defaultTokens(
  providers: readonly Provider[],
  { providers: several }: Pick<WebLoginOptions, 'providers'>,
): readonly TokenAuthenticator[] {
  return providers.map(({ options, fetch, clock, timeoutSeconds }, index) => {
    const { issuer, clientId, signingAlgorithms } = options
    const { usernameClaim, usernamePrefix, groupsClaim, groupsPrefix, requiredClaims } = options
    const words = { usernameClaim, usernamePrefix, groupsClaim, groupsPrefix, requiredClaims }
    const make = (): ReturnType<typeof oidc> =>
      oidc({
        issuer,
        audience: clientId,
        fetch: getFetch(fetch),
        clock,
        timeoutSeconds,
        discoverAtOnce: false,
        ...defined({ signingAlgorithms, ...words }),
      })
    if (several === undefined) return make()
    return replaceProblems(({ path, message }) => ({ path: `providers[${index}].${path}`, message }), make)
  })
}

/**
 * Where sessions are kept, and what the chain asks for revocations. The default of `sessions`: sealed cookies of this origin. A session that ends is revoked with its id token, which the chain would accept as a bearer token
 * otherwise.
 */
function keptSessions(options: WebLoginOptions): {
  readonly sessions: SessionKeeper
  readonly revocations: Revocations | undefined
} {
  const { keys, publicUrl, clock, sessions } = options
  if (sessions !== undefined) return { sessions, revocations: options.revocations }
  const { revocations = revocationList(defined({ clock })) } = options
  return {
    sessions: cookieSessions({
      keys,
      application: publicUrl,
      allowInsecureHttp: new URL(publicUrl).protocol === 'http:',
      ended: revocations,
      revocations,
      ...defined({ clock }),
    }),
    revocations,
  }
}

function loginParts(
  options: WebLoginOptions,
  opened: Pick<LoginParts, 'providers' | 'sessions' | 'tokens'>,
): LoginParts {
  const { publicUrl: origin, keys, title = 'Log in', clock = systemClock, idTokenHint, log } = options
  const { requireCsrfToken: requireToken = false } = options
  const { providers, sessions } = opened
  return {
    ...opened,
    origin,
    title,
    paths: { ...DEFAULT_PATHS, ...options.routes },
    logoutTokens: new Map([...providers].map(([name, provider]) => [name, logoutTokens(provider)] as const)),
    transactions: transactions({ keys, origin, clock, sessions }),
    idTokenHint,
    clock,
    crossSiteRefusal: crossSiteRequests([origin], requireToken),
    report: (failure, { method, path }, status) =>
      logFailure(log, {
        what: 'login',
        cause: failure,
        code: 'login',
        level: logLevel(failure),
        request: { method, path, status },
      }),
  }
}

function logLevel({ kind }: LoginFailure): 'warn' | 'error' {
  return kind === 'badAnswer' || kind === 'unavailable' ? 'error' : 'warn'
}
