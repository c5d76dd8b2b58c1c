import { CLIENT_CLOSED_REQUEST } from '../authenticator/events.ts'

/**
 * On Workers, work that a request started is cancelled when its client disconnects, even if other requests wait for it, such as the keys of an
 * issuer. This keeps the work running until it is done; Cloudflare allows half a minute.
 *
 * Source: Cloudflare Workers, "Context (ctx)", `waitUntil`.
 */
export function keepAlive(
  work: Promise<unknown>,
  contextOf: () => { waitUntil(work: Promise<unknown>): void } | undefined,
): void {
  if ('WebSocketPair' in globalThis) contextOf()?.waitUntil(work)
}

/** The end of a response: the status that was sent, as far as it is known, or 499. */
export interface Ending {
  /** The app responded with this status, which is still to be sent. */
  answered(status: number): void
  /** Sets the listener, which is called once with the final status. */
  tell(listener: (status: number) => void): void
}

/**
 * Waits for the app's response to a Fetch request, or for the client to disconnect. What was really sent is unknown.
 *
 * @param signal that of the request; missing on some runtimes.
 */
export function fetchEnding(signal: AbortSignal | undefined): Ending {
  let status: number | undefined
  let waiting: ((status: number) => void) | undefined
  const end = (how: number): void => {
    if (status !== undefined) return
    status = how
    signal?.removeEventListener('abort', leave)
    waiting?.(how)
  }
  const leave = (): void => end(CLIENT_CLOSED_REQUEST)
  if (signal?.aborted === true) leave()
  else signal?.addEventListener('abort', leave)
  return {
    answered: end,
    tell(listener) {
      if (status === undefined) waiting = listener
      else listener(status)
    },
  }
}
