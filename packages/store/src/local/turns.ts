import { canWorkInBackground, systemClock } from '@kube-authn/core/internal'

/** Runs work in steps, one after the other. */
export interface Turns {
  /** @param weight how much work the step is. Default 1. */
  run(step: () => void, weight?: number): void
  /** Runs all that wait, now. */
  flush(): void
}

/**
 * Runs steps in the order in which they are given: at once while they are little work, and otherwise in later turns of the event loop, so much in each. What else waits for
 * the event loop gets its turn in between.
 *
 * A runtime that ends timers with the request that they belong to, such as Cloudflare's, runs all of them at once.
 *
 * @param weightPerTurn a turn ends when its steps weigh as much, or more.
 */
export function turns(weightPerTurn: number): Turns {
  if (!canWorkInBackground()) return { run: (step) => step(), flush: () => {} }
  let waiting: { readonly run: () => void; readonly weight: number }[] = []
  let left = weightPerTurn
  let isPlanned = false

  const plan = (): void => {
    if (isPlanned) return
    isPlanned = true
    inNextTurn(begin)
  }

  function begin(): void {
    isPlanned = false
    left = weightPerTurn
    let count = 0
    for (const { weight } of waiting) {
      if (left <= 0) break
      left -= weight
      count++
    }
    runFirst(count)
  }

  const runFirst = (count: number): void => {
    const steps = waiting.slice(0, count)
    waiting = waiting.slice(count)
    if (count > 0) plan()
    for (const { run } of steps) run()
  }

  return {
    run(step, weight = 1) {
      plan()
      if (left <= 0 || waiting.length > 0) {
        waiting.push({ run: step, weight })
        return
      }
      left -= weight
      step()
    },
    flush: () => runFirst(waiting.length),
  }
}

/** `setImmediate` is not in every runtime; timers wait for a millisecond or more. */
function inNextTurn(callback: () => void): void {
  if (typeof setImmediate === 'function') setImmediate(callback)
  else systemClock.after(0, callback)
}
