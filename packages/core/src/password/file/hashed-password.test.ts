import { describe, expect, it } from 'vitest'
import { fixedClock } from '../../../test/fakes.ts'
import { RightPassword } from './hashed-password.ts'

describe('a password that was right for a peer', () => {
  const remembered = () => {
    const clock = fixedClock()
    const right = new RightPassword(clock, 0)
    right.remember('right', 'home')
    return { clock, right, isFamiliar: (peer = 'home') => right.isFamiliar('right', peer) }
  }

  it('is familiar for an hour, to the millisecond, and from that peer only', () => {
    const { clock, isFamiliar } = remembered()
    expect(isFamiliar('elsewhere')).toBe(false)
    clock.advance(3_599_999)
    expect(isFamiliar()).toBe(true)
    clock.advance(1)
    expect(isFamiliar()).toBe(false)
  })

  it('is familiar no more after 32 wrong ones in a minute from that peer, until the minute is over', () => {
    const { clock, right, isFamiliar } = remembered()
    for (let count = 0; count < 31; count++) expect(right.isFamiliar('wrong', 'home')).toBe(false)
    expect(isFamiliar()).toBe(true)
    right.isFamiliar('wrong', 'home')
    expect(isFamiliar()).toBe(false)
    clock.advance(59_999)
    expect(isFamiliar()).toBe(false)
    clock.advance(1)
    expect(isFamiliar()).toBe(true)
  })

  it('takes no harm from wrong ones of other peers', () => {
    const { right, isFamiliar } = remembered()
    for (let count = 0; count < 100; count++) right.isFamiliar('wrong', 'elsewhere')
    expect(isFamiliar()).toBe(true)
  })

  it('is familiar from eight peers, those that it was right for last', () => {
    const { right, isFamiliar } = remembered()
    for (let index = 0; index < 7; index++) right.remember('right', `peer${index}`)
    expect(isFamiliar()).toBe(true)
    right.remember('right', 'one more')
    expect(isFamiliar()).toBe(false)
    expect(isFamiliar('peer0')).toBe(true)
  })
})
