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

/** For `catch` of a promise: throws a failure with this message, because of the error. A failure stays as it is. */
export function failWith(message: (error: unknown) => string): (error: unknown) => never {
  return (error) => {
    throw error instanceof Failure ? error : new Failure(message(error), { cause: error })
  }
}

/** The result of `work`. If it throws, a failure with this message is thrown instead, as by {@link failWith}. */
export function orFail<T>(work: () => T, message: (error: unknown) => string): T {
  try {
    return work()
  } catch (error) {
    return failWith(message)(error)
  }
}

/** The code of an error of the system, which says more than its message and has no content in it. */
export function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'unknown error'
}

/** Why a call failed: the code of the error that caused it, since messages may have the URL or more in them. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown error'
  let cause: Error = error
  for (let depth = 0; depth < MAX_CAUSES && cause.cause instanceof Error; depth++) cause = cause.cause
  // Of `createFetch`, and without anything of the response.
  if (/^the response is longer than \d+ bytes$/.test(cause.message)) return cause.message
  return 'code' in cause && typeof cause.code === 'string' ? cause.code : cause.name
}

const STORE_FAILURES: ReadonlySet<unknown> = new Set(['storeCorrupted', 'storeUnavailable'])

/**
 * What the failure of a store means for a command, even if the API has answered it with an error of its own; `undefined` for other errors. It has no value of an
 * object, and no password. Errors are recognized without loading the stores.
 */
export function storeFailureOf(error: unknown): string | undefined {
  let cause = error
  for (let depth = 0; depth < MAX_CAUSES && cause instanceof Error; depth++) {
    const code = codeOf(cause)
    if (code === 'revisionCompacted') return 'the store has forgotten the revision that was read: begin again'
    if (STORE_FAILURES.has(code)) return cause.message
    cause = cause.cause
  }
  return undefined
}

/** Causes of foreign errors may be cyclic. */
const MAX_CAUSES = 16

/** What an error of our packages has, by which it is recognized without loading them. */
interface KnownError extends Error {
  readonly code?: unknown
  readonly problems?: readonly { readonly path: string; readonly message: string }[]
}

/** What to tell of an error: a line for each problem, without a secret. */
export function messagesOf(error: unknown): readonly string[] {
  return linesOf(error).map((line) => line.replaceAll(/\s*\n\s*/g, ' '))
}

function linesOf(error: unknown): readonly string[] {
  if (!(error instanceof Error)) return ['unexpected error']
  const { name, message, code, problems }: KnownError = error
  if (code === 'invalidConfiguration' && problems !== undefined) {
    return problems.map((each) => `${each.path}: ${each.message}`)
  }
  if (error instanceof Failure || code === 'invalidCredentialFile') return [message]
  const ofStore = storeFailureOf(error)
  if (ofStore !== undefined) return [ofStore]
  // Its message may contain a secret.
  return [`unexpected error: ${name}${typeof code === 'string' ? ` (${code})` : ''}`]
}
