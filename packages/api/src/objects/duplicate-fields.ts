import { colonsOf, endOfString } from '@kube-authn/core/internal'

/** How many duplicates are named. */
const MAX_NAMED = 10

/**
 * The paths of fields that occur more than once in an object, as in `spec.containers[0].name`: parsers differ in which of them counts.
 *
 * Source: sigs.k8s.io/json UnmarshalStrict.
 *
 * @param text valid JSON.
 * @param value what it was parsed to.
 * @returns the first ten.
 */
export function duplicateFields(text: string, value: unknown): readonly string[] {
  return colonsOf(text) === membersOf(value) ? [] : named(text)
}

/** Without recursion, since a client decides how deep a value is. */
function membersOf(value: unknown): number {
  const left = [value]
  let count = 0
  while (left.length > 0) {
    const next = left.pop()
    if (typeof next !== 'object' || next === null) continue
    const inside: readonly unknown[] = Object.values(next)
    if (!Array.isArray(next)) count += inside.length
    for (const each of inside) if (typeof each === 'object') left.push(each)
  }
  return count
}

/** An object or a list that has begun. */
interface Level {
  /** The fields of an object so far; `undefined` in a list. */
  readonly seen: Set<string> | undefined
  /** The field, or the index in a list. */
  at: string | number
}

function named(text: string): readonly string[] {
  const found = new Set<string>()
  const levels: Level[] = []
  let isKey = false
  for (let index = 0; index < text.length && found.size < MAX_NAMED; index++) {
    const level = levels.at(-1)
    switch (text.charAt(index)) {
      case '"': {
        const end = endOfString(text, index)
        if (isKey && level?.seen !== undefined) {
          const key = String(JSON.parse(text.slice(index, end + 1)))
          level.at = key
          if (level.seen.has(key)) found.add(pathOf(levels))
          level.seen.add(key)
          isKey = false
        }
        index = end
        break
      }
      case '{':
        levels.push({ seen: new Set(), at: '' })
        isKey = true
        break
      case '[':
        levels.push({ seen: undefined, at: 0 })
        isKey = false
        break
      case '}':
      case ']':
        levels.pop()
        isKey = false
        break
      case ',':
        isKey = level?.seen !== undefined
        if (typeof level?.at === 'number') level.at++
    }
  }
  return [...found]
}

/** The last levels are enough to find a field that is very deep. */
const MAX_SHOWN_LEVELS = 32

function pathOf(levels: readonly Level[]): string {
  const path = levels
    .slice(-MAX_SHOWN_LEVELS)
    .map(({ at }) => (typeof at === 'number' ? `[${at}]` : `.${shownMember(at)}`))
    .join('')
  return path.replace(/^\./, '')
}

/** A name that does not look like a field may be a secret. */
function shownMember(name: string): string {
  return /^[\w./-]{1,317}$/.test(name) ? name : '?'
}
