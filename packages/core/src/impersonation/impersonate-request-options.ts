import type { CredentialRevocation } from '../authenticator/credential-revocation.ts'
import type { AuthorizeRequestContext, ReadAttributes } from '../authorization/authorize-request.ts'
import { aPathPrefix } from '../authorization/path-prefix.ts'
import { DEFAULT_KUBERNETES_VERSION } from '@kube-authn/internal/kubernetes-version'
import type { KubernetesVersion } from '../authenticator/kubernetes-version.ts'
import type { Clock } from '../internal/clock.ts'
import type { Observer } from '../authenticator/events.ts'
import type { Log } from '../authenticator/log.ts'
import {
  aClock,
  aFunction,
  aKubernetesVersion,
  aLog,
  atLeast,
  oneOf,
  type OptionsShape,
  wholeNumber,
} from '../internal/options/index.ts'

/** Options of {@link impersonateRequest}. The same in every adapter. */
export interface ImpersonateRequestOptions {
  /**
   * `constrained`: first the modes of constrained impersonation (KEP-5284), which also check the request itself, then the verb `impersonate`.
   * `legacy`: only the verb `impersonate`, for any request. Default: as in the release.
   */
  readonly mode?: 'legacy' | 'constrained'
  /** The release whose mode is the default: `constrained` since 1.36. Default `1.36`. */
  readonly kubernetesVersion?: KubernetesVersion
  /** Returns the attributes of a request, for `constrained`. Default: read from Kubernetes-style paths. */
  readonly attributes?: ReadAttributes
  /**
   * What the path of every request begins with, before a Kubernetes-style path, as in `/cluster`: the same as `prefix` of `impersonatingProxy`. It is compared with
   * the path that the client sent, wherever a router has mounted this. With `constrained`, a request with another path that asks to impersonate is a 404. Default: none.
   */
  readonly prefix?: string
  /** The maximum number of groups and extra values in a request, since each costs a decision. Default 256. */
  readonly maxValues?: number
  /** How long `constrained` caches allowed checks. Default 10; 0 disables the cache. */
  readonly ttlSeconds?: number
  /** The maximum size of each of the eight caches of `constrained`; least recently used entries are evicted. Default 8192. */
  readonly maxEntries?: number
  readonly clock?: Clock
  /** Receives every attempt and the decision of every authorizer. */
  readonly observer?: Observer
  /** Where refused requests are logged. Default: `console` in development, and for errors only in production. */
  readonly log?: Log
}

export const impersonateRequestShape: OptionsShape<ImpersonateRequestOptions> = {
  mode: oneOf('legacy', 'constrained'),
  kubernetesVersion: aKubernetesVersion,
  attributes: aFunction,
  prefix: aPathPrefix,
  maxValues: wholeNumber(1),
  ttlSeconds: atLeast(0),
  maxEntries: wholeNumber(1),
  clock: aClock,
  observer: aFunction,
  log: aLog,
}

/** The mode of impersonation with these options. */
export function modeIn({
  mode,
  kubernetesVersion = DEFAULT_KUBERNETES_VERSION,
}: ImpersonateRequestOptions): 'legacy' | 'constrained' {
  return mode ?? (kubernetesVersion < '1.36' ? 'legacy' : 'constrained')
}

/** What is known about a request besides the request itself. */
export interface ImpersonateRequestContext extends AuthorizeRequestContext {
  /** That of the requester's credential: a revoked user cannot be impersonated. */
  readonly revocation?: CredentialRevocation | undefined
}
