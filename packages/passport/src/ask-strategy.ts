import { type Awaitable, isPromiseLike } from '@kube-authn/core'

/** What of a Passport strategy is used: what every one of them has. */
export interface PassportStrategy {
  readonly name?: string | undefined
  readonly authenticate: (req: never, options?: never) => unknown
}

/** How a strategy ended. `error` is also what was thrown. */
export type StrategyAnswer =
  | { readonly kind: 'success'; readonly user: unknown; readonly info: unknown }
  | { readonly kind: 'fail'; readonly status: number | undefined }
  | { readonly kind: 'pass' }
  | { readonly kind: 'redirect' }
  | { readonly kind: 'error'; readonly error: unknown }

/**
 * Asks a strategy about one request. It never throws, but a strategy may well never answer.
 *
 * The strategy runs as an object of its own that is derived from it, as Passport does it for a strategy by name: what it or its
 * callbacks call later is of this request and of no other. The first call counts. What a promise of it comes to counts only as
 * far as it is an error: it may well be done before its callbacks are.
 */
export function askStrategy(strategy: PassportStrategy, req: object): Awaitable<StrategyAnswer> {
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
    // Defined and not assigned: the strategy may be frozen.
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
