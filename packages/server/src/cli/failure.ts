/** Exit codes of the command. */
export const EXIT = {
  /** Done, and the answer is yes. */
  ok: 0,
  /** Done, and the answer is no: a file has problems, a request is refused, a user is unknown. */
  no: 1,
  /** Not done: wrong usage, or a file or server that cannot be used. */
  failed: 2,
  /** Ended by Ctrl+C: 128 and the number of SIGINT. */
  interrupted: 130,
} as const

/** Why a command is not done, in a line that says what to do. It must not contain a secret. */
export class Failure extends Error {
  override readonly name = 'Failure'
}

/** Ctrl+C at a prompt, where the terminal does not make a signal of it. */
export class Interrupted extends Error {
  override readonly name = 'Interrupted'
}
