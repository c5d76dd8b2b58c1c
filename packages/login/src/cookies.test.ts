import { describe, expect, it } from 'vitest'
import { cpuSecondsOf } from '../../../test/cpu-seconds.ts'
import { cookiePairs } from './cookies.ts'

describe('the cookies of a header', () => {
  it.each<readonly [header: string, pairs: readonly (readonly [string, string])[]]>([
    ['', []],
    ['a', []],
    ['a=b', [['a', 'b']]],
    ['a=b; c=d=e;f=', [['a', 'b'], ['c', 'd=e'], ['f', '']]], // prettier-ignore
    [' \ta \t=\t b ;=c', [['a', 'b'], ['', 'c']]], // prettier-ignore
    ['a="b; c=d"', [['a', '"b'], ['c', 'd"']]], // prettier-ignore
    ['__proto__=a', [['__proto__', 'a']]],
  ])('%j are %j', (header, pairs) => {
    expect([...cookiePairs(header)]).toEqual(pairs)
  })

  // All that String.prototype.trim removes.
  it.each(Array.from('\n\v\f\r\u00a0\u1680\u2000\u2028\u2029\u202f\u205f\u3000\ufeff'))(
    'have %j in their names, which browsers do not take for the prefix of the name after it',
    (space) => {
      const names = [`${space}__Host-a`, `__Host-a${space}`, `__Host-${space}a`]
      expect([...cookiePairs(names.map((name) => `${name}=x`).join('; '))].map(([name]) => name)).toEqual(
        names,
      )
    },
  )

  it('take linear time', () => {
    expect(
      cpuSecondsOf(() => [...cookiePairs(`${' '.repeat(500_000)}a${' '.repeat(500_000)}=b;`)]),
    ).toBeLessThan(1)
  })
})
