import { type Awaitable, isPromiseLike } from '@kube-authn/core'
import { type Deadline, whenLate } from './deadline.ts'

/** What of a Passport strategy is used: what every one of them has. */
export interface PassportStrategy {
  readonly name?: string | undefined
  readonly authenticate: (req: never, options?: never) => unknown
}

/** How a strategy ended. `error` is also what was thrown, and that it took too long. */
export type StrategyAnswer =
  | { readonly kind: 'success'; readonly user: unknown; readonly info: unknown }
  | { readonly kind: 'fail'; readonly status: number | undefined }
  | { readonly kind: 'pass' }
  | { readonly kind: 'redirect' }
  | { readonly kind: 'error'; readonly error: unknown }

/**
 * Asks a strategy about one request. It never throws and never waits for longer than the deadline.
 *
 * The strategy runs as an object of its own that is derived from it, as Passport does it for a strategy by name: what it or its
 * callbacks call later is of this request and of no other. The first call counts. What a promise of it comes to counts only as
 * far as it is an error: it may well be done before its callbacks are.
 */
export function askStrategy(
  strategy: PassportStrategy,
  req: object,
  who: string,
  deadline: Deadline,
): Awaitable<StrategyAnswer> {
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
    const own = Object.create(strategy, ownProperties(actions)) as object
    const returned: unknown = Reflect.apply(strategy.authenticate, own, [req, {}])
    if (isPromiseLike(returned)) void returned.then(undefined, fail)
  } catch (error) {
    fail(error)
  }
  if (first !== undefined) return first
  return new Promise((resolve) => {
    const callOff = whenLate(deadline, who, fail)
    tell = (given) => {
      callOff()
      resolve(given)
    }
  })
}

/** They can be replaced by a strategy that wraps them, also when the strategy they are put upon is frozen. */
function ownProperties(actions: object): PropertyDescriptorMap {
  const descriptors = Object.entries(actions).map(([name, value]: [string, unknown]) => [
    name,
    { value, writable: true, configurable: true, enumerable: true },
  ])
  return Object.fromEntries(descriptors) as PropertyDescriptorMap
}
