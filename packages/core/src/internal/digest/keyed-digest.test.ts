import fc from 'fast-check'
import { createHash, createHmac } from 'node:crypto'
import { describe, expect, it, vi } from 'vitest'
import { latin1FromText } from '@kube-authn/internal/byte-text'
import { cpuSecondsOf } from '../../../../../test/cpu-seconds.ts'
import { keyedDigest } from './keyed-digest.ts'
import * as native from './native.ts'
import * as portable from './portable.ts'

describe('keyedDigest', () => {
  const digest = keyedDigest(native.sha256)

  it('is the same for the same text, and 32 bytes long', () => {
    expect(digest('secret')).toBe(digest('secret'))
    expect(digest('secret')).toMatch(/^[\0-\xff]{32}$/)
  })

  it('is another under another key', () => {
    expect(digest('secret')).not.toBe(keyedDigest(native.sha256)('secret'))
    expect(digest('')).not.toBe(keyedDigest(native.sha256)(''))
  })

  it('needs nothing random before it is used, and the same key after that', () => {
    const random = vi.spyOn(crypto, 'getRandomValues')
    const fresh = keyedDigest(native.sha256)
    expect(random).not.toHaveBeenCalled()
    expect(fresh('secret')).toBe(fresh('secret'))
    expect(random).toHaveBeenCalledOnce()
  })

  it.each([
    ['\ud800', '\ud801'],
    ['\ud800', '\ufffd'],
    ['\udcff', '\udcfe'],
    ['a\udcff', 'a\ufffd'],
    ['\udcff', String.raw`\udcff`],
    ['\udcff', String.raw`"\udcff"`],
    ['\udcff', '!"\\udcff"'],
    ['!a', 'a'],
    ['=a', 'a'],
    ['', '\0'],
    ['a', 'a\0'],
    ['é', 'e\u0301'],
    ['K', '\u212a'],
  ])('differs for %j and %j', (one, other) => {
    expect(digest(one)).not.toBe(digest(other))
  })

  it('differs for different strings, with lone surrogates or without', () => {
    const text = fc.string({
      unit: fc.constantFrom('a', '"', '\\', 'u', 'd', '\ud800', '\udc80', '\udcff', '\ufffd', '=', '!'),
    })
    fc.assert(
      fc.property(text, text, (one, other) => {
        expect(digest(one) === digest(other)).toBe(one === other)
      }),
      { numRuns: 2000 },
    )
  })
})

it('costs no more for a text of lone surrogates than a few times as much as for one of letters', () => {
  const digest = keyedDigest(native.sha256)
  const cpuOf = (text: string): number =>
    cpuSecondsOf(() => {
      for (let round = 0; round < 200; round++) digest(text)
    })
  const letters = 'ü'.repeat(15_000)
  const surrogates = '\udcff'.repeat(15_000)
  cpuOf(letters)
  cpuOf(surrogates)
  expect(cpuOf(surrogates)).toBeLessThan(10 * cpuOf(letters) + 0.1)
})

describe.each([
  ['native', native],
  ['portable', portable],
])('the %s digests', (_, { sha256, hmacSha256 }) => {
  it.each(['', 'abc', 'żółć', '\0', 'x'.repeat(1000)])('are those of the standard for %j', (text) => {
    expect(sha256(text)).toBe(createHash('sha256').update(text).digest('binary'))
    const key = new Uint8Array(32).fill(7)
    expect(hmacSha256(key, latin1FromText(text))).toBe(
      createHmac('sha256', key).update(text).digest('binary'),
    )
  })
})
