import { AsyncLocalStorage } from 'node:async_hooks'
import { createServer, type Server } from 'node:https'
import type { AddressInfo } from 'node:net'
import { Readable } from 'node:stream'
import { incomingMessageRequest } from '@kube-authn/core/adapter'

const presented = new AsyncLocalStorage<readonly Uint8Array[]>()

/** The certificates that the client of this request presented, in DER, its own first. */
export function presentedCertificates(): readonly Uint8Array[] {
  return presented.getStore() ?? []
}

/** A handler of Fetch requests behind TLS, which asks clients for certificates and verifies none. */
export async function listen(
  credential: { readonly cert: string; readonly key: string },
  handler: (request: Request) => Promise<Response>,
): Promise<Server> {
  const options = { ...credential, requestCert: true, rejectUnauthorized: false }
  const server = createServer(options, (received, sent) => {
    const gone = new AbortController()
    sent.on('close', () => gone.abort())
    const headers = new Headers()
    for (const [name, values = []] of Object.entries(received.headersDistinct)) {
      for (const value of values) headers.append(name, value)
    }
    const { method = 'GET', url = '/' } = received
    const hasBody = method !== 'GET' && method !== 'HEAD'
    const init = { method, headers, signal: gone.signal }
    const body = hasBody ? { body: Readable.toWeb(received) as ReadableStream, duplex: 'half' } : {}
    const request = new Request(`https://127.0.0.1${url}`, { ...init, ...body })
    const certificates = incomingMessageRequest(received).peerCertificates?.() ?? []
    void presented.run(certificates, async () => {
      const response = await handler(request)
      sent.writeHead(response.status, Object.fromEntries(response.headers))
      for await (const chunk of response.body ?? []) sent.write(chunk)
      sent.end()
    })
  })
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  return server
}

/** The port of a server that listens. */
export function portOf(server: Server): number {
  return (server.address() as AddressInfo).port
}
