import { connect, type ConnectionOptions, type TLSSocket } from 'node:tls'
import { PATIENCE_MS } from '../patience.ts'

/** The response and its connection. */
export interface RawAnswer {
  readonly status: number
  readonly body: string
  /** The session to resume the connection with. */
  readonly session: Buffer | undefined
}

/** A request with header lines sent exactly as given, over a new connection. */
export async function rawRequest(
  port: number,
  tls: ConnectionOptions,
  path: string,
  headerLines: readonly string[] = [],
): Promise<RawAnswer> {
  let session: Buffer | undefined
  const text = await new Promise<string>((resolve, reject) => {
    const socket: TLSSocket = connect({ port, host: '127.0.0.1', servername: 'localhost', ...tls })
    let received = ''
    socket.setEncoding('utf8')
    socket.on('session', (fresh: Buffer) => (session = fresh))
    socket.on('data', (data) => (received += String(data)))
    socket.once('close', () => resolve(received))
    socket.once('error', reject)
    socket.setTimeout(PATIENCE_MS, () => socket.destroy(new Error('no answer')))
    const head = [`GET ${path} HTTP/1.1`, 'Host: localhost', 'Connection: close', ...headerLines]
    socket.write(`${head.join('\r\n')}\r\n\r\n`, 'latin1')
  })
  const [head = '', ...rest] = text.split('\r\n\r\n')
  const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(head)?.[1])
  return { status, body: unchunked(head, rest.join('\r\n\r\n')), session }
}

function unchunked(head: string, body: string): string {
  if (!/^transfer-encoding: chunked/im.test(head)) return body
  return body.replaceAll(/(?:^|\r\n)[\da-f]+\r\n/gi, '').replace(/\r\n$/, '')
}
