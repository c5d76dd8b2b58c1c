import { expect, it } from 'vitest'
import type { StoreChange } from '../object-store.ts'
import { history } from './history.ts'

const change = (revision: number, value: string, previous: string): StoreChange => ({
  type: 'updated',
  key: '/a',
  revision,
  createdRevision: 1,
  value,
  previous,
})

it('forgets by the length that is asked for', () => {
  const both = history(
    { changes: 1000, length: 100 },
    0,
    0,
    ({ value, previous = '' }) => value.length + previous.length,
  )
  const values = history({ changes: 1000, length: 100 }, 0, 0)
  const added = Array.from({ length: 20 }, (_, index) => change(index + 1, '', 'x'.repeat(10)))
  both.add(added)
  values.add(added)
  expect(both.surplus()).toBe(10)
  expect(values.surplus()).toBeUndefined()
})

it('counts the changes that are remembered already as one step', () => {
  const limit = { changes: 100, length: 1000 }
  expect(history(limit, 110, 110).surplus()).toBeUndefined()
  expect(history(limit, 111, 111).surplus()).toBe(111)
  const longer = history(limit, 60, 60)
  longer.add(Array.from({ length: 51 }, (_, index) => change(61 + index, '', '')))
  expect([longer.surplus(), longer.surplus()]).toEqual([60, undefined])
})
