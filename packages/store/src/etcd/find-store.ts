import { systemClock } from '@kube-authn/core/internal'
import type { EtcdConnection } from './connect-etcd.ts'
import type { EtcdClient } from './etcd-client.ts'
import { EtcdFailure } from './etcd-failure.ts'
import { type KeyValue, rangeReply, transactionReply, watchReply } from './etcd-replies.ts'
import type { ObjectVersion } from './ended-objects.ts'
import { newRevision, type StoreNames } from './write-transaction.ts'

type EndingVersion = ObjectVersion & { readonly expiresAtMs: number }

export interface FoundStore {
  readonly names: StoreNames
  readonly revision: number
  readonly compactedRevision: number
  readonly ends: readonly EndingVersion[]
}

const PAGE = 1000

/** How often a store gets a new revision while others compact etcd at the same time. */
const TOUCHES = 5

/**
 * Finds the store of these keys, or makes it. If others have compacted etcd past its last change, the store gets a revision after that, so that it can be read and
 * watched from there.
 *
 * @throws {EtcdFailure}
 */
export async function findStore({ client, keys, timeoutMs }: EtcdConnection): Promise<FoundStore> {
  let state = await stateAfter(client, newRevision(keys))
  const names = { keys, base: state.createRevision }
  let compacted = await compactedRevision(client, names, timeoutMs)
  for (let touched = 0; compacted > state.modRevision - names.base; touched++) {
    if (touched === TOUCHES) throw new EtcdFailure('unknown', 'etcd is compacted all the time')
    state = await stateAfter(client, newRevision(keys, names.base))
    if (state.createRevision !== names.base) throw new EtcdFailure('unknown', 'the store was replaced')
    compacted = await compactedRevision(client, names, timeoutMs)
  }
  return {
    names,
    revision: state.modRevision - names.base,
    compactedRevision: compacted,
    ends: await endingVersions(client, names, state.modRevision),
  }
}

async function stateAfter(client: EtcdClient, transaction: object): Promise<KeyValue> {
  const reply = transactionReply(await client.call('kv/txn', transaction))
  const state = reply.results.at(-1)?.keyValues[0]
  if (state === undefined) throw new EtcdFailure('unknown', 'etcd has not kept the state of the store')
  return state
}

/** Up to which revision of the store etcd has forgotten changes. The gateway tells it only to watches that begin before it. @throws {EtcdFailure} */
export async function compactedRevision(
  client: EtcdClient,
  { keys, base }: StoreNames,
  timeoutMs: number,
): Promise<number> {
  const controller = new AbortController()
  const cancel = systemClock.after(timeoutMs, () => controller.abort())
  try {
    const request = { key: keys.state, start_revision: String(base) }
    for await (const message of client.watch(request, controller.signal)) {
      const { events, canceled } = watchReply(message)
      if (canceled?.compactRevision !== undefined) return Math.max(0, canceled.compactRevision - base)
      if (canceled !== undefined) throw new EtcdFailure('refused', `etcd ended a watch: ${canceled.reason}`)
      if (events.length > 0) return 0
    }
    throw new EtcdFailure('unknown', `no event of a watch within ${timeoutMs} ms`)
  } finally {
    cancel()
    controller.abort()
  }
}

async function endingVersions(
  client: EtcdClient,
  { keys, base }: StoreNames,
  revision: number,
): Promise<readonly EndingVersion[]> {
  const found: EndingVersion[] = []
  for (let after: string | undefined; ;) {
    const range = { ...keys.ends(after), revision: String(revision), limit: String(PAGE) }
    const { keyValues, isMore } = rangeReply(await client.call('kv/range', range))
    for (const each of keyValues) {
      const text = each.text()
      // Others may have written something else there.
      if (!/^\d{1,16}$/.test(text)) continue
      const expiresAtMs = Number(text)
      found.push({ key: keys.keyOfEnd(each.key), revision: each.modRevision - base, expiresAtMs })
    }
    const last = keyValues.at(-1)
    if (!isMore || last === undefined) return found
    after = keys.keyOfEnd(last.key)
  }
}
