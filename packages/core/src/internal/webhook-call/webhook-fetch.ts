import type { HttpResponse } from '../http/response.ts'

/** What of `fetch` is used. `@kube-authn/node` makes one with a CA and a client certificate. */
export type WebhookFetch = (url: string, init: WebhookFetchInit) => Promise<HttpResponse>

/** What a {@link WebhookFetch} is called with. */
export interface WebhookFetchInit {
  readonly method: 'POST'
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  /** A redirect is not followed. */
  readonly redirect: 'manual'
  readonly signal: AbortSignal
}
