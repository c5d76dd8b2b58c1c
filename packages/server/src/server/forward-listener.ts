import type { AuthenticationRequest, Clock } from '@kube-authn/core'
import { type HttpAnswer, incomingMessageRequest, whenOver } from '@kube-authn/core/adapter'
import type { forwardAuthentication } from '@kube-authn/api/forward-authentication'
import { type Shutdown, shuttingDown } from '@kube-authn/node/internal'
import type { ApiServer } from './api-server-options.ts'
import { tooManyRequests } from './in-flight.ts'
import { timedOut } from './request-listener.ts'
import { cutOff, writeAnswer } from './write-answer.ts'

/** What {@link forwardListener} is made of. The limits are those of the API, of which each part has its own share. */
export interface ForwardListenerParts {
  /** The path of forward authentication, without a slash at its end. */
  readonly path: string
  readonly decide: ReturnType<typeof forwardAuthentication>
  /** Serves all other paths. */
  readonly api: ApiServer['listener']
  /** How many requests may run at a time; 0 is no limit. Users are not known before a decision, so that the limit is for all of them. */
  readonly maxRequestsInFlight: number
  readonly requestTimeoutSeconds: number
  /** That of the API. */
  readonly life: Shutdown
  readonly clock: Clock
}

/** Gives requests at a path, and below it, to forward authentication, and all others to the API. */
export function forwardListener({
  path,
  decide,
  api,
  maxRequestsInFlight,
  requestTimeoutSeconds,
  life,
  clock,
}: ForwardListenerParts): ApiServer['listener'] {
  let running = 0

  function refusalOf(req: Parameters<Shutdown['accepts']>[0]): HttpAnswer | undefined {
    if (!life.accepts(req)) return shuttingDown('apiserver')
    return maxRequestsInFlight > 0 && running >= maxRequestsInFlight ? tooManyRequests() : undefined
  }

  /** Asynchronous, so that a failure at once is a failure like any other. */
  async function answered(request: AuthenticationRequest, signal: AbortSignal): Promise<HttpAnswer> {
    return decide(request, { signal })
  }

  return function listener(req, res) {
    const request = incomingMessageRequest(req)
    if (request.path !== path && !request.path.startsWith(`${path}/`)) {
      api(req, res)
      return
    }
    const send = (answer: HttpAnswer): void => {
      life.dismiss(req, res)
      void writeAnswer(answer, res, request.method === 'HEAD').catch(() => cutOff(res))
    }
    const refusal = refusalOf(req)
    if (refusal !== undefined) {
      send(refusal)
      return
    }
    const onOver = whenOver(req, res)
    const waiting = new AbortController()
    running++
    onOver(() => void running--)
    onOver(life.begin(req, { isLongRunning: false, abort: () => waiting.abort() }))
    onOver(
      clock.after(requestTimeoutSeconds * 1000, () => {
        waiting.abort()
        if (res.headersSent) cutOff(res)
        else send(timedOut())
      }),
    )
    onOver(() => waiting.abort())
    void answered(request, waiting.signal).then(send, () => cutOff(res))
  }
}
