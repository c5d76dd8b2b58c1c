import { CLIENT_CLOSED_REQUEST } from '../events.ts'

/** What of Node's `http.ServerResponse` and `http2.Http2ServerResponse` is used. */
export interface NodeResponse {
  readonly statusCode: number
  once(event: 'finish' | 'close', listener: () => void): unknown
}

/**
 * Waits until a request was answered, or its client went away before it was. A request may be over before anybody wants to know: what is
 * returned tells its status at once then. That is 499 where nobody was left to take the answer.
 */
export function whenOver(response: NodeResponse): (tell: (status: number) => void) => void {
  let status: number | undefined
  let waiting: ((status: number) => void) | undefined
  const end = (how: number): void => {
    if (status !== undefined) return
    status = how
    waiting?.(how)
  }
  response.once('finish', () => end(response.statusCode))
  response.once('close', () => end(CLIENT_CLOSED_REQUEST))
  return (tell) => {
    if (status === undefined) waiting = tell
    else tell(status)
  }
}
