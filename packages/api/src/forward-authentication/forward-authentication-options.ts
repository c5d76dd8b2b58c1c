import {
  type AuthenticateRequestOptions,
  aNonEmptyString,
  listOf,
  oneOf,
  type OptionsShape,
} from '@kube-authn/core/adapter'
import type { Authorizer } from '@kube-authn/core/authorization'
import { authenticateRequestShape, anAuthorizer, must } from '@kube-authn/core/internal'

/** Options of `forwardAuthentication`. */
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

/** The checks of {@link ForwardAuthenticationOptions}. */
export const forwardAuthenticationShape: OptionsShape<ForwardAuthenticationOptions> = {
  audiences: authenticateRequestShape.audiences,
  optional: authenticateRequestShape.optional,
  challenges: authenticateRequestShape.challenges,
  resourceMetadataUrl: authenticateRequestShape.resourceMetadataUrl,
  scopes: authenticateRequestShape.scopes,
  realm: authenticateRequestShape.realm,
  unavailableStatus: authenticateRequestShape.unavailableStatus,
  observer: authenticateRequestShape.observer,
  log: authenticateRequestShape.log,
  tracing: authenticateRequestShape.tracing,
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
