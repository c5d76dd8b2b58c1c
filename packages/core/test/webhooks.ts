import type { Clock } from '../src/internal/clock.ts'
import type { HttpResponse } from '../src/internal/http/response.ts'
import type { WebhookFetch, WebhookFetchInit } from '../src/internal/webhook-call/options.ts'

/** What a webhook does when it is called. */
export type WebhookAnswer = Response | Error | ((init: WebhookFetchInit) => Promise<HttpResponse>)

/** A webhook that answers in turn, and with the last answer from then on. It keeps what it was called with. */
export function fakeWebhook(answers: readonly WebhookAnswer[]): {
  readonly fetch: WebhookFetch
  readonly calls: readonly WebhookFetchInit[]
  readonly urls: readonly string[]
} {
  const calls: WebhookFetchInit[] = []
  const urls: string[] = []
  return {
    calls,
    urls,
    async fetch(url, init) {
      const answer = answers[Math.min(calls.length, answers.length - 1)]
      calls.push(init)
      urls.push(url)
      if (answer instanceof Error) throw answer
      if (typeof answer === 'function') return answer(init)
      return answer?.clone() ?? new Response(null, { status: 500 })
    },
  }
}

/** A connection that failed, as `fetch` of Node reports it. */
export function networkFailure(code: string): Error {
  return new TypeError('fetch failed', { cause: Object.assign(new Error('failed'), { code }) })
}

/** Time that passes only while it is waited for, except for waits as long as the time limit. */
export function impatientClock(): Clock & {
  readonly waits: readonly number[]
  advance(seconds: number): void
} {
  let now = 1000
  const waits: number[] = []
  return {
    waits,
    now: () => now,
    advance: (seconds) => {
      now += seconds * 1000
    },
    after(milliseconds, callback) {
      if (milliseconds >= 30_000) return () => undefined
      if (milliseconds > 0) waits.push(milliseconds)
      queueMicrotask(callback)
      return () => undefined
    },
  }
}
