import { describe, expect, it } from 'vitest'
import type { StoreChange, StoredObject } from '../object-store.ts'
import { cachedObjects } from './cached-objects.ts'

const KEY = '/a/1'

const stored = (revision: number, value = `v${revision}`, key = KEY): StoredObject => ({
  key,
  value,
  revision,
  createdRevision: 1,
})
const deletion = (revision: number, key = KEY): StoreChange => ({
  ...stored(revision, '', key),
  type: 'deleted',
})

function opened() {
  const told: string[] = []
  const objects = cachedObjects<string>({
    read({ value }) {
      if (value === 'bad') throw new Error('cannot be read')
      return value
    },
    onChange: (key, before, after) => told.push(`${key} ${before?.value} > ${after?.value}`),
    onUnreadable: (key) => told.push(`${key} is unreadable`),
  })
  return { objects, told }
}

describe('cachedObjects', () => {
  it('has the latest version of an object, in whatever order versions are told', () => {
    const { objects, told } = opened()
    for (const each of [stored(5), stored(4), deletion(4), stored(5, 'again')]) objects.take(each)
    expect(objects.get(KEY)).toBe('v5')
    objects.take(deletion(6))
    objects.take(stored(5))
    expect(objects.get(KEY)).toBeUndefined()
    objects.take(stored(7))
    expect(objects.get(KEY)).toBe('v7')
    expect(told).toEqual([`${KEY} undefined > v5`, `${KEY} v5 > undefined`, `${KEY} undefined > v7`])
  })

  it('remembers a deletion until nothing older can be told', () => {
    const { objects } = opened()
    objects.take(deletion(6))
    expect(objects.size).toBe(0)
    objects.settle(5)
    objects.take(stored(5))
    expect(objects.get(KEY)).toBeUndefined()
    objects.settle(6)
    objects.take(stored(5))
    expect(objects.get(KEY)).toBe('v5')
  })

  it('does not learn what was written before something it was told', () => {
    const { objects, told } = opened()
    objects.take(stored(5))
    objects.take(deletion(6))
    objects.settle(6)
    // The answer to the creation arrives after the watch has told that and the deletion.
    for (const late of [stored(5), stored(6), deletion(6)]) objects.learn(late)
    expect(objects.get(KEY)).toBeUndefined()
    objects.learn(stored(7))
    expect(objects.get(KEY)).toBe('v7')
    objects.keepListed(new Set(), 8)
    objects.learn(stored(8))
    expect(objects.get(KEY)).toBeUndefined()
    expect(objects.size).toBe(0)
    expect(told).toEqual([
      `${KEY} undefined > v5`,
      `${KEY} v5 > undefined`,
      `${KEY} undefined > v7`,
      `${KEY} v7 > undefined`,
    ])
    objects.restart()
    objects.learn(stored(1))
    expect(objects.get(KEY)).toBe('v1')
  })

  it('keeps what is later than a list, and drops what the list does not have', () => {
    const { objects, told } = opened()
    objects.take(stored(10))
    objects.keepListed(new Set(), 9)
    objects.keepListed(new Set([KEY]), 10)
    expect(objects.get(KEY)).toBe('v10')
    objects.keepListed(new Set(), 10)
    expect(objects.get(KEY)).toBeUndefined()
    expect(told.at(-1)).toBe(`${KEY} v10 > undefined`)
  })

  it('takes earlier revisions after a restart, and loses nothing until then', () => {
    const { objects } = opened()
    objects.take(stored(10))
    objects.restart()
    expect(objects.get(KEY)).toBe('v10')
    objects.take(stored(2))
    expect(objects.get(KEY)).toBe('v2')
  })

  it('says of an object that cannot be read that it is there, and not what it is', () => {
    const { objects, told } = opened()
    objects.take(stored(1))
    objects.take(stored(2, 'bad'))
    expect(() => objects.get(KEY)).toThrow(expect.objectContaining({ code: 'storeCorrupted' }))
    expect(objects.size).toBe(1)
    objects.take(stored(3))
    expect(objects.get(KEY)).toBe('v3')
    expect(told).toEqual([
      `${KEY} undefined > v1`,
      `${KEY} is unreadable`,
      `${KEY} v1 > undefined`,
      `${KEY} undefined > v3`,
    ])
  })

  it('tells the gone objects of a list, whatever their keys are', () => {
    const { objects, told } = opened()
    for (const key of ['__proto__', 'constructor', '']) objects.take(stored(1, 'x', key))
    expect(objects.size).toBe(3)
    objects.keepListed(new Set(), 1)
    expect(objects.size).toBe(0)
    expect(told.slice(3)).toEqual(['__proto__ x > undefined', 'constructor x > undefined', ' x > undefined'])
  })
})
