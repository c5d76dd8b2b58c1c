import { requestInfo } from '@kube-authn/core/authorization'
import type { AuthenticationRequest } from '@kube-authn/core'
import { apiVersionOf, type Resource, subresourceOf } from '../registry/resource.ts'

/** The objects or the object that a request is about. */
export interface RequestTarget {
  readonly resource: Resource
  readonly namespace: string
  /** `''` for a collection. */
  readonly name: string
  /** `''` for the object itself. */
  readonly subresource: string
}

/**
 * Reads the path of a request as the authorizer does. Only a path that is spelled in the one canonical way is served, so that nothing can read it otherwise.
 *
 * Deviation: slashes at the end and repeated ones are not ignored (`docs/deviations.md`, paths of objects).
 *
 * @returns `undefined` if nothing is served there.
 */
export function targetOf(
  { path, query }: Pick<AuthenticationRequest, 'path' | 'query'>,
  resources: readonly Resource[],
): RequestTarget | undefined {
  // The method of a path with a name: the others may find the name in a selector.
  const info = requestInfo({ method: 'PUT', path, query })
  if (!info.resourceRequest || info.problem !== undefined) return undefined
  const { apiGroup: group, apiVersion: version, name, subresource } = info
  const resource = resources.find(
    (each) => each.group === group && each.version === version && each.plural === info.resource,
  )
  if (resource === undefined) return undefined
  // The path of a namespace names the namespace itself.
  const namespace = resource.isNamespaced ? info.namespace : ''
  const target = { resource, namespace, name, subresource }
  if (pathOf(target) !== info.path) return undefined
  const isAllowed = subresource === '' || subresourceOf(resource, subresource) !== undefined
  return isAllowed && (namespace !== '' || name === '' || !resource.isNamespaced) ? target : undefined
}

function pathOf({ resource, namespace, name, subresource }: RequestTarget): string {
  const prefix = resource.group === '' ? '/api/' : '/apis/'
  const place = namespace === '' ? '' : `/namespaces/${namespace}`
  const object = [resource.plural, name, subresource].filter((part) => part !== '').join('/')
  return `${prefix}${apiVersionOf(resource)}${place}/${object}`
}
