import { byCodeUnits } from '../../internal/compare.ts'
import type { Selector, SelectorRequirement } from './selector.ts'
import { tooLong, unreadable } from './unreadable.ts'

/**
 * Parses a field selector such as `metadata.name=web,status.phase!=Running`. Terms are sorted as strings. A backslash escapes a comma, an
 * equals sign or a backslash in a value.
 *
 * Source: apimachinery `pkg/fields/selector.go`.
 */
export function parseFieldSelector(text: string): Selector {
  const refused = tooLong(text)
  if (refused !== undefined) return unreadable(refused)
  const requirements: SelectorRequirement[] = []
  for (const term of splitTerms(text).toSorted(byCodeUnits)) {
    if (term === '') continue
    const split = /!=|==|=/.exec(term)
    if (split === null) return unreadable(`invalid selector: '${text}'; can't understand '${term}'`)
    const [operator] = split
    const key = term.slice(0, split.index)
    const value = unescapeValue(term.slice(split.index + operator.length))
    if (value === undefined) return unreadable(`invalid field selector: '${text}'`)
    if (key === '' && value === '') continue
    requirements.push({ key, operator: operator === '!=' ? 'NotIn' : 'In', values: [value] })
  }
  return { requirements }
}

/** The value that the selector requires of a field, if any; the first one in the order of terms. */
export function exactValueOf(selector: Selector, field: string): string | undefined {
  return selector.requirements.find((each) => each.operator === 'In' && each.key === field)?.values[0]
}

function splitTerms(text: string): string[] {
  const terms: string[] = []
  let start = 0
  for (let index = 0; index < text.length; index++) {
    if (text[index] === '\\') index++
    else if (text[index] === ',') {
      terms.push(text.slice(start, index))
      start = index + 1
    }
  }
  terms.push(text.slice(start))
  return terms
}

function unescapeValue(text: string): string | undefined {
  return /^(?:[^,=\\]|\\[\\,=])*$/.test(text) ? text.replace(/\\([\\,=])/g, '$1') : undefined
}
