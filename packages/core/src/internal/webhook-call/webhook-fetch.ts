import type { HttpResponse } from '../http/response.ts'

/** The part of `fetch` that is used. `createFetch` of `@kube-authn/node` returns one with a CA and a client certificate. */
export type WebhookFetch = (url: string, init: WebhookFetchInit) => Promise<HttpResponse>

/** The request that a {@link WebhookFetch} makes. */
export interface WebhookFetchInit {
  readonly method: 'POST'
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  /** Redirects are not followed. */
  readonly redirect: 'manual'
  readonly signal: AbortSignal
}
