import type { RequestInfo } from '@kube-authn/core/authorization'
import type { ApiRequestKind } from '@kube-authn/core/internal'

/** As metrics of Kubernetes name what requests ask for. */
const VERBS: ReadonlyMap<string, string> = new Map([
  ['create', 'POST'],
  ['update', 'PUT'],
  ...['get', 'list', 'watch', 'post', 'put', 'patch', 'delete', 'deletecollection', 'head', 'options'].map(
    (verb) => [verb, verb.toUpperCase()] as const,
  ),
])

interface ServedResource {
  readonly group: string
  readonly version: string
  readonly plural: string
  readonly subresources?: readonly { readonly name: string }[]
}

/**
 * What requests are about, for metrics: nothing of it is what a client has made up.
 *
 * Source: apiserver `pkg/endpoints/metrics/metrics.go` CleanVerb, CleanScope.
 */
export function requestKinds(resources: readonly ServedResource[]): (info: RequestInfo) => ApiRequestKind {
  const served = new Map(
    resources.map((each) => [
      JSON.stringify([each.group, each.version, each.plural]),
      { ...each, parts: new Set(['', ...(each.subresources ?? []).map(({ name }) => name)]) },
    ]),
  )
  return function kindOf(info) {
    const verb = VERBS.get(info.verb) ?? ''
    const found = info.resourceRequest
      ? served.get(JSON.stringify([info.apiGroup, info.apiVersion, info.resource]))
      : undefined
    if (found === undefined) {
      return { verb, group: '', version: '', resource: '', subresource: '', scope: '' }
    }
    const { group, version, plural: resource, parts } = found
    const subresource = parts.has(info.subresource) ? info.subresource : ''
    return { verb, group, version, resource, subresource, scope: scopeOf(info) }
  }
}

function scopeOf({ name, namespace }: RequestInfo): ApiRequestKind['scope'] {
  if (name !== '') return 'resource'
  return namespace === '' ? 'cluster' : 'namespace'
}
