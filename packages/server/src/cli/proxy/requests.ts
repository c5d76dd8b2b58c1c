import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Authentication, Authenticator, Observer } from '@kube-authn/core'
import {
  applyHeaderChanges,
  clientContext,
  incomingMessageRequest,
  notify,
  Received,
  whenOver,
} from '@kube-authn/core/adapter'
import type { Authorizer } from '@kube-authn/core/authorization'
import type { Log } from '@kube-authn/core/internal'
import { authenticateUpgrade } from '@kube-authn/node'
import { decideRequest } from '@kube-authn/node/internal'
import type { ImpersonatingProxy } from '@kube-authn/proxy'
import { writeAnswer } from '../../server/write-answer.ts'

/** What decides about requests. */
export interface ProxyChain {
  readonly authenticator: Authenticator
  /** Who may impersonate which users. */
  readonly impersonation?: Authorizer
  /** What may pass. */
  readonly authorization?: Authorizer
  readonly observer: Observer
  readonly log: Log
}

/** Handles the requests and upgrades of a server: authentication, impersonation, authorization, and then the proxy. */
export function handleRequests(
  server: Server,
  proxy: Pick<ImpersonatingProxy, 'express' | 'upgrade'>,
  chain: ProxyChain,
): void {
  const { authenticator, observer, ...rest } = chain
  const options = { observer, ...rest }
  const decide = decideRequest(authenticator, options)
  const known = new WeakMap<IncomingMessage, Authentication>()
  const forward = proxy.express<IncomingMessage>((message) => {
    const authentication = known.get(message)
    if (authentication === undefined) throw new Error('the request is not authenticated')
    return authentication
  })

  const handle = async (message: IncomingMessage, response: ServerResponse): Promise<void> => {
    const request = incomingMessageRequest(message)
    notify(observer, new Received(request, response))
    whenOver(message, response)((status) => notify(observer, { type: 'response', request, status }))
    const outcome = await decide(request, message, clientContext(message, response).signal)
    applyHeaderChanges(message, outcome.headerChanges)
    if ('failure' in outcome) {
      // The rest of the request is not read.
      if (!message.complete) response.setHeader('connection', 'close')
      await writeAnswer(outcome.failure, response, message.method === 'HEAD')
      return
    }
    known.set(message, outcome.authentication)
    forward(message, response)
  }
  const listener = (message: IncomingMessage, response: ServerResponse): void =>
    void handle(message, response).catch(() => response.destroy())
  server.on('request', listener)
  // So that nothing is sent that would be refused.
  server.on('checkContinue', listener)
  authenticateUpgrade(server, authenticator, proxy.upgrade, options)
}
