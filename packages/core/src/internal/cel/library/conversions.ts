import type { Environment } from '@marcbachmann/cel-js'
import { UnsignedInt } from '@marcbachmann/cel-js/evaluator'
import { CelEvaluationError } from '../cel.ts'
import { registrar } from '../engine.ts'
import { checkedInt, checkedUint, MAX_INT, MAX_UINT, MIN_INT } from '../values/numbers.ts'

const INT_LIMIT = 2 ** 63
const UINT_LIMIT = 2 ** 64

/**
 * Registers conversions under capitalised names if those of cel-js accept more than Go, as in `int("0b1")`, or print differently.
 *
 * Source: cel-go `common/types`; Go `strconv`.
 */
export function registerConversions(environment: Environment): void {
  const register = registrar(environment)
  register('Bool(bool): bool', (value: boolean) => value)
  register('Bool(string): bool', parsedBool)
  register('String(string): string', (value: string) => value)
  register('String(bool): string', String)
  register('String(int): string', String)
  register('String(uint): string', String)
  register('String(double): string', printedDouble)
  register('String(bytes): string', printedBytes)
  register('Int(int): int', (value: bigint) => value)
  register('Int(uint): int', (value: UnsignedInt) => checkedInt(value.value))
  register('Int(double): int', (value: number) => {
    if (!(value > -INT_LIMIT && value < INT_LIMIT)) throw new CelEvaluationError('integer overflow')
    return BigInt(Math.trunc(value))
  })
  register('Int(string): int', (value: string) => decimal(value, /^[+-]?\d+$/, MIN_INT, MAX_INT, 'int'))
  register('Uint(uint): uint', (value: UnsignedInt) => value)
  register('Uint(int): uint', (value: bigint) => checkedUint(value))
  register('Uint(double): uint', (value: number) => {
    if (!(value >= 0 && value < UINT_LIMIT)) throw new CelEvaluationError('unsigned integer overflow')
    return new UnsignedInt(BigInt(Math.trunc(value)))
  })
  register(
    'Uint(string): uint',
    (value: string) => new UnsignedInt(decimal(value, /^\d+$/, 0n, MAX_UINT, 'uint')),
  )
  register('Double(double): double', (value: number) => value)
  register('Double(int): double', Number)
  register('Double(uint): double', (value: UnsignedInt) => Number(value.value))
  register('Double(string): double', parsedDouble)
}

/** The string is not a valid value of the type. */
export function conversionError(type: string): CelEvaluationError {
  return new CelEvaluationError(`type conversion error from 'string' to '${type}'`)
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

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

export function printedBytes(value: Uint8Array): string {
  try {
    return utf8.decode(value)
  } catch {
    throw new CelEvaluationError('invalid UTF-8 in bytes, cannot convert to string')
  }
}

function parsedBool(text: string): boolean {
  if (['1', 't', 'T', 'true', 'TRUE', 'True'].includes(text)) return true
  if (['0', 'f', 'F', 'false', 'FALSE', 'False'].includes(text)) return false
  throw conversionError('bool')
}

function parsedDouble(text: string): number {
  if (/^[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?$/i.test(text)) {
    const value = Number(text)
    if (Number.isFinite(value)) return value
  }
  if (/^nan$/i.test(text)) return Number.NaN
  if (/^[+-]?inf(inity)?$/i.test(text)) return text.startsWith('-') ? -Infinity : Infinity
  throw conversionError('double')
}

function decimal(text: string, form: RegExp, min: bigint, max: bigint, type: string): bigint {
  if (text.length > 64 || !form.test(text)) throw conversionError(type)
  const value = BigInt(text.replace(/^\+/, ''))
  if (value < min || value > max) throw conversionError(type)
  return value
}
