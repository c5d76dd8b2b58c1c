import type { HttpResponse } from './response.ts'

/** Nobody waits for what the rest of a response says; the connection is free for the next call. */
export function discard({ body }: Pick<HttpResponse, 'body'>): void {
  body
    ?.getReader()
    .cancel()
    .catch(() => undefined)
}
