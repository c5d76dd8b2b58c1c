import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { entriesOf, RecentMap } from './recent-map.ts'

describe('a map of what was used lately', () => {
  it('has nothing before something is in it', () => {
    const map = new RecentMap<number>(2)
    expect(map.get('a')).toBeUndefined()
    map.delete('a')
    expect(map.get('a')).toBeUndefined()
  })

  it('has as many entries as it may, and loses the one that was used longest ago', () => {
    const map = new RecentMap<number>(2)
    map.set('a', 1)
    map.set('b', 2)
    expect([map.get('a'), map.get('b')]).toEqual([1, 2])
    map.get('a')
    map.set('c', 3)
    expect([map.get('a'), map.get('b'), map.get('c')]).toEqual([1, undefined, 3])
  })

  it('has the last value of a key, and none of one that was deleted', () => {
    const map = new RecentMap<number>(1)
    map.set('a', 1)
    map.set('a', 2)
    expect(map.get('a')).toBe(2)
    map.delete('a')
    expect(map.get('a')).toBeUndefined()
  })

  it('has fewer entries if some are as large as several, and always the last one', () => {
    const map = new RecentMap<number>(4)
    const has = (...keys: readonly string[]): readonly boolean[] =>
      keys.map((key) => map.get(key) !== undefined)
    map.set('a', 1)
    map.set('b', 2, 2)
    map.set('c', 3)
    expect(has('a', 'b', 'c')).toEqual([true, true, true])
    map.set('d', 4, 2)
    expect(has('a', 'b', 'c', 'd')).toEqual([false, false, true, true])
    map.delete('d')
    map.set('c', 5, 2)
    map.set('e', 6, 2)
    expect(has('c', 'e')).toEqual([true, true])
    map.set('f', 7, 1000)
    expect(has('c', 'e', 'f')).toEqual([false, false, true])
    map.set('g', 8)
    expect(has('f', 'g')).toEqual([false, true])
  })

  it.each([
    [0, 1],
    [4095, 1],
    [4096, 2],
    [40_960, 11],
  ])('counts what was made of %d bytes as %d', (length, entries) => {
    expect(entriesOf(length)).toBe(entries)
  })

  it('takes keys that objects have by themselves', () => {
    const map = new RecentMap<number>(2)
    expect(map.get('__proto__')).toBeUndefined()
    map.set('__proto__', 1)
    expect([map.get('__proto__'), map.get('constructor')]).toEqual([1, undefined])
  })

  it('does what a list of the most recent entries does, whatever is done to it', () => {
    const key = fc.constantFrom('a', 'b', 'c', 'd', 'e')
    const step = fc.oneof(
      fc.record({ kind: fc.constant('get' as const), key }),
      fc.record({ kind: fc.constant('set' as const), key, value: fc.nat(9) }),
      fc.record({ kind: fc.constant('delete' as const), key }),
    )
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 4 }), fc.array(step, { maxLength: 40 }), (max, steps) => {
        const map = new RecentMap<number>(max)
        let recent: readonly (readonly [key: string, value: number])[] = []
        for (const each of steps) {
          const known = recent.find(([name]) => name === each.key)
          const others = recent.filter(([name]) => name !== each.key)
          if (each.kind === 'get') {
            expect(map.get(each.key)).toBe(known?.[1])
            recent = known === undefined ? others : [known, ...others]
          } else if (each.kind === 'set') {
            map.set(each.key, each.value)
            recent = [[each.key, each.value] as const, ...others].slice(0, max)
          } else {
            map.delete(each.key)
            recent = others
          }
        }
        // From the least recent one, so that reading does not change what is read.
        for (const [name, value] of recent.toReversed()) expect(map.get(name)).toBe(value)
      }),
    )
  })
})
