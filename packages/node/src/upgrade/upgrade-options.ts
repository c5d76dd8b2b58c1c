import type { IncomingMessage } from 'node:http'
import type { Clock } from '@kube-authn/core'
import type { Authorizer, RequestAttributes } from '@kube-authn/core/authorization'
import type { AuthenticateRequestOptions } from '@kube-authn/core/internal'

/** Options of `authenticateUpgrade`. */
export interface AuthenticateUpgradeOptions extends Omit<
  AuthenticateRequestOptions,
  'closeUnauthenticatedHttp2'
> {
  /** Whether a request is for this function; other listeners of `upgrade` handle the others. Default: all are. */
  readonly handles?: (request: IncomingMessage) => boolean
  /** Allows users to act as others by `Impersonate-*` headers. Default: such a request is a 403. */
  readonly impersonation?: Authorizer
  /** Decides whether the user may make the request. Default: every user may. */
  readonly authorization?: Authorizer
  /** The attributes of a request, for both authorizers. Default: from Kubernetes-style paths. */
  readonly attributes?: (request: IncomingMessage) => RequestAttributes
  /** What the path of every request begins with, for both authorizers: as `prefix` of the middlewares. Default: none. */
  readonly prefix?: string
  /** How long a connection may last at most, also if its credential never expires. Default: no limit. */
  readonly maxConnectionSeconds?: number
  /**
   * How long a connection stays open after its credential expired, so that the app can close it properly, or after it was refused, so that the client can
   * read the answer. Default 10.
   */
  readonly closeTimeoutSeconds?: number
  /** Called with what `accept` or `handles` throws. Default: a process warning. */
  readonly onError?: (error: unknown) => void
  /** Default: the runtime's clock. */
  readonly clock?: Clock
}
