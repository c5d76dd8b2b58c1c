/** What of `fetch` is used. `@kube-authn/node` makes one with a CA and a client certificate. */
export type WebhookFetch = (url: string, init: WebhookFetchInit) => Promise<WebhookResponse>

/** What a {@link WebhookFetch} is called with. */
export interface WebhookFetchInit {
  readonly method: 'POST'
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  /** A redirect is not followed. */
  readonly redirect: 'manual'
  readonly signal: AbortSignal
}

/** What of a Fetch API `Response` is used. */
export interface WebhookResponse {
  readonly status: number
  readonly headers: { get(name: string): string | null }
  readonly body: WebhookResponseBody | null
}

/** What of a `ReadableStream` of bytes is used. */
export interface WebhookResponseBody {
  getReader(): {
    read(): Promise<{ readonly done: boolean; readonly value?: Uint8Array | undefined }>
    cancel(): Promise<void>
  }
}
