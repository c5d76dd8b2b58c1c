import type { HeaderChanges } from '../authenticator.ts'

/** Several changes as one. */
function mergeHeaderChanges(...changes: readonly HeaderChanges[]): HeaderChanges {
  const replace = changes.flatMap((each) => each.replace ?? [])
  return {
    remove: [...new Set(changes.flatMap((each) => each.remove))],
    removePrefixes: [...new Set(changes.flatMap((each) => each.removePrefixes ?? []))],
    ...(replace.length > 0 && { replace }),
  }
}

/**
 * Adds to what is always removed from a request what was configured and what this credential came in. The result is made
 * anew only where something is different: nearly every request needs the same changes.
 */
export function accumulateHeaderChanges(
  always: HeaderChanges,
  configured: readonly (() => HeaderChanges)[],
): (consumed: HeaderChanges | undefined) => HeaderChanges {
  let seen: readonly HeaderChanges[] = []
  let base = always
  return (consumed) => {
    if (configured.some((current, index) => current() !== seen[index])) {
      seen = configured.map((current) => current())
      base = mergeHeaderChanges(always, ...seen)
    }
    return consumed === undefined || isContained(consumed, base) ? base : mergeHeaderChanges(base, consumed)
  }
}

function isContained(changes: HeaderChanges, base: HeaderChanges): boolean {
  return (
    changes.replace === undefined &&
    changes.removePrefixes === undefined &&
    changes.remove.every((name) => base.remove.includes(name))
  )
}

/** Whether the header of this lower-case name goes. */
export function isRemoved(name: string, changes: HeaderChanges): boolean {
  return (
    changes.remove.includes(name) ||
    (changes.removePrefixes?.some((prefix) => name.startsWith(prefix)) ?? false)
  )
}
