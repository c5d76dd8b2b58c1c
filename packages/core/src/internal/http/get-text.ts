import type { Clock } from '../clock.ts'
import { deadlineAfter } from './deadline.ts'
import { discard } from './discard.ts'
import type { GetFetch } from './get-fetch.ts'
import { textOf } from './response-text.ts'

/** How a text is read. */
export interface GetTextOptions {
  readonly fetch: GetFetch
  readonly clock: Clock
  /** For the whole of it, until the last byte. */
  readonly timeoutSeconds: number
  /** A longer answer is an error. */
  readonly maxBytes: number
  readonly headers?: Readonly<Record<string, string>>
  /** Aborted when nobody waits any more. */
  readonly signal?: AbortSignal | undefined
}

/** An answer, whatever its status is. */
export interface TextResponse {
  readonly status: number
  readonly header: (name: string) => string | undefined
  /** Empty for a status that is no success: what an error says is not looked at. */
  readonly text: string
}

/**
 * Reads a text from an https URL. Redirects are not followed, and neither a server that hangs nor one that does not end keeps anybody
 * for longer than was agreed.
 *
 * Deviation: https only, no redirects, a limited size (`docs/deviations.md`, requests to issuers).
 *
 * @throws {Error} when there is no answer, or it is too long. Its message has no URL in it.
 */
export async function getText(url: string, options: GetTextOptions): Promise<TextResponse> {
  requireHttps(url)
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

/** What calls would repeat the URL in its error, with the password in it. */
function requireHttps(url: string): void {
  if (!/^https:\/\//i.test(url) || !URL.canParse(url)) throw new Error('only https URLs are read')
  const { username, password } = new URL(url)
  if (username !== '' || password !== '') throw new Error('a URL must not have credentials in it')
}
