import { describe, expect, it } from 'vitest'
import { Throttle } from './throttle.ts'

function begun(): Throttle {
  const throttle = new Throttle()
  throttle.ended(0)
  return throttle
}

const times = (count: number, ask: (index: number) => string): readonly string[] =>
  Array.from({ length: count }, (_, index) => ask(index))

describe('Throttle', () => {
  it('admits ten lines of a reason, and says which is the last', () => {
    const throttle = begun()
    const admitted = times(12, () => throttle.admit('one'))
    expect(admitted).toEqual([...times(9, () => 'yes'), 'last', 'no', 'no'])
    expect(throttle.admit('another')).toBe('yes')
  })

  it('admits a hundred lines of all reasons, whatever clients send', () => {
    const throttle = begun()
    const admitted = times(5000, (index) => throttle.admit(`reason ${index}`))
    expect(admitted.filter((each) => each !== 'no')).toHaveLength(100)
    expect(throttle.ended(60_000)).toEqual({ count: 4900, sample: '', ofSample: 0 })
  })

  it('tells after a minute how many were left out, with the most frequent reason', () => {
    const throttle = begun()
    times(15, () => throttle.admit('rare'))
    times(40, () => throttle.admit('frequent'))
    throttle.keep('rare', 'a line')
    throttle.keep('frequent', 'x'.repeat(200))
    throttle.keep('frequent', 'a later line')
    expect(throttle.ended(59_999)).toBeUndefined()
    expect(throttle.ended(60_000)).toEqual({ count: 35, sample: 'x'.repeat(160), ofSample: 30 })
    expect(throttle.admit('frequent')).toBe('yes')
    expect(throttle.ended(120_000)).toBeUndefined()
  })

  it('begins anew if the clock was set back', () => {
    const throttle = new Throttle()
    throttle.ended(1_000_000)
    times(12, () => throttle.admit('one'))
    expect(throttle.ended(500_000)).toMatchObject({ count: 2 })
  })
})
