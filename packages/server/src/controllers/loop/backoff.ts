import type { Clock } from '@kube-authn/core'

/** Pauses between tries, each twice as long as the one before: from 100 ms to 30 s. */
export interface Backoff {
  /** @returns whether it is the first failure since the last success. */
  failed(): boolean
  succeeded(): void
  hasFailed(): boolean
  pause(): Promise<void>
  /** Ends the pause, and all later ones. */
  end(): void
}

/** Source: client-go `tools/cache/reflector.go`. */
export function backoff(clock: Clock): Backoff {
  let failures = 0
  let isEnded = false
  let endPause: (() => void) | undefined
  return {
    failed: () => ++failures === 1,
    succeeded() {
      failures = 0
    },
    hasFailed: () => failures > 0,
    pause: () =>
      new Promise((resolve) => {
        if (isEnded) {
          resolve()
          return
        }
        const delayMs = Math.min(SHORTEST_MS * 2 ** Math.max(0, failures - 1), LONGEST_MS)
        const cancel = clock.after(delayMs, resolve)
        endPause = () => {
          cancel()
          resolve()
        }
      }),
    end() {
      isEnded = true
      endPause?.()
    },
  }
}

const SHORTEST_MS = 100
const LONGEST_MS = 30_000
