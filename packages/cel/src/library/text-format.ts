import { NAMED_ESCAPES } from '@kube-authn/internal/quote'
import { fn, type Library, method } from '../check/declarations.ts'
import { fail, type Meter } from '../evaluate/evaluation.ts'
import type { Value } from '../values/value.ts'
import { traversal } from './costs.ts'
import type { Clause, FormatStyle, Verb } from './text-format-styles.ts'

const MAX_PRECISION = 100

/**
 * `format`, as in `"%s has %d".format([name, count])`, and `strings.quote`.
 *
 * Source: cel-go `ext/formatting.go`, `ext/strings.go`.
 *
 * Deviation: the precision is at most 100 (`docs/deviations.md`, CEL limits).
 */
export function textFormat(meter: Meter, style: FormatStyle): Library {
  // With the escapes of cel-go only.
  const quote = (text: string): string => {
    meter.spend(text.length)
    // oxlint-disable-next-line no-control-regex -- it replaces control characters
    return `"${text.replaceAll(/[\u0007-\u000D"\\]/g, (character) => NAMED_ESCAPES.get(character) ?? character)}"`
  }
  const format = (form: string, values: readonly Value[]): string => {
    const texts: string[] = []
    let index = 0
    for (const piece of piecesOf(form, values.length, false)) {
      const text = typeof piece === 'string' ? piece : style(piece, values[index++] ?? null, meter)
      meter.spend(1 + text.length / 10)
      texts.push(text)
    }
    return texts.join('')
  }
  return {
    functions: [
      fn('strings.quote(string): string', quote, traversal),
      method('string.format(list(dyn)): string', format, traversal),
    ],
  }
}

/**
 * Reads a format, clause by clause. It fails at the first mistake, with the message of cel-go.
 *
 * @param count the number of values.
 * @param isChecked whether it is checked before the evaluation, where an incomplete clause is found before a missing value.
 */
export function* piecesOf(format: string, count: number, isChecked: boolean): Generator<string | Clause> {
  let index = 0
  for (const [piece, clause] of format.matchAll(/[^%]+|%%|%((?:\.\d*)?[^]?)/gu)) {
    if (piece === '%%') yield '%'
    else if (clause === undefined) yield piece
    else {
      if (index >= count && !(isChecked && clause === '')) fail(`index ${index} out of range`)
      index++
      yield clauseOf(clause)
    }
  }
}

function clauseOf(text: string): Clause {
  if (text === '') return fail('unexpected end of string')
  const [, digits, verb = ''] = /^(?:\.(\d*))?([^]?)$/u.exec(text) ?? []
  if (digits !== undefined && verb === '') {
    return malformed('error while parsing precision: could not find end of precision specifier')
  }
  const precision = digits === undefined ? undefined : precisionOf(digits)
  // Only its first byte is told.
  const [shown = 0] = utf8.encode(verb)
  return isVerb(verb)
    ? { verb, precision }
    : malformed(`unrecognized formatting clause "${String.fromCharCode(shown)}"`)
}

function precisionOf(digits: string): number {
  const precision = Number(digits)
  if (digits !== '' && precision <= MAX_PRECISION) return precision
  const reason = digits === '' ? 'invalid syntax' : 'value out of range'
  return malformed(
    `error while parsing precision: error while converting precision to integer: strconv.Atoi: parsing "${digits}": ${reason}`,
  )
}

function malformed(problem: string): never {
  return fail(`could not parse formatting clause: ${problem}`)
}

const utf8 = new TextEncoder()

const VERBS = ['s', 'd', 'f', 'e', 'b', 'x', 'X', 'o'] as const

function isVerb(text: string): text is Verb {
  return VERBS.some((each) => each === text)
}
