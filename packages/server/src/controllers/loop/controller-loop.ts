import type { Clock } from '@kube-authn/core'
import { isStatusError } from '@kube-authn/core/internal'
import type { KubeObject } from '../../registry/kube-object.ts'
import type { Registry } from '../../registry/registry.ts'
import { qualifiedName, type Resource } from '../../registry/resource.ts'
import type { ObjectStore } from '@kube-authn/store'
import type { ObjectKey, ObjectController } from '../object-controller.ts'
import { readObject } from '../registry-access.ts'
import { type WorkQueue, workQueue } from '../work-queue.ts'
import { type ResourceWatch, watchResource } from './resource-watch.ts'

/** What failed. */
export interface ControllerErrorSource {
  /** The name of the controller; absent if the store failed. */
  readonly controller?: string
  /** The object that it looked at, as in `secrets shop/cart-token`. */
  readonly object?: string
}

export interface ControllerLoopOptions {
  /** Where changes are followed. */
  readonly store: ObjectStore
  /** Over the same store: what a controller is shown. */
  readonly registry: Registry
  readonly controllers: readonly ObjectController[]
  readonly clock: Clock
  /** Whether an error was reported as a failure of the store. */
  readonly isOutage: (error: unknown) => boolean
  /** It must not throw. */
  readonly onError: (error: unknown, source: ControllerErrorSource) => void
}

/** Controllers at work. */
export interface ControllersAtWork {
  /**
   * Settles when every object that there was has been looked at once, whether or not that failed; or when they were closed. With a leader election, also when another process
   * leads.
   */
  synced(): Promise<void>
  /** Whether they hear of changes: not before all objects were listed, and not while the store fails. Without the lease: whether the store answers. */
  isHealthy(): boolean
  /** Ends everything, and gives up the lease. Resolves when nothing runs any more. */
  close(): Promise<void>
}

/** Controllers that the app closes. */
export interface RunningControllers extends ControllersAtWork {
  /** The same as `close`, for `await using`. */
  [Symbol.asyncDispose](): Promise<void>
}

/** How many objects a controller looks at, at a time. */
const MAX_CONCURRENT = 5
/** The longest time between two tries. */
const MAX_DELAY_MS = 300_000
/** Every object is shown again after this time, as in client-go, for what was missed: a clock that jumped, say. */
const RESYNC_MS = 12 * 3_600_000

/**
 * Shows objects to controllers: one watch for each resource, one queue for each controller. Queues hold names, and an object is read when its turn comes.
 *
 * Source: client-go `tools/cache/shared_informer.go`, `util/workqueue`.
 */
export function controllerLoop(options: ControllerLoopOptions): ControllersAtWork {
  const { store, registry, controllers, clock, isOutage, onError } = options
  const queues = controllers.map((controller) => ({
    controller,
    queue: queueOf(controller, registry, clock, (error, key) => {
      if (isOutage(error) || isChanged(error)) return
      onError(error, { controller: controller.name, object: described(key) })
    }),
  }))

  const watchOf = (resource: Resource) => {
    const interested = queues.filter(({ controller }) => controller.resources.includes(resource))
    return watchResource({
      store,
      resource,
      clock,
      resyncMs: RESYNC_MS,
      onChange(key, object) {
        for (const { controller, queue } of interested) {
          if (isConcerned(controller, key, object)) queue.put(key)
        }
      },
      onGap() {
        const related = new Set(interested.flatMap(({ controller }) => controller.resources))
        for (const [other, watch] of watches) if (other !== resource && related.has(other)) watch.resync()
      },
      onRecovery() {
        for (const { queue } of interested) queue.retryNow()
      },
      onError(error) {
        if (!isOutage(error)) onError(error, { object: qualifiedName(resource) })
      },
    })
  }
  const isConcerned = (
    controller: ObjectController,
    key: ObjectKey,
    object: KubeObject | undefined,
  ): boolean => controller.concerns?.(key, object) ?? true

  const watches = new Map<Resource, ResourceWatch>()
  for (const resource of controllers.flatMap(({ resources }) => resources)) {
    if (!watches.has(resource)) watches.set(resource, watchOf(resource))
  }
  const allWatches = [...watches.values()]

  return {
    async synced() {
      await Promise.all(allWatches.map(({ listed }) => listed))
      await Promise.all(queues.map(({ queue }) => queue.idle()))
    },
    isHealthy: () => allWatches.every((watch) => watch.isUp()),
    async close() {
      for (const { queue } of queues) queue.stop()
      await Promise.all(allWatches.map((watch) => watch.close()))
      await Promise.all(queues.map(({ queue }) => queue.idle()))
    },
  }
}

function queueOf(
  controller: ObjectController,
  registry: Registry,
  clock: Clock,
  onError: (error: unknown, key: ObjectKey) => void,
): WorkQueue<ObjectKey> {
  const queue = workQueue<ObjectKey>({
    keyOf: described,
    async work(key) {
      try {
        const { againAfterMs } = await controller.reconcile(key, await readObject(registry, key))
        if (againAfterMs !== undefined && againAfterMs >= 0) queue.putLater(key, againAfterMs)
      } catch (thrown) {
        onError(thrown, key)
        throw thrown
      }
    },
    maxConcurrent: MAX_CONCURRENT,
    maxDelayMs: MAX_DELAY_MS,
    clock,
  })
  return queue
}

/** Unambiguous, since no name of a resource contains a space, and no namespace a slash. */
function described({ resource, namespace, name }: ObjectKey): string {
  return `${qualifiedName(resource)} ${namespace === '' ? '' : `${namespace}/`}${name}`
}

/** Another one has changed the object: it is looked at again. */
function isChanged(error: unknown): boolean {
  return isStatusError(error) && error.body.reason === 'Conflict'
}
