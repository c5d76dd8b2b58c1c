import type {
  AuthenticationRequest,
  Authenticator,
  Awaitable,
  Clock,
  ConfigurationProblem,
  Log,
  Observer,
} from '@kube-authn/core'
import {
  aBoolean,
  above,
  aFunction,
  type HttpAnswer,
  listOf,
  oneOf,
  type OptionsShape,
  required,
  type StatusError,
} from '@kube-authn/core/adapter'
import {
  aClock,
  aRequestAuthenticator,
  memberOf,
  must,
  untilExpiryShape,
  without,
} from '@kube-authn/core/internal'
import type { Endpoint } from '@kube-authn/node'
import { type DecideRequestOptions, decideRequestShape } from '@kube-authn/node/internal'
import { type ActingOptions, actingShape } from './acting-user.ts'
import { canPass } from './headers/response-headers.ts'
import type { NodeMessage } from './node-types.ts'

/** The server that requests are made to, for a user: the options that {@link impersonatingProxy} and `clusterClient` share. */
export interface UpstreamOptions extends ActingOptions {
  /** The API server and the credentials of the proxy: `readKubeconfig(...)`, `inClusterEndpoint()`, or an endpoint of your own. Its files are reloaded. */
  readonly upstream: Endpoint
  /**
   * The bearer token of the proxy, asked for before each request, instead of the credential of `upstream`. After the upstream answered 401, the next call gets the token
   * that was refused, so that a cached one can be replaced.
   */
  readonly credentials?: (refused?: string) => Awaitable<string>
  /** `impersonate`: requests have the credential of the proxy, and the user in `Impersonate-*` headers. `token`: they have the user's own token, and the proxy needs no rights. Default `impersonate`. */
  readonly mode?: 'impersonate' | 'token'
  /** How long connecting to the upstream may take, with TLS. Default 10. */
  readonly connectTimeoutSeconds?: number
  /** How long the upstream may take to answer, from the end of the request to the head of the response. Default 90. */
  readonly responseTimeoutSeconds?: number
  /** How long a watch, a stream or an upgrade may last at most, also if the credential never expires. Default: no limit. */
  readonly maxConnectionSeconds?: number
  /** Also allow an `http` upstream, which gets no credential: a tunnel, or `kubectl proxy`. Default `false`. */
  readonly allowInsecureHttp?: boolean
  /** Default: the runtime's clock. */
  readonly clock?: Clock
}

/** Options of {@link impersonatingProxy}: how it decides about requests and upgrades, and how it forwards them. */
export interface ImpersonatingProxyOptions
  extends
    Omit<DecideRequestOptions<NodeMessage>, 'optional' | 'impersonationHeaders' | 'attributes'>,
    UpstreamOptions {
  /** Authenticates the users, of requests and upgrades alike. */
  readonly authenticator: Authenticator
  /** The bearer token of the user who makes a request, for `mode: 'token'`; a request without one is a 401. It gets the headers as they came. */
  readonly userToken?: (message: NodeMessage) => Awaitable<string | undefined>
  /** What the path of every request starts with, and the upstream and the authorizers do not see, as in `/cluster`. Default: none. */
  readonly prefix?: string
  /** Further headers that are never forwarded; a name with `*` at its end is a prefix. Default: those that are known to identify a user. */
  readonly removeHeaders?: readonly string[]
  /** Names of further headers and trailers that responses of the upstream may have. Default: those of a Kubernetes API, and those that describe the response. */
  readonly responseHeaders?: readonly string[]
  /** Whether browsers show responses of the upstream without its scripts (`Content-Security-Policy: sandbox`). Default `true`. */
  readonly sandbox?: boolean
  /**
   * Aborted when watches and upgrades are to end, as `closing` of a `lifecycle` is: a watch ends as a complete response, an upgrade by the end of both directions, and new ones are a 503.
   * Other requests go on. Default: they end with their credentials.
   */
  readonly closing?: AbortSignal
  /**
   * Makes the response to a request that was refused, such as `(error, request) => login.refuse(error, request)` of a `webLogin`. It decides nothing: an upgrade is refused with the error
   * itself, and so is a request if this throws. Default: the error, as a `Status` in JSON.
   */
  readonly onFailure?: (error: StatusError, request: AuthenticationRequest) => Awaitable<HttpAnswer>
  /** Receives the events of requests and upgrades, for audit logs and metrics. Default: none. */
  readonly observer?: Observer
  /** Where refused requests and failures of the upstream are logged. Default: `console` in development, and for errors only in production. */
  readonly log?: Log
}

const NAME = /^[\w!#$%&'+.^`|~-]+$/
const HEADER = /^[\w!#$%&'+.^`|~-]+\*?$/

/** A user without a credential is none of this proxy, the paths are those of Kubernetes, and nothing else decides about impersonation. */
const NOT_HERE = ['optional', 'impersonationHeaders', 'attributes'] as const

export const upstreamShape: OptionsShape<UpstreamOptions> = {
  ...actingShape,
  upstream: required(
    must(
      'must be an endpoint: readKubeconfig(...), inClusterEndpoint(), or { server, credential }',
      (value) => typeof memberOf(value, 'server') === 'string',
    ),
  ),
  credentials: aFunction,
  mode: oneOf('impersonate', 'token'),
  connectTimeoutSeconds: above(0, 86_400),
  responseTimeoutSeconds: above(0, 86_400),
  maxConnectionSeconds: above(0),
  allowInsecureHttp: aBoolean,
  clock: aClock,
}

export const proxyShape: OptionsShape<ImpersonatingProxyOptions> = {
  ...without(decideRequestShape, ...NOT_HERE),
  ...upstreamShape,
  authenticator: required(aRequestAuthenticator),
  userToken: aFunction,
  removeHeaders: listOf(
    must(
      'must be the name of a header, or a prefix of names with * at its end',
      (value) => typeof value === 'string' && HEADER.test(value),
    ),
  ),
  responseHeaders: listOf(
    must(
      'must be the name of a header that may be passed on',
      (value) => typeof value === 'string' && NAME.test(value) && canPass(value),
    ),
  ),
  sandbox: aBoolean,
  closing: untilExpiryShape.signal,
  onFailure: aFunction,
}

/** What must not go together. */
export function combinationProblems(
  options: Partial<ImpersonatingProxyOptions>,
): readonly ConfigurationProblem[] {
  const { mode = 'impersonate', userToken } = options
  const found = upstreamProblems(options)
  if (mode === 'token' && userToken === undefined)
    return [...found, { path: 'userToken', message: "is required for mode 'token'" }]
  if (mode !== 'token' && userToken !== undefined)
    return [...found, { path: 'userToken', message: "is of no use without mode 'token'" }]
  return found
}

/** What an upstream, and the credential for it, must not be. */
export function upstreamProblems({
  upstream,
  mode,
  credentials,
  allowInsecureHttp = false,
}: Partial<UpstreamOptions>): readonly ConfigurationProblem[] {
  if (typeof memberOf(upstream, 'server') !== 'string' || upstream === undefined) return []
  const { credential, cert, certFile, proxyUrl, server } = upstream
  const found: ConfigurationProblem[] = []
  const add = (path: string, message: string): void => void found.push({ path, message })
  const isPlain = typeof server === 'string' && /^http:/i.test(server)
  if (typeof server === 'string' && server.includes('?')) add('upstream.server', 'must not have a query')
  if (proxyUrl !== undefined) add('upstream.proxyUrl', 'is not supported: connect to the server itself')
  if (mode === 'token') {
    if (credentials !== undefined) add('credentials', "is of no use for mode 'token'")
    if (isPlain) add('upstream.server', "must be https for mode 'token'")
  } else {
    const isKnown = (credential ?? cert ?? certFile ?? credentials) !== undefined
    if (!isKnown && !(isPlain && allowInsecureHttp)) {
      add('upstream.credential', 'is required: the proxy needs credentials of its own to impersonate users')
    }
    if (credentials !== undefined && isPlain) add('credentials', 'would be sent without TLS')
  }
  return found
}
