import type { HeaderChanges } from '../../authenticator/authenticator.ts'
import { dashed } from './dashed.ts'

/** Whether changes affect a header, given its name in any case. */
export type HeaderSelector = (name: string) => boolean

const selectors = new WeakMap<HeaderChanges, HeaderSelector>()

/** The selector of changes. It is cached, since nearly every request has the same changes. */
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
  // Lower-cased here, so that a name that an authenticator wrote in capitals is removed too.
  const removed = new Set(remove.map((name) => dashed(name.toLowerCase())))
  const prefixes = removePrefixes.map((prefix) => dashed(prefix.toLowerCase()))
  const twinsOf = removeTwinsOf.map((prefix) => dashed(prefix.toLowerCase()))
  const isCandidate = candidates([...replaced, ...removed, ...prefixes, ...twinsOf])
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

/** The index of the second character that is compared: `x-remote-user` and `x-request-id` start alike. */
const SECOND_LOOK = 4

/**
 * A quick pre-check: most headers of a request differ in the first or fifth character from all that the changes affect. For each first
 * character, a bit set holds the characters that may be the fifth.
 */
function candidates(beginnings: readonly string[]): HeaderSelector {
  const fifths = new Int32Array(32)
  for (const beginning of beginnings) {
    const allowed = beginning.length > SECOND_LOOK ? bitsOf(beginning, SECOND_LOOK) : ANY
    for (let first = 0; first < fifths.length; first++) {
      if (beginning === '' || (bitsOf(beginning, 0) & (1 << first)) !== 0) {
        fifths[first] = (fifths[first] ?? 0) | allowed
      }
    }
  }
  return (name) => {
    const fifth = name.length > SECOND_LOOK ? name.charCodeAt(SECOND_LOOK) : 0
    return ((fifths[name.charCodeAt(0) & 31] ?? 0) & (1 << fifth)) !== 0
  }
}

const ANY = -1

/** The bits of a lower-case character. Both cases have the same bit; hyphen and underscore each have the bits of both. */
function bitsOf(text: string, index: number): number {
  const code = text.charCodeAt(index)
  return code === HYPHEN ? (1 << HYPHEN) | (1 << UNDERSCORE) : 1 << code
}

const HYPHEN = 0x2d
const UNDERSCORE = 0x5f
