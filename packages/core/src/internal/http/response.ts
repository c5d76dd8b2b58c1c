/** What of a Fetch API `Response` is used. */
export interface HttpResponse {
  readonly status: number
  readonly headers: { get(name: string): string | null }
  readonly body: HttpResponseBody | null
}

/** What of a `ReadableStream` of bytes is used. */
export interface HttpResponseBody {
  getReader(): {
    read(): Promise<{ readonly done: boolean; readonly value?: Uint8Array | undefined }>
    cancel(): Promise<void>
  }
}
