import { describe, expect, it } from 'vitest'
import { DigestTable } from './digest-table.ts'
import { keyedDigest } from '../digest/keyed-digest.ts'
import { sha256 } from '../digest/native.ts'

describe('DigestTable', () => {
  it('is as a map, also with many entries', () => {
    const digest = keyedDigest(sha256)
    const table = new DigestTable()
    const map = new Map<string, number>()
    for (let index = 0; index < 20_000; index++) {
      // Every third is there already.
      const key = digest(`entry ${index % 3 === 2 ? index - 1 : index}`)
      expect(table.set(key, index)).toBe(map.get(key))
      map.set(key, index)
    }
    for (const [key, value] of map) expect(table.get(key)).toBe(value)
    for (let index = 0; index < 1000; index++) expect(table.get(digest(`none ${index}`))).toBeUndefined()
  })

  it('tells digests apart that differ in one character only, wherever it is', () => {
    const table = new DigestTable()
    const base = 'x'.repeat(32)
    const others = Array.from({ length: 32 }, (_, at) => `${base.slice(0, at)}y${base.slice(at + 1)}`)
    for (const [index, each] of others.entries()) expect(table.set(each, index)).toBeUndefined()
    expect(table.get(base)).toBeUndefined()
    expect(others.map((each) => table.get(each))).toEqual(others.map((_, index) => index))
  })

  it('finds the last number of a digest, also if it was looked up before', () => {
    const table = new DigestTable()
    const [one, other] = ['x'.repeat(32), `x${'y'.repeat(31)}`]
    table.set(one, 1)
    expect([table.get(one), table.get(one), table.get(other)]).toEqual([1, 1, undefined])
    expect(table.set(one, 2)).toBe(1)
    table.set(other, 3)
    expect([table.get(one), table.get(other), table.get(one)]).toEqual([2, 3, 2])
  })

  it('finds nothing where there is nothing', () => {
    expect(new DigestTable().get('x'.repeat(32))).toBeUndefined()
    const table = new DigestTable()
    table.set('\0'.repeat(32), 0)
    expect(table.get('\0'.repeat(32))).toBe(0)
    expect(table.get(`\0${'x'.repeat(31)}`)).toBeUndefined()
  })
})
