import type { Clock, ConfigurationProblem, Log, TokenAuthenticator } from '@kube-authn/core'
import {
  aBoolean,
  above,
  aFunction,
  aNonEmptyString,
  type OptionsShape,
  required,
} from '@kube-authn/core/adapter'
import {
  aClock,
  aLog,
  atLeast,
  aTokenAuthenticator,
  must,
  nested,
  neverUnset,
  nonEmptyListOf,
  optionProblems,
  withMethods,
} from '@kube-authn/core/internal'
import type { Revocations } from '@kube-authn/core/revocation'
import { callbackPath, DEFAULT_PATHS, type LoginPaths, pathProblems, pathsShape } from './paths.ts'
import type { LoginFetch } from './provider/bounded-fetch.ts'
import { CLAIM_OPTIONS, type LoginProvider, providerShape } from './provider/options.ts'
import { DEFAULT_NAME } from './provider/provider.ts'
import type { IdTokenRevocations } from './sessions/revoked-id-tokens.ts'
import type { SessionKeeper } from './sessions/session-keeper.ts'
import { someSessionKeys } from './sessions/session-keys.ts'

/** The revocations of a login, such as `revocationList()`. */
export interface LoginRevocations extends Revocations, IdTokenRevocations {}

/** Options of `webLogin`: those of its only provider, or `providers`. */
export interface WebLoginOptions extends Partial<LoginProvider> {
  /** The providers that people choose from. Each needs a name. Default: the one of the other options. */
  readonly providers?: readonly LoginProvider[]
  /** The origin of the app as browsers see it: `https://app.example.com`, or `http://localhost:3000` for development. */
  readonly publicUrl: string
  /**
   * The token authenticators of the chain, which also verify the id tokens of sessions. The client id must be one of their audiences. Default: `oidc(...)` for each provider, with
   * its options of claims.
   */
  readonly tokens?: readonly TokenAuthenticator[]
  /**
   * Where sessions are kept: `cookieSessions(...)` or `storedSessions(...)`. Default: cookies that are sealed with `keys`, for `publicUrl` only.
   */
  readonly sessions?: SessionKeeper
  /**
   * Revocations that the chain asks about every request. Default: a list in memory, in which the default of `sessions` revokes sessions that end and their id tokens. With
   * `sessions`: none.
   */
  readonly revocations?: LoginRevocations
  /**
   * Keys of 32 random bytes in base64, as of `openssl rand -base64 32`, for the cookies of logins in progress and of the default of `sessions`. The first one seals, all of them
   * unseal. They may be those of `cookieSessions`.
   */
  readonly keys: readonly string[]
  /** The paths of the login, where the defaults are taken. */
  readonly routes?: LoginPaths
  /** The title of the page where people choose. Default `Log in`. */
  readonly title?: string
  /** How long before the end of an id token a new one is fetched. Default 60. */
  readonly refreshBeforeSeconds?: number
  /**
   * Whether a logout sends the id token to the provider, as `id_token_hint` of a URL that is in the history of the browser and in logs; without it, many providers ask people whether to log out.
   * Default: if the sessions revoke it, as they do by default, or it has expired, since the chain accepts it as a bearer token otherwise.
   */
  readonly idTokenHint?: boolean
  /** Whether unsafe requests need a CSRF token besides. Default `false`: the origin of a request is enough for browsers of today. */
  readonly requireCsrfToken?: boolean
  /** The time limit of each call of a provider. Default 10. */
  readonly timeoutSeconds?: number
  /** Calls the providers, such as `createFetch({ caFile })` of `@kube-authn/node`. Default: the `fetch` of the runtime. */
  readonly fetch?: LoginFetch
  /** Where failed logins are logged: a logger, a function, or `false`. Default: the console. */
  readonly log?: Log
  /** Default: the runtime's clock. */
  readonly clock?: Clock
}

const aKeeper = withMethods(
  'cookieSessions(...) or storedSessions(...)',
  'begin',
  'find',
  'refresh',
  'end',
  'endWhere',
  'useOnce',
  'watch',
)

const shape: OptionsShape<WebLoginOptions> = {
  ...providerShape,
  issuer: (value, path) => providerShape.issuer(value, path),
  clientId: (value, path) => providerShape.clientId(value, path),
  providers: nonEmptyListOf(nested(providerShape)),
  publicUrl: required(
    must('must be an origin, such as https://app.example.com; http is for localhost only', isPublicOrigin),
  ),
  tokens: nonEmptyListOf(aTokenAuthenticator),
  sessions: aKeeper,
  revocations: neverUnset(
    withMethods(
      'revocations with the methods isRevoked and set, such as revocationList()',
      'isRevoked',
      'set',
    ),
  ),
  keys: required(someSessionKeys),
  routes: nested(pathsShape),
  title: aNonEmptyString,
  refreshBeforeSeconds: atLeast(0, 3600),
  idTokenHint: aBoolean,
  requireCsrfToken: aBoolean,
  timeoutSeconds: above(0, 30),
  fetch: aFunction,
  log: aLog,
  clock: aClock,
}

function isPublicOrigin(value: unknown): boolean {
  if (typeof value !== 'string' || !URL.canParse(value)) return false
  const { origin, protocol, hostname } = new URL(value)
  const isLocal = /^(?:localhost|127(?:\.\d+){3}|\[::1\])$/.test(hostname)
  return (
    origin === value && !value.includes('*') && (protocol === 'https:' || (protocol === 'http:' && isLocal))
  )
}

export function webLoginProblems(options: unknown): readonly ConfigurationProblem[] {
  const problems = optionProblems(shape, options)
  if (problems.length > 0 || !isOptions(options)) return problems
  return [
    ...providerOptionProblems(options),
    ...claimOptionProblems(options),
    ...loginProviders(options).flatMap((each, index) => clientProblems(each, prefixOf(options, index))),
    ...sameProblems(loginProviders(options)),
    ...routeProblems(options),
  ]
}

function routeProblems(options: WebLoginOptions): readonly ConfigurationProblem[] {
  const { routes = {} } = options
  const { callback = DEFAULT_PATHS.callback } = routes
  return pathProblems(routes, [
    callback,
    ...loginProviders(options).map(({ name = DEFAULT_NAME }) => callbackPath(callback, name)),
  ])
}

function isOptions(options: unknown): options is WebLoginOptions {
  return typeof options === 'object' && options !== null
}

const OF_PROVIDER = Object.keys(providerShape).filter((name) => name !== 'fetch')

function providerOptionProblems(options: WebLoginOptions): readonly ConfigurationProblem[] {
  const { providers, issuer, clientId } = options
  if (providers === undefined) {
    return [
      ...(issuer === undefined ? [{ path: 'issuer', message: 'is required' }] : []),
      ...(clientId === undefined ? [{ path: 'clientId', message: 'is required' }] : []),
    ]
  }
  const given = new Map<string, unknown>(Object.entries(options))
  return OF_PROVIDER.filter((name) => given.get(name) !== undefined).map((path) => ({
    path,
    message: 'must be set in providers',
  }))
}

/** The options of claims are for the default of `tokens`. */
function claimOptionProblems(options: WebLoginOptions): readonly ConfigurationProblem[] {
  if (options.tokens === undefined) return []
  return loginProviders(options).flatMap((provider, index) => {
    const given = new Map<string, unknown>(Object.entries(provider))
    const prefix = prefixOf(options, index)
    return CLAIM_OPTIONS.filter((name) => given.get(name) !== undefined).map((name) => ({
      path: prefix + name,
      message: 'cannot be set together with tokens',
    }))
  })
}

/** Where the options of a provider are. */
function prefixOf({ providers }: WebLoginOptions, index: number): string {
  return providers === undefined ? '' : `providers[${index}].`
}

function clientProblems(provider: LoginProvider, at: string): readonly ConfigurationProblem[] {
  const { clientAuthentication, clientSecret, clientAssertion } = provider
  if (clientAssertion !== undefined && clientSecret !== undefined) {
    return [{ path: `${at}clientAssertion`, message: 'cannot be set together with clientSecret' }]
  }
  if (clientAuthentication === undefined || clientSecret !== undefined) return []
  return [{ path: `${at}clientAuthentication`, message: 'is for clientSecret only' }]
}

function sameProblems(providers: readonly LoginProvider[]): readonly ConfigurationProblem[] {
  if (providers.length < 2) return []
  const names = providers.flatMap(({ name }) => name ?? [])
  const missing = providers.flatMap(({ name }, index) =>
    name === undefined ? [{ path: `providers[${index}].name`, message: 'is required' }] : [],
  )
  return [
    ...missing,
    ...(new Set(names).size === names.length
      ? []
      : [{ path: 'providers', message: 'must have different names' }]),
    ...(new Set(providers.map(({ issuer }) => issuer)).size === providers.length
      ? []
      : [{ path: 'providers', message: 'must have different issuers' }]),
  ]
}

export function loginProviders(options: WebLoginOptions): readonly LoginProvider[] {
  const { providers, issuer, clientId } = options
  if (providers !== undefined) return providers
  return issuer === undefined || clientId === undefined ? [] : [{ ...options, issuer, clientId }]
}
