import { hexOf } from '@kube-authn/internal/bytes'
import { quoted } from '@kube-authn/internal/quote'
import { fail as failed, type Meter } from '../evaluate/evaluation.ts'
import { Duration, isList, MapValue, Timestamp, TypeValue, Uint, type Value } from '../values/value.ts'
import { typeName } from '../values/runtime-type.ts'
import { printedBytes } from './conversions.ts'
import { fixedPoint, printedDouble, scientific } from './number-text.ts'
import { printedDuration, printedTime } from './timestamps.ts'

/** The letter of a clause. */
export type Verb = 's' | 'd' | 'f' | 'e' | 'b' | 'x' | 'X' | 'o'

export interface Clause {
  readonly verb: Verb
  readonly precision: number | undefined
}

/** Formats a value by a clause. It fails if the clause does not support its type. */
export type FormatStyle = (clause: Clause, value: Value, meter: Meter) => string

/** How the clauses print a value; `undefined` if one does not support its type. */
type Prints = Readonly<Record<Verb, (value: Value, meter: Meter, precision: number) => string | undefined>>

/** The work per value: exact digits take long. */
const WORK: Readonly<Record<Verb, number>> = { s: 4, d: 10, f: 250, e: 250, b: 10, x: 10, X: 10, o: 10 }

const DEFAULT_PRECISION = 6

export function formatStyle(prints: Prints, problems: Partial<Record<Verb, string>> = {}): FormatStyle {
  return ({ verb, precision = DEFAULT_PRECISION }, value, meter) => {
    meter.spend(WORK[verb])
    return prints[verb](value, meter, precision) ?? fail(problems[verb] ?? unsuitable(verb, typeName(value)))
  }
}

const NO_HEXADECIMAL = 'only integers, byte buffers, and strings can be formatted as hex'
const PROBLEMS: Readonly<Record<Verb, string>> = {
  s: 'string clause can only be used on strings, bools, bytes, ints, doubles, maps, lists, types, durations, and timestamps',
  d: 'decimal clause can only be used on integers',
  f: 'fixed-point clause can only be used on doubles',
  e: 'scientific clause can only be used on doubles',
  b: 'only integers and bools can be formatted as binary',
  x: NO_HEXADECIMAL,
  X: NO_HEXADECIMAL,
  o: 'octal clause can only be used on integers',
}

/** The problem of a value of a type that a clause does not support. */
export function unsuitable(verb: Verb, type: string): string {
  return `${PROBLEMS[verb]}, was given ${type}`
}

export function fail(problem: string): never {
  return failed(`error during formatting: ${problem}`)
}

/** The clauses that are the same in all styles. */
export const BASES: Pick<Prints, 'b' | 'o' | 'x' | 'X'> = {
  b: (value) => (typeof value === 'boolean' ? String(Number(value)) : based(value, 2)),
  o: (value) => based(value, 8),
  x: hexadecimal,
  X: (value, meter) => hexadecimal(value, meter)?.toUpperCase(),
}

/**
 * The style of Kubernetes.
 *
 * Source: cel-go `ext/formatting.go`, in the locale `en_US`.
 */
export const kubernetesStyle: FormatStyle = formatStyle({
  ...BASES,
  s: plainText,
  d: (value) => based(value, 10),
  f: (value, _, precision) => decimal(value, (number) => grouped(fixedPoint(number, precision))),
  // Go uses the precision as the width.
  e: (value, _, precision) => decimal(value, powerOfTen)?.padStart(precision),
})

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
  if (value instanceof TypeValue) return value.name
  return based(value, 10) ?? fail(unsuitable('s', typeName(value)))
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

function decimal(value: Value, print: (value: number) => string): string | undefined {
  const number = value === 'NaN' || value === 'Infinity' || value === '-Infinity' ? Number(value) : value
  if (typeof number !== 'number') return undefined
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

function hexadecimal(value: Value, meter: Meter): string | undefined {
  if (typeof value === 'string' || value instanceof Uint8Array) meter.spend(value.length * 4)
  const bytes = typeof value === 'string' ? utf8.encode(value) : value
  return bytes instanceof Uint8Array ? hexOf(bytes) : based(value, 16)
}
