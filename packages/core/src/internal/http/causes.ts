/** An error and its causes, outermost first. Limited in depth, because a foreign chain may be cyclic. */
export function causesOf(error: unknown): readonly Error[] {
  const causes: Error[] = []
  for (let each = error; each instanceof Error && causes.length < MAX_DEPTH; each = each.cause)
    causes.push(each)
  return causes
}

const MAX_DEPTH = 5
