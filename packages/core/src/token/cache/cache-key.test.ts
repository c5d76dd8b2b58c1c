import fc from 'fast-check'
import { createHmac } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { cpuSecondsOf } from '../../../../../test/cpu-seconds.ts'
import { tokenCacheKey } from './cache-key.ts'

const hmacKey = new Uint8Array(32).fill(7)
const key = (token: string, audiences?: readonly string[]): string => tokenCacheKey(hmacKey, token, audiences)

type Asked = [token: string, audiences?: readonly string[]]

/** The message of kube-apiserver's `keyFunc`, written out. */
function message(token: string, audiences: readonly string[]): Buffer {
  const length = (value: number): Buffer => {
    const bytes = Buffer.alloc(4)
    bytes.writeUInt32BE(value)
    return bytes
  }
  const text = (value: string): Buffer =>
    Buffer.concat([length(Buffer.byteLength(value)), Buffer.from(value)])
  return Buffer.concat([text(token), length(audiences.length), ...audiences.map(text)])
}

describe('the key of a token in a cache', () => {
  it.each([
    ['t', []],
    ['', []],
    ['t', ['api', 'other']],
    ['żółć', ['ż', '']],
    ['x'.repeat(70_000), ['api']],
    ['x', ['a'.repeat(70_000)]],
    ['x'.repeat(5000), ['ż']],
    ['x', ['ż'.repeat(5000)]],
  ])('is the HMAC of kube-apiserver for a token and %#', (token, audiences) => {
    expect(key(token, audiences)).toBe(
      createHmac('sha256', hmacKey).update(message(token, audiences)).digest('binary'),
    )
  })

  it.each([0, 1, 63, 64, 65, 200])('is that under an HMAC key of %i bytes', (length) => {
    const long = new Uint8Array(length).fill(3)
    const expected = createHmac('sha256', long).update(message('t', [])).digest('binary')
    expect(tokenCacheKey(long, 't')).toBe(expected)
  })

  it('is another under another HMAC key', () => {
    expect(tokenCacheKey(new Uint8Array(32), 't')).not.toBe(key('t'))
  })

  it.each<[string, Asked, Asked]>([
    ['tokens', ['a'], ['b']],
    ['the order of audiences', ['t', ['a', 'b']], ['t', ['b', 'a']]],
    ['repeated audiences', ['t', ['a']], ['t', ['a', 'a']]],
    ['where one audience ends', ['t', ['ab', 'c']], ['t', ['a', 'bc']]],
    ['where the token ends', ['ta', ['b']], ['t', ['ab']]],
    ['an empty audience', ['t', ['']], ['t', []]],
    ['NUL', ['t\0', ['a']], ['t', ['\0a']]],
    ['bytes that are not UTF-8', ['\udcff'], ['\udcfe']],
    ['a byte and its character', ['\udce9'], ['é']],
    ['a byte and what replaces it', ['\udcff'], ['\ufffd']],
    ['what no bytes are read as', ['\udcff\u0141'], ['\udcffA']],
    ['what would be UTF-8 as bytes', ['\udcc3\udca9'], ['é']],
    ['surrogates of the first half', ['\ud800'], ['\udc00']],
    ['what is UTF-16 and, as bytes, UTF-8 too', ['\ud880'], ['\u0600']],
    ['such an audience', ['t', ['\udcc3\udca9']], ['t', ['é']]],
  ])('tells apart: %s', (_, one, other) => {
    expect(key(...one)).not.toBe(key(...other))
  })

  it('is the same exactly for the same token and audiences', () => {
    const text = fc.string({
      unit: fc.constantFrom('a', '\0', 'é', '\u0141', '\udcc3', '\udca9', '\ud83d'),
      maxLength: 3,
    })
    const asked = fc.tuple(text, fc.array(text, { maxLength: 2 }))
    fc.assert(
      fc.property(asked, asked, (one, other) => {
        expect(key(...one) === key(...other)).toBe(JSON.stringify(one) === JSON.stringify(other))
      }),
      { numRuns: 3000 },
    )
  })
})

it('costs no more for a token of lone surrogates than some times as much as for one of letters', () => {
  const cpuOf = (token: string): number =>
    cpuSecondsOf(() => {
      for (let round = 0; round < 100; round++) key(token)
    })
  const [letters, surrogates] = ['ü'.repeat(30_000), '\udcff'.repeat(30_000)]
  cpuOf(letters)
  cpuOf(surrogates)
  expect(cpuOf(surrogates)).toBeLessThan(5 * cpuOf(letters) + 0.1)
})
