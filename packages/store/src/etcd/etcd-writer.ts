import { memberOf, systemClock } from '@kube-authn/core/internal'
import type { EtcdClient } from './etcd-client.ts'
import { EtcdFailure } from './etcd-failure.ts'
import { type KeyValue, type RangeReply, rangeReply, transactionReply, watchReply } from './etcd-replies.ts'
import { within } from './within.ts'
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

export interface TriedWrite {
  readonly write: EtcdWrite
  /** Unlike that of every other write. */
  readonly id: string
  /** A revision of etcd that was reached before. */
  readonly since: number
}

/** How long a write that was given up must stay so: much longer than any request can be on its way. */
const FENCE_SECONDS = 300

/** How much longer than one call it may take to find out what became of a write. */
const FINDING_OUT = 2

/**
 * Does a write, or finds out what became of it if the answer is lost.
 *
 * @throws {EtcdFailure} `unknown` only if that cannot be found out within twice the time limit; else nothing was written.
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
    if (tried.write.type === 'create') {
      const created = { key: '', createRevision: revision, modRevision: revision, text: () => '' }
      return { isDone, revision, object: created }
    }
    if (object === undefined) throw new EtcdFailure('unknown', 'etcd does not say what it has written')
    return { isDone, revision, object }
  } catch (thrown) {
    if (!(thrown instanceof EtcdFailure)) throw thrown
    // If it has no space, the first write that meets the limit is done, and is refused nevertheless. Source: etcd `server/etcdserver/apply.go` (`quotaApplierV3`).
    if (thrown.outcome !== 'unknown' && thrown.reason !== 'space') throw thrown
    const found = await within(systemClock, FINDING_OUT * timeoutMs, (signal) =>
      whatBecame(client, names, tried, thrown.outcome === 'refused', signal),
    ).catch((error: unknown) => {
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

/** `undefined` if it was not done, and will not be. @param isOver etcd has answered, so that it is not done later either. */
async function whatBecame(
  client: EtcdClient,
  names: StoreNames,
  tried: TriedWrite,
  isOver: boolean,
  signal: AbortSignal,
): Promise<WriteOutcome | undefined> {
  const state = isOver
    ? rangeReply(await client.call('kv/range', { key: names.keys.state })).keyValues[0]
    : await givenUp(client, names, tried)
  const revision = await revisionOfWrite(client, names, tried, state, signal)
  return revision === undefined ? undefined : readBack(client, names, tried.write, revision)
}

/** Gives the write up, so that it cannot be done any more. Resolves to the state of the store then. */
async function givenUp(
  client: EtcdClient,
  names: StoreNames,
  { id }: TriedWrite,
): Promise<KeyValue | undefined> {
  const lease = memberOf(await client.call('lease/grant', { TTL: String(FENCE_SECONDS) }), 'ID')
  if (typeof lease !== 'string') throw new EtcdFailure('unknown', 'etcd gave no lease')
  const fence = transactionReply(await client.call('kv/txn', fenceTransaction(names, id, lease)))
  return fence.results[0]?.keyValues[0]
}

/** Every write leaves its identifier in the state of the store. */
async function revisionOfWrite(
  client: EtcdClient,
  { keys }: StoreNames,
  { id, since }: TriedWrite,
  state: KeyValue | undefined,
  signal: AbortSignal,
): Promise<number | undefined> {
  if (state === undefined || state.modRevision <= since) return undefined
  if (state.text() === id) return state.modRevision
  const request = { key: keys.state, start_revision: String(since) }
  for await (const message of client.watch(request, signal)) {
    const { events, canceled } = watchReply(message)
    if (canceled !== undefined) throw new EtcdFailure('unknown', 'etcd ended the watch')
    const event = events.find(({ current }) => current.text() === id)
    if (event !== undefined) return event.current.modRevision
    if ((events.at(-1)?.current.modRevision ?? 0) >= state.modRevision) return undefined
  }
  throw new EtcdFailure('unknown', 'the watch ended')
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
