import { NAMED_ESCAPES } from '@kube-authn/internal/quote'
import { fn, type Library, method } from '../check/declarations.ts'
import { fail } from '../evaluate/failure.ts'
import type { Meter } from '../evaluate/meter.ts'
import type { Value } from '../values/value.ts'
import { traversal } from './costs.ts'
import type { Clause, FormatStyle } from './text-format-clauses.ts'

/** Maximum precision. */
const MAX_PRECISION = 100

/**
 * `format`, as in `"%s has %d".format([name, count])`, and `strings.quote`.
 *
 * Source: cel-go `ext/formatting.go`, `ext/strings.go`.
 *
 * Deviation: the precision is at most 100 (`docs/deviations.md`, CEL limits).
 */
export function textFormat(meter: Meter, style: FormatStyle): Library {
  return {
    functions: [
      fn(
        'strings.quote(string): string',
        (text: string) => {
          meter.spend(text.length)
          return quotedText(text)
        },
        traversal,
      ),
      method(
        'string.format(list(dyn)): string',
        (format: string, values: readonly Value[]) => {
          let index = 0
          const texts = piecesOf(format).map((piece) => {
            if (typeof piece === 'string') return piece
            const value = values[index]
            if (value === undefined) return fail(`index ${index} out of range`)
            index++
            return style(piece, value, meter)
          })
          for (const text of texts) meter.spend(1 + text.length / 10)
          return texts.join('')
        },
        traversal,
      ),
    ],
  }
}

/**
 * Parses a format.
 * It fails with Go's message.
 */
export function piecesOf(format: string): readonly (string | Clause)[] {
  const pieces: (string | Clause)[] = []
  for (const [piece, clause] of format.matchAll(/[^%]+|%%|%((?:\.\d*)?[^]?)/gu)) {
    if (piece === '%%') pieces.push('%')
    else pieces.push(clause === undefined ? piece : clauseOf(clause))
  }
  return pieces
}

function clauseOf(text: string): Clause {
  if (text === '') fail('unexpected end of string')
  const [, digits, verb = ''] = /^(?:\.(\d*))?([^]?)$/u.exec(text) ?? []
  const problem =
    digits !== undefined && verb === ''
      ? 'error while parsing precision: could not find end of precision specifier'
      : digits === '' || Number(digits) > MAX_PRECISION
        ? 'error while parsing precision: error while converting precision to integer'
        : isVerb(verb)
          ? undefined
          : `unrecognized formatting clause "${verb}"`
  if (problem !== undefined || !isVerb(verb)) {
    return fail(`could not parse formatting clause: ${problem ?? ''}`)
  }
  return { verb, precision: digits === undefined ? undefined : Number(digits) }
}

const VERBS = ['s', 'd', 'f', 'e', 'b', 'x', 'X', 'o'] as const

function isVerb(text: string): text is Clause['verb'] {
  return VERBS.some((each) => each === text)
}

/** Quotes a string with the escapes of cel-go only. */
function quotedText(text: string): string {
  // oxlint-disable-next-line no-control-regex -- it replaces control characters
  return `"${text.replaceAll(/[\u0007-\u000D"\\]/g, (character) => NAMED_ESCAPES.get(character) ?? character)}"`
}
