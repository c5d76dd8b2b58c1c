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
