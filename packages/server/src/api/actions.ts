import { checkFields, fieldValidationOf } from '@kube-authn/api/internal'
import {
  badRequest,
  type ErrorList,
  errorList,
  fieldPath,
  isObject,
  readObject,
} from '@kube-authn/core/internal'
import { readMetadata } from '../registry/metadata.ts'
import { type Action, type ActionSubresource, apiVersionOf } from '../registry/resource.ts'
import { pods } from '../registry/resources/plain.ts'
import { type DeleteOptions, readDeleteOptions } from './delete-options.ts'
import type { TokenIssuer } from '@kube-authn/issuer'
import { tokenRequestErrors } from '@kube-authn/issuer/internal'

/**
 * `/eviction` of pods: it deletes the pod, as there are no disruption budgets that it could violate.
 *
 * Source: kubernetes `pkg/registry/core/pod/storage/eviction.go`.
 */
export const evictions: ActionSubresource = {
  type: 'action',
  name: 'eviction',
  group: 'policy',
  version: 'v1',
  kind: 'Eviction',
  async act(action) {
    const { namespace, name, caller, services } = action
    const { preconditions, isDryRun } = readEviction(action)
    const options = { isDryRun: isDryRun || action.isDryRun, caller }
    await services.remove(pods, namespace, name, preconditions, options)
    return { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', code: 201 }
  },
}

/** @throws {StatusError} 400 */
function readEviction({ value, duplicates, name, namespace, query, caller }: Action): DeleteOptions {
  requireKind(value, 'policy', ['v1', 'v1beta1'], 'Eviction')
  const errors = errorList({ hideValues: true })
  const eviction = readObject(value, fieldPath(), errors)
  for (const field of ['kind', 'apiVersion']) eviction?.string(field)
  const metadata = readMetadata(eviction?.object('metadata'))
  const deleteOptions = eviction?.value('deleteOptions') ?? undefined
  eviction?.end()
  warnOfFields(errors, { duplicates, query, caller })
  if ((metadata.namespace ?? namespace) !== namespace) {
    throw badRequest('the namespace of the provided object does not match the namespace sent on the request')
  }
  if (metadata.name !== name) throw badRequest('name in URL does not match name in Eviction object')
  return readDeleteOptions(deleteOptions, fieldValidationOf(query), [
    'v1',
    'meta.k8s.io/v1',
    'policy/v1',
    'policy/v1beta1',
  ])
}

/** Refuses a body with fields of the wrong type, and refuses or warns of others, as the client wants. @throws {StatusError} 400 */
function warnOfFields(
  errors: ErrorList,
  { duplicates, query, caller }: Pick<Action, 'duplicates' | 'query' | 'caller'>,
): void {
  for (const warning of checkFields(errors, fieldValidationOf(query), duplicates))
    caller?.context.warn?.(warning)
}

/**
 * Requires that a body is of this kind. It may leave out its kind and version.
 *
 * Source: apiserver `pkg/endpoints/handlers/create.go`.
 *
 * @param versions the first one is that of a body without a version.
 * @throws {StatusError} 400
 */
function requireKind(
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

/**
 * `/token` of service accounts. As in Kubernetes, a dry run gets a token too: nothing is stored for one.
 *
 * Source: kubernetes `pkg/registry/core/serviceaccount/storage/token.go`.
 */
export function tokenRequests(issuer: TokenIssuer): ActionSubresource {
  return {
    type: 'action',
    name: 'token',
    group: 'authentication.k8s.io',
    version: 'v1',
    kind: 'TokenRequest',
    async act({ namespace, name, value, duplicates, query, caller }) {
      requireKind(value, 'authentication.k8s.io', ['v1'], 'TokenRequest')
      warnOfFields(tokenRequestErrors(value), { duplicates, query, caller })
      const granted = await issuer.issue({ namespace, name }, value, caller?.context)
      // As Go writes a field that is not set.
      return { ...granted, spec: { ...granted.spec, boundObjectRef: granted.spec.boundObjectRef ?? null } }
    },
  }
}
