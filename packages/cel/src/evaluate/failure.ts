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
