import { expect, it } from 'vitest'
import { together } from './together.ts'

it('has the results in order, whichever comes first, and no more than 16 under way at once', async () => {
  let underWay = 0
  let most = 0
  const all = Array.from({ length: 40 }, (_, index) => index)
  const results = await together(all, async (each) => {
    most = Math.max(most, ++underWay)
    for (let turn = 0; turn < 40 - each; turn++) await Promise.resolve()
    underWay--
    return each * 2
  })
  expect(results).toEqual(all.map((each) => each * 2))
  expect(most).toBe(16)
})

it('fails where one fails', async () => {
  await expect(together([1, 2], () => Promise.reject(new Error('no')))).rejects.toThrow('no')
})
