import type { AuthenticationRequest } from '@kube-authn/core'
import type { HttpAnswer } from '@kube-authn/core/adapter'
import type { ReadBody } from '@kube-authn/core/internal'
import type { KubernetesApiCaller } from './object-request.ts'

/** A request for the API that is no Request of the Fetch API. */
export interface KubernetesApiRequest {
  readonly request: AuthenticationRequest
  readonly body: ReadBody
  /** Aborts when the client is gone. It ends watches. */
  readonly signal: AbortSignal
  /** Default: unknown. */
  readonly caller?: KubernetesApiCaller | undefined
}

/** Handles requests of the Fetch API. It never rejects: refusals are answers. */
export interface KubernetesApi {
  (request: Request, caller?: KubernetesApiCaller): Promise<Response>
  /** Answers requests of other kinds, as `nodeHandler` does. A Response is a stream. It never rejects. */
  answer(this: void, asked: KubernetesApiRequest): Promise<HttpAnswer | Response>
}
