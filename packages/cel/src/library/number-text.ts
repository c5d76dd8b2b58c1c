/**
 * Reads a double as Go does: also `1_000.5` and `0x1p4`; `undefined` if it is malformed or beyond a double.
 *
 * Source: Go `strconv.ParseFloat`.
 */
export function parsedDouble(text: string): number | undefined {
  if (text.length > MAX_LENGTH) return undefined
  if (/^nan$/i.test(text)) return Number.NaN
  if (/^[+-]?inf(inity)?$/i.test(text)) return text.startsWith('-') ? -Infinity : Infinity
  const value = DECIMAL.test(text) ? Number(text.replaceAll('_', '')) : hexadecimal(text)
  return Number.isFinite(value) ? value : undefined
}

/** Longer than any number with significant digits only. */
const MAX_LENGTH = 1024

// Underscores are between digits, or follow the base prefix.
const DECIMAL = /^[+-]?(\d+(_\d+)*(\.(\d+(_\d+)*)?)?|\.\d+(_\d+)*)(e[+-]?\d+(_\d+)*)?$/i
const HEXADECIMAL =
  /^([+-]?)0x_?([\da-f]+(?:_[\da-f]+)*)?(?:\.([\da-f]+(?:_[\da-f]+)*)?)?p([+-]?\d+(?:_\d+)*)$/i

function hexadecimal(text: string): number {
  if (!HEXADECIMAL.test(text)) return Number.NaN
  const [, sign, whole = '', fraction = '', power] = HEXADECIMAL.exec(text.replaceAll('_', '')) ?? []
  if (whole + fraction === '' || Math.abs(Number(power)) > 2000) return Number.NaN
  const size = Number(BigInt(`0x${whole}${fraction}`)) * 2 ** (Number(power) - 4 * fraction.length)
  return sign === '-' ? -size : size
}

/** Formats a double like Go's `strconv.FormatFloat(value, 'g', -1, 64)`: the shortest digits, with an exponent below 1e-4 and from 1e+06 on. */
export function printedDouble(value: number): string {
  if (Number.isNaN(value)) return 'NaN'
  if (!Number.isFinite(value)) return value > 0 ? '+Inf' : '-Inf'
  if (value === 0) return Object.is(value, -0) ? '-0' : '0'
  const [digits = '', power = '0'] = value.toExponential().split('e')
  const exponent = Number(power)
  if (exponent >= -4 && exponent < 6) return String(value)
  return `${digits}e${exponent < 0 ? '-' : '+'}${String(Math.abs(exponent)).padStart(2, '0')}`
}

/** The shortest digits, without an exponent. */
export function plainDigits(value: number): string {
  const [, sign = '', first = '', rest = '', power = '0'] =
    /^(-?)(\d)(?:\.(\d+))?e([+-]\d+)$/.exec(value.toExponential()) ?? []
  const digits = first + rest
  const point = Number(power) + 1
  if (point <= 0) return `${sign}0.${'0'.repeat(-point)}${digits}`
  if (point >= digits.length) return sign + digits.padEnd(point, '0')
  return `${sign}${digits.slice(0, point)}.${digits.slice(point)}`
}
