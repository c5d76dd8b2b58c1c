import type { HeaderChanges } from '../../authenticator/authenticator.ts'

/** Whether changes affect a header, given its name in any case. */
export type HeaderSelector = (name: string) => boolean

/** The name in lower case of a header that changes affect, given it in any case; `undefined` for other headers. */
export type AffectedName = (name: string) => string | undefined

/** The selector of changes. */
export function selectorOf(changes: HeaderChanges): HeaderSelector {
  const affectedName = affectedBy(changes)
  return (name) => affectedName(name) !== undefined
}

const known = new WeakMap<HeaderChanges, AffectedName>()

/** Finds the headers that changes affect. Kept with the changes, which are the same object for nearly every request. */
export function affectedBy(changes: HeaderChanges): AffectedName {
  const affectedName = known.get(changes) ?? makeAffected(changes)
  known.set(changes, affectedName)
  return affectedName
}

function makeAffected({
  remove,
  removePrefixes = [],
  removeTwinsOf = [],
  replace = [],
}: HeaderChanges): AffectedName {
  // Lower-cased here, so that a name that an authenticator wrote in capitals is removed too.
  const replaced = new Set(replace.map(([name]) => name.toLowerCase()))
  const removed = new Set(remove.map(alike))
  const prefixes = removePrefixes.map(alike)
  const twinsOf = removeTwinsOf.map(alike)
  return (name) => {
    const lowerCase = name.toLowerCase()
    const dashes = lowerCase.replaceAll('_', '-')
    const isTwin =
      dashes !== lowerCase &&
      twinsOf.some((prefix) => dashes.startsWith(prefix) && !lowerCase.startsWith(prefix))
    return isTwin ||
      removed.has(dashes) ||
      replaced.has(lowerCase) ||
      prefixes.some((prefix) => dashes.startsWith(prefix))
      ? lowerCase
      : undefined
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
