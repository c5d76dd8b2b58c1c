/** An error and what led to it, the outermost first. Whoever made the chain may have tied it in a knot, so it is cut off. */
export function causesOf(error: unknown): readonly Error[] {
  const causes: Error[] = []
  for (let each = error; each instanceof Error && causes.length < MAX_DEPTH; each = each.cause)
    causes.push(each)
  return causes
}

const MAX_DEPTH = 5
