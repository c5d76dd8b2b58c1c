import { setTimeout as delay } from 'node:timers/promises'
import type { ObjectStore, StoreChange, StoreError } from '@kube-authn/store'
import { expect, vi } from 'vitest'

/** Writers that create objects in several stores of one engine, each one object after the other, and what they were told. */
export interface WriteLoad {
  /** Revisions by key. */
  readonly acknowledged: ReadonlyMap<string, number>
  /** Errors by key. */
  readonly refused: ReadonlyMap<string, StoreError>
  /** Resolves when so many more were acknowledged by a store. */
  progress(count: number, store?: number): Promise<void>
  /** Resolves when so many more were refused. */
  refusals(count: number): Promise<void>
  stop(): Promise<void>
}

/** Options of {@link startWriting}. */
export interface WriteLoadOptions {
  /** Writers of each store. Default 4. */
  readonly writers?: number
  readonly value?: string
  /** The pause after each write, so that a quick machine does not write more than a store remembers; a list is for each store. Default 0. */
  readonly pauseMs?: number | readonly number[]
}

/** The code of the error with which a call of a store fails; `undefined` if it does not. */
export function codeOf(call: Promise<unknown>): Promise<unknown> {
  return call.then(
    () => undefined,
    (thrown: unknown) => (thrown as { readonly code?: unknown }).code,
  )
}

/** What a writer needs of a store. */
export interface Creates {
  create(key: string, value: string): Promise<{ readonly revision: number }>
}

/** Begins to write. */
export function startWriting(
  stores: readonly Creates[],
  { writers = 4, value = 'x'.repeat(500), pauseMs = 0 }: WriteLoadOptions = {},
): WriteLoad {
  const acknowledged = new Map<string, number>()
  const refused = new Map<string, StoreError>()
  const counts = stores.map(() => 0)
  const stopping = new AbortController()

  const write = async (store: number, writer: number): Promise<void> => {
    const pause = typeof pauseMs === 'number' ? pauseMs : pauseMs[store]!
    for (let index = 0; !stopping.signal.aborted; index++) {
      const key = `/${store}/${writer}/${index}`
      try {
        const { revision } = await stores[store]!.create(key, value)
        acknowledged.set(key, revision)
        counts[store]!++
      } catch (thrown) {
        refused.set(key, thrown as StoreError)
        await delay(20)
      }
      if (pause > 0) await delay(pause)
    }
  }
  const running = Promise.all(
    stores.flatMap((_, store) => Array.from({ length: writers }, (__, writer) => write(store, writer))),
  )
  const reached = async (count: () => number, more: number): Promise<void> => {
    const wanted = count() + more
    await vi.waitUntil(() => count() >= wanted)
  }

  return {
    acknowledged,
    refused,
    progress: (more, store) =>
      reached(store === undefined ? () => acknowledged.size : () => counts[store]!, more),
    refusals: (more) => reached(() => refused.size, more),
    async stop() {
      stopping.abort()
      await running
    },
  }
}

/** The changes that a watch from the beginning tells of. */
export interface Told {
  readonly changes: readonly StoreChange[]
  /** Resolves when a revision was told of. */
  reach(revision: number): Promise<void>
  stop(): Promise<void>
}

/** Begins to watch the keys with a prefix. */
export function startWatching(store: ObjectStore, { prefix = '/', since = 0 } = {}): Told {
  const stopping = new AbortController()
  const changes: StoreChange[] = []
  const running = (async () => {
    const options = { since, maxWaiting: 100_000, signal: stopping.signal }
    for await (const event of store.watch(prefix, options)) if (event.type !== 'progress') changes.push(event)
  })()
  // It is told of by `reach` and `stop`.
  running.catch(() => undefined)
  return {
    changes,
    async reach(revision) {
      await Promise.race([running, vi.waitUntil(() => (changes.at(-1)?.revision ?? 0) >= revision)])
    },
    async stop() {
      stopping.abort()
      await running
    },
  }
}

/**
 * Requires that nothing acknowledged is lost, nothing was done twice, nothing refused for certain was done, and that a watch told of each change once.
 *
 * What became of a write whose answer was lost is not known, and may still happen: of those, the ones up to the revision of the list count.
 */
export async function expectHistory(store: ObjectStore, load: WriteLoad, told: Told): Promise<void> {
  const { objects, revision } = await store.list('/')
  const found = new Map(objects.map((object) => [object.key, object.revision]))
  expect([...load.acknowledged].filter(([key, at]) => found.get(key) !== at)).toEqual([])
  expect([...load.refused.values()].filter(({ code }) => code !== 'storeUnavailable')).toEqual([])
  const isCertain = ({ message }: StoreError): boolean => /was not written|\(5[35]\w{3}\)/.test(message)
  expect([...load.refused].filter(([key, error]) => isCertain(error) && found.has(key))).toEqual([])
  await told.reach(revision)
  const changes = told.changes.filter((change) => change.revision <= revision)
  const revisions = changes.map((change) => change.revision)
  expect(revisions).toEqual([...new Set(revisions)].toSorted((a, b) => a - b))
  expect(changes.map(({ key }) => key).toSorted()).toEqual([...found.keys()].toSorted())
}
