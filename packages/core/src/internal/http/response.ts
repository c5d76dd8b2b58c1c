/** The used part of a Fetch API `Response`. */
export interface HttpResponse {
  readonly status: number
  readonly headers: { get(name: string): string | null }
  readonly body: HttpResponseBody | null
}

/** The used part of a `ReadableStream` of bytes. */
export interface HttpResponseBody {
  getReader(): {
    read(): Promise<{ readonly done: boolean; readonly value?: Uint8Array | undefined }>
    cancel(): Promise<void>
  }
}

/** Discards the rest of a response, so that the connection is free for the next call. */
export function discard({ body }: Pick<HttpResponse, 'body'>): void {
  body
    ?.getReader()
    .cancel()
    .catch(() => undefined)
}
