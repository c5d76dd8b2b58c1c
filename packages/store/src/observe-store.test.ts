import { ConfigurationError } from '@kube-authn/core'
import { recordEvents } from '@kube-authn/testing'
import { describe, expect, it } from 'vitest'
import { faultyStore } from '../test/faulty-store.ts'
import { memoryObjectStore } from './memory/memory-object-store.ts'
import { observeStore } from './observe-store.ts'

function observed() {
  const engine = faultyStore(memoryObjectStore())
  const { observer, events } = recordEvents()
  return { engine, events, observer, store: observeStore(engine, { observer }) }
}

describe('observeStore', () => {
  it('tells of each request what it was, how it ended and how long it took', async () => {
    const { store, events } = observed()
    const { revision } = await store.create('/a', '1')
    await store.update('/a', '2', revision)
    expect(await store.get('/a')).toMatchObject({ value: '2' })
    expect((await store.list('/')).objects).toHaveLength(1)
    await expect(store.create('/a', '3')).rejects.toMatchObject({ code: 'objectExists' })
    await store.delete('/a')
    await store.compact(await store.revision())
    const told = events.filter(({ type }) => type === 'storeRequest')
    expect(told).toEqual(
      [
        ['create', 'ok'],
        ['update', 'ok'],
        ['get', 'ok'],
        ['list', 'ok'],
        ['create', 'objectExists'],
        ['delete', 'ok'],
        ['revision', 'ok'],
        ['compact', 'ok'],
      ].map(([operation, code]) => ({
        type: 'storeRequest',
        operation,
        code,
        isFailure: false,
        durationSeconds: expect.any(Number),
      })),
    )
  })

  it('tells a failure from a refusal, and nothing of a key or value', async () => {
    const { engine, store, events, observer } = observed()
    engine.fail()
    await expect(store.get('/secret')).rejects.toMatchObject({ code: 'storeUnavailable' })
    expect(events).toEqual([expect.objectContaining({ code: 'storeUnavailable', isFailure: true })])
    const broken = observeStore(
      { ...memoryObjectStore(), get: () => Promise.reject(new Error('/secret')) },
      { observer },
    )
    await expect(broken.get('/secret')).rejects.toThrow('/secret')
    expect(events.at(-1)).toMatchObject({ code: 'unknown', isFailure: true })
    expect(JSON.stringify(events)).not.toContain('secret')
  })

  it('tells of watches when they begin, and why they end', async () => {
    const { store, events } = observed()
    const stop = new AbortController()
    const watch = store.watch('/', { signal: stop.signal })[Symbol.asyncIterator]()
    const next = watch.next()
    await store.create('/a', '1')
    expect(await next).toMatchObject({ value: { key: '/a' } })
    stop.abort()
    expect(await watch.next()).toMatchObject({ done: true })
    const old = store.watch('/', { since: 1000 })[Symbol.asyncIterator]()
    await expect(old.next()).rejects.toMatchObject({ code: 'revisionUnknown' })
    expect(events.filter(({ type }) => type === 'storeWatch')).toEqual([
      { type: 'storeWatch', change: 1 },
      { type: 'storeWatch', change: -1 },
      { type: 'storeWatch', change: 1 },
      { type: 'storeWatch', change: -1, code: 'revisionUnknown' },
    ])
  })

  it('tells what the engine knows of itself once for many requests', async () => {
    const { observer, events } = recordEvents()
    const engine = { ...memoryObjectStore(), status: () => ({ revision: 7 }) }
    const store = observeStore(engine, { observer })
    await Promise.all(Array.from({ length: 100 }, () => store.get('/a')))
    expect(events.filter(({ type }) => type === 'storeStatus')).toEqual([
      { type: 'storeStatus', revision: 7 },
    ])
    expect(store.status?.()).toEqual({ revision: 7 })
    expect(observeStore(memoryObjectStore(), { observer }).status).toBeUndefined()
  })

  it('refuses an observer that is none', () => {
    expect(() => observeStore(memoryObjectStore(), { observer: 'x' as never })).toThrow(ConfigurationError)
  })
})
