/** The cost limit of an evaluation, in the units of the runtime cost limit of Kubernetes. */
const LIMIT = 1_000_000

/** The cost of an error: it has a stack trace, and cel-js renders its position in the expression. */
export const ERROR_COST = 100

/** The evaluation exceeds the cost limit. Expressions cannot absorb this error. */
export class BudgetExceeded extends Error {
  override readonly name = 'BudgetExceeded'
}

/** Counts the cost of an evaluation. Evaluations are synchronous, so only one runs at a time. */
export interface Budget {
  start(): void
  /** @throws {BudgetExceeded} once the limit is exceeded, and on every later call. */
  spend(cost: number): void
}

/** Creates a budget that is reset for every evaluation. */
export function budget(): Budget {
  // A shared error: an expression may throw it at every step.
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
