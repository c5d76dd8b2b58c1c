import { describe, expect, it, vi } from 'vitest'
import { settled, thrownBy } from '../../test/fakes.ts'
import { type ConcurrencyLimit, limitConcurrency } from './limit-concurrency.ts'

/** Tasks that end when they are told to. */
function tasks() {
  const running: { readonly name: string; readonly end: () => void; readonly fail: () => void }[] = []
  const started: string[] = []
  const task = (name: string) => () => {
    started.push(name)
    return new Promise<string>((resolve, reject) => {
      running.push({ name, end: () => resolve(name), fail: () => reject(new Error(name)) })
    })
  }
  return { task, started, running }
}

const limited = (maxConcurrent: number, maxWaiting: number): ConcurrencyLimit =>
  limitConcurrency({ maxConcurrent, maxWaiting, tooMany: 'too many passwords are being checked' })

describe('limitConcurrency', () => {
  it('runs as many as it may, and the others in order as soon as one ends', async () => {
    const { task, started, running } = tasks()
    const limit = limited(2, 10)
    const results = ['a', 'b', 'c', 'd'].map((name) => limit(task(name)))
    await settled()
    expect(started).toEqual(['a', 'b'])
    running[1]?.end()
    await settled()
    expect(started).toEqual(['a', 'b', 'c'])
    running[0]?.end()
    await settled()
    expect(started).toEqual(['a', 'b', 'c', 'd'])
    for (const { end } of running) end()
    expect(await Promise.all(results)).toEqual(['a', 'b', 'c', 'd'])
  })

  it.each([
    ['is full', 2],
    ['may not be used', 0],
  ])('refuses what comes when the queue %s, at once', async (_, maxWaiting) => {
    const { task, started, running } = tasks()
    const limit = limited(1, maxWaiting)
    const accepted = Array.from({ length: 1 + maxWaiting }, (_each, index) => limit(task(`task ${index}`)))
    expect(await thrownBy(() => limit(task('too many')))).toMatchObject({
      code: 'unavailable',
      message: 'too many passwords are being checked',
    })
    expect(started).toEqual(['task 0'])
    for (let index = 0; index <= maxWaiting; index++) {
      running[index]?.end()
      await settled()
    }
    expect(await Promise.all(accepted)).toHaveLength(1 + maxWaiting)
  })

  it('hands on a failure, and goes on', async () => {
    const { task, running } = tasks()
    const limit = limited(1, 10)
    const [first, second] = [limit(task('a')), limit(task('b'))]
    running[0]?.fail()
    expect(await thrownBy(() => first)).toEqual(new Error('a'))
    await settled()
    running[1]?.end()
    expect(await second).toBe('b')
    const third = limit(task('c'))
    await settled()
    running[2]?.end()
    expect(await third).toBe('c')
  })

  it('survives a task that throws before it is a promise', async () => {
    const limit = limited(1, 0)
    const broken = (): Promise<never> => {
      throw new Error('broken')
    }
    expect(await thrownBy(() => limit(broken))).toEqual(new Error('broken'))
    expect(await limit(async () => 'next')).toBe('next')
  })

  it('has room again after everything has ended', async () => {
    const limit = limited(2, 1)
    for (let round = 0; round < 20; round++) {
      expect(await Promise.all([limit(async () => 1), limit(async () => 2), limit(async () => 3)])).toEqual([
        1, 2, 3,
      ])
    }
  })

  it('lets one that waits give up, without running it, and its place is free', async () => {
    const { task, started, running } = tasks()
    const limit = limited(1, 1)
    const first = limit(task('a'))
    const impatient = new AbortController()
    const second = limit(task('b'), impatient.signal)
    impatient.abort(new Error('no time'))
    expect(await thrownBy(() => second)).toMatchObject({ code: 'unavailable', cause: new Error('no time') })
    const third = limit(task('c'))
    running[0]?.end()
    await settled()
    running[1]?.end()
    expect(await Promise.all([first, third])).toEqual(['a', 'c'])
    expect(started).toEqual(['a', 'c'])
  })

  it('does not run what was given up before it came', async () => {
    const { task, started, running } = tasks()
    const limit = limited(1, 1)
    const first = limit(task('a'))
    expect(await thrownBy(() => limit(task('b'), AbortSignal.abort()))).toMatchObject({ code: 'unavailable' })
    running[0]?.end()
    await first
    expect(started).toEqual(['a'])
  })

  it('runs one to its end that is given up while it runs, and only then the next', async () => {
    const { task, started, running } = tasks()
    const limit = limited(1, 1)
    const late = new AbortController()
    const first = limit(task('a'), late.signal)
    const second = limit(task('b'))
    late.abort()
    await settled()
    expect(started).toEqual(['a'])
    running[0]?.end()
    expect(await first).toBe('a')
    await settled()
    running[1]?.end()
    expect(await second).toBe('b')
  })
})

describe.each([
  ['Cloudflare Workers', () => vi.stubGlobal('navigator', { userAgent: 'Cloudflare-Workers' })],
  ["Vercel's edge", () => vi.stubGlobal('EdgeRuntime', 'edge-runtime')],
])('limitConcurrency on %s', (_, stub) => {
  it('lets no task wait for another one that may have ended with its request', async () => {
    stub()
    const { task, started, running } = tasks()
    const limit = limited(1, 0)
    void limit(task('gone'))
    const result = limit(task('next'))
    expect(started).toEqual(['gone', 'next'])
    running[1]?.end()
    expect(await result).toBe('next')
  })
})
