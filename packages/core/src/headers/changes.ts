import type { HeaderChanges } from '../authenticator.ts'
import { latin1FromText } from './byte-text.ts'
import { dashed } from './dashed.ts'

/** Several changes as one. */
function mergeHeaderChanges(...changes: readonly HeaderChanges[]): HeaderChanges {
  const replace = changes.flatMap((each) => each.replace ?? [])
  const removeTwinsOf = new Set(changes.flatMap((each) => each.removeTwinsOf ?? []))
  return {
    remove: [...new Set(changes.flatMap((each) => each.remove))],
    removePrefixes: [...new Set(changes.flatMap((each) => each.removePrefixes ?? []))],
    ...(removeTwinsOf.size > 0 && { removeTwinsOf: [...removeTwinsOf] }),
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
    changes.removeTwinsOf === undefined &&
    changes.remove.every((name) => base.remove.includes(name))
  )
}

/** What headers become, as it is written into a request: names in lower case, values as one character per byte. */
export function replacementsOf({
  replace = [],
}: HeaderChanges): readonly (readonly [name: string, value: string])[] {
  return replace.map(([name, value]) => [name.toLowerCase(), latin1FromText(value)] as const)
}

/** Whether changes concern a header, whose name is given in any case. */
export type HeaderSelector = (name: string) => boolean

const selectors = new WeakMap<HeaderChanges, HeaderSelector>()

/** The selector of changes. It is kept with them, since the same changes are made to nearly every request. */
export function selectorOf(changes: HeaderChanges): HeaderSelector {
  let selector = selectors.get(changes)
  if (selector === undefined) {
    selector = makeSelector(changes)
    selectors.set(changes, selector)
  }
  return selector
}

function makeSelector({
  remove,
  removePrefixes = [],
  removeTwinsOf = [],
  replace = [],
}: HeaderChanges): HeaderSelector {
  const replaced = new Set(replace.map(([name]) => name.toLowerCase()))
  // An authenticator that wrote a name in capitals must not leave its credential where it is.
  const removed = new Set(remove.map((name) => dashed(name.toLowerCase())))
  const prefixes = removePrefixes.map((prefix) => dashed(prefix.toLowerCase()))
  const twinsOf = removeTwinsOf.map((prefix) => dashed(prefix.toLowerCase()))
  const isCandidate = candidates([...replaced, ...removed], [...prefixes, ...twinsOf])
  return (name) => {
    if (!isCandidate(name)) return false
    const lowerCase = name.toLowerCase()
    const alike = dashed(lowerCase)
    return (
      removed.has(alike) ||
      replaced.has(lowerCase) ||
      prefixes.some((prefix) => alike.startsWith(prefix)) ||
      (alike !== lowerCase &&
        twinsOf.some((prefix) => alike.startsWith(prefix) && !lowerCase.startsWith(prefix)))
    )
  }
}

/** Most headers of a request have another first letter than any that is looked for, or another length, and need no closer look. */
function candidates(names: readonly string[], prefixes: readonly string[]): HeaderSelector {
  const lengths: (Set<number> | undefined)[] = []
  const shortestPrefixes: (number | undefined)[] = []
  for (const name of names) (lengths[firstLetter(name)] ??= new Set()).add(name.length)
  for (const prefix of prefixes) {
    const letter = firstLetter(prefix)
    shortestPrefixes[letter] = Math.min(shortestPrefixes[letter] ?? Infinity, prefix.length)
  }
  return (name) => {
    const letter = firstLetter(name)
    const shortest = shortestPrefixes[letter]
    return (shortest !== undefined && name.length >= shortest) || lengths[letter]?.has(name.length) === true
  }
}

/** In lower case, for ASCII letters; other characters may share a number, which only costs a closer look. */
function firstLetter(name: string): number {
  const code = name.charCodeAt(0)
  return code === UNDERSCORE ? HYPHEN : code | 0x20
}

const HYPHEN = 0x2d
const UNDERSCORE = 0x5f
