import type { Clock } from '@kube-authn/core'
import type { RbacAuthorizer } from '@kube-authn/core/authorization'
import { checkOptions, type OptionsShape, required } from '@kube-authn/core/adapter'
import { aClock, aFunction, rbacOver, report, systemClock, withMethods } from '@kube-authn/core/internal'
import { rfc3339Of } from '@kube-authn/internal/rfc3339'
import { RBAC_PREFIX } from '../registry/stored-objects.ts'
import { followStore } from '../store/follow-store.ts'
import type { ObjectStore, StoreChange, StoredObject } from '../store/object-store.ts'
import { StoreError } from '../store/store-error.ts'
import { storedPolicy } from './stored-policy.ts'

/** Options of {@link storedRbac}. */
export interface StoredRbacOptions {
  /** Where the roles and bindings are. */
  readonly store: ObjectStore
  /** Default: the runtime's clock. */
  readonly clock?: Clock
  /** Called for every failure to follow the store, and for every object that cannot be read. */
  readonly onError?: (error: unknown) => void
}

const shape: OptionsShape<StoredRbacOptions> = {
  store: required(withMethods('a store of objects', 'list', 'watch')),
  clock: aClock,
  onError: aFunction,
}

/** An authorizer that follows roles and bindings in a store. */
export interface StoredRbac extends RbacAuthorizer {
  /** Since when changes by others are not followed, in milliseconds since the epoch; `undefined` while they are. */
  readonly outdatedSinceMs: number | undefined
  /** Takes over what was just written, before the store tells it. `kubernetesApi` does so. */
  learn(written: StoredObject | StoreChange): void
  /** Stops following the store. It goes on deciding by what it knows. */
  close(): void
}

/**
 * RBAC by the roles and bindings in a store: as `rbac(policy)` of the same objects, in the order of their creation, after each change of them.
 *
 * It resolves when it knows all of them, and follows their changes from then on. While the store cannot be read it decides by what it knows, and `outdatedSinceMs` and
 * `onError` say since when. What is written through a `kubernetesApi` with this option `rbac` counts at once.
 *
 * Source: kubernetes `plugin/pkg/auth/authorizer/rbac/rbac.go`.
 *
 * Deviation: aggregated roles have at once what their selectors find (`docs/deviations.md`, aggregated roles).
 *
 * @throws {ConfigurationError} if an option is invalid.
 * @throws {StoreError} `closed`
 * @example
 * const policy = await storedRbac({ store, onError: console.error })
 * const authorizer = unionAuthorizer(privilegedGroups('system:masters'), policy)
 * const api = await kubernetesApi({ store, authorizer, rbac: policy })
 */
export async function storedRbac(options: StoredRbacOptions): Promise<StoredRbac> {
  checkOptions(shape, options)
  const { store, clock = systemClock, onError } = options
  const policy = storedPolicy()
  const closing = new AbortController()
  let outdatedSinceMs: number | undefined

  const take = (work: () => void): void => {
    try {
      work()
    } catch (thrown) {
      report(onError, thrown)
    }
  }

  const apply = (change: StoredObject | StoreChange): void =>
    'type' in change && change.type === 'deleted' ? policy.delete(change) : policy.set(change)

  await new Promise<void>((resolve, reject) => {
    const following = followStore(
      { store, prefix: RBAC_PREFIX, clock, signal: closing.signal },
      {
        object: (object) => take(() => policy.set(object)),
        listed(keys, revision) {
          policy.keepListed(keys, revision)
          resolve()
        },
        change(change) {
          take(() => apply(change))
          policy.settle(change.revision)
        },
        gap(isReplaced) {
          if (isReplaced) policy.restart()
        },
        reached: () => {
          outdatedSinceMs = undefined
        },
        failed(error, isFinal) {
          outdatedSinceMs ??= clock.now()
          report(onError, outage(outdatedSinceMs, error))
          if (isFinal) reject(error)
        },
      },
    )
    following.catch(reject)
  })

  return {
    ...rbacOver(policy.index),
    get outdatedSinceMs() {
      return outdatedSinceMs
    },
    learn: (written) => take(() => apply(written)),
    close: () => closing.abort(),
  }
}

function outage(sinceMs: number, cause: unknown): StoreError {
  const message = `roles and bindings are those of ${rfc3339Of(sinceMs)}: their changes cannot be followed`
  return new StoreError('storeUnavailable', message, cause)
}
