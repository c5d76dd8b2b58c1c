import { once } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer } from 'node:https'
import { buffer } from 'node:stream/consumers'
import { optionProblems, refuseProblems, withMethods } from '@kube-authn/core/internal'
import { type OptionsShape, wholeNumber } from '@kube-authn/core/adapter'
import type { CertificateAuthority } from '../pki/certificate-authority.ts'
import { createPki } from '../pki/pki.ts'
import type { FakeService } from '../service/fake-service.ts'

/** Options of {@link listen}. */
export interface ListenOptions {
  /** The CA of the server's certificate. Default: a new one. */
  readonly pki?: Pick<CertificateAuthority, 'caPem' | 'issueServer'>
  /** Default: a free port. */
  readonly port?: number
}

const shape: OptionsShape<ListenOptions> = {
  pki: withMethods('a certificate authority, such as createPki() returns', 'issueServer'),
  port: wholeNumber(0),
}

const aService = withMethods('a service, such as createIssuer() returns', 'handle', 'moveTo')

/** A service that can be reached over TLS. */
export interface ListeningService {
  /** The current URL of the service. */
  readonly url: string
  /** The CA certificate that clients have to trust. */
  readonly caPem: string
  /** Closes the server and all its connections. */
  close(): Promise<void>
}

/**
 * Serves an issuer or a webhook over TLS on 127.0.0.1, and moves it there: its `url` and the tokens it signs change accordingly. If the service
 * rejects, the connection is closed.
 *
 * @example
 * const issuer = await createIssuer()
 * const { url, caPem, close } = await listen(issuer)
 */
export async function listen(
  service: Pick<FakeService, 'url' | 'handle' | 'moveTo'>,
  options: ListenOptions = {},
): Promise<ListeningService> {
  refuseProblems(aService(service, 'service'), optionProblems(shape, options))
  const pki = options.pki ?? (await createPki())
  const { chainPem, privateKeyPem } = await pki.issueServer({ hosts: ['127.0.0.1', 'localhost'] })
  const server = createServer({ cert: chainPem, key: privateKeyPem }, (message, response) => {
    answer(service.handle, message, response).catch(() => message.socket.destroy())
  })
  server.listen(options.port ?? 0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (typeof address !== 'object' || address === null) throw new Error('the server has no port')
  service.moveTo(`https://127.0.0.1:${address.port}`)

  return {
    url: service.url,
    caPem: pki.caPem,
    async close() {
      if (!server.listening) return
      const closed = once(server, 'close')
      server.close()
      server.closeAllConnections()
      await closed
    },
  }
}

async function answer(
  handle: (request: Request) => Promise<Response>,
  message: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const gone = new AbortController()
  response.once('close', () => gone.abort())
  const { status, headers, body } = await handle(await toRequest(message, gone.signal))
  const content = body === null ? undefined : new Uint8Array(await new Response(body).arrayBuffer())
  response.writeHead(status, [...headers].flat())
  response.end(content)
}

async function toRequest(message: IncomingMessage, signal: AbortSignal): Promise<Request> {
  const { method = 'GET', url = '/', headersDistinct } = message
  const headers = new Headers()
  for (const [name, values = []] of Object.entries(headersDistinct)) {
    for (const value of values) headers.append(name, value)
  }
  const body = method === 'GET' || method === 'HEAD' ? null : new Uint8Array(await buffer(message))
  return new Request(new URL(url, `https://${message.headers.host ?? 'localhost'}`), {
    method,
    headers,
    body,
    signal,
  })
}
