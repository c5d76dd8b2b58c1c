import { type ObjectStore, type StoreChange, StoreError } from '@kube-authn/store'
import { storeNow } from '@kube-authn/store/internal'

/** What happens at one call. */
export interface Interruption {
  /** The number of the call, from 1. */
  readonly at: number
  /** `refused`: nothing is done. `unanswered`: it is done, and the answer is lost. `fine`: only what else happens. */
  readonly how: 'refused' | 'unanswered' | 'fine'
  /** What another client does before the call. */
  readonly meanwhile?: () => Promise<unknown>
}

/** A store of which one call fails, or before which another client does something. Calls are counted; watches are none. */
export interface InterruptedStore extends ObjectStore {
  readonly calls: number
}

/** @param store where the other client is. */
export function interruptedStore(store: ObjectStore, { at, how, meanwhile }: Interruption): InterruptedStore {
  let calls = 0
  const call = async <T>(work: () => Promise<T>): Promise<T> => {
    if (++calls !== at) return work()
    await meanwhile?.()
    if (how === 'fine') return work()
    if (how === 'unanswered') await work().catch(() => undefined)
    throw new StoreError('storeUnavailable', 'interrupted')
  }
  return {
    get: (...given) => call(() => store.get(...given)),
    list: (...given) => call(() => store.list(...given)),
    create: (...given) => call(() => store.create(...given)),
    update: (...given) => call(() => store.update(...given)),
    delete: (...given) => call(() => store.delete(...given)),
    revision: () => call(() => store.revision()),
    compact: (...given) => call(() => store.compact(...given)),
    now: () => storeNow(store),
    watch: (...given) => store.watch(...given),
    close: () => store.close(),
    [Symbol.asyncDispose]: () => store.close(),
    get calls() {
      return calls
    },
  }
}

/** Every change of a store so far, in order. */
export async function changesIn(store: ObjectStore): Promise<readonly StoreChange[]> {
  const last = await store.revision()
  const changes: StoreChange[] = []
  if (last === 0) return changes
  for await (const event of store.watch('', { since: 0 })) {
    if (event.type !== 'progress') changes.push(event)
    if (event.revision === last) break
  }
  return changes
}
