import { describe, expect, it } from 'vitest'
import { fixedClock } from '../../../test/fakes.ts'
import { nonces } from './nonces.ts'
import { ProofsInMemory } from './used-proofs.ts'

const WINDOW = 60_000

describe('the memory of used proofs', () => {
  const proof = (id: string, expiresAtMs: number, thumbprint = 'key') => ({ id, thumbprint, expiresAtMs })

  it('knows a proof until it expires', () => {
    for (const start of [0, 1, 30_000, 59_999, 60_000, 1_700_000_012_345]) {
      for (const lasts of [0, 1, 59_999, 60_000, 60_001, 119_999, 120_000]) {
        const clock = fixedClock(start)
        const memory = new ProofsInMemory(100, WINDOW, () => clock.now())
        expect(memory.use(proof('a', start + lasts))).toBe(true)
        expect(memory.use(proof('a', start + lasts))).toBe(false)
        clock.advance(lasts)
        expect([start, lasts, memory.use(proof('a', start + lasts))]).toEqual([start, lasts, false])
      }
    }
  })

  it('forgets proofs once they have expired, so that their number does not grow', () => {
    const clock = fixedClock(0)
    const memory = new ProofsInMemory(400, WINDOW, () => clock.now())
    for (let round = 0; round < 50; round++) {
      for (let index = 0; index < 30; index++) {
        expect(memory.use(proof(`${round} ${index}`, clock.now() + WINDOW))).toBe(true)
      }
      clock.advance(WINDOW)
    }
  })

  it('does not accept again what it has forgotten, if the clock is set back', () => {
    let now = 0
    const memory = new ProofsInMemory(100, WINDOW, () => now)
    expect(memory.use(proof('a', WINDOW))).toBe(true)
    now = 3 * WINDOW
    expect(memory.use(proof('b', 4 * WINDOW))).toBe(true)
    now = 0
    for (const id of ['a', 'c'])
      expect(() => memory.use(proof(id, WINDOW))).toThrow(expect.objectContaining({ code: 'unavailable' }))
    expect(memory.use(proof('b', 4 * WINDOW))).toBe(false)
    now = 3 * WINDOW
    expect(memory.use(proof('d', 4 * WINDOW))).toBe(true)
  })

  it('refuses more than it remembers, and a quarter of that for one key, instead of forgetting', () => {
    const clock = fixedClock(0)
    const memory = new ProofsInMemory(8, WINDOW, () => clock.now())
    const tooMany = expect.objectContaining({ code: 'unavailable', retryAfterSeconds: 2 })
    const use = (id: string, key: string): unknown => {
      try {
        return memory.use(proof(id, clock.now() + WINDOW, key))
      } catch (error) {
        return error
      }
    }
    expect([use('1', 'a'), use('2', 'a'), use('3', 'a'), use('1', 'a')]).toEqual([true, true, tooMany, false])
    for (const key of ['b', 'c', 'd'])
      expect([use(`1${key}`, key), use(`2${key}`, key)]).toEqual([true, true])
    expect(use('1', 'e')).toEqual(false)
    expect(use('1e', 'e')).toEqual(tooMany)
    clock.advance(2 * WINDOW)
    expect(use('1e', 'e')).toBe(true)
  })
})

describe('nonces', () => {
  it('are valid for about their time, and one period ahead', () => {
    const made = nonces(120_000, undefined)
    const at = 10 * 60_000
    const nonce = made.issue(at)
    expect(made.issue(at + 59_999)).toBe(nonce)
    expect(made.issue(at + 60_000)).not.toBe(nonce)
    expect([-60_000, 0, 59_999, 119_999].map((ms) => made.isCurrent(nonce, at + ms))).toEqual([
      true,
      true,
      true,
      true,
    ])
    expect([-60_001, 120_000, 1e12].map((ms) => made.isCurrent(nonce, at + ms))).toEqual([
      false,
      false,
      false,
    ])
  })

  it('cannot be made by others', () => {
    const made = nonces(120_000, undefined)
    const nonce = made.issue(0)
    for (const forged of [
      '',
      '0',
      '0.',
      `00${nonce}`,
      `${nonce}x`,
      nonce.slice(0, -1),
      ` ${nonce}`,
      nonce.replace(/^0/, '1'),
      `-${nonce}`,
      nonces(120_000, undefined).issue(0),
    ]) {
      expect([forged, made.isCurrent(forged, 0)]).toEqual([forged, false])
    }
  })
})
