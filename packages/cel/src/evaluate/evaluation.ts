import { forgetLongTexts } from '../values/text-size.ts'

/**
 * An error of an evaluation, which `||`, `&&`, `all` and `exists` may absorb. It is not an `Error`: an expression can fail at each of
 * thousands of steps, and the stack of each would take longer than the step.
 */
export class Failure {
  readonly #message: string | (() => string)

  /** @param message is made when it is read, if it is long or from a token: most errors of a loop are never shown. */
  constructor(message: string | (() => string)) {
    this.#message = message
  }

  get message(): string {
    return typeof this.#message === 'string' ? this.#message : this.#message()
  }
}

/** An error that nothing absorbs: it stands for a panic of cel-go. */
export class Abortion extends Error {
  override readonly name = 'Abortion'
}

/** Ends the evaluation as a whole with an error. */
export function abort(message: string): never {
  throw new Abortion(`internal error: ${message}`)
}

/** Ends the evaluation of an operand with an error. */
export function fail(message: string | (() => string)): never {
  return raise(new Failure(message))
}

/** Ends the evaluation of an operand with an error that has ended another. */
export function raise(failure: Failure): never {
  // oxlint-disable-next-line typescript/only-throw-error -- see Failure
  throw failure
}

/** The error of arguments for which a function or operator has no overload. */
export function noSuchOverload(call = ''): never {
  return fail(call === '' ? 'no such overload' : `no such overload: ${call}`)
}

/** The evaluation exceeds its limit. Expressions cannot absorb this error. */
export class BudgetExceeded extends Error {
  override readonly name = 'BudgetExceeded'
}

/** The work of an absorbed error. */
export const ERROR_WORK = 12
/** The work of passing an error on, at each call that it ends. */
export const FAILURE_WORK = 12

/**
 * Counts the cost of an evaluation in the units of cel-go, and its work, which bounds the time: some functions of cel-go cost less than they
 * take. Evaluations are synchronous, so only one runs at a time.
 */
export class Meter {
  cost = 0
  #work = 0
  readonly #maxCost: number
  readonly #maxWork: number
  // Shared: an expression may meet it at every step.
  readonly #exceeded = new BudgetExceeded('operation cancelled: actual cost limit exceeded')

  constructor(limits: { readonly maxCost: number; readonly maxWork: number }) {
    this.#maxCost = limits.maxCost
    this.#maxWork = limits.maxWork
  }

  charge(cost: number): void {
    this.cost += cost
    if (this.cost > this.#maxCost) throw this.#exceeded
  }

  /**
   * Adds to the work.
   *
   * @throws {BudgetExceeded} once the limit is exceeded, and on every later call.
   */
  spend(work: number): void {
    this.#work += work
    if (this.#work > this.#maxWork) throw this.#exceeded
  }

  /** Runs an evaluation with counts of its own: a function may evaluate another expression. */
  separately<T>(run: () => T): T {
    const { cost } = this
    const work = this.#work
    this.cost = 0
    this.#work = 0
    try {
      return run()
    } finally {
      this.cost = cost
      this.#work = work
      forgetLongTexts()
    }
  }
}
