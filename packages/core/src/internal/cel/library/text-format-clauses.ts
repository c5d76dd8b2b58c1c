import { Duration, UnsignedInt } from '@marcbachmann/cel-js/evaluator'
import { quoted } from '@kube-authn/internal/quote'
import type { Budget } from '../budget.ts'
import { CelEvaluationError } from '../cel.ts'
import { isNumber } from '../values/numbers.ts'
import { printedBytes, printedDouble } from './conversions.ts'
import { fixedPoint, scientific } from './decimal-text.ts'
import { printedDuration } from './durations.ts'
import { printedTime } from './timestamps.ts'

/** A formatting clause. */
export interface Clause {
  readonly verb: 's' | 'd' | 'f' | 'e' | 'b' | 'x' | 'X' | 'o'
  readonly precision: number | undefined
}

const DEFAULT_PRECISION = 6

/** Costs per value: exact digits are expensive. */
const COSTS: Readonly<Record<Clause['verb'], number>> = { s: 1, d: 1, f: 60, e: 60, b: 1, x: 1, X: 1, o: 1 }

/**
 * Formats a value by a clause.
 *
 * Source: cel-go `ext/formatting.go`, in the locale `en_US`.
 *
 * @throws {CelEvaluationError} if the clause does not support the type.
 */
export function formattedValue({ verb, precision }: Clause, value: unknown, budget: Budget): string {
  budget.spend(COSTS[verb])
  switch (verb) {
    case 's':
      return plainText(value, budget)
    case 'd':
      return based(value, 10) ?? fail('decimal clause can only be used on integers')
    case 'f':
      return decimal(value, 'fixed-point', (number) =>
        grouped(fixedPoint(number, precision ?? DEFAULT_PRECISION)),
      )
    case 'e':
      // Go uses the precision as the width.
      return decimal(value, 'scientific', powerOfTen).padStart(precision ?? DEFAULT_PRECISION)
    case 'b':
      if (typeof value === 'boolean') return value ? '1' : '0'
      return based(value, 2) ?? fail('only integers and bools can be formatted as binary')
    case 'o':
      return based(value, 8) ?? fail('octal clause can only be used on integers')
    case 'x':
      return hexadecimal(value)
    case 'X':
      return hexadecimal(value).toUpperCase()
  }
}

function fail(problem: string): never {
  throw new CelEvaluationError(`error during formatting: ${problem}`)
}

/** `%s` */
function plainText(value: unknown, budget: Budget): string {
  if (typeof value === 'string') return value
  if (typeof value === 'number') return printedDouble(value)
  if (value instanceof Uint8Array) return printedBytes(value)
  if (value instanceof Date) return printedTime(value)
  if (value instanceof Duration) return printedDuration(value)
  return literal(value, budget)
}

/** Formats a nested value as a CEL literal. */
function literal(value: unknown, budget: Budget): string {
  budget.spend(typeof value === 'number' ? COSTS.f : 1)
  if (typeof value === 'string') {
    budget.spend(value.length / 10)
    return quoted(value)
  }
  if (typeof value === 'number') {
    return Number.isFinite(value) ? fixedPoint(value, DEFAULT_PRECISION) : `"${printedDouble(value)}"`
  }
  if (value === null || typeof value === 'boolean') return String(value)
  if (value instanceof Uint8Array) return `b${quoted(printedBytes(value))}`
  if (value instanceof Date) return `timestamp(${quoted(printedTime(value))})`
  if (value instanceof Duration) return `duration(${quoted(printedDuration(value))})`
  if (Array.isArray(value)) return `[${value.map((each) => literal(each, budget)).join(', ')}]`
  if (value instanceof Map) return `{${entries(value, budget).join(', ')}}`
  return based(value, 10) ?? typeName(value) ?? fail('string clause cannot be used on this')
}

function entries(map: ReadonlyMap<unknown, unknown>, budget: Budget): readonly string[] {
  return Array.from(map, ([key, value]) => {
    const isKey = ['string', 'boolean', 'bigint'].includes(typeof key) || key instanceof UnsignedInt
    if (!isKey) fail('no formatting function for map key')
    return [literal(key, budget), literal(value, budget)] as const
  })
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, value]) => `${key}:${value}`)
}

/** Formats an integer in a base. */
function based(value: unknown, base: number): string | undefined {
  return isNumber(value) && typeof value !== 'number' ? value.valueOf().toString(base) : undefined
}

/** Types of cel-js have a name; `null_type` is called differently there. */
function typeName(value: unknown): string | undefined {
  const [, name] = /^\[object Type<(.*)>\]$/.exec(Object.prototype.toString.call(value)) ?? []
  return name === 'null' ? 'null_type' : name
}

function decimal(value: unknown, name: string, print: (value: number) => string): string {
  const number =
    value === 'NaN' ? Number.NaN : value === 'Infinity' ? Infinity : value === '-Infinity' ? -Infinity : value
  if (typeof number !== 'number') return fail(`${name} clause can only be used on doubles`)
  if (Number.isNaN(number)) return 'NaN'
  return Number.isFinite(number) ? print(number) : `${number < 0 ? '-' : ''}∞`
}

/** Inserts a comma before every three digits. */
function grouped(text: string): string {
  return text.replace(/\d+/, (whole) => {
    const first = whole.length % 3
    return [whole.slice(0, first), ...(whole.slice(first).match(/\d{3}/g) ?? [])].filter(Boolean).join(',')
  })
}

/** Formats the exponent as in `1.500000 × 10⁰³`, with non-breaking spaces. */
function powerOfTen(value: number): string {
  const { mantissa, exponent } = scientific(value, DEFAULT_PRECISION)
  const digits = String(Math.abs(exponent)).padStart(2, '0')
  const raised = Array.from(digits, (digit) => '⁰¹²³⁴⁵⁶⁷⁸⁹'.charAt(Number(digit))).join('')
  return `${mantissa}\u202F×\u202F10${exponent < 0 ? '⁻' : ''}${raised}`
}

const utf8 = new TextEncoder()

function hexadecimal(value: unknown): string {
  const bytes = typeof value === 'string' ? utf8.encode(value) : value
  if (bytes instanceof Uint8Array) {
    return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
  }
  return based(value, 16) ?? fail('only integers, byte buffers, and strings can be formatted as hex')
}
