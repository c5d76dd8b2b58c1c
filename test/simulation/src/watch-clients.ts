import type { KubeObject } from '@kube-authn/server/internal'
import type { StoreChange } from '@kube-authn/store'
import { isCalm, isSameObject, resourceNamed } from './object-requests.ts'
import { objectIn, refusalOf } from './object-operations.ts'
import type { Replica } from './replica.ts'
import { TIMEOUT_MS } from './store-link.ts'
import type { World } from './world.ts'

const configMaps = resourceNamed('configmaps')
const PREFIX = '/registry/configmaps/'

/** What a watcher has been told. */
interface Watch {
  readonly name: string
  readonly labelSelector: string
  /** All changes up to it were told. */
  position: number
  /** Where it is open now. */
  replica: Replica | undefined
  openedMs: number
}

/** How late a change may be told while nothing is wrong. */
const LATE_MS = 3000

/** Clients that watch config maps, and check each event. */
export interface WatchClients {
  run(name: string): Promise<never>
  /** Whether every watch has told what it should have. */
  check(): void
}

/** None yet. */
export function watchClients(world: World): WatchClients {
  const watches: Watch[] = []
  return {
    async run(name) {
      const random = world.random.fork(name)
      const labelSelector = random.pick(['', 'color=blue'])
      const watch: Watch = { name, labelSelector, position: 0, replica: undefined, openedMs: 0 }
      watches.push(watch)
      for (;;) {
        await world.pause(random.between(100, 3000))
        await watchOnce(world, watch, random.pick(world.replicas), random.between(1000, 300_000))
      }
    },
    check() {
      for (const { name, labelSelector, position, replica, openedMs } of watches) {
        if (replica === undefined) continue
        const missed = nextVisible(world, labelSelector, position)
        if (missed === undefined) continue
        // What was on its way already may be slow.
        const sinceMs = Math.max(
          world.calmSinceMs(replica) + TIMEOUT_MS,
          openedMs,
          world.changedMs(missed.revision),
        )
        const lateMs = world.time.nowMs - sinceMs
        if (lateMs >= LATE_MS)
          world.violated(
            'watches',
            `${name} has not been told ${missed.revision} at ${replica.name} for ${lateMs} ms`,
          )
      }
    },
  }
}

/** Watches at a replica for some time, and goes on from the last version that it knows. */
async function watchOnce(world: World, watch: Watch, replica: Replica, forMs: number): Promise<void> {
  const { name, labelSelector } = watch
  const collection = { resource: configMaps, namespace: '', labelSelector }
  const ending = new AbortController()
  let isOpen = false
  let beganAt = 0
  let cancelEnd = (): void => {}
  const visit = await replica.visit(async (process) => {
    const { objects } = process
    beganAt = world.seen.revision
    cancelEnd = world.time.after(forMs, () => ending.abort(), process)
    if (watch.position === 0)
      watch.position = Number((await objects.list(collection, { limit: 1 })).resourceVersion)
    world.tell(`${name} watches at ${replica.name} since ${watch.position}`)
    const { position, signal } = { position: watch.position, signal: ending.signal }
    isOpen = true
    watch.replica = replica
    watch.openedMs = world.time.nowMs
    for await (const event of objects.watch(collection, {
      resourceVersion: position,
      signal,
      bookmarkMs: 60_000,
    })) {
      world.count('event')
      if (event.type === 'BOOKMARK') checkBookmark(world, watch, Number(event.resourceVersion))
      else checkEvent(world, watch, event)
    }
  })
  cancelEnd()
  watch.replica = undefined
  if (visit.type === 'lost') return
  if (visit.type === 'done') {
    if (!ending.signal.aborted)
      world.violated('watches', `${name} ended at ${replica.name}, and nothing ended it`)
    return
  }
  const refusal = refusalOf(visit.error)
  world.tell(`${name} ends at ${replica.name}: ${refusal?.status ?? 503}`)
  if (refusal === undefined) {
    // A list may have waited for an answer.
    if (world.time.nowMs - world.calmSinceMs(replica) > TIMEOUT_MS + LATE_MS)
      world.violated('outagesEnd', `${name} ended at ${replica.name} with 503, and nothing is wrong`)
    return
  }
  // A list with a selector reads several pages, as in Kubernetes. A watch that cannot keep up ends with it too.
  const isForgotten = (isOpen ? watch.position : beganAt) < world.model.compactedRevision
  const isGone = refusal.status === 410 && (isForgotten || (isOpen && !isCalm(world, replica)))
  if (!isGone)
    world.violated('errors', `${name} ended at ${replica.name} with ${refusal.status} ${refusal.reason}`)
  world.count('watch 410')
  watch.position = 0
}

function checkBookmark(world: World, watch: Watch, revision: number): void {
  const missed = nextVisible(world, watch.labelSelector, watch.position)
  if (revision > world.seen.revision || (missed !== undefined && missed.revision <= revision)) {
    world.violated('watches', `${watch.name} was told to be at ${revision} before ${missed?.revision}`)
  }
  watch.position = Math.max(watch.position, revision)
}

function checkEvent(
  world: World,
  watch: Watch,
  { type, object }: { readonly type: string; readonly object: KubeObject },
): void {
  const revision = Number(object.metadata.resourceVersion)
  const { labelSelector, position } = watch
  const next = nextVisible(world, labelSelector, position)
  const is = `${type} ${revision}`
  const should = next && `${next.type} ${next.revision}`
  if (is !== should)
    world.violated('watches', `${watch.name} was told ${is} after ${position}, not ${should}`)
  // What is deleted for a selector is the object before.
  else if (type !== 'DELETED' && !isSameObject(world, object, revision)) {
    world.violated('watches', `${watch.name} was told ${is} with another content`)
  }
  watch.position = revision
}

/** The next event after a revision that a watcher must be told. */
function nextVisible(
  { seen }: World,
  labelSelector: string,
  position: number,
): { readonly type: string; readonly revision: number } | undefined {
  for (let index = position; index < seen.changes.length; index++) {
    const change = seen.changes[index]
    if (change?.key.startsWith(PREFIX) !== true) continue
    const before = seen.at(change.key, change.revision - 1)
    const was = before !== undefined && isSelected(before, labelSelector)
    const is = change.type !== 'deleted' && isSelected(change, labelSelector)
    const type = is ? (was ? 'MODIFIED' : 'ADDED') : was ? 'DELETED' : undefined
    if (type !== undefined) return { type, revision: change.revision }
  }
  return undefined
}

function isSelected(change: StoreChange, labelSelector: string): boolean {
  return labelSelector === '' || `color=${objectIn(change).metadata.labels?.['color']}` === labelSelector
}
