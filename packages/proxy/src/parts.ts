import type { Authentication, AuthenticationRequest, Awaitable, Observer } from '@kube-authn/core'
import type { HttpAnswer, StatusError } from '@kube-authn/core/adapter'
import type { Admit } from './admit.ts'
import type { DecideParts } from './decide.ts'
import type { ForwardParts } from './forward/forward-request.ts'

/** What requests and upgrades have in common. */
export interface ProxyParts {
  readonly admit: Admit
  /** The response to a request that was refused. It never rejects. */
  readonly refusal: (failure: StatusError, request: AuthenticationRequest) => Awaitable<HttpAnswer>
  readonly decide: DecideParts
  readonly forward: ForwardParts
  /** Receives the events of requests and upgrades; each has its audit id afterwards. */
  readonly observer: Observer
  /**
   * A signal that is aborted when the credential ends; `undefined` if it never does.
   *
   * @param onClosed calls its listener when the connection is closed.
   */
  readonly untilEnd: (
    authentication: Authentication,
    onClosed: (listener: () => void) => void,
  ) => AbortSignal | undefined
}
