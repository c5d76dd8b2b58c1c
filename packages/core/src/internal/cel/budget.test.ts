import { describe, expect, it } from 'vitest'
import { budget, BudgetExceeded } from './budget.ts'

describe('the budget of an evaluation', () => {
  it('is a million units, one by one or at once', () => {
    const counted = budget()
    counted.start()
    for (let unit = 0; unit < 1000; unit++) counted.spend(1)
    counted.spend(999_000)
    expect(() => counted.spend(1)).toThrow(BudgetExceeded)
  })

  it('stays exceeded until the next evaluation starts', () => {
    const counted = budget()
    counted.start()
    expect(() => counted.spend(1_000_001)).toThrow('operation cancelled: actual cost limit exceeded')
    expect(() => counted.spend(0)).toThrow(BudgetExceeded)
    counted.start()
    expect(() => counted.spend(1_000_000)).not.toThrow()
  })
})
