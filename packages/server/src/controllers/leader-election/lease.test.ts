import { memoryObjectStore, type ObjectStore, StoreError } from '@kube-authn/store'
import { fixedClock } from '@kube-authn/testing'
import { describe, expect, it, onTestFinished } from 'vitest'
import { electionSettings } from './election-settings.ts'
import { candidate, type Term, term } from './lease.ts'

const KEY = '/registry/leases/kube-system/x'
const settings = electionSettings({ identity: 'a' })

/** A term of a process that asked for its lease so long ago. */
async function begun({ agoMs = 0 } = {}) {
  const clock = fixedClock()
  const memory = memoryObjectStore({ clock })
  onTestFinished(() => memory.close())
  const slow: { answer?: Promise<void>; isCut: boolean } = { isCut: false }
  const store: ObjectStore = {
    ...memory,
    async update(...given) {
      if (slow.isCut) throw new StoreError('storeUnavailable', 'cut')
      const updated = await memory.update(...given)
      await slow.answer
      return updated
    },
  }
  const options = { store, settings, clock, elapsedMs: () => clock.now() }
  const take = async () => (await candidate({ ...options, key: KEY }).attempt())!
  const sinceMs = clock.now() - agoMs
  const held: Term = term({ ...options, lease: await take(), sinceMs })
  onTestFinished(held.end)
  return { clock, store, slow, held, take, pass: (ms: number) => clock.advanceAsync(ms) }
}

describe('a term', () => {
  it('ends when its lease was deleted and is another one, even of the same holder', async () => {
    const { store, held, take, pass } = await begun()
    await pass(2000)
    expect(held.ended.aborted).toBe(false)
    await store.delete(KEY)
    const { revision } = await take()
    await pass(2000)
    expect(held.ended.aborted).toBe(true)
    expect((await store.get(KEY))?.revision).toBe(revision)
  })

  it('without a renewal lasts from when its lease was asked for', async () => {
    const { slow, held, pass } = await begun({ agoMs: 4000 })
    slow.isCut = true
    await pass(5999)
    expect(held.ended.aborted).toBe(false)
    await pass(1)
    expect(held.ended.aborted).toBe(true)
  })

  it('lasts from when its last renewal was asked for, not from when that was answered', async () => {
    const { slow, held, pass } = await begun()
    let answer = (): void => {}
    slow.answer = new Promise((resolve) => (answer = resolve))
    await pass(7000)
    answer()
    await pass(0)
    slow.isCut = true
    await pass(4999)
    expect(held.ended.aborted).toBe(false)
    await pass(1)
    expect(held.ended.aborted).toBe(true)
  })
})
