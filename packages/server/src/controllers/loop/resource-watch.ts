import type { Clock } from '@kube-authn/core'
import { isStatusError } from '@kube-authn/core/internal'
import type { KubeObject } from '../../registry/kube-object.ts'
import type { Registry } from '../../registry/registry.ts'
import type { Resource } from '../../registry/resource.ts'
import type { ObjectKey } from '../object-controller.ts'
import { deferred } from '../../store/local/deferred.ts'
import { backoff } from './backoff.ts'
import { knownObjects } from './known-objects.ts'
import { yieldToEventLoop } from './yield-to-event-loop.ts'

/** Options of {@link watchResource}. */
export interface ResourceWatchOptions {
  readonly registry: Registry
  readonly resource: Resource
  readonly clock: Clock
  /** Every object is told again after this time. */
  readonly resyncMs: number
  /** Called for each object that there is, and whenever one is created, changed or deleted; it must not throw. */
  readonly onChange: (key: ObjectKey, object: KubeObject | undefined) => void
  /** Called when changes may have been missed of objects that were created and deleted in the meantime. */
  readonly onGap: () => void
  /** Called when changes arrive again after a failure. */
  readonly onRecovery: () => void
  /** Called when changes do not arrive any more. */
  readonly onError: (error: unknown) => void
}

/** Follows the objects of one resource. */
export interface ResourceWatch {
  /** Settles when every object that there was has been told once, or the watch was closed. */
  readonly listed: Promise<void>
  /** Whether changes arrive. */
  isUp(): boolean
  /** Tells every object again. */
  resync(): void
  /** Resolves when nothing runs any more. */
  close(): Promise<void>
}

/**
 * Lists all objects of a resource, then watches them, and goes on after whatever failed: from where it was, or if the store has forgotten that, by listing
 * them again. A deletion is told in any case. It remembers the name and version of each object, and no object.
 *
 * Source: client-go `tools/cache/reflector.go`.
 */
export function watchResource(options: ResourceWatchOptions): ResourceWatch {
  const { registry, resource, clock, resyncMs, onGap, onRecovery, onError } = options
  const collection = { resource, namespace: '' }
  const known = knownObjects(resource, options.onChange)
  const pauses = backoff(clock)
  /** The version up to which everything was told; `undefined` before a list. */
  let position: number | undefined
  let isMoving = false
  let state: 'beginning' | 'up' | 'down' = 'beginning'
  let isClosed = false
  let isResyncDue = false
  let hasListed = false
  let endWatch: (() => void) | undefined
  const listed = deferred<void>()

  const list = async (isResync: boolean): Promise<void> => {
    const round = known.beginList(isResync)
    let token: string | undefined
    let version: string
    do {
      const page = await registry.list(collection, {
        limit: PAGE,
        ...(token !== undefined && { continue: token }),
      })
      for (const object of page.items) round.see(object)
      ;({ continue: token, resourceVersion: version } = page)
      await yieldToEventLoop()
      if (isClosed) return
    } while (token !== undefined)
    round.end()
    if (hasListed && position === undefined) onGap()
    position = Number(version)
    hasListed = true
  }

  /** Begins again where it was, or with a list. */
  const catchUp = async (): Promise<void> => {
    if (position === undefined || isResyncDue) {
      const isResync = isResyncDue
      isResyncDue = false
      try {
        await list(isResync)
      } catch (thrown) {
        isResyncDue ||= isResync
        throw thrown
      }
    } else if (pauses.hasFailed()) {
      // Whether the store answers again; a watch alone does not tell.
      await registry.list(collection, { limit: 1 })
    }
  }

  /** Tells changes until it is time to list again. */
  const follow = async (since: number): Promise<void> => {
    const controller = new AbortController()
    endWatch = () => controller.abort()
    const cancelResync = clock.after(resyncMs, resync)
    try {
      const { signal } = controller
      for await (const event of registry.watch(collection, { resourceVersion: since, signal })) {
        if (event.type === 'BOOKMARK') continue
        isMoving = true
        pauses.succeeded()
        position = Number(event.object.metadata.resourceVersion)
        known.change(event.object, event.type === 'DELETED')
      }
    } finally {
      cancelResync()
      endWatch = undefined
    }
  }

  const resync = (): void => {
    isResyncDue = true
    endWatch?.()
  }

  /** @returns whether a pause is due. */
  const advance = async (): Promise<boolean> => {
    isMoving = false
    try {
      await catchUp()
      if (isClosed || position === undefined) return false
      if (state === 'down') onRecovery()
      state = 'up'
      listed.resolve()
      await follow(position)
      if (isMoving || isResyncDue || isClosed) return false
      pauses.failed()
      return true
    } catch (thrown) {
      if (isClosed) return false
      const isFirst = pauses.failed()
      if (!isExpired(thrown)) {
        if (state === 'up' || isFirst) onError(thrown)
        return true
      }
      // It may only have been read too slowly.
      if (!isMoving) position = undefined
      return !isFirst
    }
  }

  const run = async (): Promise<void> => {
    for (;;) {
      const isPauseDue = await advance()
      if (isClosed) return
      if (!isPauseDue) continue
      state = 'down'
      await pauses.pause()
      if (isClosed) return
    }
  }

  const running = run()
  return {
    listed: listed.promise,
    isUp: () => state === 'up' && !isClosed,
    resync,
    async close() {
      isClosed = true
      endWatch?.()
      pauses.end()
      await running
      listed.resolve()
    },
  }
}

/** How many objects are read at a time. */
const PAGE = 500

/** Whether the store has forgotten where the watch was, or never was there. */
function isExpired(thrown: unknown): boolean {
  return isStatusError(thrown) && (thrown.status === 410 || thrown.status === 504)
}
