import type { HeaderChanges } from '../../authenticator/authenticator.ts'

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
    if (replaced.has(name)) return true
    const dashes = name.includes('_') ? dashed(name) : name
    if (removed.has(dashes)) return true
    for (const prefix of prefixes) if (dashes.startsWith(prefix)) return true
    for (const prefix of twinsOf) if (dashes.startsWith(prefix) && !name.startsWith(prefix)) return true
    return false
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
