import { describe, expect, it, vi } from 'vitest'
import { RowTable } from './row-table.ts'

function tableOf(): { readonly names: string[]; readonly table: RowTable } {
  const names: string[] = []
  return { names, table: new RowTable((row, name) => names[row] === name) }
}

describe('RowTable', () => {
  it('is as a map, also with many entries', () => {
    const { names, table } = tableOf()
    const map = new Map<string, number>()
    for (let index = 0; index < 20_000; index++) {
      // Every third is there already.
      const name = `user-${index % 3 === 2 ? index - 1 : index}`
      names.push(name)
      expect(table.set(name, index)).toBe(map.get(name))
      map.set(name, index)
    }
    for (const [name, row] of map) expect(table.get(name)).toBe(row)
    for (let index = 0; index < 1000; index++) expect(table.get(`none ${index}`)).toBeUndefined()
  })

  it.each([
    ['', '\0'],
    ['a', 'A'],
    ['a', 'a\0'],
    ['\ud800', '\ufffd'],
    ['\udcff', '\udcfe'],
    ['é', 'e\u0301'],
    ['__proto__', 'constructor'],
  ])('tells %j and %j apart', (one, other) => {
    const { names, table } = tableOf()
    names.push(one)
    table.set(one, 0)
    expect(table.get(one)).toBe(0)
    expect(table.get(other)).toBeUndefined()
  })

  it('compares keys of which the hash is the same', () => {
    const asked: string[] = []
    const table = new RowTable((_, name) => {
      asked.push(name)
      return name === 'jane'
    })
    table.hashOf = () => 7
    table.set('jane', 0)
    expect([table.get('joe'), table.get('jane')]).toEqual([undefined, 0])
    expect(asked).toEqual(['joe', 'jane'])
  })

  it('has other hashes than another table, and spreads them', () => {
    const hashes = Array.from({ length: 64 }, () => tableOf().table.hashOf('jane'))
    expect(new Set(hashes).size).toBeGreaterThan(60)
    const { table } = tableOf()
    const lastBytes = new Set(Array.from({ length: 4096 }, (_, index) => table.hashOf(`user-${index}`) % 256))
    expect(lastBytes.size).toBe(256)
  })

  it('needs nothing random before it is used', () => {
    const random = vi.spyOn(crypto, 'getRandomValues')
    const { table } = tableOf()
    expect(random).not.toHaveBeenCalled()
    expect(table.hashOf('jane')).toBe(table.hashOf('jane'))
    expect(random).toHaveBeenCalledOnce()
  })
})
