import type { Awaitable } from '@kube-authn/core'
import { ownersAfterUpdate } from '../apply/owners.ts'
import { type Changed, changeObject, type Found } from './change-object.ts'
import { checkObject } from './check-object.ts'
import type { Creation } from './create-object.ts'
import type { KubeObject } from './kube-object.ts'
import { withOwners } from './metadata.ts'
import { isFinished, prepareForUpdate } from './prepare-object.ts'
import { type PartSubresource, subresourceOf, type Target, type WriteOptions } from './resource.ts'
import { conflict, MODIFIED, uidConflict, versionRequired } from './status-errors.ts'
import { badRequest } from '@kube-authn/core/internal'

/** What replaces an object: another one, or what is made of the old one, again if others change it meanwhile. */
export type Replacement = KubeObject | ((old: KubeObject) => Awaitable<KubeObject>)

/**
 * Replaces an object, or the part of it that the target names. It is deleted instead if it is being deleted and has no finalizer any more.
 *
 * @throws {StatusError} 400, 403, 404, 409, 422
 */
export async function replaceObject(
  { store, services }: Pick<Creation, 'store' | 'services'>,
  target: Target,
  replacement: Replacement,
  { isDryRun = false, caller, fieldManager: manager = 'kube-authn', owners }: WriteOptions = {},
): Promise<Changed> {
  const { resource, subresource = '' } = target
  const part = partOf(target)
  const updated = async ({ object: old }: Found): Promise<Changed> => {
    const isPatch = typeof replacement === 'function'
    if (!isPatch) requireUid(target, replacement, old.metadata.uid ?? '', isDryRun)
    const sent = isPatch ? await replacement(old) : replacement
    requireSame(target, sent, old)
    const write = { caller, services, requestName: target.name }
    const prepared =
      part === undefined ? prepareForUpdate(resource, sent, old) : part.prepare(sent, old, write)
    const writer = { name: manager, operation: 'Update', subresource, time: services.now() } as const
    const object = withOwners(prepared, owners?.() ?? ownersAfterUpdate(resource, old, prepared, writer))
    if (part === undefined) await resource.authorize?.({ ...write, object, old })
    await checkObject(resource, object, { old, uid: sent.metadata.uid }, part)
    await (part ?? resource).admit?.({ ...write, object, old })
    return { object, isGone: isFinished(object) }
  }
  const isRepeated = typeof replacement === 'function' || (replacement.metadata.resourceVersion ?? '') === ''
  return changeObject(store, target, updated, isDryRun, isRepeated)
}

function partOf({ resource, subresource = '' }: Target): PartSubresource | undefined {
  const found = subresource === '' ? undefined : subresourceOf(resource, subresource)
  return found?.type === 'part' ? found : undefined
}

/**
 * Requires that an object names no other place than the path.
 *
 * Source: apiserver `pkg/endpoints/handlers/rest.go` checkName, `pkg/registry/rest/meta.go` EnsureObjectNamespaceMatchesRequestNamespace.
 *
 * @throws {StatusError} 400
 */
export function requirePlace(target: Target, { metadata }: Pick<KubeObject, 'metadata'>): void {
  const { name = '', namespace = target.namespace } = metadata
  if (target.resource.isNamespaced && namespace !== target.namespace) {
    throw badRequest('the namespace of the provided object does not match the namespace sent on the request')
  }
  if (name === '') {
    throw badRequest(
      `the name of the object (${target.name} based on URL) was undeterminable: name must be provided`,
    )
  }
  if (name !== target.name) {
    throw badRequest(`the name of the object (${name}) does not match the name on the URL (${target.name})`)
  }
}

/** @throws {StatusError} 400 if it is another object, 409 if it is another version of it, 422 if it must name its version and does not. */
function requireSame(target: Target, { metadata }: KubeObject, old: KubeObject): void {
  const { resource } = target
  const { resourceVersion = '' } = metadata
  requirePlace(target, { metadata })
  if (resourceVersion === '') {
    if (resource.isUpdatedByVersion === true) throw versionRequired(resource, target.name)
  } else if (resourceVersion !== old.metadata.resourceVersion) {
    throw conflict(resource, target.name, MODIFIED)
  }
}

/**
 * Requires that the object has the uid that a client sent with it. A patch is no such object.
 *
 * Source: apiserver `pkg/registry/rest/update.go` defaultUpdatedObjectInfo.Preconditions, `pkg/storage/interfaces.go` Check.
 *
 * @param uid that of the object that there is; `''` if there is none.
 * @throws {StatusError} 409
 */
export function requireUid(
  { resource, namespace, name }: Target,
  sent: KubeObject,
  uid: string,
  isDryRun: boolean,
): void {
  const { uid: expected = uid } = sent.metadata
  if (expected === uid) return
  const path = [resource.storedAs ?? resource.plural, ...(namespace === '' ? [] : [namespace]), name].join(
    '/',
  )
  throw uidConflict(resource, name, isDryRun ? `/${path}` : `/registry/${path}`, expected, uid)
}
