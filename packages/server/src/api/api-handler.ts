import { checkOptions, fetchBody, fetchRequest, responseOf } from '@kube-authn/core/adapter'
import { knownRequest } from '@kube-authn/core/internal'
import { apiAnswers } from './api-answers.ts'
import { basicChecks, healthAnswers } from './health.ts'
import { type KubernetesApi, type KubernetesApiOptions, kubernetesApiShape } from './kubernetes-api.ts'
import type { KubernetesApiCaller } from './object-request.ts'

/**
 * The Kubernetes API for objects in a store, for kubectl: namespaces, service accounts, secrets, config maps, nodes, pods, the objects of RBAC, and requests for
 * certificates, with discovery, tables and watches.
 *
 * It does not decide who may make a request, and answers everything. Mount it behind authentication and authorization, as in the example: their request attributes are read from the
 * same path by the same rules.
 *
 * Source: apiserver `pkg/endpoints`.
 *
 * @throws {ConfigurationError} if an option is invalid.
 * @throws {StoreError} if the store cannot be written.
 * @example
 * const api = await kubernetesApi({ store: memoryObjectStore() })
 * export default { fetch: withAuthentication(authenticator, withImpersonation(policy, withAuthorization(policy, api))) }
 */
export async function kubernetesApi(options: KubernetesApiOptions): Promise<KubernetesApi> {
  checkOptions(kubernetesApiShape, options)
  const answer = await apiAnswers(options, {
    reviews: [],
    health: healthAnswers(basicChecks(options), () => {}),
  })

  async function kubernetesApiHandler(received: Request, caller?: KubernetesApiCaller): Promise<Response> {
    const answered = await answer({
      request: knownRequest(received) ?? fetchRequest(received),
      body: fetchBody(received),
      signal: received.signal,
      caller,
    })
    return answered instanceof Response ? answered : responseOf(answered)
  }
  return Object.assign(kubernetesApiHandler, { answer })
}
