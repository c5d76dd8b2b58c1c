import { describe, expect, it } from 'vitest'
import { fixedClock } from '../../test/fakes.ts'
import { verdictCache, type VerdictKind } from './verdict-cache.ts'

const cacheOf = (maxEntries = 2) => {
  const clock = fixedClock(0)
  return { clock, cache: verdictCache<string>(clock, maxEntries) }
}

describe('a cache of verdicts', () => {
  it.each<VerdictKind>(['accepted', 'refused'])('forgets what was %s when its time is over', (kind) => {
    const { clock, cache } = cacheOf()
    cache.remember('a', 'verdict', kind, 10)
    clock.advance(9)
    expect(cache.get('a')).toBe('verdict')
    clock.advance(1)
    expect(cache.get('a')).toBeUndefined()
    expect(cache.get('b')).toBeUndefined()
  })

  it.each<[VerdictKind, VerdictKind]>([
    ['accepted', 'refused'],
    ['refused', 'accepted'],
  ])('has no room taken away from what was %s by what was %s', (kind, other) => {
    const { cache } = cacheOf()
    cache.remember('a', 'verdict', kind, 10)
    for (let index = 0; index < 100; index++) cache.remember(`made up ${index}`, 'no', other, 10)
    expect(cache.get('a')).toBe('verdict')
    expect(cache.get('made up 99')).toBe('no')
    expect(cache.get('made up 97')).toBeUndefined()
  })

  it.each<VerdictKind>(['accepted', 'refused'])('keeps of what was %s what was used last', (kind) => {
    const { cache } = cacheOf()
    for (const key of ['a', 'b']) cache.remember(key, key, kind, 10)
    cache.get('a')
    cache.remember('c', 'c', kind, 10)
    expect(['a', 'b', 'c'].map((key) => cache.get(key))).toEqual(['a', undefined, 'c'])
  })

  it.each<[VerdictKind, VerdictKind]>([
    ['accepted', 'refused'],
    ['refused', 'accepted'],
    ['accepted', 'accepted'],
  ])('has one verdict on a question that was %s, and is %s now', (before, now) => {
    const { clock, cache } = cacheOf()
    cache.remember('a', 'old', before, 1000)
    cache.remember('a', 'new', now, 10)
    expect(cache.get('a')).toBe('new')
    clock.advance(10)
    expect(cache.get('a')).toBeUndefined()
  })
})
