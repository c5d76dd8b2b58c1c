import { expect, it, vi } from 'vitest'
import { sha256Hex } from '@kube-authn/core/internal'
import type { SessionStore } from '../src/sessions/session-store.ts'

const LIFE = { ttlMs: 600_000 }
const refused = (code: string): unknown => expect.objectContaining({ code })

/**
 * What stored sessions need of a store. Each case has keys of its own.
 *
 * @param store after `beforeAll`.
 * @param pass lets a time pass for the store, which need not be exact.
 */
export function sessionStoreContract(
  store: () => SessionStore,
  pass: (milliseconds: number) => Promise<void>,
): void {
  let cases = 0
  const folder = (): string => `/contract/${sha256Hex(String(cases++))}/`

  it('keeps a record until it is deleted', async () => {
    const key = `${folder()}one`
    expect(await store().get(key)).toBeUndefined()
    const { revision } = await store().create(key, '{"a":"1 2\\n3"}', LIFE)
    expect(await store().get(key)).toMatchObject({ key, value: '{"a":"1 2\\n3"}', revision })
    await store().delete(key)
    expect(await store().get(key)).toBeUndefined()
    await expect(store().delete(key)).rejects.toEqual(refused('objectNotFound'))
  })

  it('creates no record over another', async () => {
    const key = `${folder()}one`
    await store().create(key, '1', LIFE)
    await expect(store().create(key, '2', LIFE)).rejects.toEqual(refused('objectExists'))
    expect((await store().get(key))?.value).toBe('1')
  })

  it('creates one record if many try at once', async () => {
    const key = `${folder()}one`
    const tries = Array.from({ length: 50 }, async (_, index) => store().create(key, String(index), LIFE))
    const outcomes = await Promise.allSettled(tries)
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    const winner = outcomes.findIndex(({ status }) => status === 'fulfilled')
    expect((await store().get(key))?.value).toBe(String(winner))
  })

  it('changes and deletes a record only at the revision that is named', async () => {
    const key = `${folder()}one`
    const { revision } = await store().create(key, '1', LIFE)
    await store().update(key, '2', revision, LIFE)
    await expect(store().update(key, '3', revision, LIFE)).rejects.toEqual(refused('revisionConflict'))
    await expect(store().delete(key, { revision })).rejects.toEqual(refused('revisionConflict'))
    const current = await store().get(key)
    expect(current?.value).toBe('2')
    await store().delete(key, { revision: current?.revision ?? 0 })
    await expect(store().update(key, '4', current?.revision ?? 0, LIFE)).rejects.toEqual(
      refused('objectNotFound'),
    )
  })

  it('makes one change of many that know the same revision', async () => {
    const key = `${folder()}one`
    const { revision } = await store().create(key, 'x', LIFE)
    const tries = Array.from({ length: 50 }, async (_, index) =>
      store().update(key, String(index), revision, LIFE),
    )
    const outcomes = await Promise.allSettled(tries)
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
  })

  it('gives a record that is created again another revision', async () => {
    const key = `${folder()}one`
    const { revision } = await store().create(key, '1', LIFE)
    await store().delete(key)
    await store().create(key, '2', LIFE)
    await expect(store().update(key, '3', revision, LIFE)).rejects.toEqual(refused('revisionConflict'))
    await expect(store().delete(key, { revision })).rejects.toEqual(refused('revisionConflict'))
  })

  it('ends a record by itself, counted from its last change', async () => {
    const place = folder()
    const [short, changed, long] = [`${place}short`, `${place}changed`, `${place}long`]
    await store().create(short, '1', { ttlMs: 300 })
    // A busy machine may be too slow for the first attempt.
    await vi.waitFor(async () => {
      const { revision } = await store().create(changed, '1', { ttlMs: 300 })
      await store().update(changed, '2', revision, LIFE)
    })
    await store().create(long, '1', LIFE)
    await pass(300)
    await vi.waitFor(async () => expect(await store().get(short)).toBeUndefined())
    expect((await store().get(changed))?.value).toBe('2')
    const { objects } = await store().list(place, { limit: 10 })
    expect(objects.map(({ key }) => key)).toEqual([changed, long])
    await store().create(short, '3', LIFE)
    expect((await store().get(short))?.value).toBe('3')
  })

  it('lists a folder in pages, and nothing of another', async () => {
    const [place, other] = [folder(), folder()]
    const names = Array.from({ length: 25 }, (_, index) => `name-${String(index).padStart(2, '0')}`)
    await Promise.all(names.map(async (name) => store().create(place + name, `of ${name}`, LIFE)))
    await store().create(`${other}name-03`, '1', LIFE)
    expect(await listed(store(), place, 10)).toEqual(names.map((name) => [place + name, `of ${name}`]))
    expect(await listed(store(), place, 25)).toHaveLength(25)
    expect(await listed(store(), folder(), 10)).toEqual([])
  })

  it('lists a folder of any number of records, each once', async () => {
    const place = `/contract/many-${cases++}/`
    const names = Array.from({ length: 300 }, (_, index) => sha256Hex(`${place}${index}`))
    await Promise.all(names.map(async (name) => store().create(place + name, '1', LIFE)))
    const keys = (await listed(store(), place, 7)).map(([key]) => key)
    expect(keys.toSorted()).toEqual(names.map((name) => place + name).toSorted())
  })

  it('lists what was created before, and not what was deleted', async () => {
    const place = folder()
    const { revision } = await store().create(`${place}one`, '1', LIFE)
    await store().create(`${place}two`, '2', LIFE)
    await store().delete(`${place}one`, { revision })
    expect(await listed(store(), place, 10)).toEqual([[`${place}two`, '2']])
  })

  it('knows the time', async () => {
    await store().get(`${folder()}one`)
    const now = store().now?.() ?? Number.NaN
    expect(Number.isFinite(now)).toBe(true)
  })
}

async function listed(
  store: SessionStore,
  prefix: string,
  limit: number,
): Promise<readonly (readonly [key: string, value: string])[]> {
  const found: (readonly [string, string])[] = []
  let next: string | undefined
  do {
    const page = await store.list(prefix, { limit, ...(next !== undefined && { continue: next }) })
    expect(page.objects.length).toBeLessThanOrEqual(limit)
    found.push(...page.objects.map(({ key, value }) => [key, value] as const))
    next = page.continue
  } while (next !== undefined)
  return found
}
