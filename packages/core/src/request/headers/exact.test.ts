import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { latin1FromBytes } from '@kube-authn/internal/byte-text'
import { exactHeaders } from './exact.ts'

const raw = ['X-A', 'one', 'Authorization', 'Bearer t', 'x-a', 'two', 'X-Empty', '', 'X-A ', 'three']

describe('exactHeaders', () => {
  const headers = exactHeaders(raw)

  it.each([
    ['x-a', 'one', ['one', 'two']],
    ['authorization', 'Bearer t', ['Bearer t']],
    ['x-empty', '', ['']],
    ['x-none', undefined, []],
    ['', undefined, []],
    ['x-', undefined, []],
    ['__proto__', undefined, []],
    ['constructor', undefined, []],
  ])('finds %s', (name, first, all) => {
    expect(headers.first(name)).toBe(first)
    expect(headers.all(name)).toEqual(all)
  })

  it('gives all headers in the order sent, names in lower case', () => {
    expect([...headers.entries()]).toEqual([
      ['x-a', 'one'],
      ['authorization', 'Bearer t'],
      ['x-a', 'two'],
      ['x-empty', ''],
      ['x-a ', 'three'],
    ])
    expect(headers.exact).toBe(true)
  })

  it('follows what is removed from the list it was made from', () => {
    const list = ['A', '1', 'B', '2']
    const following = exactHeaders(list)
    list.splice(0, 2)
    expect(following.first('a')).toBeUndefined()
    expect(following.first('b')).toBe('2')
  })

  it('leaves out a name without a value', () => {
    const cut = exactHeaders(['A', '1', 'B'])
    expect(cut.first('b')).toBeUndefined()
    expect(cut.all('b')).toEqual([])
    expect([...cut.entries()]).toEqual([['a', '1']])
  })

  it.each([
    ['UTF-8', [0xc5, 0xbc], 'ż'],
    ['what is not UTF-8, each byte apart', [0xff, 0x41], '\udcffA'],
    ['a byte order mark, which stays', [0xef, 0xbb, 0xbf, 0x41], '\ufeffA'],
  ])('decodes %s', (_, bytes, expected) => {
    const value = latin1FromBytes(new Uint8Array(bytes))
    const decoded = exactHeaders(['A', value])
    expect(decoded.first('a')).toBe(expected)
    expect(decoded.all('a')).toEqual([expected])
    expect([...decoded.entries()]).toEqual([['a', expected]])
  })

  it('uses the given decoder', () => {
    expect(exactHeaders(['A', '1'], (value) => `<${value}>`).first('a')).toBe('<1>')
  })

  it('finds a name exactly where a plain search finds it', () => {
    const name = fc.constantFrom('A', 'a', 'b', 'AA', 'X-A', 'x-a', 'k', 'K', '\u212a', 'Å', '')
    fc.assert(
      fc.property(fc.array(fc.tuple(name, fc.string())), name, (pairs, wanted) => {
        const found = exactHeaders(pairs.flat(), (value) => value)
        const expected = pairs.filter(([each]) => each.toLowerCase() === wanted.toLowerCase())
        expect(found.all(wanted.toLowerCase())).toEqual(expected.map(([, value]) => value))
      }),
    )
  })
})
