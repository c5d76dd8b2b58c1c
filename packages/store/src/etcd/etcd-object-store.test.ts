import { fixedClock } from '@kube-authn/testing'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { type EtcdModel, etcdModel } from '../../test/etcd-model.ts'
import { storeContract } from '../../test/store-contract.ts'
import type { ObjectStore } from '../object-store.ts'
import { StoreError } from '../store-error.ts'
import { etcdObjectStore } from './etcd-store.ts'

describe('a store in etcd', () => {
  storeContract(
    async (options) => {
      const { fetch } = etcdModel()
      const where = { endpoints: ['https://etcd.example.com:2379'], fetch }
      const reopen = () => etcdObjectStore({ ...where, ...options })
      return { store: await reopen(), reopen }
    },
    { isDurable: true, many: 2000 },
  )
})

describe('replicas on etcd', () => {
  it('delete an expired object by one call, also after the one that did so has ended', async () => {
    const [etcd, clock] = [etcdModel(), fixedClock()]
    const open = (): Promise<ObjectStore> =>
      etcdObjectStore({ endpoints: ['https://etcd.example.com:2379'], fetch: etcd.fetch, clock })
    const stores = [await open(), await open(), await open(), await open()]
    onTestFinished(async () => void (await Promise.all(stores.map((store) => store.close()))))
    for (let index = 1; index <= 20; index++) {
      await stores[index % 4]!.create(`/${index}`, '1', { ttlMs: index * 5000 })
    }
    /** How many calls delete the next object. */
    const callsOfNext = async (waitMs = 0): Promise<number> => {
      const revision = await stores.at(-1)!.revision()
      const before = writesIn(etcd)
      // All timers at once, as in processes of their own.
      clock.advance(5000)
      await clock.advanceAsync(0)
      clock.advance(waitMs)
      const gone = stores.map(async (store) => {
        for await (const event of store.watch('/', { since: revision })) {
          if (event.type === 'deleted') break
        }
      })
      await Promise.all(gone)
      await Promise.all(stores.map((store) => store.get('/')))
      await clock.advanceAsync(0)
      return writesIn(etcd) - before
    }
    const counts = [await callsOfNext()]
    for (let index = 2; index <= 10; index++) counts.push(await callsOfNext())
    // At first each replica tries.
    expect(counts).toEqual([4, 1, 1, 1, 1, 1, 1, 1, 1, 1])
    await stores.shift()!.close()
    const later = [await callsOfNext(2000)]
    for (let index = 12; index <= 20; index++) later.push(await callsOfNext())
    // One of those that are left a second later.
    expect(later).toEqual([3, 1, 1, 1, 1, 1, 1, 1, 1, 1])
  })
})

/** How many transactions there were. */
function writesIn({ log }: EtcdModel): number {
  return log.filter((each) => each.startsWith('kv/txn')).length
}

describe('a write to etcd', () => {
  const open = async (etcd: EtcdModel): Promise<ObjectStore> => {
    const store = await etcdObjectStore({ endpoints: ['https://etcd.example.com:2379'], fetch: etcd.fetch })
    onTestFinished(() => store.close())
    return store
  }

  it.each<[string, (store: ObjectStore) => Promise<{ readonly revision: number }>]>([
    ['creation', (store) => store.create('/b', '1')],
    ['update', (store) => store.update('/a', '2', 1)],
    ['deletion', (store) => store.delete('/a')],
  ])('whose answer is lost is found out, and is not made twice: %s', async (_, write) => {
    const etcd = etcdModel()
    const store = await open(etcd)
    await store.create('/a', '1')
    etcd.loseAnswer()
    expect((await write(store)).revision).toBe(2)
    expect(await store.revision()).toBe(2)
  })

  it('that was given up is not made later', async () => {
    const etcd = etcdModel()
    const store = await open(etcd)
    await store.create('/a', '1')
    etcd.delayWrite()
    const outcome = { code: 'storeUnavailable', outcome: 'notWritten' }
    await expect(store.create('/b', '1')).rejects.toMatchObject(outcome)
    expect(etcd.log.at(-1)).toBe('kv/txn refused')
    expect(await store.get('/b')).toBeUndefined()
    expect(await store.revision()).toBe(1)
  })

  it('is unknown after twice the time of a call, if etcd does not tell what became of it', async () => {
    const etcd = etcdModel()
    const other = await open(etcd)
    let isSilent = false
    const store = await etcdObjectStore({
      endpoints: ['https://etcd.example.com:2379'],
      timeoutSeconds: 1,
      async fetch(url, init) {
        if (!isSilent) return etcd.fetch(url, init)
        if (url.endsWith('/watch')) return new Promise(() => undefined)
        // The state of the store has the identifier of a later write, so only a watch tells of this one.
        if (url.endsWith('/lease/grant')) await other.create('/c', '1')
        return etcd.fetch(url, init)
      },
    })
    onTestFinished(() => store.close())
    await store.create('/a', '1')
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    onTestFinished(() => void vi.useRealTimers())
    isSilent = true
    etcd.loseAnswer()
    let failure: unknown
    void store.create('/b', '1').catch((thrown: unknown) => (failure = thrown))
    await vi.advanceTimersByTimeAsync(1999)
    expect(failure).toBeUndefined()
    await vi.advanceTimersByTimeAsync(1)
    expect(failure).toMatchObject({ code: 'storeUnavailable', outcome: 'unknown' })
    expect(failure).toMatchObject({ message: expect.stringContaining('unknown') })
  })

  it('is not made in another store that has taken the place of this one', async () => {
    const etcd = etcdModel()
    const store = await open(etcd)
    await store.create('/a', '1')
    etcd.clear()
    const other = await open(etcd)
    await expect(store.create('/b', '1')).rejects.toBeInstanceOf(StoreError)
    expect((await other.list('/')).objects).toEqual([])
  })

  it('of the end of an object leaves nothing behind when that is put off or the object is deleted', async () => {
    const etcd = etcdModel()
    const store = await open(etcd)
    const empty = etcd.keys()
    const lasting = await store.create('/a', '1')
    const withObject = etcd.keys()
    const ending = await store.update('/a', '2', lasting.revision, { ttlMs: 1000 })
    expect(etcd.keys()).toHaveLength(withObject.length + 1)
    await store.update('/a', '3', ending.revision)
    expect(etcd.keys()).toEqual(withObject)
    await store.delete('/a')
    await store.create('/a', '4', { ttlMs: 1000 })
    await store.delete('/a')
    expect(etcd.keys()).toEqual(empty)
  })

  it('is told once, and none is left out, though the watch of etcd ended in between', async () => {
    const etcd = etcdModel()
    const store = await open(etcd)
    const events = store.watch('/', { since: 0 })[Symbol.asyncIterator]()
    for (let revision = 1; revision <= 5; revision++) {
      await store.create(`/${revision}`, '1')
      expect((await events.next()).value).toMatchObject({ key: `/${revision}`, revision })
      etcd.endWatches()
    }
    await events.return?.()
  })
})
