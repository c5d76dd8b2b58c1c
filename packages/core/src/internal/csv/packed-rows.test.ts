import { describe, expect, it, vi } from 'vitest'
import { DigestList, RowTable, UserTable } from './packed-rows.ts'

describe('UserTable', () => {
  it.each([0, 1, 127, 128, 129, 1000])('gives back each of %i users, and no other', (count) => {
    const table = new UserTable()
    const rows = Array.from({ length: count }, (_, index) =>
      table.add(index % 5 === 0 ? '' : `ż${index}`, index % 7 === 0 ? '' : `😊${index}`, [`g${index}`]),
    )
    const nameOf = (index: number): string => (index % 5 === 0 ? '' : `ż${index}`)
    const isNamed = (row: number, index: number): boolean =>
      table.isNamed(row, nameOf(index)) &&
      !table.isNamed(row, `${nameOf(index)}1`) &&
      !table.isNamed(row, 'ż')
    expect(rows.every(isNamed)).toBe(true)
    table.close()
    expect(rows.every(isNamed)).toBe(true)
    for (const [index, row] of rows.entries()) {
      const { user } = table.at(row) ?? {}
      expect(user?.username).toBe(index % 5 === 0 ? '' : `ż${index}`)
      expect(user?.uid).toBe(index % 7 === 0 ? '' : `😊${index}`)
      expect(user?.groups).toEqual([`g${index}`])
      expect(Object.isFrozen(user)).toBe(true)
      expect(table.at(row)?.user).toBe(user)
    }
    // Compared with the objects that were made.
    expect(rows.every(isNamed)).toBe(true)
    expect(table.at(count)).toBeUndefined()
    expect(table.isNamed(count, '')).toBe(false)
  })
})

describe('DigestList', () => {
  it.each([0, 1, 127, 128, 129, 300])('gives back each of %i digests, and nothing behind them', (count) => {
    const list = new DigestList()
    const digests = Array.from({ length: count }, (_, index) => String(index).padEnd(32, '\xff'))
    for (const each of digests) list.add(each)
    expect(list.length).toBe(count)
    expect(digests.map((_, index) => list.at(index))).toEqual(digests)
    expect(list.at(count)).toBe('')
  })
})

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
