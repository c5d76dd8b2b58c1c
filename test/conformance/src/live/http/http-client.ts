import { connect } from 'node:net'
import type { Duplex } from 'node:stream'

/** A response, with lower-case header names and values as sent. */
export interface HttpAnswer {
  /** 0 if the connection ended without a response. */
  readonly status: number
  readonly headers: readonly (readonly [string, string])[]
  readonly body: string
}

export interface RawRequest {
  readonly method: string
  readonly target: string
  readonly headers: readonly (readonly [string, string])[]
  readonly body?: string | Uint8Array
}

/** Sends a request over a new connection, exactly as given; strings are sent as UTF-8. */
export function send(port: number, { method, target, headers, body }: RawRequest): Promise<HttpAnswer> {
  const content = body === undefined ? undefined : Buffer.from(body)
  const lines = [
    `${method} ${target} HTTP/1.1`,
    'Host: server.example',
    'Connection: close',
    ...headers.map(([name, value]) => `${name}: ${value}`),
    ...(content === undefined ? [] : [`Content-Length: ${content.length}`]),
  ]
  const head = Buffer.from(`${lines.join('\r\n')}\r\n\r\n`)
  return sendBytes(port, Buffer.concat([head, content ?? Buffer.alloc(0)]))
}

/** Sends bytes over a new connection. */
export async function sendBytes(port: number, bytes: Uint8Array): Promise<HttpAnswer> {
  return exchange(connect({ port, host: '127.0.0.1' }), bytes)
}

/** Sends bytes over a connection, which ends with the response. */
export async function exchange(connection: Duplex, bytes: Uint8Array): Promise<HttpAnswer> {
  const isHead = Buffer.from(bytes.subarray(0, 5)).toString('latin1') === 'HEAD '
  const received = await receivedUntil(connection, bytes, (all) => isWhole(withoutContinue(all), isHead))
  return answerIn(withoutContinue(received))
}

/** Receives from a connection until the response is complete, the connection ends or a timeout. */
export async function receivedUntil(
  connection: Duplex,
  bytes: Uint8Array,
  isEnough: (received: Buffer) => boolean,
): Promise<Buffer> {
  const chunks: Buffer[] = []
  await new Promise<void>((resolve) => {
    connection.on('data', (chunk: Buffer) => {
      chunks.push(chunk)
      if (isEnough(Buffer.concat(chunks))) connection.destroy()
    })
    // The server may wait for the rest of a request.
    const timer = setTimeout(() => connection.destroy(), PATIENCE_MS)
    // A server that refuses a request may reset the connection after its response.
    connection.on('error', () => undefined)
    connection.on('close', () => {
      clearTimeout(timer)
      resolve()
    })
    connection.write(bytes)
  })
  return Buffer.concat(chunks)
}

const PATIENCE_MS = 10_000

const CONTINUE = Buffer.from('HTTP/1.1 100 Continue\r\n\r\n')

/** The part after an interim response. */
function withoutContinue(bytes: Buffer): Buffer {
  return bytes.subarray(0, CONTINUE.length).equals(CONTINUE) ? bytes.subarray(CONTINUE.length) : bytes
}

/** Whether a response with a length is complete; one to HEAD has no body. */
function isWhole(bytes: Buffer, isHead: boolean): boolean {
  const end = bytes.indexOf('\r\n\r\n')
  if (isHead) return end !== -1
  const length = /\r\ncontent-length: (\d+)\r\n/i.exec(bytes.subarray(0, end + 2).toString('latin1'))?.[1]
  return length === undefined ? bytes.includes('\r\n0\r\n\r\n') : bytes.length >= end + 4 + Number(length)
}

function answerIn(bytes: Buffer): HttpAnswer {
  const end = bytes.indexOf('\r\n\r\n')
  if (end === -1) return { status: 0, headers: [], body: '' }
  const [first = '', ...lines] = bytes.subarray(0, end).toString('latin1').split('\r\n')
  const headers = lines.map((line) => {
    const colon = line.indexOf(':')
    return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()] as const
  })
  const isChunked = headers.some(([name, value]) => name === 'transfer-encoding' && value === 'chunked')
  const rest = bytes.subarray(end + 4)
  return {
    status: Number(first.split(' ')[1]),
    headers,
    body: (isChunked ? joinedChunks(rest) : rest).toString('utf8'),
  }
}

function joinedChunks(bytes: Buffer): Buffer {
  const line = bytes.indexOf('\r\n')
  const size = Number.parseInt(bytes.subarray(0, line).toString('latin1'), 16)
  if (line === -1 || !(size > 0)) return Buffer.alloc(0)
  const start = line + 2
  return Buffer.concat([bytes.subarray(start, start + size), joinedChunks(bytes.subarray(start + size + 2))])
}
