import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { RecentMap } from './recent-map.ts'

const filled = (maxEntries: number, ...keys: readonly string[]): RecentMap<string> => {
  const map = new RecentMap<string>(maxEntries)
  for (const key of keys) map.set(key, key)
  return map
}
const known = (map: RecentMap<string>, ...keys: readonly string[]): readonly string[] =>
  keys.filter((key) => map.get(key) !== undefined)

describe('RecentMap', () => {
  it('has room for so many entries, and no more', () => {
    expect(known(filled(3, 'a', 'b', 'c'), 'a', 'b', 'c')).toEqual(['a', 'b', 'c'])
    expect(known(filled(3, 'a', 'b', 'c', 'd'), 'a', 'b', 'c', 'd')).toEqual(['b', 'c', 'd'])
    expect(known(filled(1, 'a', 'b'), 'a', 'b')).toEqual(['b'])
  })

  it('keeps what was read or set again', () => {
    const read = filled(2, 'a', 'b')
    read.get('a')
    read.get('a')
    read.set('c', 'c')
    expect(known(read, 'a', 'b', 'c')).toEqual(['a', 'c'])
    expect(known(filled(2, 'a', 'b', 'a', 'c'), 'a', 'b', 'c')).toEqual(['a', 'c'])
  })

  it('has the last value of a key, and none of a key that was deleted', () => {
    const map = filled(2, 'a', '__proto__')
    map.set('a', 'new')
    expect(map.get('a')).toBe('new')
    map.delete('a')
    map.delete('b')
    expect(known(map, 'a', 'b', '__proto__')).toEqual(['__proto__'])
  })

  it('moves what was read after the newest entry was deleted', () => {
    const map = filled(2, 'a', 'b')
    map.delete('b')
    map.set('b', 'b')
    map.get('a')
    map.set('c', 'c')
    expect(known(map, 'a', 'b', 'c')).toEqual(['a', 'c'])
  })

  it('does what a list in the order of use does, whatever is done', () => {
    const key = fc.constantFrom('a', 'b', 'c', 'd', 'e')
    const step = fc.record({ does: fc.constantFrom('get', 'set', 'delete'), key, value: fc.nat() })
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 4 }), fc.array(step, { maxLength: 60 }), (maxEntries, steps) => {
        const map = new RecentMap<number>(maxEntries)
        let list: { readonly key: string; readonly value: number }[] = []
        for (const { does, key: of, value } of steps) {
          const found = list.find((each) => each.key === of)
          const others = list.filter((each) => each !== found)
          if (does === 'get') {
            expect(map.get(of)).toBe(found?.value)
            list = found === undefined ? list : [...others, found]
          } else if (does === 'set') {
            map.set(of, value)
            list = [...others, { key: of, value }].slice(-maxEntries)
          } else {
            map.delete(of)
            list = others
          }
        }
      }),
    )
  })
})
