import { checkOptions } from '@kube-authn/core/adapter'
import {
  type AnyBinding,
  AuthorizationError,
  decodeRbacObject,
  noOpinion,
  PolicyIndex,
  type RbacAuthorizer,
  type RbacObject,
  rbacOver,
} from '@kube-authn/core/authorization'
import { errorList } from '@kube-authn/core/internal'
import { asAuthorized } from '../registry/escalation/escalation.ts'
import { fromStored, RBAC_PREFIX } from '../registry/stored-objects.ts'
import {
  joinedCopies,
  type Kept,
  RETRY_SECONDS,
  storeCache,
  type StoreCacheOptions,
  storeCacheShape,
  type StoreCopy,
} from '@kube-authn/store/internal'
import { type StoredObject, StoreError } from '@kube-authn/store'

/** An authorizer that follows roles and bindings in a store. */
export interface StoredRbac extends RbacAuthorizer, StoreCopy {}

/**
 * RBAC by the roles and bindings in a store: as `rbac(policy)` of the same objects, in the order of their creation, after each change of them.
 *
 * It resolves when it knows all of them, and follows their changes from then on. While the store cannot be followed it decides by what it knows, for `maxStalenessSeconds`; then
 * every decision is an error, and the answer a 503, until it heals. What is written through a `kubernetesApi` with this option `rbac` counts at once. An object that
 * cannot be read grants nothing.
 *
 * Source: kubernetes `plugin/pkg/auth/authorizer/rbac/rbac.go`.
 *
 * Deviation: aggregated roles have at once what their selectors find; a copy that is too old decides nothing (`docs/deviations.md`, aggregated roles; copies of a store).
 *
 * @throws {ConfigurationError} if an option is invalid.
 * @throws {StoreError} `closed`
 * @example
 * const policy = await storedRbac({ store, onError: console.error })
 * const authorizer = unionAuthorizer(privilegedGroups('system:masters'), policy)
 * const api = await kubernetesApi({ store, authorizer, rbac: policy })
 */
export async function storedRbac(options: StoreCacheOptions): Promise<StoredRbac> {
  checkOptions(storeCacheShape, options)
  const index = new PolicyIndex()
  const cache = storeCache(options, {
    prefix: RBAC_PREFIX,
    what: 'roles and bindings',
    unreadable: 'grants nothing',
    read: rbacObjectOf,
    onChange: (_key, before, after) => changePolicy(index, before, after),
  })
  const policy = rbacOver(index)
  const copy = await joinedCopies(cache)

  const errorNow = (): AuthorizationError | undefined => {
    const problem = cache.problem()
    return problem === undefined
      ? undefined
      : new AuthorizationError(problem, { retryAfterSeconds: RETRY_SECONDS })
  }
  const requireKnown = (): void => {
    const error = errorNow()
    if (error !== undefined) throw error
  }

  return Object.assign<StoreCopy, RbacAuthorizer>(copy, {
    name: policy.name,
    authorize(attributes, context) {
      const error = errorNow()
      return error === undefined ? policy.authorize(attributes, context) : noOpinion('', error)
    },
    explain(attributes) {
      requireKnown()
      return policy.explain(attributes)
    },
    rulesFor(user, namespace) {
      requireKnown()
      return policy.rulesFor(user, namespace)
    },
  })
}

/** @throws {StoreError} `storeCorrupted` if it is not a role or binding. */
function rbacObjectOf(stored: StoredObject): RbacObject {
  const written = asAuthorized(fromStored(stored, stored.revision))
  const errors = errorList({ hideValues: true })
  const object = decodeRbacObject(written, errors)
  if (object === undefined || object.kind === 'foreign' || errors.errors.length > 0) {
    throw new StoreError('storeCorrupted', `not a role or binding: ${errors.toString()}`)
  }
  const { name = '', namespace = '' } = written.metadata
  const path = namespace === '' ? name : `${namespace}/${name}`
  if (stored.key !== `${RBAC_PREFIX}${object.kind.toLowerCase()}s/${path}`) {
    throw new StoreError('storeCorrupted', 'the object there has another name')
  }
  return object
}

/** Changes a policy as an object with one key has changed. Bindings are evaluated in the order of their creation. */
function changePolicy(
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
