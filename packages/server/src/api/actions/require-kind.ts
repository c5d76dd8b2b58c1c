import { badRequest, isObject } from '@kube-authn/core/internal'
import { apiVersionOf } from '../../registry/resource.ts'

/**
 * Requires that a body is of this kind. It may leave out its kind and version.
 *
 * Source: apiserver `pkg/endpoints/handlers/create.go`.
 *
 * @param versions the first one is that of a body without a version.
 * @throws {StatusError} 400
 */
export function requireKind(
  value: unknown,
  group: string,
  versions: readonly [string, ...string[]],
  kind: string,
): void {
  const { kind: sentKind = kind, apiVersion = '' } = isObject(value) ? value : {}
  if (!isObject(value) || (sentKind !== kind && sentKind !== '')) {
    throw badRequest(`the object provided is not a ${kind}`)
  }
  const apiVersions = versions.map((version) => apiVersionOf({ group, version }))
  if (apiVersion === '' || apiVersions.some((each) => each === apiVersion)) return
  throw badRequest(
    `the API version in the data does not match the expected API version (${apiVersions.join(' or ')})`,
  )
}
