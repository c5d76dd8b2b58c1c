import type { ReadAttributes } from '../authorization/authorize-request.ts'
import type { Clock } from '../internal/clock.ts'
import type { Observer } from '../authenticator/events.ts'
import {
  aClock,
  aFunction,
  atLeast,
  oneOf,
  type OptionsShape,
  wholeNumber,
} from '../internal/options/index.ts'

/** How impersonation works, beyond the authorizer itself. The same in every adapter. */
export interface ImpersonateRequestOptions {
  /**
   * `constrained` (default): first the modes of constrained impersonation (KEP-5284), which also ask what the request is, and then
   * the verb `impersonate`. `legacy`: the verb `impersonate` alone, for any request, as before Kubernetes 1.36.
   */
  readonly mode?: 'legacy' | 'constrained'
  /** What a request is about, for `constrained`. Default: Kubernetes-style paths. */
  readonly attributes?: ReadAttributes
  /** How many groups and values of extra fields a request may have, since each costs a decision. Default 256. */
  readonly maxValues?: number
  /** How long `constrained` remembers what was allowed. Default 10; 0 not at all. */
  readonly cacheTtlSeconds?: number
  /** What is used least goes first beyond this, in each of the eight caches of `constrained`. Default 8192. */
  readonly maxCacheEntries?: number
  readonly clock?: Clock
  /** Told of every attempt and of what every authorizer thought of it. */
  readonly observer?: Observer
}

/** The checks of {@link ImpersonateRequestOptions}, for adapters whose options have more. */
export const impersonateRequestShape: OptionsShape<ImpersonateRequestOptions> = {
  mode: oneOf('legacy', 'constrained'),
  attributes: aFunction,
  maxValues: wholeNumber(1),
  cacheTtlSeconds: atLeast(0),
  maxCacheEntries: wholeNumber(1),
  clock: aClock,
  observer: aFunction,
}
