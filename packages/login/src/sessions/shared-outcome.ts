import type { Clock } from '@kube-authn/core'
import { singleFlight } from '@kube-authn/core/internal/shared'

type Outcome<T> = { readonly result: T } | { readonly failure: unknown }

/**
 * Shares work in progress among all callers with the same key, and its failure too: each of them would otherwise try again what has just failed.
 *
 * @param timeoutMs within which the work must end.
 */
export function sharedOutcome<T>(
  clock: Clock,
  timeoutMs: number,
): (key: string, work: () => Promise<T>) => Promise<T> {
  const share = singleFlight<Outcome<T>>(clock, timeoutMs)
  return async (key, work) => {
    const outcome = await share(key, async () => {
      try {
        return { result: await work() }
      } catch (failure) {
        return { failure }
      }
    })
    if ('failure' in outcome) throw outcome.failure
    return outcome.result
  }
}
