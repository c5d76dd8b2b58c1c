import { type ReadBody, bodyWasRead, receive } from '../../request/body.ts'

/** The members of Node's `http.IncomingMessage` and `http2.Http2ServerRequest` that are used to read a body. */
export interface NodeBody {
  /** Whether any of it has been read. */
  readonly readableDidRead?: boolean
  readonly destroyed?: boolean
  on(event: 'data' | 'end' | 'error' | 'close', listener: (chunk: Uint8Array) => void): unknown
  off(event: 'data' | 'end' | 'error' | 'close', listener: (chunk: Uint8Array) => void): unknown
}

/**
 * The body of a request of Node's `http`, `https` or `http2`. Data beyond the limit is discarded as it arrives.
 *
 * @param parsed the result of a body parser that ran before. Default: the `body` of the message.
 * @example
 * const answer = handle(incomingMessageRequest(req), incomingMessageBody(req), { user })
 */
export function incomingMessageBody(message: NodeBody, parsed: unknown = bodyOf(message)): ReadBody {
  return async (maxBytes) => {
    if (message.readableDidRead !== true) return readMessage(message, maxBytes)
    if (parsed === undefined) throw bodyWasRead()
    const bytes = bytesOf(parsed)
    return bytes.length > maxBytes ? undefined : bytes
  }
}

/** The property where the body parsers of Express and similar frameworks put their result. */
function bodyOf(message: object): unknown {
  return 'body' in message ? message.body : undefined
}

function bytesOf(parsed: unknown): Uint8Array {
  if (parsed instanceof Uint8Array) return parsed
  return new TextEncoder().encode(typeof parsed === 'string' ? parsed : JSON.stringify(parsed))
}

function readMessage(message: NodeBody, maxBytes: number): Promise<Uint8Array | undefined> {
  const received = receive(maxBytes)
  return new Promise((resolve, reject) => {
    const onData = (chunk: Uint8Array): void => {
      if (!received.add(chunk)) settle(() => resolve(undefined))
    }
    const onEnd = (): void => settle(() => resolve(received.all()))
    const onClose = (): void => settle(() => reject(new Error('the client went away')))
    const settle = (how: () => void): void => {
      message.off('data', onData)
      message.off('end', onEnd)
      message.off('close', onClose)
      how()
    }
    // A destroyed request emits no further events.
    if (message.destroyed === true) {
      onClose()
      return
    }
    // An error closes the connection; without a listener it would end the process.
    message.on('error', onClose)
    message.on('close', onClose)
    message.on('end', onEnd)
    message.on('data', onData)
  })
}
