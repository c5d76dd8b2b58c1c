import { expect, it } from 'vitest'
import { DigestList } from './digest-list.ts'

it.each([0, 1, 127, 128, 129, 300])('gives back each of %i digests, and nothing behind them', (count) => {
  const list = new DigestList()
  const digests = Array.from({ length: count }, (_, index) => String(index).padEnd(32, '\xff'))
  for (const each of digests) list.add(each)
  expect(list.length).toBe(count)
  expect(digests.map((_, index) => list.at(index))).toEqual(digests)
  expect(list.at(count)).toBe('')
})
