import { fixedClock } from '@kube-authn/testing'
import { memoryObjectStore, StoreError } from '@kube-authn/store'
import { describe, expect, it } from 'vitest'
import { watchedWrites } from './write-check.ts'

/** A store that takes no writes while it is full, and never a value that is too large. */
function world() {
  const clock = fixedClock()
  const engine = memoryObjectStore({ clock })
  const attempts: string[] = []
  let isFull = false
  const { store, check } = watchedWrites(
    {
      ...engine,
      async create(key, value, lifetime) {
        attempts.push(key)
        if (isFull || value === 'poison') throw new StoreError('storeUnavailable', 'the disk is full')
        return engine.create(key, value, lifetime)
      },
    },
    clock,
  )
  const isReady = (): Promise<boolean> =>
    Promise.resolve(check.check(new AbortController().signal)).then(
      () => true,
      () => false,
    )
  const write = (value = 'x'): Promise<unknown> =>
    store.create(`/a/${attempts.length}`, value).catch((error: unknown) => error)
  const fill = (full: boolean): void => {
    isFull = full
  }
  return { engine, clock, store, attempts, isReady, write, fill }
}

describe('the check of writes', () => {
  it('writes nothing while no write has failed, also if one was refused', async () => {
    const { store, attempts, isReady } = world()
    await store.create('/a', 'x')
    await expect(store.create('/a', 'x')).rejects.toMatchObject({ code: 'objectExists' })
    await expect(store.delete('/b')).rejects.toMatchObject({ code: 'objectNotFound' })
    await expect(store.update('/a', 'x', 99)).rejects.toMatchObject({ code: 'revisionConflict' })
    const before = attempts.length
    expect(await isReady()).toBe(true)
    expect(attempts).toHaveLength(before)
  })

  it('passes if only the write of a client cannot be done', async () => {
    const { isReady, write, attempts, engine, clock } = world()
    await write('poison')
    expect(await isReady()).toBe(true)
    expect(attempts.at(-1)).toMatch(/^\/kube-authn\/probes\//)
    await isReady()
    expect(attempts).toHaveLength(2)
    await clock.advanceAsync(2000)
    expect((await engine.list('/')).objects).toEqual([])
  })

  it('fails while the store takes no writes, tries at most every five seconds, and once for many who ask', async () => {
    const { isReady, write, fill, attempts, clock } = world()
    fill(true)
    expect(await isReady()).toBe(true)
    await write()
    expect(await Promise.all([isReady(), isReady(), isReady()])).toEqual([false, false, false])
    expect(attempts).toHaveLength(2)
    await clock.advanceAsync(4999)
    expect(await isReady()).toBe(false)
    expect(attempts).toHaveLength(2)
    fill(false)
    expect(await isReady()).toBe(false)
    await clock.advanceAsync(1)
    expect(await isReady()).toBe(true)
    expect(attempts).toHaveLength(3)
  })

  it('passes at once after a write that succeeds', async () => {
    const { isReady, write, fill, attempts } = world()
    fill(true)
    await write()
    expect(await isReady()).toBe(false)
    fill(false)
    await write()
    expect(await isReady()).toBe(true)
    expect(attempts).toHaveLength(3)
  })
})
