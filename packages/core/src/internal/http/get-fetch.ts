import type { HttpResponse } from './response.ts'

/** The part of `fetch` that is used for reading. Accepts the global `fetch`; `@kube-authn/node` creates one with a custom CA. */
export type GetFetch = (url: string, init: GetFetchInit) => Promise<HttpResponse>

/** The options of a {@link GetFetch} call. */
export interface GetFetchInit {
  readonly method: 'GET'
  readonly headers: Readonly<Record<string, string>>
  /** Redirects are not followed. */
  readonly redirect: 'manual'
  readonly signal: AbortSignal
}
