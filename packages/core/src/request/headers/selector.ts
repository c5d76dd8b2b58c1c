import type { HeaderChanges } from '../../authenticator/authenticator.ts'
import { dashed } from './dashed.ts'

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
let lastChanges: HeaderChanges | undefined
let lastAffected: AffectedName = () => undefined

/** Finds the headers that changes affect. It is cached, since nearly every request has the same changes. */
export function affectedBy(changes: HeaderChanges): AffectedName {
  if (changes === lastChanges) return lastAffected
  const affectedName = known.get(changes) ?? makeAffected(changes)
  known.set(changes, affectedName)
  lastChanges = changes
  lastAffected = affectedName
  return affectedName
}

function makeAffected({
  remove,
  removePrefixes = [],
  removeTwinsOf = [],
  replace = [],
}: HeaderChanges): AffectedName {
  const replaced = replace.map(([name]) => name.toLowerCase())
  // Lower-cased here, so that a name that an authenticator wrote in capitals is removed too.
  const removed = new Set(remove.map((name) => dashed(name.toLowerCase())))
  const prefixes = removePrefixes.map((prefix) => dashed(prefix.toLowerCase()))
  const twinsOf = removeTwinsOf.map((prefix) => dashed(prefix.toLowerCase()))
  const fifths = fifthCharacters([...replaced, ...removed, ...prefixes, ...twinsOf])
  // By length. The strings themselves are returned: V8 finds a property faster by a string that it has found one by before.
  const exacts = byLength([...replaced, ...removed])
  const isTwin = (lowerCase: string, alike: string): boolean =>
    alike !== lowerCase && twinsOf.some((prefix) => alike.startsWith(prefix) && !lowerCase.startsWith(prefix))
  const shortest = Math.min(...[...replaced, ...removed, ...prefixes, ...twinsOf].map(({ length }) => length))
  return (name) => {
    if (name.length < shortest) return undefined
    const allowed = fifths[name.charCodeAt(0) & 31] ?? 0
    if (allowed === 0) return undefined
    const fifth = name.length > SECOND_LOOK ? name.charCodeAt(SECOND_LOOK) : 0
    if ((allowed & (1 << fifth)) === 0) return undefined
    for (const exact of exacts[name.length] ?? NONE) if (isNamed(name, exact)) return exact
    const lowerCase = name.toLowerCase()
    const alike = dashed(lowerCase)
    const isAffected =
      removed.has(alike) || prefixes.some((prefix) => alike.startsWith(prefix)) || isTwin(lowerCase, alike)
    return isAffected ? lowerCase : undefined
  }
}

function byLength(names: readonly string[]): readonly (readonly string[])[] {
  const longest = Math.max(0, ...names.map(({ length }) => length))
  return Array.from({ length: longest + 1 }, (_, length) => names.filter((name) => name.length === length))
}

const NONE: readonly string[] = []

/** Whether a name is the given one of the same length, which is in lower case. Faster than a lower-case copy. */
function isNamed(name: string, lowerCase: string): boolean {
  for (let index = 0; index < lowerCase.length; index++) {
    const code = name.charCodeAt(index)
    const wanted = lowerCase.charCodeAt(index)
    if (code !== wanted && !(code + 0x20 === wanted && code >= 0x41 && code <= 0x5a)) return false
  }
  return true
}

/** The index of the second character that is compared: `x-remote-user` and `x-request-id` start alike. */
const SECOND_LOOK = 4

/**
 * For a quick pre-check: most headers of a request differ in the first or fifth character from all that the changes affect. For each first
 * character, a bit set holds the characters that may be the fifth.
 */
function fifthCharacters(beginnings: readonly string[]): Int32Array {
  const fifths = new Int32Array(32)
  for (const beginning of beginnings) {
    const allowed = beginning.length > SECOND_LOOK ? bitsOf(beginning, SECOND_LOOK) : ANY
    for (let first = 0; first < fifths.length; first++) {
      if (beginning === '' || (bitsOf(beginning, 0) & (1 << first)) !== 0) {
        fifths[first] = (fifths[first] ?? 0) | allowed
      }
    }
  }
  return fifths
}

const ANY = -1

/** The bits of a lower-case character. Both cases have the same bit; hyphen and underscore each have the bits of both. */
function bitsOf(text: string, index: number): number {
  const code = text.charCodeAt(index)
  return code === HYPHEN ? (1 << HYPHEN) | (1 << UNDERSCORE) : 1 << code
}

const HYPHEN = 0x2d
const UNDERSCORE = 0x5f
