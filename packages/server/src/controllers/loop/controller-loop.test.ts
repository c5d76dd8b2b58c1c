import { afterEach, describe, expect, it } from 'vitest'
import { fixedClock, settled } from '../../../../core/test/fakes.ts'
import { resourceOf } from '../../../test/controlled-objects.ts'
import type { KubeObject } from '../../registry/kube-object.ts'
import { registry } from '../../registry/registry.ts'
import { allResources } from '../../registry/resources/index.ts'
import { conflict } from '../../registry/status-errors.ts'
import { memoryObjectStore, type ObjectStore, type StoreEvent } from '@kube-authn/store'
import type { ObjectKey, Reconciled, ObjectController } from '../object-controller.ts'
import { controllerLoop, type ControllersAtWork } from './controller-loop.ts'

const configMaps = resourceOf('configmaps')
const nodes = resourceOf('nodes')

let running: ControllersAtWork | undefined
afterEach(async () => running?.close())

interface Given {
  readonly reconcile?: (key: ObjectKey, object: KubeObject | undefined) => Promise<Reconciled>
  readonly concerns?: ObjectController['concerns']
  readonly wrapped?: (store: ObjectStore) => ObjectStore
  readonly others?: readonly ObjectController[]
  readonly maxHistoryChanges?: number
}

/** A loop with a controller of config maps and nodes that keeps what it is shown. */
async function loopOf({
  reconcile,
  concerns,
  wrapped = (each) => each,
  others = [],
  ...options
}: Given = {}) {
  const clock = fixedClock()
  const store = memoryObjectStore({ clock, ...options })
  const objects = registry({ store, resources: allResources, clock })
  await objects.createSystemNamespaces()
  const shown: string[] = []
  const errors: unknown[] = []
  const controller: ObjectController = {
    name: 'observer',
    resources: [configMaps, nodes],
    ...(concerns !== undefined && { concerns }),
    async reconcile(key, object) {
      const data = object?.['data'] as { readonly n?: string } | undefined
      shown.push(`${key.name} ${object === undefined ? 'gone' : (data?.n ?? '')}`.trim())
      return (await reconcile?.(key, object)) ?? {}
    },
  }
  const begin = (): ControllersAtWork => {
    const followed = wrapped(store)
    running = controllerLoop({
      store: followed,
      registry: registry({ store: followed, resources: allResources, clock }),
      controllers: [controller, ...others],
      clock,
      isOutage: () => false,
      onError: (error, source) => void errors.push({ error, ...source }),
    })
    return running
  }
  const target = (name: string) => ({ resource: configMaps, namespace: 'default', name })
  const configMap = (name: string, n: string) => ({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name },
    data: { n },
  })
  return {
    clock,
    store,
    shown,
    errors,
    begin,
    create: (name: string, n = '1') => objects.create(target(name), configMap(name, n)),
    update: (name: string, n: string) => objects.update(target(name), configMap(name, n)),
    remove: (name: string) => objects.delete(target(name)),
    /** What was shown since the last time. */
    async seen(): Promise<readonly string[]> {
      for (let turn = 0; turn < 5; turn++) {
        await settled()
        await running?.synced()
      }
      return shown.splice(0)
    },
  }
}

/** Advances a clock in steps, with time to react after each. */
async function pass(clock: ReturnType<typeof fixedClock>, stepMs: number, steps: number): Promise<void> {
  for (let step = 0; step < steps; step++) {
    clock.advance(stepMs)
    await settled()
  }
}

describe('a loop of controllers', () => {
  it('shows each object that there is, and each change as it is by then', async () => {
    const { begin, create, update, remove, seen } = await loopOf()
    await create('a')
    await create('b')
    const { synced, isHealthy } = begin()
    expect(isHealthy()).toBe(false)
    await synced()
    expect(isHealthy()).toBe(true)
    expect(await seen()).toEqual(['a 1', 'b 1'])
    await update('a', '2')
    expect(await seen()).toEqual(['a 2'])
    await remove('b')
    await create('c')
    expect(await seen()).toEqual(['b gone', 'c 1'])
    // Only the last state matters.
    await Promise.all([update('a', '3'), remove('c')])
    await create('c', '9')
    expect((await seen()).slice(-2).toSorted()).toEqual(['a 3', 'c 9'])
  })

  it('shows an object to one call at a time, and again if it changed meanwhile', async () => {
    let active = 0
    let most = 0
    const doors: (() => void)[] = []
    const { begin, create, update, shown } = await loopOf({
      async reconcile() {
        most = Math.max(most, ++active)
        await new Promise<void>((resolve) => void doors.push(resolve))
        active--
        return {}
      },
    })
    await create('a')
    begin()
    for (let turn = 0; turn < 5; turn++) await settled()
    for (const n of ['2', '3', '4']) await update('a', n)
    await settled()
    expect(shown).toEqual(['a 1'])
    doors.shift()?.()
    for (let turn = 0; turn < 5; turn++) await settled()
    expect(shown).toEqual(['a 1', 'a 4'])
    doors.shift()?.()
    await settled()
    expect([most, doors]).toEqual([1, []])
  })

  it('leaves out what does not concern a controller', async () => {
    const { begin, create, update, remove, seen } = await loopOf({
      concerns: ({ name }, object) => name === 'a' && object !== undefined,
    })
    await create('a')
    await create('b')
    begin()
    expect(await seen()).toEqual(['a 1'])
    await update('b', '2')
    await remove('a')
    expect(await seen()).toEqual([])
  })

  it('shows an object again when its controller said so, unless it changes before', async () => {
    const { clock, begin, create, update, remove, seen } = await loopOf({
      reconcile: async (_, object) => (object === undefined ? {} : { againAfterMs: 1000 }),
    })
    await create('a')
    begin()
    expect(await seen()).toEqual(['a 1'])
    clock.advance(999)
    expect(await seen()).toEqual([])
    clock.advance(1)
    expect(await seen()).toEqual(['a 1'])
    clock.advance(500)
    await update('a', '2')
    expect(await seen()).toEqual(['a 2'])
    clock.advance(999)
    expect(await seen()).toEqual([])
    clock.advance(1)
    expect(await seen()).toEqual(['a 2'])
    await remove('a')
    expect(await seen()).toEqual(['a gone'])
    clock.advance(10_000)
    expect(await seen()).toEqual([])
  })

  it.each([NaN, -1, Infinity])('is not confused by a time of %d', async (againAfterMs) => {
    const { clock, begin, create, seen } = await loopOf({ reconcile: async () => ({ againAfterMs }) })
    await create('a')
    begin()
    expect(await seen()).toEqual(['a 1'])
    clock.advance(3_600_000)
    expect(await seen()).toEqual([])
  })

  it('tries again what failed, later each time, and says what it was', async () => {
    let isBroken = true
    const { clock, begin, create, seen, errors } = await loopOf({
      reconcile: () => {
        // Not even a promise.
        if (isBroken) throw new Error('broken')
        return Promise.resolve({})
      },
    })
    await create('a')
    begin()
    for (const delayMs of [0, 5, 10, 20, 40]) {
      if (delayMs > 0) clock.advance(delayMs - 1)
      expect(await seen()).toEqual(delayMs === 0 ? ['a 1'] : [])
      if (delayMs === 0) continue
      clock.advance(1)
      expect(await seen()).toEqual(['a 1'])
    }
    const reported = { error: new Error('broken'), controller: 'observer', object: 'configmaps default/a' }
    expect(errors).toEqual(Array.from({ length: 5 }, () => reported))
    clock.advance(3_600_000)
    await seen()
    isBroken = false
    clock.advance(299_999)
    await seen()
    clock.advance(1)
    await seen()
    errors.splice(0)
    clock.advance(3_600_000)
    expect([await seen(), errors]).toEqual([[], []])
  })

  it('does not report that another one was faster', async () => {
    let tries = 0
    const { clock, begin, create, seen, errors } = await loopOf({
      async reconcile() {
        if (++tries === 1) throw conflict(configMaps, 'a', 'it has changed')
        return {}
      },
    })
    await create('a')
    begin()
    await seen()
    clock.advance(5)
    expect([await seen(), errors]).toEqual([['a 1'], []])
  })

  it('shows everything again twice a day', async () => {
    const { clock, begin, create, seen } = await loopOf()
    await create('a')
    await create('b')
    begin()
    await seen()
    for (let day = 0; day < 2; day++) {
      clock.advance(12 * 3_600_000 - 1)
      expect(await seen()).toEqual([])
      clock.advance(1)
      expect(await seen()).toEqual(['a 1', 'b 1'])
    }
  })

  it('watches each resource once, for all controllers', async () => {
    const prefixes: string[] = []
    const shownToOther: string[] = []
    const { begin, create, seen } = await loopOf({
      others: [
        {
          name: 'other',
          resources: [configMaps],
          async reconcile({ name }) {
            shownToOther.push(name)
            return {}
          },
        },
      ],
      wrapped: (store) => ({
        ...store,
        watch(prefix, options) {
          prefixes.push(prefix)
          return store.watch(prefix, options)
        },
      }),
    })
    begin()
    await create('a')
    expect(await seen()).toEqual(['a 1'])
    expect(shownToOther).toEqual(['a'])
    expect(prefixes).toEqual(['/registry/configmaps/', '/registry/nodes/'])
  })

  it('follows a burst of changes without another list', async () => {
    const lists: string[] = []
    const { begin, create, seen, shown } = await loopOf({
      wrapped: (store) => ({
        ...store,
        list(prefix, options) {
          lists.push(prefix)
          return store.list(prefix, options)
        },
      }),
    })
    begin()
    await create('first')
    await seen()
    lists.splice(0)
    await Promise.all(Array.from({ length: 2500 }, (_, index) => create(`m${index}`)))
    expect(new Set(await seen()).size).toBe(2500)
    expect(lists.length).toBeLessThanOrEqual(1)
    expect(shown).toEqual([])
  })

  it('shows what was deleted while it could not watch', async () => {
    let isDown = false
    const { clock, store, begin, create, remove, seen, errors } = await loopOf({
      wrapped: (given) => ({
        ...given,
        async *watch(prefix, options): AsyncGenerator<StoreEvent, void, undefined> {
          for await (const event of given.watch(prefix, options)) {
            if (isDown) throw new Error('connection reset')
            yield event
          }
        },
        list: (...asked) => (isDown ? Promise.reject(new Error('down')) : given.list(...asked)),
      }),
    })
    await create('a')
    await create('b')
    const { isHealthy } = begin()
    await seen()
    isDown = true
    await remove('a')
    await create('c')
    await pass(clock, 1000, 10)
    expect(isHealthy()).toBe(false)
    await remove('b')
    await store.compact(await store.revision())
    isDown = false
    await pass(clock, 30_000, 3)
    expect((await seen()).toSorted()).toEqual(['a gone', 'b gone', 'c 1'])
    expect(isHealthy()).toBe(true)
    const error = new Error('connection reset')
    expect(errors).toEqual([
      { error, object: 'configmaps' },
      { error, object: 'nodes' },
    ])
  })

  it('lists again if the store is behind what it was', async () => {
    let offset = 1000
    const { clock, begin, create, seen, errors } = await loopOf({
      wrapped: (given) => ({
        ...given,
        // As before it was replaced by an older copy.
        list: async (...asked) => {
          const { revision, ...page } = await given.list(...asked)
          return { ...page, revision: revision + offset }
        },
      }),
    })
    await create('a')
    begin()
    await settled()
    await settled()
    offset = 0
    await pass(clock, 1000, 3)
    expect(await seen()).toContain('a 1')
    await create('b')
    expect(await seen()).toEqual(['b 1'])
    expect(errors).toEqual([])
  })

  it('does not run in circles over a watch that ends at once', async () => {
    let watches = 0
    const { clock, begin, create, seen } = await loopOf({
      wrapped: (given) => ({
        ...given,
        watch(prefix, options) {
          watches++
          return given.watch(prefix, { ...options, signal: AbortSignal.abort() })
        },
      }),
    })
    await create('a')
    const { isHealthy } = begin()
    expect(await seen()).toEqual(['a 1'])
    expect(watches).toBe(2)
    expect(isHealthy()).toBe(false)
    await pass(clock, 1000, 60)
    expect(watches).toBeGreaterThan(2)
    expect(watches).toBeLessThan(24)
  })

  it('reports an object that is none, and shows the others as soon as it is gone', async () => {
    const { clock, store, begin, create, seen, errors } = await loopOf()
    await create('a')
    await store.create('/registry/configmaps/default/b', '{"kind":1}')
    const { isHealthy } = begin()
    await pass(clock, 10_000, 10)
    expect(errors).toHaveLength(1)
    expect(errors[0]).toMatchObject({ object: 'configmaps' })
    expect(isHealthy()).toBe(false)
    await store.delete('/registry/configmaps/default/b')
    await pass(clock, 30_000, 3)
    expect((await seen()).at(-1)).toBe('a 1')
    expect(isHealthy()).toBe(true)
  })

  it('ends when what it does has ended, and begins nothing more', async () => {
    let open: (() => void) | undefined
    const { clock, begin, create, update, shown } = await loopOf({
      async reconcile() {
        await new Promise<void>((resolve) => {
          open = resolve
        })
        return { againAfterMs: 1 }
      },
    })
    await create('a')
    const { close, synced, isHealthy } = begin()
    for (let turn = 0; turn < 5; turn++) await settled()
    let isClosed = false
    const closed = close().then(() => (isClosed = true))
    await update('a', '2')
    await settled()
    expect([isClosed, isHealthy(), shown]).toEqual([false, false, ['a 1']])
    open?.()
    await closed
    await synced()
    clock.advance(24 * 3_600_000)
    await settled()
    expect([shown, clock.pending]).toEqual([['a 1'], 0])
  })

  it('ends at once while it waits for a store, or lists', async () => {
    const { clock, begin, create, shown } = await loopOf({
      wrapped: (store) => ({ ...store, list: () => Promise.reject(new Error('down')) }),
    })
    await create('a')
    const down = begin()
    await settled()
    await down.close()
    expect([shown, clock.pending]).toEqual([[], 0])
    const listing = begin()
    await listing.close()
    expect([shown, clock.pending]).toEqual([[], 0])
  })
})
