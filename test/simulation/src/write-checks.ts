import type { KubeObject } from '@kube-authn/server/internal'
import type { Fence, StoreChange } from '@kube-authn/store'
import {
  isNamespaceEnding,
  markOf,
  metadataOf,
  NAMESPACES,
  type Refusal,
  type Truth,
  type Write,
} from './object-operations.ts'
import type { World } from './world.ts'

/** What is known of a write. */
interface Asked extends Write {
  readonly atMs: number
  state: 'open' | 'done' | 'refused' | 'unknown'
  endedAt: number
  /** The revision of what it has written; 0 if it has not. */
  written: number
}

/** Compares every write with the changes of the store. */
export interface WriteChecks {
  asked(write: Write): void
  /** A write was answered with the object of a version, or refused, or its client does not know. */
  answered(write: Write, answer: KubeObject | Refusal | undefined): void
  /** The store has changed. */
  changed(change: StoreChange, fence: Fence | undefined): void
  /** Whether a refusal of a request is true that began at a revision. */
  checkRefusal(request: string, refusal: Refusal, truth: Truth): void
}

/** How long ago a write may have begun that is still looked for. */
const KEPT_MS = 3_600_000
/** How many changes ago a deletion may have ended that is still looked for. */
const KEPT_CHANGES = 1000

/** No write was asked for yet. */
export function writeChecks(world: World): WriteChecks {
  const { seen, violated, time } = world
  const byId = new Map<string, Asked>()
  const deletions = new Map<string, readonly Asked[]>()
  const checkAcknowledged = acknowledgedCheck(world)

  const checkDeletion = (change: StoreChange, before: StoreChange): void => {
    const asked = deletions.get(change.key) ?? []
    const creation = byId.get(markOf(before))
    const endsMs = creation?.endsMs ?? Infinity
    if (endsMs <= time.nowMs || asked.some((write) => isDeletedBy(write, before))) return
    if (isOwned(seen, change, before, creation)) return
    const end = endsMs === Infinity ? '' : `: it ends in ${endsMs - time.nowMs} ms`
    violated('unasked', `${change.key} was deleted as ${change.revision}, which no request asked for${end}`)
  }
  const checkWritten = (change: StoreChange, before: StoreChange | undefined): void => {
    const { type, key, revision } = change
    const write = byId.get(markOf(change))
    if (write === undefined || !isOfKey(write, key) || (type === 'created') !== (write.verb === 'create')) {
      violated('unasked', `${key} was ${type} as ${revision}, which no request asked for`)
      return
    }
    const { id, written } = write
    if (write.state === 'refused')
      violated('unasked', `${id} was written as ${revision}, and had been refused`)
    if (written !== 0) violated('unasked', `${id} was written as ${written} and again as ${revision}`)
    if (before !== undefined && !isMeant(write, before)) {
      violated('oneWinner', `${id} replaced ${before.revision} of ${key}, not ${write.revision}`)
    }
    write.written = revision
  }
  const forget = (): void => {
    for (const [id, { atMs, state, endsMs = 0 }] of byId) {
      if (atMs > time.nowMs - KEPT_MS || state === 'open' || endsMs > time.nowMs) return
      byId.delete(id)
    }
  }
  return {
    asked(write) {
      const asked: Asked = { ...write, state: 'open', endedAt: Infinity, written: 0, atMs: time.nowMs }
      byId.set(write.id, asked)
      forget()
      if (write.verb !== 'delete') return
      const kept = (deletions.get(write.key) ?? []).filter(
        ({ endedAt }) => endedAt > seen.revision - KEPT_CHANGES,
      )
      deletions.set(write.key, [...kept, asked])
    },
    answered({ id, key }, answer) {
      const write = byId.get(id)
      if (write === undefined || answer === undefined) {
        if (write !== undefined) write.state = 'unknown'
        return
      }
      write.endedAt = seen.revision
      write.state = 'metadata' in answer ? 'done' : 'refused'
      if ('metadata' in answer) checkAcknowledged(write, answer)
      else if (write.written !== 0 && seen.at(key, seen.revision)?.revision === write.written) {
        violated('acknowledged', `${id} was refused, and written as ${write.written}`)
      }
    },
    changed(change, fence) {
      const { key, revision, type } = change
      // Sessions and leases are not written by requests for objects.
      if (!key.startsWith('/registry/') || key.startsWith(LEASES)) return
      if (isOfControllers(change)) {
        if (fence === undefined) violated('oneLeader', `${key} was written as ${revision} without a lease`)
        return
      }
      const before = seen.at(key, revision - 1)
      if (type === 'deleted') {
        if (before !== undefined) checkDeletion(change, before)
        return
      }
      // The server updates namespaces itself, and creates some.
      const isOfServer = key.startsWith(NAMESPACES) && (type === 'updated' || markOf(change) === '')
      if (!isOfServer) checkWritten(change, before)
    },
    checkRefusal(request, refusal, truth) {
      const { status, reason } = refusal
      if (!truth(refusal))
        violated('errors', `${request} was answered with ${status} ${reason}, which is not true`)
    },
  }
}

const LEASES = '/registry/coordination.k8s.io/leases/'

/** The default account of a namespace. */
function isOfControllers({ type, key }: StoreChange): boolean {
  return type !== 'deleted' && /^\/registry\/serviceaccounts\/[^/]+\/default$/.test(key)
}

/** What was acknowledged must be in the history, and each version is acknowledged once. */
function acknowledgedCheck({ seen, violated }: World): (write: Write, object: KubeObject) => void {
  const claimed = new Set<number>()
  return ({ id, verb, key }, { metadata }) => {
    const revision = Number(metadata.resourceVersion)
    // Of a namespace, the version before its end is answered.
    if (verb === 'delete' && key.startsWith(NAMESPACES)) return
    const change = seen.changes[revision - 1]
    const isDeletion = change?.type === 'deleted'
    const isWritten =
      change?.key === key && (verb === 'delete' ? isDeletion : !isDeletion && markOf(change) === id)
    const is = change && `${change.type} ${change.key}`
    if (!isWritten) violated('acknowledged', `${id} was acknowledged as ${revision}, which is ${is}`)
    if (claimed.has(revision))
      violated('oneWinner', `${id} was acknowledged as ${revision}, as another one was`)
    claimed.add(revision)
  }
}

/** Whether a write is meant for an object as it is. */
function isMeant({ revision, uid }: Write, object: StoreChange): boolean {
  return (
    (revision === undefined || revision === object.revision) &&
    (uid === undefined || uid === metadataOf(object).uid)
  )
}

function isOfKey(write: Write, key: string): boolean {
  return write.key === key || (write.key.endsWith('/') && key.startsWith(write.key))
}

/** Whether a deletion that was asked for may be that of an object. */
function isDeletedBy(write: Asked, before: StoreChange): boolean {
  // A namespace ends some time after the request.
  const isOfNamespace = before.key.startsWith(NAMESPACES)
  if (write.state === 'refused' || write.endedAt < before.createdRevision) return false
  return isOfNamespace || (write.state !== 'done' && isMeant(write, before))
}

/** Whether an object was deleted because its namespace is. */
function isOwned(
  seen: World['seen'],
  { key, revision }: StoreChange,
  before: StoreChange,
  creation: Asked | undefined,
): boolean {
  if (isNamespaceEnding(seen, key, revision - 1)) return true
  // A creation may find the namespace gone, and take back what was not acknowledged.
  if (creation?.written !== before.revision || creation.state === 'done') return false
  for (let at = before.revision; at < revision; at++) if (isNamespaceEnding(seen, key, at)) return true
  return false
}
