import { setImmediate } from 'node:timers/promises'
import { vi } from 'vitest'
import type { Answer, ConfiguredApp } from './configured-app.ts'

/** Continuous background requests. */
export interface Traffic {
  /** Adds a token. */
  add(token: string): void
  /** Waits for this many further responses. */
  flow(count: number): Promise<void>
  /** Stops it. Returns the number of responses, and all that were not a user. */
  stop(): Promise<{ readonly answered: number; readonly refused: readonly Answer[] }>
}

const CONCURRENCY = 4

/** Starts requests with all tokens in turn, a few at a time. */
export function startTraffic({ ask }: ConfiguredApp): Traffic {
  const tokens = new Set<string>()
  const refused: Answer[] = []
  let answered = 0
  const end = new AbortController()

  const send = async (): Promise<void> => {
    while (!end.signal.aborted) {
      for (const token of tokens) {
        const answer = await ask(token)
        answered++
        if (typeof answer === 'number') refused.push(answer)
      }
      await setImmediate()
    }
  }
  const workers = Array.from({ length: CONCURRENCY }, send)

  return {
    add: (token) => void tokens.add(token),
    async flow(count) {
      const goal = answered + count
      await vi.waitUntil(() => answered >= goal)
    },
    async stop() {
      end.abort()
      await Promise.all(workers)
      return { answered, refused }
    },
  }
}
