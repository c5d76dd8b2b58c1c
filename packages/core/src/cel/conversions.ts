import type { Environment } from '@marcbachmann/cel-js'

const MAX_INT = 2n ** 63n - 1n
const MIN_INT = -(2n ** 63n)
const INT_LIMIT = 2 ** 63

/**
 * Registers conversions under capitalised names where those of the library take more than Go does, as in `int("0b1")`, or print
 * otherwise.
 *
 * Source: cel-go `common/types`; Go `strconv`.
 */
export function registerConversions(environment: Environment): void {
  const register = (signature: string, convert: (value: never) => unknown): void => {
    environment.registerFunction(signature, convert, { async: false })
  }
  register('String(string): string', (value: string) => value)
  register('String(bool): string', String)
  register('String(int): string', String)
  register('String(uint): string', String)
  register('String(double): string', printedDouble)
  register('String(bytes): string', (value: Uint8Array) =>
    new TextDecoder('utf-8', { fatal: true }).decode(value),
  )
  register('String(google.protobuf.Timestamp): string', (value: Date) =>
    value.toISOString().replace(/\.?0*Z$/, 'Z'),
  )
  register('String(google.protobuf.Duration): string', String)
  register('Int(int): int', (value: bigint) => value)
  register('Int(uint): int', (value: { readonly value: bigint }) => inRange(value.value, MIN_INT, MAX_INT))
  register('Int(double): int', (value: number) => {
    if (!(value > -INT_LIMIT && value < INT_LIMIT)) throw new RangeError('integer overflow')
    return BigInt(Math.trunc(value))
  })
  register('Int(string): int', (value: string) => inRange(decimal(value), MIN_INT, MAX_INT))
  register('Int(google.protobuf.Timestamp): int', (value: Date) => BigInt(Math.floor(value.getTime() / 1000)))
  register('Double(double): double', (value: number) => value)
  register('Double(int): double', Number)
  register('Double(uint): double', (value: { readonly value: bigint }) => Number(value.value))
  register('Double(string): double', parsedDouble)
  register('Timestamp(google.protobuf.Timestamp): google.protobuf.Timestamp', (value: Date) => value)
  register('Timestamp(int): google.protobuf.Timestamp', (value: bigint) => checkedDate(Number(value) * 1000))
  register('Timestamp(string): google.protobuf.Timestamp', (value: string) => {
    if (!RFC3339.test(value)) throw new RangeError('invalid timestamp')
    return checkedDate(Date.parse(value))
  })
}

/** As Go's `strconv.FormatFloat(value, 'g', -1, 64)`: the shortest digits, with an exponent below 1e-4 and from 1e+06 on. */
function printedDouble(value: number): string {
  if (Number.isNaN(value)) return 'NaN'
  if (!Number.isFinite(value)) return value > 0 ? '+Inf' : '-Inf'
  if (value === 0) return Object.is(value, -0) ? '-0' : '0'
  const [digits = '', power = '0'] = value.toExponential().split('e')
  const exponent = Number(power)
  if (exponent >= -4 && exponent < 6) return String(value)
  return `${digits}e${exponent < 0 ? '-' : '+'}${String(Math.abs(exponent)).padStart(2, '0')}`
}

function parsedDouble(text: string): number {
  if (/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text)) {
    const value = Number(text)
    if (Number.isFinite(value)) return value
  }
  if (/^[+-]?nan$/i.test(text)) return Number.NaN
  if (/^[+-]?inf(inity)?$/i.test(text)) return text.startsWith('-') ? -Infinity : Infinity
  throw new RangeError('type conversion error')
}

function decimal(text: string): bigint {
  if (text.length > 64 || !/^[+-]?\d+$/.test(text)) throw new RangeError('type conversion error')
  return BigInt(text.replace(/^\+/, ''))
}

function inRange(value: bigint, min: bigint, max: bigint): bigint {
  if (value < min || value > max) throw new RangeError('integer overflow')
  return value
}

const RFC3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)$/
const FIRST_DATE = -62_135_596_800_000
const LAST_DATE = 253_402_300_799_999

function checkedDate(milliseconds: number): Date {
  if (!(milliseconds >= FIRST_DATE && milliseconds <= LAST_DATE)) throw new RangeError('timestamp overflow')
  return new Date(milliseconds)
}
