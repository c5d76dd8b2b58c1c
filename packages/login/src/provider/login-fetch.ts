import type { HttpResponse } from '@kube-authn/core/internal/login'

/** The used part of `fetch`. Accepts the global `fetch`, and that of `createFetch` in `@kube-authn/node`, which has a certificate authority. */
export type LoginFetch = (url: string, init: LoginFetchInit) => Promise<HttpResponse>

/** The options of a {@link LoginFetch} call. */
export interface LoginFetchInit {
  readonly method: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | null
  /** Redirects are not followed. */
  readonly redirect: 'manual'
  readonly signal: AbortSignal
}
