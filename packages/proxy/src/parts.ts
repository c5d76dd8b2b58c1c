import type { Authentication, Observer } from '@kube-authn/core'
import type { Admit } from './admit.ts'
import type { DecideParts } from './decide.ts'
import type { ForwardParts } from './forward/forward-request.ts'

/** What requests and upgrades have in common. */
export interface ProxyParts {
  readonly admit: Admit
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
