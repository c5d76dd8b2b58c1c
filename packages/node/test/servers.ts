import { once } from 'node:events'
import {
  createServer as createHttpServer,
  type IncomingMessage,
  type RequestListener,
  type Server,
} from 'node:http'
import { createServer as createHttpsServer } from 'node:https'
import { connect, type AddressInfo, type Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { TLSSocket } from 'node:tls'
import type { IssuedCredential } from '@kube-authn/testing'
import { onTestFinished } from 'vitest'

/** A server that is stopped when its test is over. */
export interface RunningServer {
  readonly server: Server
  readonly port: number
  /** With the address, not a name. */
  readonly url: string
  readonly requests: IncomingMessage[]
  /** What TLS was told, in the order of connections. */
  readonly connections: { readonly serverName: string | false | null; readonly client: string | undefined }[]
}

/** Answers over TLS, and asks for a client certificate without insisting on one. */
export async function httpsServer(
  credential: IssuedCredential,
  listener: RequestListener = (_, response) => response.end('ok'),
): Promise<RunningServer> {
  const server = createHttpsServer({
    cert: credential.chainPem,
    key: credential.privateKeyPem,
    requestCert: true,
    rejectUnauthorized: false,
  })
  const running = await start(server, 'https', listener)
  server.on('secureConnection', (socket: TLSSocket) => {
    const { subject } = socket.getPeerCertificate()
    running.connections.push({
      serverName: (socket as TLSSocket & { servername: string | false | null }).servername,
      client: (subject as { CN?: string } | undefined)?.CN,
    })
  })
  return running
}

/** Answers without TLS. */
export async function httpServer(
  listener: RequestListener = (_, response) => response.end('ok'),
): Promise<RunningServer> {
  return start(createHttpServer(), 'http', listener)
}

/** A proxy that makes tunnels to wherever it is asked. */
export async function proxyServer(credential?: IssuedCredential): Promise<RunningServer> {
  const server =
    credential === undefined
      ? createHttpServer()
      : createHttpsServer({
          cert: credential.chainPem,
          key: credential.privateKeyPem,
          requestCert: true,
          rejectUnauthorized: false,
        })
  const running = await start(server, credential === undefined ? 'http' : 'https', (_, response) => {
    response.writeHead(400).end()
  })
  server.on('secureConnection', (socket: TLSSocket) => {
    const { subject } = socket.getPeerCertificate()
    running.connections.push({ serverName: null, client: (subject as { CN?: string } | undefined)?.CN })
  })
  server.on('connect', (request: IncomingMessage, client: Duplex, head: Buffer) => {
    running.requests.push(request)
    const [host = '', port = ''] = (request.url ?? '').split(':')
    const upstream: Socket = connect(Number(port), host, () => {
      client.write('HTTP/1.1 200 Connection established\r\n\r\n')
      upstream.write(head)
      upstream.pipe(client).pipe(upstream)
    })
    upstream.on('error', () => client.destroy())
    client.on('error', () => upstream.destroy())
  })
  return running
}

async function start(server: Server, scheme: string, listener: RequestListener): Promise<RunningServer> {
  const requests: IncomingMessage[] = []
  const sockets = new Set<Socket>()
  server.on('request', (request: IncomingMessage, response) => {
    requests.push(request)
    listener(request, response)
  })
  server.on('connection', (socket: Socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.close()
    for (const socket of sockets) socket.destroy()
  })
  const { port } = server.address() as AddressInfo
  return { server, port, url: `${scheme}://127.0.0.1:${port}`, requests, connections: [] }
}
