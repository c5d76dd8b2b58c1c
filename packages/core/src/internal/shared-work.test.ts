import { describe, expect, it } from 'vitest'
import { fixedClock, settled } from '../../test/fakes.ts'
import { isDone } from './shared-work.ts'
import { unlessAborted } from './unless-aborted.ts'

describe('work that another request may have begun', () => {
  it('is done when it is, and leaves no timer behind', async () => {
    const clock = fixedClock()
    expect(await isDone(Promise.resolve('x'), 1000, clock)).toBe(true)
    expect(clock.pending).toBe(0)
  })

  it('is not done where its promise cannot settle any more, as Cloudflare says with an error', async () => {
    const clock = fixedClock()
    expect(await isDone(Promise.reject(new Error('it can never settle')), 1000, clock)).toBe(false)
    expect(clock.pending).toBe(0)
  })

  it('is not done when its time is over', async () => {
    const clock = fixedClock()
    let answer: boolean | undefined
    void isDone(new Promise(() => undefined), 1000, clock).then((done) => (answer = done))
    clock.advance(999)
    await settled()
    expect(answer).toBeUndefined()
    clock.advance(1)
    await settled()
    expect(answer).toBe(false)
  })
})

describe('a result that a caller may give up', () => {
  const failed = new Error('broken')

  it.each<[string, AbortSignal | undefined]>([
    ['without a signal', undefined],
    ['with a signal', new AbortController().signal],
  ])('comes, and so does what it rejects with, %s', async (_, signal) => {
    expect(await unlessAborted(Promise.resolve('x'), signal)).toBe('x')
    await expect(unlessAborted(Promise.reject(failed), signal)).rejects.toBe(failed)
  })

  it('is given up at once, and what comes of it later is no unhandled rejection', async () => {
    const abort = new AbortController()
    let fail = (_error: Error): void => {}
    const result = new Promise<string>((_, reject) => (fail = reject))
    const given = unlessAborted(result, abort.signal)
    abort.abort()
    await expect(given).rejects.toMatchObject({ code: 'unavailable', message: 'the caller gave up' })
    await expect(unlessAborted(Promise.resolve('x'), abort.signal)).rejects.toMatchObject({
      code: 'unavailable',
    })
    const unhandled: unknown[] = []
    const listen = (error: unknown): void => void unhandled.push(error)
    process.on('unhandledRejection', listen)
    fail(failed)
    await new Promise(setImmediate)
    process.off('unhandledRejection', listen)
    expect(unhandled).toEqual([])
  })
})
