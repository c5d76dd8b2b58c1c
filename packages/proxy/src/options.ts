import type { Awaitable, Clock, Log, Observer } from '@kube-authn/core'
import type { Authorizer } from '@kube-authn/core/authorization'
import {
  aBoolean,
  aClock,
  aFunction,
  aLog,
  anAuthorizer,
  anything,
  aPathPrefix,
  aString,
  above,
  type ConfigurationProblem,
  listOf,
  must,
  oneOf,
  type OptionsShape,
  required,
} from '@kube-authn/core/internal'
import type { Endpoint } from '@kube-authn/node'
import type { NodeMessage } from './node-types.ts'

/** Options of {@link impersonatingProxy}. */
export interface ImpersonatingProxyOptions {
  /** The API server and the credentials of the proxy: `readKubeconfig(...)`, `inClusterEndpoint()`, or an endpoint of your own. Its files are reloaded. */
  readonly upstream: Endpoint
  /**
   * The bearer token of the proxy, asked for before each request, instead of the credential of `upstream`. After the upstream answered 401, the next call gets the token
   * that was refused, so that a cached one can be replaced.
   */
  readonly credentials?: (refused?: string) => Awaitable<string>
  /**
   * `impersonate`: the proxy sends its own credential and the user in `Impersonate-*` headers. `token`: it sends the user's own token, from `userToken`, and
   * needs no rights. Default `impersonate`.
   */
  readonly mode?: 'impersonate' | 'token'
  /** The bearer token of the user who makes a request, for `mode: 'token'`; a request without one is a 401. */
  readonly userToken?: (message: NodeMessage) => Awaitable<string | undefined>
  /** Decides about a request before it is forwarded, by its path without `prefix`. Default: only the upstream decides. */
  readonly authorizer?: Authorizer
  /** What the path of every request starts with, and the upstream does not see, as in `/cluster`. Default: none. */
  readonly prefix?: string
  /** Users in one of these groups are refused, since what the upstream allows them cannot be limited there. Default `['system:masters']`. */
  readonly refusedGroups?: readonly string[]
  /** Forward requests of anonymous users, as `system:anonymous`. Default `false`: they are a 401. */
  readonly allowAnonymous?: boolean
  /** Further headers that are never forwarded; a name with `*` at its end is a prefix. Default: those that are known to identify a user. */
  readonly removeHeaders?: readonly string[]
  /** Whether browsers show responses of the upstream without its scripts (`Content-Security-Policy: sandbox`). Default `true`. */
  readonly sandbox?: boolean
  /** How long connecting to the upstream may take, with TLS. Default 10. */
  readonly connectTimeoutSeconds?: number
  /** How long the upstream may take to answer, from the end of the request to the head of the response. Default 90. */
  readonly responseTimeoutSeconds?: number
  /** How long a watch, a stream or an upgrade may last at most, also if the credential never expires. Default: no limit. */
  readonly maxConnectionSeconds?: number
  /** Also allow an `http` upstream, which gets no credential: a tunnel, or `kubectl proxy`. Default `false`. */
  readonly allowInsecureHttp?: boolean
  /** Receives the decisions of the authorizer. Give it the same one as `authentication`. Default: none. */
  readonly observer?: Observer
  /** Where failures of the upstream are logged. Default: `console` in development, and for errors only in production. */
  readonly log?: Log
  /** Default: the runtime's clock. */
  readonly clock?: Clock
}

const HEADER = /^[\w!#$%&'+.^`|~-]+\*?$/

/** The checks of {@link ImpersonatingProxyOptions}. */
export const proxyShape: OptionsShape<ImpersonatingProxyOptions> = {
  upstream: required(anything),
  credentials: aFunction,
  mode: oneOf('impersonate', 'token'),
  userToken: aFunction,
  authorizer: anAuthorizer,
  prefix: aPathPrefix,
  refusedGroups: listOf(aString),
  allowAnonymous: aBoolean,
  removeHeaders: listOf(
    must(
      'must be the name of a header, or a prefix of names with * at its end',
      (value) => typeof value === 'string' && HEADER.test(value),
    ),
  ),
  sandbox: aBoolean,
  connectTimeoutSeconds: above(0, 86_400),
  responseTimeoutSeconds: above(0, 86_400),
  maxConnectionSeconds: above(0),
  allowInsecureHttp: aBoolean,
  observer: aFunction,
  log: aLog,
  clock: aClock,
}

/** What must not go together. */
export function combinationProblems(
  options: Partial<ImpersonatingProxyOptions>,
): readonly ConfigurationProblem[] {
  const { upstream, mode = 'impersonate', credentials, userToken, allowInsecureHttp = false } = options
  if (upstream === undefined) return []
  const { credential, cert, certFile, proxyUrl, server } = upstream
  const found: ConfigurationProblem[] = []
  const add = (path: string, message: string): void => void found.push({ path, message })
  const isPlain = typeof server === 'string' && /^http:/i.test(server)
  if (typeof server === 'string' && server.includes('?')) add('upstream.server', 'must not have a query')
  if (proxyUrl !== undefined) add('upstream.proxyUrl', 'is not supported: connect to the server itself')
  if (mode === 'token') {
    if (userToken === undefined) add('userToken', "is required for mode 'token'")
    if (credentials !== undefined) add('credentials', "is of no use for mode 'token'")
    if (isPlain) add('upstream.server', "must be https for mode 'token'")
  } else {
    if (userToken !== undefined) add('userToken', "is of no use without mode 'token'")
    const isKnown = (credential ?? cert ?? certFile ?? credentials) !== undefined
    if (!isKnown && !(isPlain && allowInsecureHttp)) {
      add('upstream.credential', 'is required: the proxy needs credentials of its own to impersonate users')
    }
    if (credentials !== undefined && isPlain) add('credentials', 'would be sent without TLS')
  }
  return found
}
