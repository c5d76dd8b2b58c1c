import { hexOf } from '@kube-authn/internal/bytes'
import { quoted } from '@kube-authn/internal/quote'
import { fail as failed } from '../evaluate/failure.ts'
import type { Meter } from '../evaluate/meter.ts'
import { Duration, Timestamp } from '../values/times.ts'
import { Uint } from '../values/numbers.ts'
import { typeName } from '../values/runtime-type.ts'
import { isList, MapValue, TypeValue, type Value } from '../values/value.ts'
import { printedBytes } from './conversions.ts'
import { fixedPoint, scientific } from './decimal-text.ts'
import { printedDouble } from './double-text.ts'
import { printedDuration } from './durations.ts'
import { printedTime } from './timestamps.ts'

/** A formatting clause. */
export interface Clause {
  readonly verb: 's' | 'd' | 'f' | 'e' | 'b' | 'x' | 'X' | 'o'
  readonly precision: number | undefined
}

export const DEFAULT_PRECISION = 6

/** Formats a value by a clause. It fails if the clause does not support its type. */
export type FormatStyle = (clause: Clause, value: Value, meter: Meter) => string

/** The work per value: exact digits take long. */
export const WORK: Readonly<Record<Clause['verb'], number>> = {
  s: 4,
  d: 10,
  f: 250,
  e: 250,
  b: 10,
  x: 10,
  X: 10,
  o: 10,
}

/**
 * The style of Kubernetes.
 *
 * Source: cel-go `ext/formatting.go`, in the locale `en_US`.
 */
export const kubernetesStyle: FormatStyle = ({ verb, precision }, value, meter) => {
  meter.spend(WORK[verb])
  switch (verb) {
    case 's':
      return plainText(value, meter)
    case 'd':
      return based(value, 10) ?? unsuitable('decimal clause can only be used on integers', value)
    case 'f':
      return decimal(value, 'fixed-point', (number) =>
        grouped(fixedPoint(number, precision ?? DEFAULT_PRECISION)),
      )
    case 'e':
      // Go uses the precision as the width.
      return decimal(value, 'scientific', powerOfTen).padStart(precision ?? DEFAULT_PRECISION)
    case 'b':
      if (typeof value === 'boolean') return value ? '1' : '0'
      return based(value, 2) ?? unsuitable('only integers and bools can be formatted as binary', value)
    case 'o':
      return based(value, 8) ?? unsuitable('octal clause can only be used on integers', value)
    case 'x':
      return hexadecimal(value, meter)
    case 'X':
      return hexadecimal(value, meter).toUpperCase()
  }
}

export function fail(problem: string): never {
  return failed(`error during formatting: ${problem}`)
}

function unsuitable(problem: string, value: Value): never {
  return fail(`${problem}, was given ${typeName(value)}`)
}

const NOT_PLAIN =
  'string clause can only be used on strings, bools, bytes, ints, doubles, maps, lists, types, durations, and timestamps'

/** `%s` */
function plainText(value: Value, meter: Meter): string {
  if (typeof value === 'string') return value
  if (typeof value === 'number') return printedDouble(value)
  if (value instanceof Uint8Array) return printedBytes(value)
  if (value instanceof Timestamp) return printedTime(value)
  if (value instanceof Duration) return printedDuration(value)
  return literal(value, meter)
}

/** Formats a nested value as a CEL literal. */
function literal(value: Value, meter: Meter): string {
  meter.spend(typeof value === 'number' ? WORK.f : 1)
  if (typeof value === 'string') {
    meter.spend(value.length)
    return quoted(value)
  }
  if (typeof value === 'number') {
    return Number.isFinite(value) ? fixedPoint(value, DEFAULT_PRECISION) : `"${printedDouble(value)}"`
  }
  if (value === null || typeof value === 'boolean') return String(value)
  if (value instanceof Uint8Array) return `b${quoted(printedBytes(value))}`
  if (value instanceof Timestamp) return `timestamp(${quoted(printedTime(value))})`
  if (value instanceof Duration) return `duration(${quoted(printedDuration(value))})`
  if (isList(value)) return `[${value.map((each) => literal(each, meter)).join(', ')}]`
  // As in Kubernetes, the claims of a token as a whole are not printed.
  if (value instanceof MapValue && value.typeName === 'map') return `{${entries(value, meter).join(', ')}}`
  return (
    based(value, 10) ?? (value instanceof TypeValue ? value.name : undefined) ?? unsuitable(NOT_PLAIN, value)
  )
}

function entries(map: MapValue, meter: Meter): readonly string[] {
  return Array.from(map.entries(), ([key, value]) => {
    const isKey = ['string', 'boolean', 'bigint'].includes(typeof key) || key instanceof Uint
    if (!isKey) fail(`no formatting function for map key of type ${typeName(key)}`)
    return [literal(key, meter), literal(value, meter)] as const
  })
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, value]) => `${key}:${value}`)
}

/** Formats an integer in a base. */
export function based(value: Value, base: number): string | undefined {
  if (value instanceof Uint) return value.value.toString(base)
  return typeof value === 'bigint' ? value.toString(base) : undefined
}

function decimal(value: Value, name: string, print: (value: number) => string): string {
  const number =
    value === 'NaN' ? Number.NaN : value === 'Infinity' ? Infinity : value === '-Infinity' ? -Infinity : value
  if (typeof number !== 'number') return unsuitable(`${name} clause can only be used on doubles`, value)
  if (Number.isNaN(number)) return 'NaN'
  // Zero has no sign here, but has one in a list.
  return Number.isFinite(number) ? print(number === 0 ? 0 : number) : `${number < 0 ? '-' : ''}∞`
}

/** Inserts a comma before every three digits. */
function grouped(text: string): string {
  return text.replace(/\d+/, (whole) => {
    const first = whole.length % 3
    return [whole.slice(0, first), ...(whole.slice(first).match(/\d{3}/g) ?? [])].filter(Boolean).join(',')
  })
}

/** Formats the exponent as in `1.500000×10⁰³`. */
function powerOfTen(value: number): string {
  const { mantissa, exponent } = scientific(value, DEFAULT_PRECISION)
  const digits = String(Math.abs(exponent)).padStart(2, '0')
  const raised = Array.from(digits, (digit) => '⁰¹²³⁴⁵⁶⁷⁸⁹'.charAt(Number(digit))).join('')
  return `${mantissa}×10${exponent < 0 ? '⁻' : ''}${raised}`
}

const utf8 = new TextEncoder()

export function hexadecimal(value: Value, meter: Meter): string {
  if (typeof value === 'string' || value instanceof Uint8Array) meter.spend(value.length * 4)
  const bytes = typeof value === 'string' ? utf8.encode(value) : value
  if (bytes instanceof Uint8Array) {
    return hexOf(bytes)
  }
  return (
    based(value, 16) ?? unsuitable('only integers, byte buffers, and strings can be formatted as hex', value)
  )
}
