import { type HttpAnswer, notify } from '@kube-authn/core/adapter'
import { DEFAULT_KUBERNETES_VERSION, GIT_VERSIONS } from '@kube-authn/internal/kubernetes-version'
import type { KubernetesVersion, Observer } from '@kube-authn/core'
import { answerDiscovery, discoveryDocuments, objectAnswer } from '@kube-authn/api/internal'
import type { DiscoveryResource } from '@kube-authn/api'
import { isStatusError, methodNotAllowed } from '@kube-authn/core/internal'
import { openApi } from '../openapi/openapi.ts'
import { deletionAudit, NAMESPACE_CONTROLLER } from '../registry/deletion-audit.ts'
import { objectQuota } from '../registry/object-quota.ts'
import { registry } from '../registry/registry.ts'
import type { ActionSubresource, Resource } from '../registry/resource.ts'
import { credentialRevocations } from '../registry/resources/credential-revocations.ts'
import { allResources } from '../registry/resources/index.ts'
import { pods } from '../registry/resources/plain.ts'
import { serviceAccounts } from '../registry/resources/service-accounts.ts'
import { storeClock } from '@kube-authn/store/internal'
import { evictions, tokenRequests } from './actions.ts'
import type { HealthAnswers } from './health.ts'
import { internalError, pageNotFound } from '../registry/status-errors.ts'
import type { KubernetesApiOptions, KubernetesApi, KubernetesApiRequest } from './kubernetes-api.ts'
import type { KubernetesApiCaller } from './object-request.ts'
import { objectRequests } from './object-requests.ts'
import { targetOf } from './request-target.ts'

/** What is served at other paths than those of objects. */
export interface OtherAnswers {
  /** Receives what the server does by itself, as an audit log sees requests. Default: none. */
  readonly audit?: Observer | undefined
  /** Reviews, which clients find among the resources. They are answered elsewhere. */
  readonly reviews: readonly DiscoveryResource[]
  readonly health: HealthAnswers
}

function versionDocument(version: KubernetesVersion): object {
  const minor = Number(version.slice('1.'.length))
  return {
    major: '1',
    minor: String(minor),
    emulationMajor: '1',
    emulationMinor: String(minor),
    minCompatibilityMajor: '1',
    minCompatibilityMinor: String(minor - 1),
    gitVersion: `${GIT_VERSIONS[version]}+kube-authn`,
    gitCommit: '',
    gitTreeState: 'clean',
    buildDate: '1970-01-01T00:00:00Z',
    goVersion: '',
    compiler: '',
    platform: 'javascript',
  }
}

/**
 * The answers of the API.
 *
 * Deviation: it serves a part of the resources, and tells less of itself (`docs/deviations.md`, resources served; discovery).
 *
 * @param options sound ones.
 */
export async function apiAnswers(
  options: KubernetesApiOptions,
  { reviews, health, audit }: OtherAnswers,
): Promise<KubernetesApi['answer']> {
  const { store, rbac, authorizer = rbac, observer, clock = storeClock(options.store) } = options
  const { revocations, bootstrapTokens, strict = false, maxObjectsPerNamespace: limit = 50_000 } = options
  const { kubernetesVersion = DEFAULT_KUBERNETES_VERSION } = options
  const resources = servedResources(options)
  const objects = registry({
    store,
    resources,
    clock,
    onOwnDeletion: audit && deletionAudit(audit, NAMESPACE_CONTROLLER),
    quota: limit === 0 ? undefined : objectQuota({ store, limit, clock, observer }),
    ...(authorizer !== undefined && { authorizer }),
    ...(rbac !== undefined && { rbac }),
    learners: [revocations, options.serviceAccounts, bootstrapTokens].filter((each) => each !== undefined),
  })
  await objects.createSystemNamespaces()
  const answerObjects = objectRequests({ registry: objects, clock, isStrict: strict })
  const schemas = openApi(resources, kubernetesVersion)
  const documents = discoveryDocuments([...resources.map(discovered), ...reviews])

  /** The annotations of a caller without a context of its own go to the observer. */
  const auditedCaller = ({ request, caller }: KubernetesApiRequest): KubernetesApiCaller | undefined => {
    if (caller === undefined || caller.context !== undefined || observer === undefined) return caller
    const annotate = (key: string, value: string): void =>
      notify(observer, { type: 'annotation', request, key, value })
    return { user: caller.user, context: { annotate } }
  }

  const answer = async (asked: KubernetesApiRequest): Promise<HttpAnswer | Response> => {
    const { request } = asked
    if (request.refusal !== undefined) return request.refusal
    const target = targetOf(request, resources)
    if (target !== undefined) {
      const caller = auditedCaller(asked)
      if (authorizer !== undefined && caller === undefined)
        throw internalError(new Error('no User found in the context'))
      const { body, signal } = asked
      return answerObjects({ request, target, body, signal, caller })
    }
    const { method, path } = request
    if (path === '/version' || path === '/version/') {
      if (method !== 'GET') throw methodNotAllowed('GET')
      return objectAnswer(200, versionDocument(kubernetesVersion))
    }
    if (path.startsWith('/openapi/')) return schemas(request)
    const healthy = health(request, asked)
    if (healthy !== undefined) return healthy
    if (documents.document(path) !== undefined || isBelowServed(path))
      return answerDiscovery(request, documents)
    throw pageNotFound()
  }

  /** Whether kube-apiserver has a router for the path, which answers in JSON. */
  const isBelowServed = (path: string): boolean => {
    const [, prefix = '', group = '', version = ''] = path.split('/')
    if (prefix === 'api' || prefix === 'version') return true
    return (
      prefix === 'apis' &&
      documents.document(`/apis/${group}`) !== undefined &&
      group !== '' &&
      version !== ''
    )
  }

  return async function answerRequest(asked) {
    try {
      return await answer(asked)
    } catch (thrown) {
      return isStatusError(thrown) ? thrown : internalError(thrown)
    }
  }
}

/** Every resource, with what can be asked of its objects. Objects that say what is revoked are only served if they revoke something. */
export function servedResources({
  tokenIssuer,
  revocations,
}: Pick<KubernetesApiOptions, 'tokenIssuer' | 'revocations'>): readonly Resource[] {
  const served = allResources.filter(
    (resource) => resource !== credentialRevocations || revocations !== undefined,
  )
  return served.map((resource) => {
    if (resource === pods) return withAction(resource, evictions)
    if (resource === serviceAccounts && tokenIssuer !== undefined) {
      return withAction(resource, tokenRequests(tokenIssuer))
    }
    return resource
  })
}

function withAction(resource: Resource, action: ActionSubresource): Resource {
  return { ...resource, subresources: [...(resource.subresources ?? []), action] }
}

/** The verbs of every resource, and of its subresources. */
const VERBS = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch']
const SUBRESOURCE_VERBS = { part: ['get', 'patch', 'update'], action: ['create'] }

/** A resource as clients find it. */
function discovered(resource: Resource): DiscoveryResource {
  const { hasDeletableCollection = true, subresources = [] } = resource
  return {
    ...resource,
    verbs: hasDeletableCollection ? VERBS : VERBS.filter((verb) => verb !== 'deletecollection'),
    subresources: subresources.map((each) => ({
      name: each.name,
      verbs: each.type === 'part' && each.isReplacedOnly === true ? ['update'] : SUBRESOURCE_VERBS[each.type],
      ...(each.type === 'action' && {
        responseKind: { group: each.group, version: each.version, kind: each.kind },
      }),
    })),
  }
}
