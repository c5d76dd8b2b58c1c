import { clientContext, incomingMessageRequest } from '@kube-authn/core/adapter'
import type { forwardAuthentication } from '@kube-authn/core/forward-authentication'
import type { ApiServer } from './api-server-options.ts'
import { cutOff, writeAnswer } from './write-answer.ts'

/** Gives requests at a path, and below it, to forward authentication, and all others to another listener. */
export function forwardListener(
  path: string,
  decide: ReturnType<typeof forwardAuthentication>,
  others: ApiServer['listener'],
): ApiServer['listener'] {
  return function listener(req, res) {
    const request = incomingMessageRequest(req)
    if (request.path !== path && !request.path.startsWith(`${path}/`)) {
      others(req, res)
      return
    }
    void decide(request, clientContext(req, res))
      .then((answer) => writeAnswer(answer, res, request.method === 'HEAD'))
      .catch(() => cutOff(res))
  }
}
