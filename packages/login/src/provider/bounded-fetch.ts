import type { Clock } from '@kube-authn/core'
import type { GetFetch } from '@kube-authn/core/oidc'
import { deadlineAfter, type HttpResponse, textOf } from '@kube-authn/core/internal'

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

/** A `fetch` that only reads. */
export function getFetch(fetch: LoginFetch): GetFetch {
  return (url, init) => fetch(url, { ...init, body: null })
}

/** The `fetch` of oauth4webapi, whose own type CommonJS cannot import. */
export type BoundedFetch = (
  url: string,
  options: {
    readonly method: string
    readonly headers: Readonly<Record<string, string>>
    readonly body: URLSearchParams | undefined
  },
) => Promise<Response>

/** The size limit of every response of a provider. */
const MAX_BYTES = 1_048_576
const KEPT_HEADERS = ['content-type', 'www-authenticate', 'cache-control']
const WITHOUT_BODY: ReadonlySet<number> = new Set([204, 205, 304])

/** Calls a provider within a time limit, and reads at most 1 MiB of its response. */
export function boundedFetch(fetch: LoginFetch, clock: Clock, timeoutSeconds: number): BoundedFetch {
  return async (url, { method, headers, body }) => {
    const deadline = deadlineAfter({
      milliseconds: timeoutSeconds * 1000,
      clock,
      caller: undefined,
      timeUp: () => new Error(`no response within ${timeoutSeconds} seconds`),
    })
    try {
      return await deadline.race(async (signal) => {
        const sent = body === undefined ? null : String(body)
        const response = await fetch(url, { method, headers, body: sent, redirect: 'manual', signal })
        return copyResponse(response, await textOf(response, MAX_BYTES))
      })
    } finally {
      deadline.end()
    }
  }
}

function copyResponse({ status, headers }: HttpResponse, text: string): Response {
  const kept = KEPT_HEADERS.flatMap((name): [string, string][] => {
    const value = headers.get(name)
    return value === null ? [] : [[name, value]]
  })
  return new Response(WITHOUT_BODY.has(status) ? null : text, { status, headers: kept })
}
