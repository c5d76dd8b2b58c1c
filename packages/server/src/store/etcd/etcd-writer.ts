import { memberOf, systemClock } from '@kube-authn/core/internal'
import type { EtcdClient } from './etcd-client.ts'
import { EtcdFailure } from './etcd-failure.ts'
import { type KeyValue, type RangeReply, rangeReply, transactionReply, watchReply } from './etcd-replies.ts'
import { type EtcdWrite, fenceTransaction, type StoreNames, writeTransaction } from './write-transaction.ts'

/** How a write ended. Revisions are those of etcd. */
export type WriteOutcome =
  | {
      readonly isDone: true
      readonly revision: number
      /** The object that was created or updated, without its value, or the one that was deleted. */
      readonly object: KeyValue
    }
  | {
      readonly isDone: false
      readonly state: KeyValue | undefined
      readonly current: KeyValue | undefined
      /** Whether the object that must be there is not. */
      readonly isFenced: boolean
    }

/** A write that is tried. */
export interface TriedWrite {
  readonly write: EtcdWrite
  /** Unlike that of every other write. */
  readonly id: string
  /** A revision of etcd that was reached before. */
  readonly since: number
}

/** How long a write that was given up must stay so: much longer than any request can be on its way. */
const FENCE_SECONDS = 300

/**
 * Does a write, or finds out what became of it if the answer is lost.
 *
 * @throws {EtcdFailure} `unknown` only if that cannot be found out within the time limit; else nothing was written.
 */
export async function writeOnce(
  client: EtcdClient,
  names: StoreNames,
  tried: TriedWrite,
  timeoutMs: number,
): Promise<WriteOutcome> {
  try {
    const reply = transactionReply(
      await client.call('kv/txn', writeTransaction(names, tried.id, tried.write), 'ifUnreached'),
    )
    const { isDone, revision, results } = reply
    if (!isDone) return refusalIn(results, tried.write)
    const object = results.at(-1)?.keyValues[0]
    if (tried.write.type === 'create') return { isDone, revision, object: createdIn(revision) }
    if (object === undefined) throw new EtcdFailure('unknown', 'etcd does not say what it has written')
    return { isDone, revision, object }
  } catch (thrown) {
    if (!(thrown instanceof EtcdFailure) || thrown.outcome !== 'unknown') throw thrown
    const found = await settled(client, names, tried, timeoutMs).catch((error: unknown) => {
      const why = error instanceof Error ? error.message : 'no answer'
      throw new EtcdFailure('unknown', `it is unknown whether it was written: ${why}`, thrown)
    })
    if (found !== undefined) return found
    throw new EtcdFailure('refused', `it was not written: ${thrown.message}`, thrown)
  }
}

function refusalIn(
  [state, current, fence]: readonly RangeReply[],
  write: EtcdWrite,
): Extract<WriteOutcome, { readonly isDone: false }> {
  return {
    isDone: false,
    state: state?.keyValues[0],
    current: current?.keyValues[0],
    isFenced:
      write.fence !== undefined && fence?.keyValues[0]?.createRevision !== write.fence.createdRevision,
  }
}

function createdIn(revision: number): KeyValue {
  return { key: '', createRevision: revision, modRevision: revision, text: () => '' }
}

/** Gives the write up, so that it cannot be done any more, and looks whether it was done before. `undefined` if not. */
async function settled(
  client: EtcdClient,
  names: StoreNames,
  tried: TriedWrite,
  timeoutMs: number,
): Promise<WriteOutcome | undefined> {
  const lease = memberOf(await client.call('lease/grant', { TTL: String(FENCE_SECONDS) }), 'ID')
  if (typeof lease !== 'string') throw new EtcdFailure('unknown', 'etcd gave no lease')
  const fence = transactionReply(await client.call('kv/txn', fenceTransaction(names, tried.id, lease)))
  const state = fence.results[0]?.keyValues[0]
  const revision = await revisionOfWrite(client, names, tried, state, timeoutMs)
  return revision === undefined ? undefined : readBack(client, names, tried.write, revision)
}

/** Every write leaves its identifier in the state of the store. */
async function revisionOfWrite(
  client: EtcdClient,
  { keys }: StoreNames,
  { id, since }: TriedWrite,
  state: KeyValue | undefined,
  timeoutMs: number,
): Promise<number | undefined> {
  if (state === undefined || state.modRevision <= since) return undefined
  if (state.text() === id) return state.modRevision
  const controller = new AbortController()
  const cancel = systemClock.after(timeoutMs, () => controller.abort())
  try {
    const request = { key: keys.state, start_revision: String(since) }
    for await (const message of client.watch(request, controller.signal)) {
      const { events, canceled } = watchReply(message)
      if (canceled !== undefined) throw new EtcdFailure('unknown', 'etcd ended the watch')
      const event = events.find(({ current }) => current.text() === id)
      if (event !== undefined) return event.current.modRevision
      if ((events.at(-1)?.current.modRevision ?? 0) >= state.modRevision) return undefined
    }
    throw new EtcdFailure('unknown', `no answer within ${timeoutMs} ms`)
  } finally {
    cancel()
    controller.abort()
  }
}

async function readBack(
  client: EtcdClient,
  { keys }: StoreNames,
  { type, key }: EtcdWrite,
  revision: number,
): Promise<WriteOutcome> {
  const at = type === 'delete' ? revision - 1 : revision
  const range = { key: keys.object(key), revision: String(at), keys_only: type !== 'delete' }
  const [object] = rangeReply(await client.call('kv/range', range)).keyValues
  if (object === undefined) throw new EtcdFailure('unknown', 'etcd has forgotten what was written')
  return { isDone: true, revision, object }
}
