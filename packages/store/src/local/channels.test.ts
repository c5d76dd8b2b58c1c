import { describe, expect, it } from 'vitest'
import type { StoreChange } from '../object-store.ts'
import { channels, type Place, type Watcher } from './channels.ts'

let revision = 0
function changeOf(key: string): StoreChange {
  revision++
  return { type: 'created', key, value: '1', revision, createdRevision: revision }
}

interface Counted extends Watcher {
  readonly wakes: () => number
}

function countedWatcher(prefix: string): Counted {
  let wakes = 0
  return { prefix, wake: () => void wakes++, wakes: () => wakes, forget: () => {}, fail: () => {} }
}

/** The keys from a place on. */
function keysFrom(start: Place): readonly string[] {
  const keys: string[] = []
  for (let place = start; place.change !== undefined; place = place.next!) keys.push(place.change.key)
  return keys
}

describe('channels', () => {
  it.each<[string, readonly string[]]>([
    ['', ['/a', '/a/b', '/b/a', '/ä', '/%', '/a_']],
    ['/a', ['/a', '/a/b', '/a_']],
    ['/a/', ['/a/b']],
    ['/a/b', ['/a/b']],
    ['/a/b/', []],
    ['/ä', ['/ä']],
    ['/%', ['/%']],
    ['__proto__', []],
  ])('the prefix %j gets what begins with it', (prefix, expected) => {
    const all = channels()
    for (const other of ['/x', '/b', '/a/c']) all.join(countedWatcher(other))
    const start = all.join(countedWatcher(prefix)).last
    for (const key of ['/a', '/a/b', '/b/a', '/ä', '/%', '/a_']) all.publish([changeOf(key)])
    expect(keysFrom(start)).toEqual(expected)
  })

  it('wake the watchers of a change once for all changes of a group, and no others', () => {
    const all = channels()
    const wanting = [countedWatcher('/a/'), countedWatcher('/a/'), countedWatcher('/'), countedWatcher('')]
    const others = Array.from({ length: 1000 }, (_, index) => countedWatcher(`/other-${index}/`))
    for (const each of [...wanting, ...others]) all.join(each)
    all.publish([changeOf('/a/1'), changeOf('/a/2'), changeOf('/a/3')])
    expect(wanting.map(({ wakes }) => wakes())).toEqual([1, 1, 1, 1])
    expect(others.reduce((sum, { wakes }) => sum + wakes(), 0)).toBe(0)
  })

  it('share the places of a change among all watchers of a prefix', () => {
    const all = channels()
    const starts = Array.from({ length: 100 }, () => all.join(countedWatcher('/a')).last)
    all.publish([changeOf('/a')])
    expect(new Set(starts).size).toBe(1)
  })

  it('forget a prefix that nothing watches any more, and other lengths stay', () => {
    const all = channels()
    const [first, second, other] = [countedWatcher('/a'), countedWatcher('/a'), countedWatcher('/b')]
    for (const each of [first, second, other]) all.join(each)
    const channel = all.join(first)
    all.leave(first)
    all.leave(first)
    all.publish([changeOf('/a')])
    expect([first.wakes(), second.wakes(), channel.last.count]).toEqual([0, 1, 1])
    all.leave(second)
    all.publish([changeOf('/a'), changeOf('/b')])
    expect([second.wakes(), other.wakes(), channel.last.count]).toEqual([1, 1, 1])
    expect([...all.watchers()]).toEqual([other])
    // One that comes later begins at the beginning of a new channel.
    expect(all.join(first).last.count).toBe(0)
  })
})
