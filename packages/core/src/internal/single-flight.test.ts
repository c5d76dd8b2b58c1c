import { describe, expect, it, vi } from 'vitest'
import { fixedClock, settled } from '../../test/fakes.ts'
import { singleFlight } from './single-flight.ts'

function shared() {
  const clock = fixedClock()
  const ends: ((value: string) => void)[] = []
  const work = vi.fn(() => new Promise<string>((resolve) => ends.push(resolve)))
  const share = singleFlight<string>(clock, 30_000)
  return { clock, ends, work, ask: (key: string) => share(key, work) }
}

describe('work that is shared', () => {
  it('is done once for all who ask for the same at the same time', async () => {
    const { ends, work, ask, clock } = shared()
    const asked = [ask('a'), ask('a'), ask('b'), ask('a')]
    expect(work).toHaveBeenCalledTimes(2)
    ends[0]?.('for a')
    ends[1]?.('for b')
    expect(await Promise.all(asked)).toEqual(['for a', 'for a', 'for b', 'for a'])
    expect(clock.pending).toBe(0)
  })

  it('is done again when it is over', async () => {
    const { ends, work, ask } = shared()
    const first = ask('a')
    ends[0]?.('old')
    expect(await first).toBe('old')
    const second = ask('a')
    ends[1]?.('new')
    expect(await second).toBe('new')
    expect(work).toHaveBeenCalledTimes(2)
  })

  it('is begun again by who waits, where it ended together with the request that began it', async () => {
    const { clock, ends, work, ask } = shared()
    void ask('a')
    const waiting = ask('a')
    clock.advance(31_000)
    await settled()
    expect(work).toHaveBeenCalledTimes(2)
    ends[0]?.('late')
    await settled()
    const third = ask('a')
    ends[1]?.('again')
    expect([await waiting, await third]).toEqual(['again', 'again'])
    expect(work).toHaveBeenCalledTimes(2)
  })
})
