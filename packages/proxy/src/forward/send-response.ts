import type { IncomingMessage } from 'node:http'
import type { Readable } from 'node:stream'
import type { StatusError, HttpAnswer } from '@kube-authn/core/adapter'
import type { Outgoing } from '../decide.ts'
import { badGateway } from '../failures.ts'
import {
  type PassedHeaders,
  responseHeaders,
  responseTrailers,
  setHeaders,
} from '../headers/response-headers.ts'
import { isNamed, pairsOf, tokensOf } from '../headers/hop-by-hop.ts'
import type { NodeMessage, NodeResponse } from '../node-types.ts'

export interface SendResponseParts {
  readonly mode: 'impersonate' | 'token'
  readonly isSandboxed: boolean
  readonly passed: PassedHeaders
  /** Told of the credential of a request that the upstream answered by a 401. */
  readonly credentialRefused: (authorization: string | undefined) => void
}

/**
 * Sends a response of the upstream.
 *
 * @param onRead called when all of it was read.
 * @param onBroken called when it broke off.
 * @returns why another response was sent instead.
 */
export function sendResponse(
  from: IncomingMessage,
  { message, response }: { readonly message: NodeMessage; readonly response: NodeResponse },
  outgoing: Pick<Outgoing, 'method' | 'authorization'>,
  { mode, isSandboxed, passed, credentialRefused }: SendResponseParts,
  onRead: () => void,
  onBroken: (error: Error) => void,
): StatusError | undefined {
  if (from.statusCode === 401) credentialRefused(outgoing.authorization)
  const headers = responseHeaders(from, passed)
  const refused = refusedResponse(from, mode) ?? setHead(from, { message, response }, headers, isSandboxed)
  if (refused !== undefined) {
    from.resume()
    answer(refused, message, response)
    return refused
  }
  from.on('error', (error) => {
    onBroken(error)
    cutOff(message, response)
  })
  const length = lengthOf(from.headers['content-length'])
  if (outgoing.method === 'HEAD') {
    from.resume()
    from.once('end', onRead)
    response.end()
    return undefined
  }
  // A watch may have nothing to send for a long time. Most other responses have, and one packet is enough for these.
  if (length === undefined) setImmediate(() => flushHead(response))
  flow(from, response, length, onRead, () => {
    const trailers = responseTrailers(from.rawTrailers, passed)
    if (trailers !== undefined) {
      // With its end in one, Node would give an empty body a length, and no trailers.
      flushHead(response)
      response.addTrailers(trailers)
    }
    response.end()
  })
  return undefined
}

/** A 401 is about the credential of the proxy, which the client has no part in; a client would take it for its own. */
function refusedResponse(
  { statusCode = 0, headers }: IncomingMessage,
  mode: SendResponseParts['mode'],
): StatusError | undefined {
  if (statusCode === 401 && mode === 'impersonate') {
    return badGateway(new Error('the upstream refused the credential of this proxy'))
  }
  if (statusCode < 200 || statusCode > 599) {
    return badGateway(new Error('the upstream answered with an unknown status'))
  }
  // Node undoes no other, and `Transfer-Encoding` ends here.
  const { 'transfer-encoding': codings } = headers
  return codings !== undefined && tokensOf(codings).some((coding) => coding !== 'chunked')
    ? badGateway(new Error('the upstream answered with an unknown transfer coding'))
    : undefined
}

/**
 * Sets the head of a response. HTTP/2 allows less than HTTP/1, such as one value only of most headers, and Node checks this when it sends the head: so it is sent here.
 *
 * @returns why there is no such response.
 */
function setHead(
  { statusCode = 502 }: IncomingMessage,
  { message, response }: { readonly message: NodeMessage; readonly response: NodeResponse },
  headers: readonly string[],
  isSandboxed: boolean,
): StatusError | undefined {
  try {
    response.statusCode = statusCode
    setHeaders(response, headers, isSandboxed)
    if (message.httpVersionMajor >= 2) flushHead(response)
    return undefined
  } catch (cause) {
    for (const [name] of pairsOf(headers)) {
      // One that is set stays, whatever is removed (Node.js 24).
      if (isNamed(name, 'date')) response.setHeader(name, '')
      response.removeHeader(name)
    }
    return badGateway(cause)
  }
}

function flushHead(response: NodeResponse): void {
  if (!response.headersSent && !response.destroyed) response.flushHeaders?.()
}

/** Less than any buffer of a connection that Node takes for full. */
const SMALL_BYTES = 8192
const LAST_BYTES = 1024

/**
 * Sends a body at the pace of its reader.
 *
 * The end of a body of known length is sent only when the rest has left the buffers, as is the end of every other body: a client that has the whole response may send its next request at
 * once, and while the buffer of a TLS connection is full, Node would pause its parser then, and reset the connection. Seen with Node.js 20.20.2.
 *
 * @param length the length of the body, if it is known.
 * @param onRead called when all of it was read.
 * @param onEnd called when all of it has left the buffers, too.
 */
function flow(
  from: Readable,
  to: NodeResponse,
  length: number | undefined,
  onRead: () => void,
  onEnd: () => void,
): void {
  let left = length ?? Infinity
  let isFull = false
  let last: Buffer | undefined
  let isRead = false

  const write = (chunk: Buffer): void => {
    if (to.writableEnded) return
    isFull = !to.write(chunk)
    if (isFull) from.pause()
  }
  const end = (): void => {
    if (isFull || !isRead || last !== undefined || to.writableEnded) return
    onEnd()
  }
  const proceed = (): void => {
    isFull = false
    if (last !== undefined) {
      const rest = last
      last = undefined
      write(rest)
    }
    if (!isFull) {
      from.resume()
      end()
    }
  }
  to.on('drain', proceed)
  from.on('data', (chunk: Buffer) => {
    left -= chunk.length
    if (left > 0 || chunk.length <= SMALL_BYTES) {
      write(chunk)
      return
    }
    write(chunk.subarray(0, -LAST_BYTES))
    if (isFull) last = chunk.subarray(-LAST_BYTES)
    else write(chunk.subarray(-LAST_BYTES))
  })
  from.on('end', () => {
    isRead = true
    onRead()
    end()
  })
}

function lengthOf(value: string | undefined): number | undefined {
  const length = Number(value ?? Number.NaN)
  return Number.isSafeInteger(length) ? length : undefined
}

/** Answers a request that is not forwarded, or ends a response that has begun. */
export function answer(answerOf: HttpAnswer, message: NodeMessage, response: NodeResponse): void {
  if (response.writableEnded || response.destroyed) return
  if (response.headersSent) {
    cutOff(message, response)
    return
  }
  const { status, headers, content } = answerOf
  response.statusCode = status
  for (const [name, value] of Object.entries(headers)) {
    // A session that was just renewed has set its cookies.
    if (name !== 'set-cookie') response.setHeader(name, value)
    else for (const line of [value].flat()) response.appendHeader(name, line)
  }
  response.setHeader('content-length', Buffer.byteLength(content))
  // The rest of the request is not read.
  if (message.httpVersionMajor < 2 && !message.complete) response.setHeader('connection', 'close')
  if (message.method === 'HEAD') response.end()
  else response.end(content)
}

/** Ends a response so that what was sent does not look complete. */
export function cutOff(message: NodeMessage, response: NodeResponse): void {
  // 2 is INTERNAL_ERROR (RFC 9113 section 7).
  if ('stream' in message) message.stream.close(2)
  else response.destroy()
}
