import type { Authenticator, AuthenticationRequest } from '@kube-authn/core'
import {
  type AcceptedRequest,
  decideRequest,
  type DecideRequestOptions,
  type RequestDecision,
} from '@kube-authn/node/internal'
import { badGateway } from './failures.ts'
import type { NodeMessage } from './node-types.ts'
import type { ImpersonatingProxyOptions } from './options.ts'

/** A request that may be made, as far as this proxy decides. */
export interface AdmittedRequest extends AcceptedRequest {
  /** The token of the user, for `mode: 'token'`. */
  readonly userToken?: string | undefined
}

/** Decides who makes a request, and whether they may, for requests and upgrades alike. It never rejects. */
export type Admit = (
  request: AuthenticationRequest,
  message: NodeMessage,
  context: { readonly signal: AbortSignal },
) => Promise<RequestDecision & Pick<AdmittedRequest, 'userToken'>>

/** The limit, authentication, impersonation, authorization and the guard. @param failed called if there is no token, for a reason that is not the user's. */
export function admitRequest(
  authenticator: Authenticator,
  options: DecideRequestOptions<NodeMessage>,
  userToken: ImpersonatingProxyOptions['userToken'],
  failed: (request: AuthenticationRequest, failure: ReturnType<typeof badGateway>) => void,
): Admit {
  const decide = decideRequest<NodeMessage>(authenticator, options)
  if (userToken === undefined) return decide

  return async function admitOne(request, message, context) {
    const decision = await decide(request, message, context)
    if ('failure' in decision) return decision
    try {
      // Before the headers are removed that carried it.
      return { ...decision, userToken: await userToken(message) }
    } catch (cause) {
      const failure = badGateway(cause)
      failed(request, failure)
      const { headerChanges, closesConnection } = decision
      return { failure, headerChanges, closesConnection }
    }
  }
}
