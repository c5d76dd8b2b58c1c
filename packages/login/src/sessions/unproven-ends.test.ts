import { fixedClock } from '@kube-authn/testing'
import { describe, expect, it } from 'vitest'
import { MAX_UNSEEN_ENDS, unprovenEnds } from './unproven-ends.ts'

const of = (providerSession: string, provider = 'example') => ({ provider, providerSession })

function full() {
  const clock = fixedClock()
  const ends = unprovenEnds(clock, 1000)
  for (let index = 0; index < MAX_UNSEEN_ENDS; index++) ends.accepts(of(String(index)))
  return { clock, ends }
}

describe('ends that anyone may send', () => {
  it('are recorded up to a limit', () => {
    const { ends } = full()
    expect(ends.accepts(of('another'))).toBe(false)
    expect(ends.accepts(of('0'))).toBe(true)
    expect(ends.accepts(of('0', 'other'))).toBe(false)
  })

  it('are always recorded of sessions that were seen', () => {
    const { ends } = full()
    ends.sees(of('another'))
    ends.sees({ provider: 'example' })
    expect(ends.accepts(of('another'))).toBe(true)
    expect(ends.accepts(of('another', 'other'))).toBe(false)
  })

  it('make room when their records end, and not earlier', () => {
    const { clock, ends } = full()
    clock.advance(999)
    expect(ends.accepts(of('another'))).toBe(false)
    clock.advance(1)
    expect(ends.accepts(of('another'))).toBe(true)
  })
})
