import { describe, expect, it } from 'vitest'
import { RecentMap } from './recent-map.ts'

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

  it('takes keys that objects have by themselves', () => {
    const map = new RecentMap<number>(2)
    expect(map.get('__proto__')).toBeUndefined()
    map.set('__proto__', 1)
    expect([map.get('__proto__'), map.get('constructor')]).toEqual([1, undefined])
  })
})
