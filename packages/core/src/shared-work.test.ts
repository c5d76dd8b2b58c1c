import { describe, expect, it } from 'vitest'
import { fixedClock, settled } from '../test/fakes.ts'
import { isDone } from './shared-work.ts'

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
