import type { Clock, Observer } from '@kube-authn/core'
import { notify } from '@kube-authn/core/adapter'
import { RecentMap } from '@kube-authn/core/internal'
import type { ObjectStore } from '@kube-authn/store'
import { countObjects, type LimitLevel, limitLevels } from '@kube-authn/store/internal'
import { qualifiedName, type Target } from './resource.ts'
import { forbidden } from './status-errors.ts'
import { keyPrefix } from './stored-objects.ts'

export interface ObjectQuotaOptions {
  readonly store: ObjectStore
  /** Of one kind in one namespace. */
  readonly limit: number
  readonly clock: Clock
  /** Receives the event `objectQuota`. */
  readonly observer: Observer | undefined
}

/** Limits how many objects of a kind there are in a namespace. */
export interface ObjectQuota {
  /** What `create` resolves to. @throws {StatusError} 403 if there are enough. */
  admit<T>(target: Target, isDryRun: boolean, create: () => Promise<T>): Promise<T>
}

/** How long a count is good for: less when it is near the limit. */
const FAR_MS = 10_000
const NEAR_MS = 1000
/** Of how many namespaces and kinds counts are remembered. */
const MAX_COUNTS = 1000

interface Count {
  used: number
  atMs: number
  /** How many of them are being created. */
  creating: number
  counting: Promise<void> | undefined
  readonly level: (used: number) => LimitLevel
}

/**
 * Counts what there is in the store, and between two counts what this process creates: creations of other replicas, and all deletions, count with the next one. So several replicas together may
 * exceed the limit by what the others create within a second, or within ten while less than half is used. In Kubernetes, too, a deletion counts later.
 *
 * Source: apiserver `pkg/admission/plugin/resourcequota/controller.go` CheckRequest.
 *
 * Deviation: there is a limit without an object that sets it (`docs/deviations.md`, quotas).
 */
export function objectQuota({ store, limit, clock, observer }: ObjectQuotaOptions): ObjectQuota {
  const counts = new RecentMap<Count>(MAX_COUNTS)

  const countOf = async (prefix: string): Promise<Count> => {
    let known = counts.get(prefix)
    if (known === undefined) {
      known = { used: 0, atMs: -Infinity, creating: 0, counting: undefined, level: limitLevels(limit) }
      counts.set(prefix, known)
    }
    const count = known
    const ageMs = Math.abs(clock.now() - count.atMs)
    if (ageMs < (count.used < limit / 2 ? FAR_MS : NEAR_MS)) return count
    count.counting ??= countObjects(store, prefix, limit)
      .then((found) => {
        count.used = found + count.creating
        count.atMs = clock.now()
      })
      .finally(() => {
        count.counting = undefined
      })
    await count.counting
    return count
  }

  return {
    async admit({ resource, namespace, name }, isDryRun, create) {
      const count = await countOf(keyPrefix(resource, namespace))
      const { used } = count
      const { is, isNew } = count.level(used + 1)
      const kind = qualifiedName(resource)
      if (is !== 'below') {
        const status = is === 'near' ? is : 'exceeded'
        notify(observer, { type: 'objectQuota', resource: kind, namespace, status, used, limit, isNew })
      }
      if (is === 'beyond') {
        const counted = `requested: count/${kind}=1, used: count/${kind}=${used}, limited: count/${kind}=${limit}`
        throw forbidden(resource, name, `exceeded quota: max-objects-per-namespace, ${counted}`)
      }
      count.used++
      count.creating++
      let isThere = false
      try {
        const created = await create()
        isThere = !isDryRun
        return created
      } finally {
        count.creating--
        if (!isThere) count.used--
      }
    },
  }
}
