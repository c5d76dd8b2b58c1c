import { describe, expect, it } from 'vitest'
import { joinedHeaders } from './joined.ts'

describe('joinedHeaders', () => {
  const headers = joinedHeaders(
    new Headers([
      ['X-A', 'one'],
      ['x-a', 'two, three'],
      ['X-Empty', ''],
      ['X-Utf8', '\u00c5\u00bc'],
      ['X-Bytes', '\u00ff'],
    ]),
  )

  it('says that it is not exact', () => {
    expect(headers.exact).toBe(false)
  })

  it.each([
    ['x-a', 'one, two, three', ['one, two, three']],
    ['x-empty', '', ['']],
    ['x-none', undefined, []],
    ['x-utf8', 'ż', ['ż']],
    ['x-bytes', '\udcff', ['\udcff']],
  ])('does not take the value of %s apart', (name, first, all) => {
    expect(headers.first(name)).toBe(first)
    expect(headers.all(name)).toEqual(all)
  })

  it('gives all headers, names in lower case and values decoded', () => {
    expect(Object.fromEntries(headers.entries())).toEqual({
      'x-a': 'one, two, three',
      'x-bytes': '\udcff',
      'x-empty': '',
      'x-utf8': 'ż',
    })
  })

  it.each(['żółć', 'zażółć gęślą', '日本', '\u0142'])(
    'takes %s, which a runtime decoded itself, as it is',
    (value) => {
      const decoding = {
        get: () => value,
        *[Symbol.iterator]() {
          yield ['x-a', value]
        },
      }
      const decoded = joinedHeaders(decoding as unknown as Headers)
      expect(decoded.first('x-a')).toBe(value)
      expect([...decoded.entries()]).toEqual([['x-a', value]])
    },
  )
})
