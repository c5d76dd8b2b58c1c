import type { HttpResponse } from './response.ts'

/** What of `fetch` is used for reading. The global one will do; `@kube-authn/node` makes one with a CA of its own. */
export type GetFetch = (url: string, init: GetFetchInit) => Promise<HttpResponse>

/** What a {@link GetFetch} is called with. */
export interface GetFetchInit {
  readonly method: 'GET'
  readonly headers: Readonly<Record<string, string>>
  /** A redirect is not followed. */
  readonly redirect: 'manual'
  readonly signal: AbortSignal
}
