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

/** Whether changes affect a header, given its name. */
export type HeaderSelector = (name: string) => boolean

/** Selects the headers that changes affect, by their names in any case. */
export function selectorOf(changes: HeaderChanges): HeaderSelector {
  const isSelected = lowerCaseSelector(changes)
  return (name) => isSelected(name.toLowerCase())
}

const known = new WeakMap<HeaderChanges, HeaderSelector>()

/** The same for names in lower case. Kept with the changes, which are the same object for nearly every request. */
export function lowerCaseSelector(changes: HeaderChanges): HeaderSelector {
  let isSelected = known.get(changes)
  if (isSelected === undefined) {
    isSelected = makeSelector(changes)
    known.set(changes, isSelected)
  }
  return isSelected
}

function makeSelector({
  remove,
  removePrefixes = [],
  removeTwinsOf = [],
  replace = [],
}: HeaderChanges): HeaderSelector {
  // Lower-cased here, so that a name that an authenticator wrote in capitals is removed too.
  const replaced = new Set(replace.map(([name]) => name.toLowerCase()))
  const removed = new Set(remove.map(alike))
  const prefixes = removePrefixes.map(alike)
  const twinsOf = removeTwinsOf.map(alike)
  return (name) => {
    const dashes = name.includes('_') ? dashed(name) : name
    if (replaced.has(name) || removed.has(dashes)) return true
    for (const prefix of prefixes) if (dashes.startsWith(prefix)) return true
    if (dashes === name) return false
    return twinsOf.some((prefix) => dashes.startsWith(prefix) && !name.startsWith(prefix))
  }
}

/** A name in the form in which it is compared. */
function alike(name: string): string {
  return dashed(name.toLowerCase())
}

/** A header name as seen by servers that do not distinguish `-` and `_`. */
export function dashed(name: string): string {
  return name.replaceAll('_', '-')
}
