import type { Meter } from '../evaluate/evaluation.ts'
import { Duration, isList, MapValue, Timestamp, TypeValue, Uint, type Value } from '../values/value.ts'
import { printedBytes } from './conversions.ts'
import { fixedPoint, plainDigits, scientific } from './number-text.ts'
import { printedDuration, printedTime } from './timestamps.ts'
import { based, BASES, fail, formatStyle, type FormatStyle } from './text-format-styles.ts'

/**
 * The style of cel-spec.
 *
 * Source: cel-go `ext/formatting_v2.go`.
 */
export const standardStyle: FormatStyle = formatStyle(
  {
    ...BASES,
    s: plain,
    d: (value) => (typeof value === 'number' ? (special(value) ?? plainDigits(value)) : based(value, 10)),
    f: (value, _, precision) => decimal(value, (number) => fixedPoint(number, precision)),
    e: (value, _, precision) =>
      decimal(value, (number) => {
        const { mantissa, exponent } = scientific(number, precision)
        return `${mantissa}e${exponent < 0 ? '-' : '+'}${String(Math.abs(exponent)).padStart(2, '0')}`
      }),
  },
  {
    d: 'decimal clause can only be used on numbers',
    f: 'fixed-point clause can only be used on numbers',
    e: 'scientific clause can only be used on numbers',
    b: 'only ints, uints, and bools can be formatted as binary',
    o: 'octal clause can only be used on ints and uints',
  },
)

/** `%s` */
function plain(value: Value, meter: Meter): string {
  meter.spend(1)
  if (typeof value === 'string') {
    meter.spend(value.length / 10)
    return value
  }
  if (typeof value === 'number') return special(value) ?? plainDigits(value)
  if (value === null || typeof value === 'boolean') return String(value)
  if (value instanceof Uint8Array) return printedBytes(value)
  if (value instanceof Timestamp) return printedTime(value)
  if (value instanceof Duration) return printedDuration(value)
  if (value instanceof TypeValue) return value.name
  if (isList(value)) return `[${value.map((each) => plain(each, meter)).join(', ')}]`
  if (!(value instanceof MapValue)) return based(value, 10) ?? fail('string clause cannot be used on this')
  const entries = Array.from(
    value.entries(),
    ([key, each]) => [plain(key, meter), plain(each, meter)] as const,
  )
  const sorted = entries.toSorted(([a], [b]) => (a < b ? -1 : 1))
  return `{${sorted.map(([key, each]) => `${key}: ${each}`).join(', ')}}`
}

function decimal(value: Value, print: (value: number) => string): string | undefined {
  const number =
    typeof value === 'bigint' ? Number(value) : value instanceof Uint ? Number(value.value) : value
  return typeof number === 'number' ? (special(number) ?? print(number)) : undefined
}

/** The name of a number without digits. */
function special(value: number): string | undefined {
  return Number.isFinite(value) ? undefined : String(value)
}
