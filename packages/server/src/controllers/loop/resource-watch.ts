import type { Clock } from '@kube-authn/core'
import type { KubeObject } from '../../registry/kube-object.ts'
import type { Resource } from '../../registry/resource.ts'
import { fromStored, keyPrefix } from '../../registry/stored-objects.ts'
import { deferred, followStore, type StoreFollower } from '@kube-authn/store/internal'
import type { ObjectStore, StoredObject } from '@kube-authn/store'
import type { ObjectKey } from '../object-controller.ts'

export interface ResourceWatchOptions {
  readonly store: ObjectStore
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
 * Follows the objects of a resource in a store, and tells all of them again from time to time. A deletion is told in any case. It remembers the name and version
 * of each object, and no object.
 *
 * Source: client-go `tools/cache/reflector.go`.
 */
export function watchResource(options: ResourceWatchOptions): ResourceWatch {
  const { store, resource, clock, resyncMs, onGap, onRecovery, onError } = options
  const known = knownObjects(resource, options.onChange)
  const listed = deferred<void>()
  let state: 'beginning' | 'up' | 'down' = 'beginning'
  let hasGap = false
  const closed = new AbortController()
  let isResyncDue = false
  let round = new AbortController()

  const follower: StoreFollower = {
    object: (object) => known.tell(object),
    listed(keys) {
      known.keepListed(keys)
      if (hasGap) onGap()
      hasGap = false
      listed.resolve()
    },
    change: (change) => (change.type === 'deleted' ? known.forget(change.key) : known.tell(change)),
    gap(isReplaced) {
      hasGap = true
      if (isReplaced) known.tellAllAgain()
    },
    reached() {
      if (state === 'down') onRecovery()
      state = 'up'
    },
    failed(error) {
      if (state !== 'down') onError(error)
      state = 'down'
    },
  }

  const resync = (): void => {
    isResyncDue = true
    round.abort()
  }

  const run = async (): Promise<void> => {
    const prefix = keyPrefix(resource, '')
    do {
      isResyncDue = false
      round = new AbortController()
      known.tellAllAgain()
      const cancelResync = clock.after(resyncMs, resync)
      await followStore({ store, prefix, clock, signal: round.signal }, follower)
      cancelResync()
    } while (isResyncDue && !closed.signal.aborted)
  }

  const running = run()
  return {
    listed: listed.promise,
    isUp: () => state === 'up' && !closed.signal.aborted,
    resync,
    async close() {
      closed.abort()
      round.abort()
      await running
      listed.resolve()
    },
  }
}

/** Tells changes of the objects of a resource, each revision once. They are known by their keys in the store. */
function knownObjects(resource: Resource, onChange: ResourceWatchOptions['onChange']) {
  const { length } = keyPrefix(resource, '')
  const revisions = new Map<string, number>()

  /** A namespace contains no slash. */
  const objectKeyOf = (key: string): ObjectKey => {
    const slash = resource.isNamespaced ? key.indexOf('/', length) : -1
    const namespace = slash === -1 ? '' : key.slice(length, slash)
    return { resource, namespace, name: key.slice(slash === -1 ? length : slash + 1) }
  }
  const forget = (key: string): void => {
    if (revisions.delete(key)) onChange(objectKeyOf(key), undefined)
  }

  return {
    /** @throws {StoreError} `storeCorrupted` */
    tell(stored: StoredObject): void {
      const { key, revision } = stored
      if (revisions.get(key) === revision) return
      const object = fromStored(stored, revision)
      revisions.set(key, revision)
      onChange(objectKeyOf(key), object)
    },
    forget,
    /** Forgets all objects but these. */
    keepListed(keys: ReadonlySet<string>): void {
      for (const key of revisions.keys()) if (!keys.has(key)) forget(key)
    },
    /** Every object counts as changed. */
    tellAllAgain(): void {
      for (const key of revisions.keys()) revisions.set(key, UNTOLD)
    },
  }
}

/** No object has this revision. */
const UNTOLD = -1
