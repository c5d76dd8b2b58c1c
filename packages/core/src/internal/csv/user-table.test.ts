import { describe, expect, it } from 'vitest'
import { UserTable } from './user-table.ts'

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
