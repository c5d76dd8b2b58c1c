import { isObject } from '@kube-authn/core/internal'
import { RBAC_API_GROUP } from '@kube-authn/core/authorization'
import { type ObjectStore, type StoredObject, StoreError } from '@kube-authn/store'
import type { KubeObject } from './kube-object.ts'
import type { Resource } from './resource.ts'

/** Keys as those of kube-apiserver in etcd: `/registry/secrets/shop/db`. Source: apiserver `pkg/registry/generic/registry/store.go`. */
export function keyPrefix({ group, plural, isNamespaced }: Resource, namespace: string): string {
  const ofResource = group === '' ? `/registry/${plural}/` : `/registry/${group}/${plural}/`
  return isNamespaced && namespace !== '' ? `${ofResource}${namespace}/` : ofResource
}

/** The beginning of the keys of roles and bindings. */
export const RBAC_PREFIX: string = `/registry/${RBAC_API_GROUP}/`

export function keyOf(resource: Resource, namespace: string, name: string): string {
  return keyPrefix(resource, namespace) + name
}

/** An object as it is stored: without its version, which the store knows. */
export function toStored({ metadata, ...object }: KubeObject): string {
  const { resourceVersion: _version, ...stored } = metadata
  return JSON.stringify({ ...object, metadata: stored })
}

/**
 * @param revision that of the object, or of its deletion.
 * @throws {StoreError} `storeCorrupted`
 */
export function fromStored({ value }: Pick<StoredObject, 'value'>, revision: number): KubeObject {
  const object = parsed(value)
  if (!isKubeObject(object)) throw new StoreError('storeCorrupted', 'an object in the store is not one')
  return { ...object, metadata: { ...object.metadata, resourceVersion: String(revision) } }
}

/** The object; `undefined` if there is none. @throws {StoreError} */
export async function readStored(
  store: ObjectStore,
  resource: Resource,
  namespace: string,
  name: string,
): Promise<KubeObject | undefined> {
  const stored = await store.get(keyOf(resource, namespace, name))
  return stored && fromStored(stored, stored.revision)
}

/** `undefined` if it is not JSON: the error of the parser would quote a part of it, which may be secret. */
function parsed(value: string): unknown {
  try {
    return JSON.parse(value)
  } catch {
    return undefined
  }
}

function isKubeObject(value: unknown): value is KubeObject {
  return isObject(value) && isObject(value['metadata']) && typeof value['kind'] === 'string'
}
