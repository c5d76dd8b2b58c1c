import type { IncomingMessage } from 'node:http'
import type { StatusError } from '@kube-authn/core/adapter'
import type { Outgoing } from '../decide.ts'
import { badGateway } from '../failures.ts'
import { responseHeaders, setHeaders } from '../headers/response-headers.ts'
import { requestTrailers } from '../headers/request-headers.ts'
import type { NodeMessage, NodeResponse } from '../node-types.ts'
import { answer, cutOff } from './answers.ts'
import { flow } from './flow.ts'

/** What responses depend on. */
export interface SendResponseParts {
  readonly mode: 'impersonate' | 'token'
  readonly isSandboxed: boolean
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
  outgoing: Pick<Outgoing, 'method'>,
  { mode, isSandboxed }: SendResponseParts,
  { onRead, onBroken }: ResponseEvents,
): StatusError | undefined {
  const refused = refusedResponse(from, mode)
  if (refused !== undefined) {
    from.resume()
    answer(refused, message, response)
    return refused
  }
  from.on('error', (error) => {
    onBroken(error)
    cutOff(message, response)
  })
  response.statusCode = from.statusCode ?? 502
  const headers = responseHeaders(from.rawHeaders)
  setHeaders(response, headers, isSandboxed)
  const length = lengthOf(headers.get('content-length')?.values)
  if (outgoing.method === 'HEAD') {
    from.resume()
    from.once('end', onRead)
    response.end()
    return undefined
  }
  // A watch may have nothing to send for a long time. Most other responses have, and one packet is enough for these.
  if (length === undefined) setImmediate(() => flushHead(response))
  from.once('end', onRead)
  flow(from, response, length, () => {
    const trailers = requestTrailers(from.rawTrailers, () => false)
    if (trailers.length > 0) response.addTrailers(Object.fromEntries(trailers))
    response.end()
  })
  return undefined
}

/** A 401 is about the credential of the proxy, which the client has no part in; a client would take it for its own. */
function refusedResponse(
  { statusCode }: IncomingMessage,
  mode: SendResponseParts['mode'],
): StatusError | undefined {
  if (statusCode === 401 && mode === 'impersonate') {
    return badGateway(new Error('the upstream refused the credential of this proxy'))
  }
  return statusCode === undefined || statusCode < 200 || statusCode > 599
    ? badGateway(new Error('the upstream answered with an unknown status'))
    : undefined
}

function flushHead(response: NodeResponse): void {
  if (!response.headersSent && !response.destroyed) response.flushHeaders?.()
}

function lengthOf(values: readonly string[] | undefined): number | undefined {
  const length = Number(values?.[0] ?? Number.NaN)
  return Number.isSafeInteger(length) ? length : undefined
}
