import type { IncomingMessage } from 'node:http'
import type { Clock } from '@kube-authn/core'
import type { DecideRequestOptions } from './decide-request.ts'

/** Options of `authenticateUpgrade`. */
export interface AuthenticateUpgradeOptions extends Omit<DecideRequestOptions, 'closeUnauthenticatedHttp2'> {
  /** Whether a request is for this function; other listeners of `upgrade` handle the others. Without another one it is a 404. Default: all are. */
  readonly handles?: (request: IncomingMessage) => boolean
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
