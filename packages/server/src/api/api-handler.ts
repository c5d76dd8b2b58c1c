import type { Clock } from '@kube-authn/core'
import type { Authorizer } from '@kube-authn/core/authorization'
import {
  checkOptions,
  fetchBody,
  fetchRequest,
  type HttpAnswer,
  type OptionsShape,
  required,
  responseOf,
} from '@kube-authn/core/adapter'
import {
  aClock,
  anAuthorizer,
  isStatusError,
  methodNotAllowed,
  objectAnswer,
  systemClock,
  withMethods,
} from '@kube-authn/core/internal'
import { openApi } from '../openapi/openapi.ts'
import { registry } from '../registry/registry.ts'
import { allResources } from '../registry/resources/index.ts'
import type { ObjectStore } from '../store/object-store.ts'
import { wantsAggregated } from './accept.ts'
import { discovery } from './discovery.ts'
import { internalError, pageNotFound } from './internal-error.ts'
import type { KubernetesApiCaller } from './object-request.ts'
import { objectRequests } from './object-requests.ts'
import { targetOf } from './request-target.ts'

/** Options of {@link kubernetesApi}. */
export interface KubernetesApiOptions {
  /** Where the objects are. */
  readonly store: ObjectStore
  /**
   * Decides what a request alone does not tell: whether a caller may grant the rights of a role, approve a certificate, or create what it applies. With it, each
   * request needs its caller. Default: everything is allowed that the app lets in.
   */
  readonly authorizer?: Authorizer
  /** The time of creations, and for ages and ends of watches. Default: the runtime's clock. */
  readonly clock?: Clock
}

const shape: OptionsShape<KubernetesApiOptions> = {
  store: required(withMethods('a store of objects', 'get', 'list', 'create', 'update', 'delete', 'watch')),
  authorizer: anAuthorizer,
  clock: aClock,
}

/** Handles requests of the Fetch API. It never rejects: refusals are answers. */
export type KubernetesApi = (request: Request, caller?: KubernetesApiCaller) => Promise<Response>

const VERSION = {
  major: '1',
  minor: '36',
  gitVersion: 'v1.36.2+kube-authn',
  gitCommit: '',
  gitTreeState: 'clean',
  buildDate: '1970-01-01T00:00:00Z',
  goVersion: '',
  compiler: '',
  platform: 'javascript',
}
const HEALTH: ReadonlySet<string> = new Set(['/healthz', '/livez', '/readyz'])

/**
 * The Kubernetes API for objects in a store, for kubectl: namespaces, service accounts, secrets, config maps, nodes, pods, and the objects of RBAC, with discovery,
 * OpenAPI, tables, watches and patches.
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
  checkOptions(shape, options)
  const { store, authorizer, clock = systemClock } = options
  const objects = registry({
    store,
    resources: allResources,
    clock,
    ...(authorizer !== undefined && { authorizer }),
  })
  await objects.createSystemNamespaces()
  const answerObjects = objectRequests({ registry: objects, clock, authorizer })
  const documents = discovery(allResources)
  const schemas = openApi(allResources)

  const answer = async (
    received: Request,
    caller: KubernetesApiCaller | undefined,
  ): Promise<HttpAnswer | Response> => {
    const request = fetchRequest(received)
    if (request.refusal !== undefined) return request.refusal
    const { path } = request
    const target = targetOf(request, allResources)
    if (target !== undefined) {
      if (authorizer !== undefined && caller === undefined)
        throw internalError(new Error('no User found in the context'))
      return answerObjects({ request, target, body: fetchBody(received), signal: received.signal, caller })
    }
    if (path.startsWith('/openapi/')) return schemas(request)
    const document = path === '/version' ? VERSION : documents.document(path)
    if (document === undefined && !HEALTH.has(path)) throw pageNotFound()
    if (request.method !== 'GET') throw methodNotAllowed('GET')
    if (document === undefined) return healthAnswer(store)
    if ((path === '/api' || path === '/apis') && wantsAggregated(request.headers)) {
      const content = documents.aggregated(path === '/api' ? 'api' : 'apis')
      const type = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList'
      const { headers, ...rest } = objectAnswer(200, content)
      return { ...rest, headers: { ...headers, 'content-type': type, vary: 'Accept' } }
    }
    return objectAnswer(200, document)
  }

  return async function kubernetesApiHandler(request, caller) {
    try {
      const answered = await answer(request, caller)
      return answered instanceof Response ? answered : responseOf(answered)
    } catch (thrown) {
      return responseOf(isStatusError(thrown) ? thrown : internalError(thrown))
    }
  }
}

/** Healthy while the store answers. Source: apiserver `pkg/server/healthz`. */
async function healthAnswer(store: ObjectStore): Promise<HttpAnswer> {
  const isHealthy = await store.revision().then(
    () => true,
    () => false,
  )
  return {
    status: isHealthy ? 200 : 500,
    headers: { 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'no-cache, private' },
    content: isHealthy ? 'ok' : '[-]store failed\nhealthz check failed\n',
  }
}
