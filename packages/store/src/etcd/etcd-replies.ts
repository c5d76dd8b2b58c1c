import { memberOf } from '@kube-authn/core/internal'
import { EtcdFailure } from './etcd-failure.ts'
import { textOf } from './etcd-keys.ts'

export interface KeyValue {
  /** In base64. */
  readonly key: string
  readonly createRevision: number
  readonly modRevision: number
  readonly text: () => string
}

export interface WatchedEvent {
  readonly isDeletion: boolean
  readonly current: KeyValue
  readonly previous: KeyValue | undefined
}

/** The objects of a range, and whether there are more. */
export interface RangeReply {
  readonly keyValues: readonly KeyValue[]
  readonly isMore: boolean
}

/** The gateway leaves out what is zero, empty or false. Source: etcd `api/etcdserverpb/rpc.proto`. */
export function rangeReply(reply: unknown): RangeReply {
  return { keyValues: listIn(reply, 'kvs').map(keyValue), isMore: memberOf(reply, 'more') === true }
}

/** How many keys a range has: the gateway leaves out 0. */
export function countIn(reply: unknown): number {
  return numberOf(memberOf(reply, 'count')) ?? 0
}

/** @throws {EtcdFailure} if it is none. */
export function transactionReply(reply: unknown): {
  readonly isDone: boolean
  /** The revision of etcd after it. */
  readonly revision: number
  /** What each of its operations found, or deleted. */
  readonly results: readonly RangeReply[]
} {
  const revision = numberOf(memberOf(memberOf(reply, 'header'), 'revision'))
  if (revision === undefined) throw unexpected()
  return {
    isDone: memberOf(reply, 'succeeded') === true,
    revision,
    results: listIn(reply, 'responses').map((each) => {
      const deleted = memberOf(each, 'response_delete_range')
      return deleted === undefined
        ? rangeReply(memberOf(each, 'response_range'))
        : { keyValues: listIn(deleted, 'prev_kvs').map(keyValue), isMore: false }
    }),
  }
}

/** @throws {EtcdFailure} if it is none. */
export function watchReply(message: unknown): {
  readonly events: readonly WatchedEvent[]
  /** Why the watch is over. */
  readonly canceled?: { readonly reason: string; readonly compactRevision: number | undefined }
} {
  const result = memberOf(message, 'result')
  const error = memberOf(message, 'error')
  if (result === undefined) {
    throw new EtcdFailure('unknown', `the watch failed: ${String(memberOf(error, 'message')).slice(0, 200)}`)
  }
  const events = listIn(result, 'events').map((event) => {
    const previous = memberOf(event, 'prev_kv')
    return {
      isDeletion: memberOf(event, 'type') === 'DELETE',
      current: keyValue(memberOf(event, 'kv')),
      previous: previous === undefined ? undefined : keyValue(previous),
    }
  })
  if (memberOf(result, 'canceled') !== true) return { events }
  const reason = memberOf(result, 'cancel_reason')
  return {
    events,
    canceled: {
      reason: typeof reason === 'string' ? reason : '',
      compactRevision: numberOf(memberOf(result, 'compact_revision')),
    },
  }
}

function keyValue(given: unknown): KeyValue {
  const key = memberOf(given, 'key')
  const modRevision = numberOf(memberOf(given, 'mod_revision'))
  if (typeof key !== 'string' || modRevision === undefined) throw unexpected()
  const value = memberOf(given, 'value')
  return {
    key,
    createRevision: numberOf(memberOf(given, 'create_revision')) ?? 0,
    modRevision,
    text: () => (typeof value === 'string' ? textOf(value) : ''),
  }
}

function listIn(reply: unknown, name: string): readonly unknown[] {
  const list = memberOf(reply, name)
  return Array.isArray(list) ? list : []
}

/** Integers of 64 bits are strings in JSON. */
function numberOf(value: unknown): number | undefined {
  const number = typeof value === 'string' ? Number(value) : NaN
  return Number.isSafeInteger(number) ? number : undefined
}

function unexpected(): EtcdFailure {
  return new EtcdFailure('unknown', 'the answer is not one of etcd v3')
}
