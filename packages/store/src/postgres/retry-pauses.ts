const SHORTEST_MS = 100
const LONGEST_MS = 1000

/** Pauses between attempts to reach the database, each twice as long as the one before: from 100 ms to 1 s. */
export function retryPauses(): { next(): number; succeeded(): void } {
  let pauseMs = SHORTEST_MS
  return {
    next() {
      const now = pauseMs
      pauseMs = Math.min(2 * pauseMs, LONGEST_MS)
      return now
    },
    succeeded() {
      pauseMs = SHORTEST_MS
    },
  }
}
