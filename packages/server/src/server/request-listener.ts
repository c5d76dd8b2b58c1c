import type { AuthenticationRequest, Clock, Log, Observer } from '@kube-authn/core'
import {
  type HttpAnswer,
  incomingMessageBody,
  incomingMessageRequest,
  notify,
  Received,
  StatusError,
  whenOver,
} from '@kube-authn/core/adapter'
import { requestInfo } from '@kube-authn/core/authorization'
import { firstValues, isStatusError, logFailure, readDuration } from '@kube-authn/core/internal'
import { type Shutdown, shuttingDown } from '@kube-authn/node/internal'
import type { KubernetesApi } from '../api/kubernetes-api.ts'
import { internalError } from '../registry/status-errors.ts'
import type { ApiServer } from './api-server-options.ts'
import { compressed } from './compressed-answer.ts'
import type { NodeMessage } from './handlers.ts'
import { isLongRunning } from './in-flight.ts'
import type { requestKinds } from './request-kinds.ts'
import type { Exchange, RequestChain } from './request-chain.ts'
import { cutOff, type NodeResponse, writeAnswer } from './write-answer.ts'

const CODE = 'KUBE_AUTHN_SERVER'

/** Where an operator learns of failures whose cause no client sees. */
export interface FailureLog {
  /** A request failed for a reason of the server's. */
  readonly failed: (request: AuthenticationRequest, failure: StatusError) => void
  /** A check of health failed. */
  readonly unhealthy: (name: string, error: unknown) => void
}

/** Writes failures as lines of a log. @param log as the option of the middlewares. */
export function failureLog(log: Log | undefined): FailureLog {
  return {
    failed({ method, path }, { status, cause }) {
      logFailure(log, { what: 'a request failed', cause, code: CODE, request: { method, path, status } })
    },
    unhealthy: (name, cause) =>
      logFailure(log, { what: `the health check ${name} failed`, cause, code: CODE }),
  }
}

export interface RequestListenerParts {
  readonly chain: RequestChain
  readonly answer: KubernetesApi['answer']
  readonly kindOf: ReturnType<typeof requestKinds>
  readonly life: Shutdown
  readonly observer: Observer
  readonly failures: FailureLog
  readonly requestTimeoutSeconds: number
  readonly clock: Clock
}

/** One for all requests: a new one for each, with its stack, would cost as much as all decisions about the request. */
const OVER = new DOMException('the request is over', 'AbortError')

/** Takes each request through the chain, and answers it. */
export function requestListener(parts: RequestListenerParts): ApiServer['listener'] {
  const { life, observer, failures } = parts

  const answerOf = async (exchange: Exchange): Promise<HttpAnswer | Response> => {
    const { request, req } = exchange
    const user = await parts.chain(exchange)
    if (isStatusError(user)) return user
    const read = incomingMessageBody(req, undefined)
    return parts.answer({
      request,
      async body(maxBytes) {
        const bytes = await read(maxBytes)
        exchange.onReceived()
        return bytes
      },
      get signal() {
        return exchange.signal
      },
      caller: { user },
    })
  }

  const send = async (exchange: Exchange, answer: HttpAnswer | Response): Promise<void> => {
    const { request, req, res } = exchange
    if (isStatusError(answer) && answer.status >= 500 && answer.cause !== undefined)
      failures.failed(request, answer)
    life.dismiss(req, res)
    await writeAnswer(compressed(answer, request), res, request.method === 'HEAD')
  }

  const handle = async (exchange: Exchange): Promise<void> => {
    const refusal = admission(exchange, parts)
    try {
      await send(exchange, refusal ?? (await answerOf(exchange)))
    } catch (error) {
      await send(exchange, internalError(error))
    }
  }

  return function listener(req, res) {
    const request = incomingMessageRequest(req)
    const received = new Received(request, res)
    received.auditId(() => crypto.randomUUID())
    notify(observer, received)
    const tell = whenOver(req, res)
    const exchange = exchangeOf(request, req, res, tell)
    tell((status) => notify(observer, { type: 'response', request, status }))
    count(exchange, parts)
    void handle(exchange).catch(() => cutOff(res))
  }
}

/** Tells of a request for metrics, when it is over; of one that lasts, also when it begins. */
function count({ info, onEnd }: Exchange, { kindOf, observer }: RequestListenerParts): void {
  const about = kindOf(info)
  const startMs = performance.now()
  const isLong = isLongRunning(info)
  if (isLong) notify(observer, { type: 'longRunningRequest', about, change: 1 })
  onEnd((status) => {
    const durationSeconds = (performance.now() - startMs) / 1000
    notify(observer, { type: 'apiRequest', about, status, durationSeconds })
    if (isLong) notify(observer, { type: 'longRunningRequest', about, change: -1 })
  })
}

/** Begins a request. @returns the refusal of one that is not to be handled. */
function admission(
  exchange: Exchange,
  { life, requestTimeoutSeconds, clock }: RequestListenerParts,
): HttpAnswer | undefined {
  const { request, info, req, res } = exchange
  const isLong = isLongRunning(info)
  if (!life.accepts(req) && !isProbe(info.path)) return shuttingDown('apiserver')
  exchange.onEnd(life.begin(req, { isLongRunning: isLong, abort: exchange.abort }))
  if (isLong) return undefined
  const seconds = timeoutOf(request, requestTimeoutSeconds)
  if (isStatusError(seconds)) return seconds
  const cancel = clock.after(seconds * 1000, () => {
    exchange.abort()
    if (res.headersSent) cutOff(res)
    else void writeAnswer(timedOut(), res, request.method === 'HEAD')
  })
  exchange.onEnd(cancel)
  return undefined
}

/** Monitors want to know until the end. */
function isProbe(path: string): boolean {
  return /^\/(?:healthz|livez|readyz)(?:\/|$)/.test(path)
}

function exchangeOf(
  request: AuthenticationRequest,
  req: NodeMessage,
  res: NodeResponse,
  tell: Exchange['onEnd'],
): Exchange {
  const waiting = new Waiting()
  tell(waiting.abort)
  return {
    request,
    req,
    res,
    info: requestInfo(request),
    get signal() {
      return waiting.signal
    },
    abort: waiting.abort,
    onEnd: tell,
    onReceived() {},
  }
}

/** What a request waits for, until it is over. Most wait for nothing, and a signal costs as much as all decisions about a request. */
class Waiting {
  #controller: AbortController | undefined
  #isOver = false

  /** Made when it is first read. */
  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController()
      if (this.#isOver) this.#controller.abort(OVER)
    }
    return this.#controller.signal
  }

  readonly abort = (): void => {
    this.#isOver = true
    this.#controller?.abort(OVER)
  }
}

/**
 * How long a request may take: what the client asks for with `timeout`, at most the limit.
 *
 * Source: apiserver `pkg/endpoints/filters/request_deadline.go`.
 *
 * @returns seconds, or the refusal of what is no duration.
 */
export function timeoutOf({ query }: AuthenticationRequest, limitSeconds: number): number | StatusError {
  const wanted = firstValues(query).get('timeout') ?? ''
  if (wanted === '') return limitSeconds
  const read = readDuration(wanted)
  if ('problem' in read) {
    const message = `invalid timeout specified in the request URL - ${read.problem}`
    return new StatusError({ status: 400, reason: 'BadRequest', message })
  }
  return read.seconds > 0 && read.seconds < limitSeconds ? read.seconds : limitSeconds
}

/** The answer to a request that took too long. Source: apiserver `pkg/server/filters/timeout.go`. */
export function timedOut(): StatusError {
  return new StatusError({
    status: 504,
    reason: 'Timeout',
    message: 'Timeout: request did not complete within the allotted timeout',
    details: {},
  })
}
