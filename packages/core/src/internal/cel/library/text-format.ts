import type { Environment } from '@marcbachmann/cel-js'
import { NAMED_ESCAPES } from '@kube-authn/internal/quote'
import type { Budget } from '../budget.ts'
import { CelEvaluationError } from '../cel.ts'
import { registrar } from '../engine.ts'
import { type Clause, formattedValue } from './text-format-clauses.ts'

/** Maximum precision. */
const MAX_PRECISION = 100

/**
 * Registers `format`, as in `"%s has %d".format([name, count])`, and `strings.quote`.
 *
 * Source: cel-go `ext/formatting.go`, `ext/strings.go`.
 *
 * Deviation: the precision is at most 100 (`docs/deviations.md`, CEL limits).
 */
export function registerTextFormat(environment: Environment, budget: Budget): void {
  const register = registrar(environment)
  environment.registerType('StringsFunctions', StringsFunctions)
  environment.registerConstant('Strings', 'StringsFunctions', new StringsFunctions())
  register('StringsFunctions.quote(string): string', (_: unknown, text: string) => {
    budget.spend(text.length / 10)
    return quotedText(text)
  })
  register('string.format(list): string', (format: string, values: readonly unknown[]) => {
    const pieces = piecesOf(format)
    let index = 0
    const texts = pieces.map((piece) => {
      if (typeof piece === 'string') return piece
      if (index >= values.length) throw new CelEvaluationError(`index ${index} out of range`)
      return formattedValue(piece, values[index++], budget)
    })
    for (const text of texts) budget.spend(1 + text.length / 10)
    return texts.join('')
  })
}

/** The namespace `strings` of `strings.quote(x)`. */
class StringsFunctions {
  readonly name = 'strings'
}

/**
 * Parses a format.
 *
 * @throws {CelEvaluationError} with Go's message.
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
  if (text === '') throw new CelEvaluationError('unexpected end of string')
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
    throw new CelEvaluationError(`could not parse formatting clause: ${problem ?? ''}`)
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
