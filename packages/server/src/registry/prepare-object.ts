import type { KubeObject } from './kube-object.ts'
import { namespaceFinalizers } from './resources/namespaces.ts'
import { withoutEmpty } from './metadata.ts'
import { type Resource, subresourceOf, type Write } from './resource.ts'
import { badRequest } from '@kube-authn/core/internal'

/** The object that is created of what a client sent. Source: apiserver `pkg/registry/rest/create.go` BeforeCreate. */
export function prepareForCreate(
  resource: Resource,
  namespace: string,
  sent: KubeObject,
  write: Write,
): KubeObject {
  const { name = '', generateName: prefix = '', namespace: given = '', resourceVersion = '' } = sent.metadata
  if (resource.isNamespaced && given !== '' && given !== namespace) {
    throw badRequest('the namespace of the provided object does not match the namespace sent on the request')
  }
  if (resourceVersion !== '') throw badRequest('resourceVersion should not be set on objects to be created')
  const { labels = {}, annotations = {}, ownerReferences = [], finalizers = [], generation } = sent.metadata
  const metadata = {
    name,
    generateName: prefix,
    namespace: resource.isNamespaced ? namespace : '',
    uid: crypto.randomUUID(),
    ...(generation !== undefined && { generation }),
    creationTimestamp: write.services.now(),
    labels,
    annotations,
    ownerReferences,
    finalizers,
  }
  const object = { ...sent, metadata: withoutEmpty(metadata) }
  return resource.prepareForCreate?.(object, write) ?? object
}

/** The object that replaces another. Source: apiserver `pkg/registry/rest/update.go` BeforeUpdate. */
export function prepareForUpdate(resource: Resource, sent: KubeObject, old: KubeObject): KubeObject {
  const { labels = {}, annotations = {}, ownerReferences = [], finalizers = [] } = sent.metadata
  const metadata = withoutEmpty({ ...old.metadata, labels, annotations, ownerReferences, finalizers })
  const hasStatus = subresourceOf(resource, 'status') !== undefined
  const kept = hasStatus && old['status'] !== undefined ? { status: old['status'] } : {}
  const { status: _, ...withoutStatus } = sent
  const object = { ...(hasStatus ? withoutStatus : sent), ...kept, metadata }
  return resource.prepareForUpdate?.(object, old) ?? object
}

/** An object that is deleted as soon as its finalizers are gone. */
export function terminating(object: KubeObject, time: string): KubeObject {
  if (object.metadata.deletionTimestamp !== undefined) return object
  const { generation = 0 } = object.metadata
  const metadata = { ...object.metadata, deletionTimestamp: time }
  // A namespace has its finalizers instead of a grace period.
  if (object.kind === 'Namespace') return { ...object, metadata, status: { phase: 'Terminating' } }
  const counted = generation > 0 ? { generation: generation + 1 } : {}
  return { ...object, metadata: { ...metadata, ...counted, deletionGracePeriodSeconds: 0 } }
}

/** Whether nothing keeps an object that is being deleted. A namespace has finalizers in its `spec`, too. */
export function isFinished(object: KubeObject): boolean {
  const { deletionTimestamp, finalizers = [] } = object.metadata
  if (deletionTimestamp === undefined || finalizers.length > 0) return false
  return object.kind !== 'Namespace' || namespaceFinalizers(object).length === 0
}
