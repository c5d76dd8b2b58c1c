import { describe, expect, it } from 'vitest'
import { fixedClock, thrownBy } from '../../../../core/test/fakes.ts'
import { memoryObjectStore, StoreError } from '@kube-authn/store'
import { observedStore } from './store-outages.ts'

function observed() {
  const clock = fixedClock()
  const outages: unknown[] = []
  let failure: Error | undefined
  const inner = memoryObjectStore()
  const { store, isOutage } = observedStore(
    { ...inner, get: (key) => (failure === undefined ? inner.get(key) : Promise.reject(failure)) },
    clock,
    (error) => void outages.push(error),
  )
  const fail = async (error: Error = new Error('down')): Promise<unknown> => {
    failure = error
    const thrown = await thrownBy(() => store.get('/a'))
    failure = undefined
    return thrown
  }
  return { clock, outages, inner, store, isOutage, fail }
}

describe('an observed store', () => {
  it('reports a failure once, until it has worked and ten seconds have passed', async () => {
    const { clock, outages, store, fail } = observed()
    await fail()
    await fail()
    expect(outages).toHaveLength(1)
    clock.advance(60_000)
    await fail()
    expect(outages).toHaveLength(1)
    await store.get('/a')
    await fail()
    expect(outages).toHaveLength(1)
    await store.get('/a')
    clock.advance(9_999)
    await fail()
    expect(outages).toHaveLength(1)
    await store.get('/a')
    clock.advance(10_000)
    await fail()
    expect(outages).toHaveLength(2)
  })

  it('reports the next outage also if the clock was set back', async () => {
    const { clock, outages, store, fail } = observed()
    await fail()
    await store.get('/a')
    clock.advance(-86_400_000)
    await fail()
    expect(outages).toHaveLength(2)
  })

  it.each([
    'objectExists',
    'objectNotFound',
    'revisionConflict',
    'revisionCompacted',
    'watchTooSlow',
  ] as const)('does not take %s for an outage', async (code) => {
    const { outages, isOutage, fail } = observed()
    expect(isOutage(await fail(new StoreError(code, 'refused')))).toBe(false)
    expect(outages).toEqual([])
  })

  it.each(['storeUnavailable', 'storeCorrupted', 'closed'] as const)(
    'takes %s for an outage',
    async (code) => {
      const { outages, isOutage, fail } = observed()
      const error = await fail(new StoreError(code, 'broken'))
      expect(outages).toEqual([error])
      expect(isOutage(error)).toBe(true)
      expect(isOutage(new Error('the store is not available', { cause: error }))).toBe(true)
      expect(isOutage(new AggregateError([new Error('other'), error], 'some'))).toBe(true)
      expect(isOutage(new Error('broken'))).toBe(false)
      expect(isOutage(undefined)).toBe(false)
    },
  )

  it('does not take an event of a watch for the end of an outage of calls', async () => {
    const { clock, outages, inner, store, fail } = observed()
    const events = store.watch('/', { since: 0 })[Symbol.asyncIterator]()
    await fail()
    await inner.create('/a', '1')
    expect(await events.next()).toMatchObject({ value: { key: '/a' } })
    clock.advance(60_000)
    await fail()
    expect(outages).toHaveLength(1)
    await store.get('/a')
    await fail()
    clock.advance(10_000)
    await store.get('/a')
    await fail()
    expect(outages).toHaveLength(2)
    await events.return?.()
  })

  it('notices a watch that fails', async () => {
    const { outages, inner, store } = observed()
    const watched = (async () => {
      for await (const event of store.watch('/')) expect(event).toBeDefined()
    })()
    await store.create('/a', '1')
    await inner.close()
    expect(await thrownBy(() => watched)).toMatchObject({ code: 'closed' })
    expect(outages).toHaveLength(1)
  })
})
