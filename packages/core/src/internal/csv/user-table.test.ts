import { describe, expect, it } from 'vitest'
import { UserTable } from './user-table.ts'

describe('UserTable', () => {
  it.each([0, 1, 127, 128, 129, 1000])('gives back each of %i users, and no other', (count) => {
    const table = new UserTable()
    const rows = Array.from({ length: count }, (_, index) =>
      table.add(index % 5 === 0 ? '' : `ż${index}`, index % 7 === 0 ? '' : `😊${index}`, [`g${index}`]),
    )
    table.close()
    for (const [index, row] of rows.entries()) {
      const { user } = table.at(row) ?? {}
      expect(user?.username).toBe(index % 5 === 0 ? '' : `ż${index}`)
      expect(user?.uid).toBe(index % 7 === 0 ? '' : `😊${index}`)
      expect(user?.groups).toEqual([`g${index}`])
      expect(Object.isFrozen(user)).toBe(true)
      expect(table.at(row)?.user).toBe(user)
    }
    expect(table.at(count)).toBeUndefined()
  })
})
