/*
 * Doubles in decimal digits, rounded as Go rounds them: exactly, and to the even digit where it is in the middle.
 */

/** A finite number that is not negative, as a fraction. */
interface Fraction {
  readonly numerator: bigint
  readonly denominator: bigint
}

/** With so many digits behind the point, as `1234.50`. */
export function fixedPoint(value: number, digits: number): string {
  const rounded = String(roundedTimes(fractionOf(Math.abs(value)), digits)).padStart(digits + 1, '0')
  const whole = rounded.slice(0, rounded.length - digits)
  return `${signOf(value)}${whole}${digits === 0 ? '' : `.${rounded.slice(-digits)}`}`
}

/** One digit before the point and so many behind it, and the power of ten that it is to be multiplied with. */
export function scientific(
  value: number,
  digits: number,
): { readonly mantissa: string; readonly exponent: number } {
  const size = Math.abs(value)
  const fraction = fractionOf(size)
  let exponent = size === 0 ? 0 : Number(size.toExponential().split('e')[1])
  let rounded = String(roundedTimes(fraction, digits - exponent))
  // What is shown is the shortest text of it, which may be more than it is.
  if (size !== 0 && rounded.length <= digits) rounded = String(roundedTimes(fraction, digits - --exponent))
  // It may have become ten.
  if (rounded.length > digits + 1) exponent++
  const [first, rest] = [rounded.slice(0, 1), rounded.slice(1, digits + 1).padEnd(digits, '0')]
  return { mantissa: `${signOf(value)}${first}${rest === '' ? '' : `.${rest}`}`, exponent }
}

function signOf(value: number): string {
  return value < 0 ? '-' : ''
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

/** The whole number that is nearest to it times a power of ten. */
function roundedTimes({ numerator, denominator }: Fraction, power: number): bigint {
  const dividend = power < 0 ? numerator : numerator * 10n ** BigInt(power)
  const divisor = power < 0 ? denominator * 10n ** BigInt(-power) : denominator
  const [quotient, rest] = [dividend / divisor, dividend % divisor]
  const isUp = rest * 2n > divisor || (rest * 2n === divisor && quotient % 2n === 1n)
  return isUp ? quotient + 1n : quotient
}
