import type { HttpResponse } from './response.ts'

/** Discards the rest of a response, so that the connection is free for the next call. */
export function discard({ body }: Pick<HttpResponse, 'body'>): void {
  body
    ?.getReader()
    .cancel()
    .catch(() => undefined)
}
