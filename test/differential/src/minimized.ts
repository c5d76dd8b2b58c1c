const MOST_TRIES = 300

/**
 * A smaller value with which something is still so: parts are left out as long as it is.
 *
 * @param fixed names of fields that are neither left out nor changed.
 * @param isAlike whether it is so with a candidate, which may lack anything else. It may throw if it cannot tell.
 */
export async function minimized<Value>(
  value: Value,
  fixed: ReadonlySet<string>,
  isAlike: (candidate: Value) => Promise<boolean>,
): Promise<Value> {
  const isSo = async (candidate: Value): Promise<boolean> => {
    try {
      return await isAlike(candidate)
    } catch {
      return false
    }
  }
  let tries = 0
  let smallest = value
  for (let smaller: Value | undefined = value; smaller !== undefined;) {
    smallest = smaller
    smaller = undefined
    for (const candidate of smallerThan(smallest, fixed)) {
      if (++tries > MOST_TRIES) return smallest
      // It is of the same form, except for what was left out.
      if (!(await isSo(candidate as Value))) continue
      smaller = candidate as Value
      break
    }
  }
  return smallest
}

/** The same without a part, the largest parts first. A list in a list is a pair, such as a header. */
function* smallerThan(value: unknown, fixed: ReadonlySet<string>, isPair = false): Generator {
  if (typeof value === 'string' || (Array.isArray(value) && !isPair)) {
    for (let size = Math.ceil(value.length / 2); size > 0; size = size === 1 ? 0 : Math.ceil(size / 2)) {
      for (let at = 0; at + size <= value.length; at += size) yield without(value, at, size)
    }
  }
  if (Array.isArray(value)) {
    for (const [at, element] of value.entries()) {
      for (const smaller of smallerThan(element, fixed, Array.isArray(element))) yield value.with(at, smaller)
    }
  } else if (typeof value === 'object' && value !== null) {
    const fields = Object.entries(value)
    const free = fields.filter(([name]) => !fixed.has(name))
    for (const [name] of free) yield Object.fromEntries(fields.filter(([each]) => each !== name))
    for (const [name, field] of free) {
      for (const smaller of smallerThan(field, fixed)) yield { ...value, [name]: smaller }
    }
  }
}

function without(value: string | readonly unknown[], at: number, size: number): unknown {
  return typeof value === 'string' ? value.slice(0, at) + value.slice(at + size) : value.toSpliced(at, size)
}
