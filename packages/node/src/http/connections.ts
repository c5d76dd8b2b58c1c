import type { PeerCertificate } from 'node:tls'
import type * as Undici from 'undici/index.js'
import { nodeTls } from '../builtins.ts'
import type { ReloadOptions } from '../file-source/reloading-source.ts'
import type { Transport } from './endpoint.ts'
import { type SecureContexts, secureContextSource } from './secure-context-source.ts'

/** Where a call goes, and the `fetch` that knows how. */
interface Route {
  readonly fetch: typeof Undici.fetch
  readonly dispatcher: Undici.Dispatcher
}

/** Connections that are kept open between calls. */
export interface Connections {
  /**
   * Where the next call goes. Another dispatcher when a file changed, so that nothing old is trusted for it.
   *
   * @throws {Error} after `close`.
   */
  readonly current: () => Promise<Route>
  /** Calls under way end by themselves; there are no new ones. */
  readonly close: () => void
}

const MAX_CONNECTIONS = 100
const IDLE_MS = 30_000

/**
 * Connections by undici's own `Agent`. It only works together with the same undici's `fetch`: the global `fetch` belongs to
 * another version of undici on every version of Node.
 *
 * @param timeoutMs what undici itself gives up after, should nobody have done so before.
 * @throws {Error} when a file cannot be used.
 */
export function connections(transport: Transport, timeoutMs: number, options: ReloadOptions): Connections {
  const source = secureContextSource(transport, options)
  let open: { readonly contexts: SecureContexts; readonly dispatcher: Undici.Dispatcher } | undefined
  let isClosed = false

  return {
    async current() {
      // It takes longer to load than all the rest, and an app that only reads files calls nothing.
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

/** The proxy without its credentials, which would be in errors, and the credentials as a header. */
function proxyOf(proxyUrl: string): { readonly uri: string; readonly token?: string } {
  const url = new URL(proxyUrl)
  const { username, password } = url
  url.username = ''
  url.password = ''
  if (username === '' && password === '') return { uri: url.href }
  const pair = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`
  return { uri: url.href, token: `Basic ${Buffer.from(pair, 'utf8').toString('base64')}` }
}

/**
 * Node would take the common name of a certificate without alternative names; Go does not.
 *
 * Source: Go `crypto/x509/verify.go` VerifyHostname.
 */
function identityProblem(host: string, certificate: PeerCertificate): Error | undefined {
  if (certificate.subjectaltname === undefined || certificate.subjectaltname === '') {
    const problem = new Error('the certificate of the server has no alternative names')
    return Object.assign(problem, { code: 'KUBE_AUTHN_MISSING_SAN' })
  }
  return nodeTls().checkServerIdentity(host, certificate)
}
