import { once } from 'node:events'
import { connect, createSecureServer, type IncomingHttpHeaders } from 'node:http2'
import type { IncomingMessage } from 'node:http'
import { request } from 'node:https'
import type { AddressInfo } from 'node:net'
import { gunzipSync } from 'node:zlib'
import { createPki, type IssuedCredential } from '@kube-authn/testing'
import { http2ServerOptions, tlsServerOptions } from '@kube-authn/node'

/** An answer, whatever the protocol. */
export interface Answer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly text: string
}

/** What is asked. */
export interface Question {
  readonly method?: string
  readonly path: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string | Uint8Array
}

/** A server of HTTP/1 and HTTP/2 over TLS. */
export interface RunningServer {
  readonly port: number
  readonly ca: string
  /** Over HTTP/1. The path is sent as it is. */
  ask(question: Question): Promise<Answer>
  /** Over HTTP/2. */
  ask2(question: Question): Promise<Answer>
  close(): Promise<void>
}

let credentials: Promise<{ readonly ca: string; readonly server: IssuedCredential }> | undefined

async function makeCredentials(): Promise<{ readonly ca: string; readonly server: IssuedCredential }> {
  const pki = await createPki({ commonName: 'servers' })
  return { ca: pki.caPem, server: await pki.issueServer({ hosts: ['localhost', '127.0.0.1'] }) }
}

/** Serves a listener. */
export async function runningServer(
  listener: Parameters<typeof createSecureServer>[1] & object,
): Promise<RunningServer> {
  credentials ??= makeCredentials()
  const { ca, server: own } = await credentials
  const server = createSecureServer(
    {
      ...tlsServerOptions({ cert: own.chainPem, key: own.privateKeyPem }),
      ...http2ServerOptions({ cleanHttp2Fields: true }),
      allowHTTP1: true,
    },
    listener,
  )
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    port,
    ca,
    ask: (question) => askHttp1(port, ca, question),
    ask2: (question) => askHttp2(port, ca, question),
    async close() {
      server.close()
      await once(server, 'close')
    },
  }
}

async function askHttp1(
  port: number,
  ca: string,
  { method = 'GET', path, headers = {}, body }: Question,
): Promise<Answer> {
  const sent = request({ host: '127.0.0.1', port, ca, method, path, headers, agent: false })
  const answered = once(sent, 'response')
  sent.end(body)
  const [response] = (await answered) as [IncomingMessage]
  const chunks: Buffer[] = []
  for await (const chunk of response) chunks.push(chunk as Buffer)
  return {
    status: response.statusCode ?? 0,
    headers: response.headers,
    text: textOf(chunks, response.headers),
  }
}

async function askHttp2(
  port: number,
  ca: string,
  { method = 'GET', path, headers = {}, body }: Question,
): Promise<Answer> {
  const session = connect(`https://127.0.0.1:${port}`, { ca })
  const stream = session.request({ ':method': method, ':path': path, ...headers })
  const answered = once(stream, 'response')
  stream.end(body)
  const [received] = (await answered) as [IncomingHttpHeaders & { ':status'?: number }]
  const chunks: Buffer[] = []
  for await (const chunk of stream) chunks.push(chunk as Buffer)
  session.close()
  return { status: received[':status'] ?? 0, headers: received, text: textOf(chunks, received) }
}

function textOf(chunks: readonly Buffer[], headers: IncomingHttpHeaders): string {
  const content = Buffer.concat(chunks)
  return (headers['content-encoding'] === 'gzip' ? gunzipSync(content) : content).toString()
}
