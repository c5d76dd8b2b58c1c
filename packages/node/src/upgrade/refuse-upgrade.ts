import type { StatusError } from '@kube-authn/core/adapter'
import type { Duplex } from 'node:stream'
import { STATUS_CODES } from 'node:http'

/** The headers of a response without an object of Node: an upgrade has none. */
export class AnswerHeaders {
  readonly #values = new Map<string, string>()

  hasHeader(name: string): boolean {
    return this.#values.has(name.toLowerCase())
  }

  setHeader(name: string, value: string): void {
    this.#values.set(name.toLowerCase(), value)
  }

  get(name: string): string | undefined {
    return this.#values.get(name.toLowerCase())
  }

  entries(): Iterable<readonly [name: string, value: string]> {
    return this.#values
  }
}

/** Writes a response instead of switching protocols, and closes the connection. */
export function refuseUpgrade(socket: Duplex, failure: StatusError, further: AnswerHeaders): void {
  const { status, headers, content } = failure
  const lines = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}`,
    ...[...further.entries(), ...Object.entries(headers)].flatMap(([name, value]) =>
      [value].flat().map((each) => `${name}: ${safe(each)}`),
    ),
    `content-length: ${Buffer.byteLength(content)}`,
    'connection: close',
  ]
  socket.once('finish', () => socket.destroy())
  socket.end(`${lines.join('\r\n')}\r\n\r\n${content}`)
}

/** Node checks the headers of its responses; these are written without it. */
function safe(value: string): string {
  return value.replaceAll(/[^\t\x20-\x7e]/g, ' ')
}

/**
 * Calls the listener if the client closes its connection before it sends anything. After the event `upgrade` Node does not read a socket, and does not
 * notice this otherwise. What the client sends stays in the buffer of the socket.
 *
 * @returns a function that stops reading.
 */
export function whenClientLeaves(socket: Duplex, listener: () => void): () => void {
  // At the end of a stream without data, `read` has the event `end` emitted.
  const onReadable = (): void => {
    if (socket.readableLength === 0) socket.read()
  }
  socket.on('readable', onReadable)
  socket.once('end', listener)
  return () => {
    socket.off('readable', onReadable)
    socket.off('end', listener)
  }
}
