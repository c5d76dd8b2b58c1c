import type { HeaderChanges } from '../../authenticator/authenticator.ts'
import { latin1FromText } from '@kube-authn/internal/byte-text'

/** Combines several changes. */
function mergeHeaderChanges(...changes: readonly HeaderChanges[]): HeaderChanges {
  const replace = changes.flatMap((each) => each.replace ?? [])
  const removeTwinsOf = new Set(changes.flatMap((each) => each.removeTwinsOf ?? []))
  const removeCookies = new Set(changes.flatMap((each) => each.removeCookies ?? []))
  return {
    remove: [...new Set(changes.flatMap((each) => each.remove))],
    removePrefixes: [...new Set(changes.flatMap((each) => each.removePrefixes ?? []))],
    ...(removeTwinsOf.size > 0 && { removeTwinsOf: [...removeTwinsOf] }),
    ...(replace.length > 0 && { replace }),
    ...(removeCookies.size > 0 && { removeCookies: [...removeCookies] }),
  }
}

/**
 * Combines the headers that are always removed with the configured ones and with those that carried this credential. The result is the same
 * object for the same credential headers, which are the same for nearly every request.
 */
export function accumulateHeaderChanges(
  always: HeaderChanges,
  configured: readonly (() => HeaderChanges)[],
): (consumed: HeaderChanges | undefined) => HeaderChanges {
  let seen: readonly HeaderChanges[] = []
  let base = always
  let sums = new WeakMap<HeaderChanges, HeaderChanges>()
  return (consumed) => {
    if (configured.some((current, index) => current() !== seen[index])) {
      seen = configured.map((current) => current())
      base = mergeHeaderChanges(always, ...seen)
      sums = new WeakMap()
    }
    if (consumed === undefined) return base
    let sum = sums.get(consumed)
    if (sum === undefined) {
      sum = mergeHeaderChanges(base, consumed)
      sums.set(consumed, sum)
    }
    return sum
  }
}

/** Replacements as they are written into a request: names in lower case, values with one character per byte. */
export function replacementsOf({
  replace = [],
}: HeaderChanges): readonly (readonly [name: string, value: string])[] {
  return replace.map(([name, value]) => [name.toLowerCase(), latin1FromText(value)] as const)
}
