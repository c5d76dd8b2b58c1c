import { checkFields, fieldValidationOf } from '@kube-authn/api/internal'
import { badRequest, errorList, fieldPath, readObject } from '@kube-authn/core/internal'
import { readMetadata } from '../../registry/metadata.ts'
import type { Action, ActionSubresource } from '../../registry/resource.ts'
import { pods } from '../../registry/resources/plain.ts'
import { type DeleteOptions, readDeleteOptions } from '../delete-options.ts'
import { requireKind } from './require-kind.ts'

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
    await services.remove(pods, namespace, name, preconditions, {
      isDryRun: isDryRun || action.isDryRun,
      ...(caller !== undefined && { caller }),
    })
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
  const validation = fieldValidationOf(query)
  for (const warning of checkFields(errors, validation, duplicates)) caller?.context.warn?.(warning)
  if ((metadata.namespace ?? namespace) !== namespace) {
    throw badRequest('the namespace of the provided object does not match the namespace sent on the request')
  }
  if (metadata.name !== name) throw badRequest('name in URL does not match name in Eviction object')
  return readDeleteOptions(deleteOptions, validation, ['v1', 'meta.k8s.io/v1', 'policy/v1', 'policy/v1beta1'])
}
