import { defined } from '@kube-authn/core/internal'
import type * as Undici from 'undici/index.js'
import type { ReloadOptions } from '../file-source/reloading-source.ts'
import { type Transport, identityProblem } from './endpoint.ts'
import { type SecureContexts, secureContextSource } from './pem.ts'

export interface Connections {
  /**
   * Undici's `fetch`, and the dispatcher of the next call. After a file changed that is a new one, so that no old connection is reused.
   *
   * @throws {Error} after `close`.
   */
  readonly current: () => Promise<{
    readonly fetch: typeof Undici.fetch
    readonly dispatcher: Undici.Dispatcher
  }>
  /** Calls in progress finish; new ones are refused. */
  readonly close: () => void
}

const MAX_CONNECTIONS = 100
const IDLE_MS = 30_000

/**
 * Connections by undici's own `Agent`. It only works with the `fetch` of the same undici: the global `fetch` belongs to the version in Node.
 *
 * @param timeoutMs undici's own timeout, in case the caller's did not fire.
 * @throws {Error} if a file cannot be used.
 */
export function connections(transport: Transport, timeoutMs: number, options: ReloadOptions): Connections {
  const source = secureContextSource(transport, options)
  let open: { readonly contexts: SecureContexts; readonly dispatcher: Undici.Dispatcher } | undefined
  let isClosed = false

  return {
    async current() {
      // Loaded on the first call: it is slow to load, and an app that only reads files never calls.
      const undici = await import('undici/index.js')
      if (isClosed) throw new Error('the client is closed')
      const contexts = source.current()
      if (open?.contexts !== contexts) {
        if (open !== undefined) closeGently(open.dispatcher)
        open = { contexts, dispatcher: dispatcherFor(undici, transport, contexts, timeoutMs) }
      }
      return { fetch: undici.fetch, dispatcher: open.dispatcher }
    },
    close() {
      isClosed = true
      source.close()
      if (open !== undefined) closeGently(open.dispatcher)
    },
  }
}

function closeGently(dispatcher: Undici.Dispatcher): void {
  dispatcher.close().catch(() => undefined)
}

function dispatcherFor(
  { Agent, Pool, ProxyAgent }: typeof Undici,
  transport: Transport,
  contexts: SecureContexts,
  timeoutMs: number,
): Undici.Dispatcher {
  const { serverName, insecureSkipTlsVerify = false, proxyUrl } = transport
  const limits = {
    connections: MAX_CONNECTIONS,
    keepAliveTimeout: IDLE_MS,
    headersTimeout: timeoutMs,
    bodyTimeout: timeoutMs,
  }
  const tls = {
    secureContext: contexts.server,
    timeout: timeoutMs,
    rejectUnauthorized: !insecureSkipTlsVerify,
    checkServerIdentity: identityProblem,
    ...defined({ servername: serverName }),
  }
  if (proxyUrl === undefined) return new Agent({ ...limits, connect: tls })
  const { uri, token } = proxyOf(proxyUrl)
  return new ProxyAgent({
    ...limits,
    uri,
    ...defined({ token }),
    proxyTunnel: true,
    requestTls: tls,
    proxyTls: { secureContext: contexts.proxy, timeout: timeoutMs, checkServerIdentity: identityProblem },
    clientFactory: (origin, clientOptions) => new Pool(origin, { ...clientOptions, ...limits }),
  })
}

/** The proxy without its credentials, which errors would show, and the credentials as a header. */
function proxyOf(proxyUrl: string): { readonly uri: string; readonly token?: string } {
  const url = new URL(proxyUrl)
  const { username, password } = url
  url.username = ''
  url.password = ''
  if (username === '' && password === '') return { uri: url.href }
  const pair = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`
  return { uri: url.href, token: `Basic ${Buffer.from(pair, 'utf8').toString('base64')}` }
}

type OnEnd = () => void

/**
 * Limits the body of a response to `maxBytes`, counted after decompression.
 *
 * @param onEnd called once, at the end of the body.
 * @throws {Error} if `Content-Length` is larger.
 */
export function limitedResponse(response: Undici.Response, maxBytes: number, onEnd: OnEnd): Response {
  const { status, statusText, body } = response
  const init = { status, statusText, headers: [...response.headers] }
  if (body === null) {
    onEnd()
    return new Response(null, init)
  }
  if (Number(response.headers.get('content-length') ?? 0) > maxBytes) {
    body.cancel().catch(() => undefined)
    throw tooLong(maxBytes)
  }
  return new Response(limitedStream(body.getReader(), maxBytes, onEnd), init)
}

function limitedStream(
  reader: Pick<ReadableStreamDefaultReader<unknown>, 'read' | 'cancel'>,
  maxBytes: number,
  onEnd: OnEnd,
): ReadableStream<Uint8Array<ArrayBuffer>> {
  let length = 0
  return new ReadableStream<Uint8Array<ArrayBuffer>>({
    async pull(controller) {
      try {
        const { done, value } = await reader.read()
        if (done) {
          onEnd()
          controller.close()
        } else if (value instanceof Uint8Array) {
          length += value.byteLength
          if (length > maxBytes) throw tooLong(maxBytes)
          controller.enqueue(new Uint8Array(value))
        }
      } catch (error) {
        onEnd()
        reader.cancel().catch(() => undefined)
        throw error
      }
    },
    async cancel(reason) {
      onEnd()
      await reader.cancel(reason)
    },
  })
}

function tooLong(maxBytes: number): Error {
  return new Error(`the response is longer than ${maxBytes} bytes`)
}
