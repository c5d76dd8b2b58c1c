/** What an evaluation may cost before it is given up, in the units of Kubernetes' runtime cost limit. */
const LIMIT = 1_000_000

/** What an error costs: a stack trace, and the library draws where in the expression it happened. */
export const ERROR_COST = 100

/** The evaluation costs too much. Nothing within the expression can make this go away. */
export class BudgetExceeded extends Error {
  override readonly name = 'BudgetExceeded'
}

/** Counts what an evaluation costs. Evaluations are synchronous, so there is one at a time. */
export interface Budget {
  start(): void
  /** @throws {BudgetExceeded} now and from now on, when it was too much. */
  spend(cost: number): void
}

/** A budget that starts anew with every evaluation. */
export function budget(): Budget {
  // One error for all: an expression may run into it as often as it has steps.
  const exceeded = new BudgetExceeded('operation cancelled: actual cost limit exceeded')
  let left = LIMIT
  return {
    start() {
      left = LIMIT
    },
    spend(cost) {
      left -= cost
      if (left < 0) throw exceeded
    },
  }
}
