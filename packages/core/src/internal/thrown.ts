/** What was thrown, as an error. Anything else could be a secret, so it is only the cause of an error with this message. */
export function errorOf(thrown: unknown, otherwise: string): Error {
  return thrown instanceof Error ? thrown : new Error(otherwise, { cause: thrown })
}

/** The message of an error. Anything else that was thrown could be a secret, so it has this message. */
export function messageOf(thrown: unknown, otherwise: string): string {
  return thrown instanceof Error ? thrown.message : otherwise
}

/** An error and its causes, outermost first. Limited in depth, because a foreign chain may be cyclic. */
export function causesOf(error: unknown): readonly Error[] {
  const causes: Error[] = []
  for (let each = error; each instanceof Error && causes.length < MAX_DEPTH; each = each.cause)
    causes.push(each)
  return causes
}

const MAX_DEPTH = 5
