import { describe, expect, it } from 'vitest'
import { BudgetExceeded, Meter } from './evaluation.ts'

describe('a meter', () => {
  const meter = () => new Meter({ maxCost: 10, maxWork: 10 })

  it.each(['charge', 'spend'] as const)('lets an evaluation %s its limit, and nothing more', (count) => {
    const counting = meter()
    counting[count](4)
    counting[count](6)
    expect(() => counting[count](0.5)).toThrow(BudgetExceeded)
    expect(() => counting[count](0)).toThrow(BudgetExceeded)
  })

  it('counts cost and work apart', () => {
    const counting = meter()
    counting.charge(10)
    counting.spend(10)
    expect(counting.cost).toBe(10)
  })

  it.each(['charge', 'spend'] as const)('gives another evaluation a limit of its own to %s', (count) => {
    const counting = meter()
    counting[count](9)
    counting.separately(() => counting[count](10))
    expect(() => counting.separately(() => counting[count](11))).toThrow(BudgetExceeded)
    counting[count](1)
    expect(() => counting[count](1)).toThrow(BudgetExceeded)
  })
})
