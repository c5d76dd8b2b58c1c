import { fixedClock } from '@kube-authn/testing'
import { describe, expect, it } from 'vitest'
import { freshness } from './freshness.ts'

describe('freshness', () => {
  it('counts from when the other side was asked, not from when it answered', () => {
    const clock = fixedClock()
    const age = freshness(clock, 1000)
    expect([age.isStale(), age.confirmedMs]).toEqual([true, undefined])
    const askedMs = clock.now()
    age.asked()
    expect(age.isStale()).toBe(true)
    clock.advance(600)
    age.confirmed()
    expect([age.isStale(), age.confirmedMs]).toEqual([false, askedMs])
    clock.advance(400)
    expect(age.isStale()).toBe(false)
    clock.advance(1)
    expect(age.isStale()).toBe(true)
  })

  it('is not prolonged by a question without an answer', () => {
    const clock = fixedClock()
    const age = freshness(clock, 1000)
    age.asked()
    age.confirmed()
    clock.advance(900)
    age.asked()
    clock.advance(101)
    expect(age.isStale()).toBe(true)
  })

  it('knows the time of the runtime', () => {
    const age = freshness(undefined, 3_600_000)
    age.asked()
    age.confirmed()
    expect(age.isStale()).toBe(false)
    expect(freshness(undefined, 3_600_000).isStale()).toBe(true)
  })
})
