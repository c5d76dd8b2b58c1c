import {
  type AnyBinding,
  decodeRbacObject,
  errorList,
  type PolicyIndex,
  type RbacObject,
} from '@kube-authn/core/internal'
import { fromStored, RBAC_PREFIX } from '../registry/stored-objects.ts'
import type { Kept } from '../store/cache/cached-objects.ts'
import type { StoredObject } from '../store/object-store.ts'
import { StoreError } from '../store/store-error.ts'

/** @throws {StoreError} `storeCorrupted` if it is not a role or binding. */
export function rbacObjectOf(stored: StoredObject): RbacObject {
  const { metadata, ...rest } = fromStored(stored, stored.revision)
  const errors = errorList({ hideValues: true })
  const { name = '', namespace = '', labels = {} } = metadata
  const object = decodeRbacObject({ ...rest, metadata: { name, namespace, labels } }, errors)
  if (object === undefined || object.kind === 'foreign' || errors.errors.length > 0) {
    throw new StoreError('storeCorrupted', `not a role or binding: ${errors.toString()}`)
  }
  const path = namespace === '' ? name : `${namespace}/${name}`
  if (stored.key !== `${RBAC_PREFIX}${object.kind.toLowerCase()}s/${path}`) {
    throw new StoreError('storeCorrupted', 'the object there has another name')
  }
  return object
}

/** Changes a policy as an object with one key has changed. Bindings are evaluated in the order of their creation. */
export function changePolicy(
  index: PolicyIndex,
  before: Kept<RbacObject> | undefined,
  after: Kept<RbacObject> | undefined,
): void {
  if (before !== undefined) takeBack(index, before, after === undefined)
  if (after === undefined) return
  const { value, createdRevision } = after
  if (isBinding(value)) index.addBinding(value, createdRevision)
  else index.setRole(value)
}

/** A role stays until it is replaced, so that it is never missing in between. */
function takeBack(
  index: PolicyIndex,
  { value, createdRevision }: Kept<RbacObject>,
  isDeleted: boolean,
): void {
  if (isBinding(value)) index.removeBinding(value, createdRevision)
  else if (isDeleted) index.deleteRole(value)
}

function isBinding(object: RbacObject): object is AnyBinding {
  return object.kind === 'RoleBinding' || object.kind === 'ClusterRoleBinding'
}
