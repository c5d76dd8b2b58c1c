import type { Clock } from '../clock.ts'
import { deadlineAfter } from './deadline.ts'
import { discard, type HttpResponse } from './response.ts'
import { textOf } from './response-text.ts'

export interface GetTextOptions {
  readonly fetch: GetFetch
  readonly clock: Clock
  /** Time limit until the last byte. */
  readonly timeoutSeconds: number
  /** Size limit; a larger response is an error. */
  readonly maxBytes: number
  readonly headers?: Readonly<Record<string, string>>
  /** Aborts when the response is no longer needed. */
  readonly signal?: AbortSignal | undefined
}

/** A response with any status. */
export interface TextResponse {
  readonly status: number
  readonly header: (name: string) => string | undefined
  /** Empty unless the status is 2xx: bodies of errors are not read. */
  readonly text: string
}

/**
 * Reads the body of an https URL as text. Redirects are not followed. The time limit also covers servers that hang or never finish.
 *
 * Deviation: https only, no redirects, a limited size (`docs/deviations.md`, requests to issuers).
 *
 * @throws {Error} if there is no response, or it is too large. The message does not contain the URL.
 */
export async function getText(url: string, options: GetTextOptions): Promise<TextResponse> {
  if (!/^https:\/\//i.test(url) || !URL.canParse(url)) throw new Error('only https URLs are read')
  const { username, password } = new URL(url)
  // The caller would repeat the URL, with its password, in an error.
  if (username !== '' || password !== '') throw new Error('a URL must not have credentials in it')
  const { fetch, clock, timeoutSeconds, maxBytes, headers = {}, signal: caller } = options
  const deadline = deadlineAfter({
    milliseconds: timeoutSeconds * 1000,
    clock,
    caller,
    tooLate: () =>
      new Error(
        caller?.aborted === true ? 'the caller gave up' : `no answer within ${timeoutSeconds} seconds`,
      ),
  })
  try {
    return await deadline.race(async (signal) => {
      const response = await fetch(url, { method: 'GET', headers, redirect: 'manual', signal })
      const header = (name: string): string | undefined => response.headers.get(name) ?? undefined
      const { status } = response
      if (status < 200 || status > 299) {
        discard(response)
        return { status, header, text: '' }
      }
      return { status, header, text: await textOf(response, maxBytes) }
    })
  } finally {
    deadline.end()
  }
}

/** The part of `fetch` that is used for reading. Accepts the global `fetch`; `@kube-authn/node` creates one with a custom CA. */
export type GetFetch = (url: string, init: GetFetchInit) => Promise<HttpResponse>

/** The options of a {@link GetFetch} call. */
export interface GetFetchInit {
  readonly method: 'GET'
  readonly headers: Readonly<Record<string, string>>
  /** Redirects are not followed. */
  readonly redirect: 'manual'
  readonly signal: AbortSignal
}
