import type { IncomingMessage } from 'node:http'
import type { StatusError } from '@kube-authn/core/adapter'
import type { Outgoing } from '../decide.ts'
import { badGateway } from '../failures.ts'
import { responseHeaders, responseTrailers, setHeaders } from '../headers/response-headers.ts'
import { isNamed, tokensOf } from '../headers/hop-by-hop.ts'
import type { NodeMessage, NodeResponse } from '../node-types.ts'
import { answer, cutOff } from './answers.ts'
import { flow } from './flow.ts'

/** What responses depend on. */
export interface SendResponseParts {
  readonly mode: 'impersonate' | 'token'
  readonly isSandboxed: boolean
  /** Told of the credential of a request that the upstream answered by a 401. */
  readonly credentialRefused: (authorization: string | undefined) => void
}

/** What happens to a response of the upstream. */
export interface ResponseEvents {
  /** All of it was read. */
  readonly onRead: () => void
  /** It broke off. */
  readonly onBroken: (error: Error) => void
}

/**
 * Sends a response of the upstream.
 *
 * @returns why another response was sent instead.
 */
export function sendResponse(
  from: IncomingMessage,
  { message, response }: { readonly message: NodeMessage; readonly response: NodeResponse },
  outgoing: Pick<Outgoing, 'method' | 'authorization'>,
  { mode, isSandboxed, credentialRefused }: SendResponseParts,
  { onRead, onBroken }: ResponseEvents,
): StatusError | undefined {
  if (from.statusCode === 401) credentialRefused(outgoing.authorization)
  const headers = responseHeaders(from.rawHeaders)
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
  flow(from, response, length, {
    onRead,
    onEnd() {
      const trailers = responseTrailers(from.rawTrailers)
      if (trailers !== undefined) response.addTrailers(trailers)
      response.end()
    },
  })
  return undefined
}

/** A 401 is about the credential of the proxy, which the client has no part in; a client would take it for its own. */
function refusedResponse(
  { statusCode, headers }: IncomingMessage,
  mode: SendResponseParts['mode'],
): StatusError | undefined {
  if (statusCode === 401 && mode === 'impersonate') {
    return badGateway(new Error('the upstream refused the credential of this proxy'))
  }
  if (statusCode === undefined || statusCode < 200 || statusCode > 599) {
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
    for (let index = 0; index < headers.length; index += 2) {
      const name = headers[index] ?? ''
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

function lengthOf(value: string | undefined): number | undefined {
  const length = Number(value ?? Number.NaN)
  return Number.isSafeInteger(length) ? length : undefined
}
