import type * as Undici from 'undici/index.js'
import type { ReloadOptions } from '../file-source/reloading-source.ts'
import type { Transport } from './endpoint.ts'
import { type SecureContexts, secureContextSource } from './secure-context-source.ts'
import { identityProblem } from './endpoint.ts'

/** The dispatcher of a call, and undici's `fetch`. */
interface Route {
  readonly fetch: typeof Undici.fetch
  readonly dispatcher: Undici.Dispatcher
}

/** A pool of connections. */
export interface Connections {
  /**
   * The route of the next call. After a file changed it has a new dispatcher, so that no old connection is reused.
   *
   * @throws {Error} after `close`.
   */
  readonly current: () => Promise<Route>
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
    ...(serverName !== undefined && { servername: serverName }),
  }
  if (proxyUrl === undefined) return new Agent({ ...limits, connect: tls })
  const { uri, token } = proxyOf(proxyUrl)
  return new ProxyAgent({
    ...limits,
    uri,
    ...(token !== undefined && { token }),
    proxyTunnel: true,
    requestTls: tls,
    proxyTls: {
      secureContext: contexts.proxy,
      timeout: timeoutMs,
      checkServerIdentity: identityProblem,
    },
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
