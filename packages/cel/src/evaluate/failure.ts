/**
 * An error of an evaluation, which `||`, `&&`, `all` and `exists` may absorb. It is not an `Error`: an expression can fail at each of
 * thousands of steps, and the stack of each would take longer than the step.
 */
export class Failure {
  readonly message: string

  constructor(message: string) {
    this.message = message
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
export function fail(message: string): never {
  // oxlint-disable-next-line typescript/only-throw-error -- see Failure
  throw new Failure(message)
}

/** The error of arguments for which a function or operator has no overload. */
export function noSuchOverload(call = ''): never {
  return fail(call === '' ? 'no such overload' : `no such overload: ${call}`)
}
