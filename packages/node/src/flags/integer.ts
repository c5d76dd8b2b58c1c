/**
 * Reads a whole number of a flag as Go does, in the base that its prefix names: `0x`, `0o` or `0`, `0b`, else 10. Digits may be separated by
 * underscores, also after a prefix.
 *
 * Source: Go `strconv.ParseInt` with base 0 and 64 bits.
 *
 * Deviation: numbers beyond 2^53 - 1 are out of range (`docs/deviations.md`, numbers of flags).
 *
 * @returns the number, or why it is none.
 */
export function readInteger(text: string): number | { readonly problem: string } {
  const [, sign = '', digits = ''] = /^([+-]?)(.*)$/s.exec(text) ?? []
  const base = BASES.find(({ pattern }) => pattern.test(digits))
  if (base === undefined) return { problem: 'invalid syntax' }
  const plain = digits.replaceAll('_', '').replace(/^0[xob]?(?=.)/i, '')
  const number = Number(base.prefix === '' ? plain : `${base.prefix}${plain}`)
  if (number > Number.MAX_SAFE_INTEGER) return { problem: 'value out of range' }
  return sign === '-' && number !== 0 ? -number : number
}

/** The digits of each base. An underscore stands between two digits, or between a prefix and a digit. */
const BASES: readonly { readonly prefix: string; readonly pattern: RegExp }[] = [
  { prefix: '', pattern: /^(?:0|[1-9](?:_?\d)*)$/ },
  { prefix: '0x', pattern: /^0x(?:_?[\da-f])+$/i },
  { prefix: '0b', pattern: /^0b(?:_?[01])+$/i },
  { prefix: '0o', pattern: /^0(?:o_?|_)?[0-7](?:_?[0-7])*$/i },
]
