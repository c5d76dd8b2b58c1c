import type { Awaitable } from '@kube-authn/core'
import { isPromiseLike } from '@kube-authn/core/internal'

/** The used part of a Passport strategy. */
export interface PassportStrategy {
  readonly name?: string | undefined
  readonly authenticate: (req: never, options?: never) => unknown
}

/** How a strategy ended. `error` includes what was thrown. */
export type StrategyAnswer =
  | { readonly kind: 'success'; readonly user: unknown; readonly info: unknown }
  | { readonly kind: 'fail'; readonly status: number | undefined }
  | { readonly kind: 'pass' }
  | { readonly kind: 'redirect' }
  | { readonly kind: 'error'; readonly error: unknown }

/**
 * Runs a strategy for one request. It never throws, but may never resolve.
 *
 * The strategy runs as a derived object, as Passport does for a strategy by name: later calls of it or its callbacks belong to this request only. The
 * first call counts. A promise that it returns counts only if it rejects: it may resolve before its callbacks run.
 */
export function runStrategy(strategy: PassportStrategy, req: object): Awaitable<StrategyAnswer> {
  let first: StrategyAnswer | undefined
  let tell: ((answer: StrategyAnswer) => void) | undefined
  const answer = (given: StrategyAnswer): void => {
    first ??= given
    tell?.(first)
  }
  const fail = (error: unknown): void => answer({ kind: 'error', error })
  const actions = {
    success: (user?: unknown, info?: unknown) => answer({ kind: 'success', user, info }),
    fail: (challenge?: unknown, status?: unknown) =>
      answer({ kind: 'fail', status: [challenge, status].find((each) => typeof each === 'number') }),
    pass: () => answer({ kind: 'pass' }),
    redirect: () => answer({ kind: 'redirect' }),
    error: fail,
  }

  try {
    // Defined, not assigned: the strategy may be frozen.
    const own = Object.create(strategy, Object.getOwnPropertyDescriptors(actions)) as object
    const returned: unknown = Reflect.apply(strategy.authenticate, own, [req, {}])
    if (isPromiseLike(returned)) void returned.then(undefined, fail)
  } catch (error) {
    fail(error)
  }
  if (first !== undefined) return first
  return new Promise((resolve) => {
    tell = resolve
  })
}
