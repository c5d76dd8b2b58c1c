/*
 * Doubles in decimal digits, rounded as in Go: exactly, and ties to even.
 */

/** A finite, non-negative number as a fraction. */
interface Fraction {
  readonly numerator: bigint
  readonly denominator: bigint
}

/** Formats with this many digits after the point, such as `1234.50`. */
export function fixedPoint(value: number, digits: number): string {
  const rounded = String(roundedTimes(fractionOf(Math.abs(value)), digits)).padStart(digits + 1, '0')
  const whole = rounded.slice(0, rounded.length - digits)
  return `${signOf(value)}${whole}${digits === 0 ? '' : `.${rounded.slice(-digits)}`}`
}

/** Formats with one digit before the point and this many after it, and returns the power of ten separately. */
export function scientific(
  value: number,
  digits: number,
): { readonly mantissa: string; readonly exponent: number } {
  const size = Math.abs(value)
  const fraction = fractionOf(size)
  let exponent = size === 0 ? 0 : Number(size.toExponential().split('e')[1])
  let rounded = String(roundedTimes(fraction, digits - exponent))
  // The exponent is that of the shortest digits, which may round up to the next power of ten.
  if (size !== 0 && rounded.length <= digits) rounded = String(roundedTimes(fraction, digits - --exponent))
  // Rounding may have carried to ten.
  if (rounded.length > digits + 1) exponent++
  const [first, rest] = [rounded.slice(0, 1), rounded.slice(1, digits + 1).padEnd(digits, '0')]
  return { mantissa: `${signOf(value)}${first}${rest === '' ? '' : `.${rest}`}`, exponent }
}

function signOf(value: number): string {
  return value < 0 || Object.is(value, -0) ? '-' : ''
}

function fractionOf(value: number): Fraction {
  const bits = new DataView(new ArrayBuffer(8))
  bits.setFloat64(0, value)
  const raw = bits.getBigUint64(0)
  const biased = Number(raw >> 52n)
  const mantissa = (raw & (2n ** 52n - 1n)) | (biased === 0 ? 0n : 2n ** 52n)
  const power = Math.max(biased, 1) - 1075
  return power < 0
    ? { numerator: mantissa, denominator: 2n ** BigInt(-power) }
    : { numerator: mantissa * 2n ** BigInt(power), denominator: 1n }
}

/** The nearest integer to the fraction times a power of ten. */
function roundedTimes({ numerator, denominator }: Fraction, power: number): bigint {
  const dividend = power < 0 ? numerator : numerator * 10n ** BigInt(power)
  const divisor = power < 0 ? denominator * 10n ** BigInt(-power) : denominator
  const [quotient, rest] = [dividend / divisor, dividend % divisor]
  const isUp = rest * 2n > divisor || (rest * 2n === divisor && quotient % 2n === 1n)
  return isUp ? quotient + 1n : quotient
}
