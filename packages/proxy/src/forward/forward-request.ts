import type { ClientRequest, IncomingMessage } from 'node:http'
import type { Clock } from '@kube-authn/core'
import { type StatusError, whenOver } from '@kube-authn/core/adapter'
import { logged, type Outgoing } from '../decide.ts'
import { badRequest, failureOf, unauthorized } from '../failures.ts'
import type { NodeMessage, NodeResponse } from '../node-types.ts'
import { isOwnAnswer } from '../upstream/own-answers.ts'
import { limitWaiting } from '../upstream/limit-waiting.ts'
import type { Upstream } from '../upstream/upstream.ts'
import { answer, cutOff } from './answers.ts'
import { sendBody } from './send-body.ts'
import { type SendResponseParts, sendResponse } from './send-response.ts'

/** What forwards requests. */
export interface ForwardParts extends SendResponseParts {
  readonly upstream: Upstream
  readonly isIdentity: (name: string) => boolean
  readonly responseTimeoutSeconds: number
  readonly clock: Clock
  /** Reports a failure of the upstream, or of a response. */
  readonly failed: (request: { readonly method: string; readonly path: string }, failure: StatusError) => void
}

/** A request with its connection. */
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

/** What may be sent twice: the server either did not see the first, or it changed nothing. Source: RFC 9110 section 9.2.2. */
const SAFE: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS'])
const LOST: ReadonlySet<unknown> = new Set(['ECONNRESET', 'EPIPE'])

/** @param onOver told whether the request is to be sent again, since its connection was used before, and was not in order any more. */
function attempt(
  exchange: Exchange,
  outgoing: Outgoing,
  parts: ForwardParts,
  isAlone: boolean,
  onOver: (isLost: boolean) => void,
): void {
  const { message, response, ends } = exchange
  const request = opened(exchange, outgoing, parts, isAlone)
  if (request === undefined) {
    onOver(false)
    return
  }
  const stopBody = sendBody(message, request, outgoing.body, parts.isIdentity)
  const stopWaiting = limitWaiting(request, parts.responseTimeoutSeconds, parts.clock)
  let received: IncomingMessage | undefined
  let isOver = false

  const over = (isLost: boolean): void => {
    if (isOver) return
    isOver = true
    ends?.removeEventListener('abort', expire)
    onOver(isLost)
  }
  const leave = (): void => {
    stopBody()
    request.destroy()
    over(false)
  }
  const expire = (): void => {
    if (!response.headersSent) answer(unauthorized(), message, response)
    else if (outgoing.isWatch()) response.end()
    else cutOff(message, response)
    leave()
  }
  const fail = (error: Error): void => {
    if (response.destroyed || response.writableEnded) return
    stopBody()
    const failure = failureOf(error)
    parts.failed(logged(outgoing), failure)
    answer(failure, message, response)
  }
  ends?.addEventListener('abort', expire, { once: true })
  // Also if an earlier response on the same connection is not over yet.
  whenOver(
    message,
    response,
  )(() => {
    if (!isOver) leave()
  })
  request.on('error', (error) => {
    if (isOver || response.destroyed || ends?.aborted === true || response.writableEnded) return
    stopBody()
    if (received !== undefined) {
      parts.failed(logged(outgoing), failureOf(error))
      cutOff(message, response)
    } else if (isRepeatable(request, outgoing) && 'code' in error && LOST.has(error.code)) over(true)
    else fail(error)
  })
  // Also if the upstream switches protocols unasked, of which Node has no other event.
  request.on('close', () => {
    stopWaiting()
    if (received === undefined && !isOver) fail(new Error('the upstream closed the connection'))
  })
  request.once('continue', () => {
    if (!response.headersSent) response.writeContinue()
  })
  request.on('response', (upstreamResponse) => {
    stopWaiting()
    if (!isOwnAnswer(request, upstreamResponse, outgoing.auditId)) {
      // The answer to another request, which may be one of another user: nothing of it is read.
      request.destroy()
      const isRepeated = isRepeatable(request, outgoing)
      if (!isRepeated) fail(new Error('the response of the upstream has another Audit-ID than the request'))
      over(isRepeated)
      return
    }
    received = upstreamResponse
    const failure = sendResponse(upstreamResponse, exchange, outgoing, parts, {
      onRead() {
        if (request.writableFinished) return
        stopBody()
        request.destroy()
      },
      onBroken(error) {
        if (!response.destroyed && ends?.aborted !== true && !response.writableEnded)
          parts.failed(logged(outgoing), failureOf(error))
      },
    })
    if (failure === undefined) return
    parts.failed(logged(outgoing), failure)
    leave()
  })
  if (response.destroyed) leave()
  else if (ends?.aborted === true) expire()
}

function opened(
  { message, response }: Exchange,
  outgoing: Outgoing,
  { upstream, failed }: ForwardParts,
  isAlone: boolean,
): ClientRequest | undefined {
  try {
    return upstream.open(outgoing, isAlone)
  } catch (cause) {
    const failure = badRequest('the request has characters that HTTP does not allow')
    failed(logged(outgoing), Object.assign(failure, { cause }))
    answer(failure, message, response)
    return undefined
  }
}

/** Whether a request whose connection was used before may be sent once more. */
function isRepeatable(request: ClientRequest, { method, body }: Outgoing): boolean {
  return request.reusedSocket && SAFE.has(method) && body.kind === 'none'
}
