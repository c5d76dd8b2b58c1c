import { setTimeout as delay } from 'node:timers/promises'
import type { ObjectStore, StoreChange, WatchOptions } from '@kube-authn/store'
import { afterEach, expect, it } from 'vitest'
import { codeOf, expectHistory, startWatching, startWriting } from './write-load.ts'

/** An engine that loses nothing when it is killed. */
export interface KillableEngine {
  kill(): Promise<void>
  start(): Promise<void>
}

/** Stores that tests open. */
export interface OpenedStores {
  keep(store: ObjectStore): ObjectStore
  close(): Promise<void>
}

/** Closes the stores of each test after it, unless that was done before. */
export function openedStores(): OpenedStores {
  const opened: ObjectStore[] = []
  const close = async (): Promise<void> => {
    for (const store of opened.splice(0)) await store.close()
  }
  afterEach(close)
  return {
    keep(store) {
      opened.push(store)
      return store
    },
    close,
  }
}

/** The first changes that a watch tells of. */
export async function changesOf(
  store: ObjectStore,
  most: number,
  options: WatchOptions = {},
): Promise<readonly StoreChange[]> {
  const changes: StoreChange[] = []
  for await (const event of store.watch('/', options)) {
    if (event.type === 'progress') continue
    changes.push(event)
    if (changes.length === most) break
  }
  return changes
}

/**
 * Adds the tests of what replicas owe each other over every engine.
 *
 * @param open opens one more of them over the store of the test.
 */
export function testReplicas(open: () => Promise<ObjectStore>, engine: KillableEngine): void {
  it('have one winner of 50 creations', async () => {
    const stores = [await open(), await open()]
    const outcomes = await Promise.allSettled(
      Array.from({ length: 50 }, (_, index) => stores[index % 2]!.create('/a', String(index))),
    )
    const won = outcomes.filter((outcome) => outcome.status === 'fulfilled')
    expect(won).toHaveLength(1)
    for (const store of stores) expect(await store.get('/a')).toEqual(won[0]!.value)
  })

  it('lose none of 20 increments', async () => {
    const stores = [await open(), await open()]
    await stores[0]!.create('/count', '0')
    const increment = async (store: ObjectStore): Promise<void> => {
      for (;;) {
        const { value, revision } = (await store.get('/count'))!
        const code = await codeOf(store.update('/count', String(Number(value) + 1), revision))
        if (code === undefined) return
        expect(code).toBe('revisionConflict')
      }
    }
    await Promise.all(Array.from({ length: 20 }, (_, index) => increment(stores[index % 2]!)))
    expect((await stores[1]!.get('/count'))?.value).toBe('20')
  })

  it('refuse what was written under a lease that another replica has by now, also in a race', async () => {
    const [old, next] = [await open(), await open()]
    const { createdRevision } = await old.create('/lease', 'old', { ttlMs: 400 })
    const fence = { key: '/lease', createdRevision }
    const outcomes: Promise<unknown>[] = []
    const over = new AbortController()
    const take = async (): Promise<number> => {
      for (;;) {
        try {
          return (await next.create('/lease', 'next')).createdRevision
        } catch (thrown) {
          expect(thrown).toMatchObject({ code: 'objectExists' })
        }
      }
    }
    const taking = take().finally(() => over.abort())
    for (let index = 0; !over.signal.aborted; index++) {
      outcomes.push(codeOf(old.create(`/w/${index}`, 'x', { fence })))
      await delay(2)
    }
    const taken = await taking
    for (let index = 0; index < 20; index++) {
      expect(await codeOf(old.create(`/late/${index}`, 'x', { fence }))).toBe('fenced')
    }
    expect(new Set(await Promise.all(outcomes))).toEqual(new Set([undefined, 'fenced']))
    for (const { revision } of (await next.list('/w/')).objects) expect(revision).toBeLessThan(taken)
    expect((await next.list('/late/')).objects).toEqual([])
  })

  it('lose nothing that was acknowledged, and do nothing twice, when the engine is killed in the middle of writes', async () => {
    const stores = [await open(), await open()]
    const told = startWatching(stores[1]!)
    const load = startWriting(stores, { pauseMs: 5 })
    for (let round = 0; round < 3; round++) {
      await load.progress(300)
      await engine.kill()
      await load.refusals(1)
      await engine.start()
    }
    await load.progress(300)
    await load.stop()
    console.log(`${load.acknowledged.size} acknowledged, ${load.refused.size} refused`)
    await expectHistory(stores[0]!, load, told)
    await told.stop()
  })
}
