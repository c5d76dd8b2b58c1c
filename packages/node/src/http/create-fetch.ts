import { deadlineAfter, optionProblems, refuseProblems, systemClock } from '@kube-authn/core/internal'
import { aBoolean, above, type OptionsShape, wholeNumber } from '@kube-authn/core/adapter'
import { reloadShape } from '../options/reload-options.ts'
import type { ReloadOptions } from '../file-source/reloading-source.ts'
import { connections, limitedResponse } from './connections.ts'
import { type Transport, transportShape } from './endpoint.ts'
import { type InsecureOptions, transportProblems } from './problems.ts'
import { closeable, type Closeable } from '../options/closeable.ts'

/** Options of {@link createFetch}; the reload options apply to the files of the transport. */
export interface CreateFetchOptions extends ReloadOptions, InsecureOptions {
  /** The timeout of a whole call, until the last byte of the response. Default 30. */
  readonly timeoutSeconds?: number
  /** A longer response fails. Default 1,048,576. */
  readonly maxBytes?: number
}

export const fetchShape: OptionsShape<CreateFetchOptions> = {
  ...reloadShape,
  allowInsecureHttp: aBoolean,
  timeoutSeconds: above(0, 86_400),
  maxBytes: wholeNumber(1),
}

/** The supported part of the Fetch API's request options. */
export interface HttpFetchInit {
  readonly method?: string
  readonly headers?: Headers | Readonly<Record<string, string>> | undefined
  readonly body?: string | Uint8Array<ArrayBuffer> | null | undefined
  /** Redirects are never followed: a redirect is returned, or is an error with `error`. */
  readonly redirect?: 'follow' | 'manual' | 'error'
  readonly signal?: AbortSignal | null | undefined
}

/** A `fetch` with its own connections. `close` closes the idle ones and refuses further calls. */
export interface HttpFetch extends Closeable {
  (url: string | URL, init?: HttpFetchInit): Promise<Response>
}

/**
 * A `fetch` with its own CAs, client certificate and proxy. It follows no redirects, limits time and size, and keeps connections alive. After a file
 * changed, new calls use new connections; if its new content is bad, the last good one stays. A `GET` on a reused connection that the server just
 * closed is retried once.
 *
 * Source: client-go `rest/transport.go`, Go `net/http/transport.go` (`shouldRetryRequest`).
 *
 * Deviation: no redirect is followed, and responses are limited (`docs/deviations.md`, webhooks).
 *
 * @throws {ConfigurationError} with every problem of the transport and the options.
 * @example
 * const fetch = createFetch({ caFile: '/etc/kube-authn/issuer-ca.crt' })
 * const response = await fetch('https://issuer.example.com/.well-known/openid-configuration')
 */
export function createFetch(transport: Transport = {}, options: CreateFetchOptions = {}): HttpFetch {
  const found = optionProblems(transportShape, transport)
  refuseProblems(found.length > 0 ? found : transportProblems(transport), optionProblems(fetchShape, options))
  const { timeoutSeconds = 30, maxBytes = 1_048_576, allowInsecureHttp = false } = options
  const { clock = systemClock } = options
  const open = connections(transport, timeoutSeconds * 1000, options)

  const call = async (url: string | URL, init: HttpFetchInit = {}): Promise<Response> => {
    const target = new URL(url)
    if (target.protocol !== 'https:' && !(allowInsecureHttp && target.protocol === 'http:')) {
      throw new TypeError('the URL must be https')
    }
    // undici would include them in its error.
    if (target.username !== '' || target.password !== '') {
      throw new TypeError('a URL must not have credentials in it')
    }
    const { method = 'GET', body = null, redirect } = init
    const deadline = deadlineAfter({
      milliseconds: timeoutSeconds * 1000,
      clock,
      caller: init.signal ?? undefined,
      timeUp: () => new DOMException(`no complete response within ${timeoutSeconds} seconds`, 'TimeoutError'),
    })
    try {
      const send = async () => {
        const { fetch, dispatcher } = await open.current()
        return fetch(target, {
          method,
          headers: [...headersFor(init.headers)],
          body,
          redirect: redirect === 'error' ? 'error' : 'manual',
          signal: deadline.signal,
          dispatcher,
        })
      }
      const response = await send().catch((error: unknown) => {
        if (method !== 'GET' || !isLostConnection(error)) throw error
        return send()
      })
      return limitedResponse(response, maxBytes, deadline.end)
    } catch (error) {
      deadline.end()
      throw error
    }
  }
  return closeable(call, open.close)
}

/** Whether an open connection was closed before a response. */
function isLostConnection(error: unknown): boolean {
  const cause: unknown = error instanceof Error ? error.cause : undefined
  return cause instanceof Error && 'code' in cause && LOST.has(cause.code)
}

const LOST: ReadonlySet<unknown> = new Set(['UND_ERR_SOCKET', 'ECONNRESET', 'EPIPE'])

function headersFor(given: HttpFetchInit['headers']): Headers {
  const headers = new Headers(given)
  // undici would take the TLS server name from it.
  headers.delete('host')
  // Small responses need no compression, and a compressed one may expand to any size.
  headers.set('accept-encoding', 'identity')
  if (!headers.has('user-agent')) headers.set('user-agent', 'kube-authn')
  return headers
}
