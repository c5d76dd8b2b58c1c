import { isStatusError } from '@kube-authn/core/internal'
import type { ClientRequest, IncomingMessage } from 'node:http'
import type { Readable } from 'node:stream'
import type { Clock } from '@kube-authn/core'
import { type StatusError, whenOver } from '@kube-authn/core/adapter'
import { shuttingDown } from '@kube-authn/node/internal'
import type { Body } from '../body.ts'
import { logged, type Outgoing } from '../decide.ts'
import { failureOf, unauthorized } from '../failures.ts'
import { requestTrailers } from '../headers/request-headers.ts'
import type { NodeMessage, NodeResponse } from '../node-types.ts'
import {
  isLostConnection,
  isOwnAnswer,
  isRepeatable,
  limitWaiting,
  type Upstream,
} from '../upstream/upstream.ts'
import type { WhenClosing } from '../connection-ends.ts'
import { answer, cutOff, sendResponse, type SendResponseParts } from './send-response.ts'

export interface ForwardParts extends SendResponseParts {
  readonly upstream: Upstream
  readonly isIdentity: (name: string) => boolean
  readonly responseTimeoutSeconds: number
  readonly clock: Clock
  /** Reports a failure of the upstream, or of a response. */
  readonly failed: (request: { readonly method: string; readonly path: string }, failure: StatusError) => void
  readonly whenClosing: WhenClosing
}

export interface Exchange {
  readonly message: NodeMessage
  readonly response: NodeResponse
  /** Aborted when the credential ends; absent if it never does. */
  readonly ends: AbortSignal | undefined
}

/** Forwards a request, and the response to it. @param over called once the response is over. */
export function forwardRequest(
  exchange: Exchange,
  outgoing: Outgoing,
  parts: ForwardParts,
  over: () => void,
): void {
  attempt(exchange, outgoing, parts, false, (isLost) => {
    if (isLost) attempt(exchange, outgoing, parts, true, over)
    else over()
  })
}

/** A request that was sent to the upstream, and what has become of it. */
interface Attempt {
  readonly exchange: Exchange
  readonly outgoing: Outgoing
  readonly parts: ForwardParts
  readonly request: ClientRequest
  readonly stopBody: () => void
  isReceived: boolean
  isOver: boolean
  /** Ends the attempt, once. @param isLost whether the request is to be sent again: its connection was used before, and was not in order any more. */
  readonly over: (isLost: boolean) => void
}

/** Sends a request, and the response to it. @param onOver as {@link Attempt.over}. */
function attempt(
  exchange: Exchange,
  outgoing: Outgoing,
  parts: ForwardParts,
  isAlone: boolean,
  onOver: (isLost: boolean) => void,
): void {
  const { message, response, ends } = exchange
  const request = parts.upstream.open(outgoing, isAlone)
  if (isStatusError(request)) {
    parts.failed(logged(outgoing), request)
    answer(request, message, response)
    onOver(false)
    return
  }
  const stopBody = sendBody(message, request, outgoing.body, parts.isIdentity)
  const stopWaiting = limitWaiting(request, parts.responseTimeoutSeconds, parts.clock)
  const onExpiry = (): void => end(sent, unauthorized())
  let forget = (): void => {}
  const sent: Attempt = {
    exchange,
    outgoing,
    parts,
    request,
    stopBody,
    isReceived: false,
    isOver: false,
    over(isLost) {
      if (sent.isOver) return
      sent.isOver = true
      ends?.removeEventListener('abort', onExpiry)
      forget()
      onOver(isLost)
    },
  }
  ends?.addEventListener('abort', onExpiry, { once: true })
  // Also if an earlier response on the same connection is not over yet.
  whenOver(
    message,
    response,
  )(() => {
    if (!sent.isOver) leave(sent)
  })
  request.on('error', (error) => handleError(sent, error))
  // Also if the upstream switches protocols unasked, of which Node has no other event.
  request.on('close', () => {
    stopWaiting()
    if (!sent.isReceived && !sent.isOver) fail(sent, new Error('the upstream closed the connection'))
  })
  request.once('continue', () => {
    if (!response.headersSent) response.writeContinue()
  })
  request.on('response', (upstreamResponse) => {
    stopWaiting()
    receive(sent, upstreamResponse)
  })
  if (response.destroyed) leave(sent)
  else if (ends?.aborted === true) onExpiry()
  else {
    forget = parts.whenClosing(() => {
      if (outgoing.isWatch()) end(sent, shuttingDown('the server'))
    })
  }
}

function leave({ stopBody, request, over }: Attempt): void {
  stopBody()
  request.destroy()
  over(false)
}

/** Ends a response before the upstream does. @param failure the response, if none has begun. */
function end(sent: Attempt, failure: StatusError): void {
  const { message, response } = sent.exchange
  if (!response.headersSent) answer(failure, message, response)
  else if (sent.outgoing.isWatch()) response.end()
  else cutOff(message, response)
  leave(sent)
}

function fail({ exchange: { message, response }, stopBody, parts, outgoing }: Attempt, error: Error): void {
  if (response.destroyed || response.writableEnded) return
  stopBody()
  const failure = failureOf(error)
  parts.failed(logged(outgoing), failure)
  answer(failure, message, response)
}

function handleError(sent: Attempt, error: Error): void {
  const { exchange, outgoing, parts, request, stopBody } = sent
  if (sent.isOver || isAnswered(exchange)) return
  stopBody()
  if (sent.isReceived) {
    parts.failed(logged(outgoing), failureOf(error))
    cutOff(exchange.message, exchange.response)
  } else if (isRepeatable(request, outgoing.body.kind !== 'none') && isLostConnection(error)) sent.over(true)
  else fail(sent, error)
}

function receive(sent: Attempt, upstreamResponse: IncomingMessage): void {
  const { exchange, outgoing, parts, request, stopBody } = sent
  if (!isOwnAnswer(request, upstreamResponse, outgoing.auditId)) {
    // The answer to another request, which may be one of another user: nothing of it is read.
    request.destroy()
    const isRepeated = isRepeatable(request, outgoing.body.kind !== 'none')
    if (!isRepeated)
      fail(sent, new Error('the response of the upstream has another Audit-ID than the request'))
    sent.over(isRepeated)
    return
  }
  sent.isReceived = true
  const onRead = (): void => {
    if (request.writableFinished) return
    stopBody()
    request.destroy()
  }
  const onBroken = (error: Error): void => {
    if (!isAnswered(exchange)) parts.failed(logged(outgoing), failureOf(error))
  }
  const failure = sendResponse(upstreamResponse, exchange, outgoing, parts, onRead, onBroken)
  if (failure === undefined) return
  parts.failed(logged(outgoing), failure)
  leave(sent)
}

/** Whether nothing can be told to the client any more, or nothing needs to be. */
function isAnswered({ response, ends }: Exchange): boolean {
  return response.destroyed || ends?.aborted === true || response.writableEnded
}

/** Sends the body of a request at the pace of the upstream, and its trailers. @returns a function that stops. */
function sendBody(
  message: NodeMessage,
  request: ClientRequest,
  body: Body,
  isIdentity: (name: string) => boolean,
): () => void {
  if (body.kind === 'none') {
    request.end()
    return () => {}
  }
  const source: Readable = message
  const onEnd = (): void => {
    const trailers = body.kind === 'chunked' ? requestTrailers(message.rawTrailers, isIdentity) : []
    if (trailers.length > 0)
      request.addTrailers(trailers.map(([name, value]): [string, string] => [name, value]))
    request.end()
  }
  // The length of the first part is unknown, and so is when it comes.
  if (body.kind === 'chunked') request.flushHeaders()
  if (source.readableEnded) onEnd()
  else {
    source.once('end', onEnd)
    source.pipe(request, { end: false })
  }
  return () => {
    source.off('end', onEnd)
    source.unpipe(request)
    // What the client still sends is discarded, so that it reads the response.
    source.resume()
  }
}
