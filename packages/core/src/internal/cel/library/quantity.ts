import { MAX_INT, MIN_INT } from '../values/numbers.ts'

/** A number with a decimal exponent: `unscaled` times ten to the power of `scale`. */
export interface Quantity {
  readonly unscaled: bigint
  readonly scale: number
  /** Whether 64 bits have been enough for it so far. Only such a quantity can be a whole number. */
  readonly isSmall: boolean
}

/** Characters that a quantity has at most, and how many digits its exponent can add. */
const MAX_LENGTH = 128
const MAX_EXPONENT = 100

const NANO = -9
/** Digits that always fit into 64 bits. */
const SAFE_DIGITS = 18

/**
 * Reads a quantity, as `1.5Gi`. What is smaller than a billionth is a billionth.
 *
 * Source: apimachinery `pkg/api/resource/quantity.go` (`ParseQuantity`).
 *
 * Deviation: it must not be longer than 128 characters, nor its exponent larger than 100 (`docs/deviations.md`, CEL limits).
 */
export function readQuantity(text: string): Quantity | undefined {
  if (text === '' || text.length > MAX_LENGTH) return undefined
  const [whole, sign, zeros = '', digits = '', fraction = '', suffix = ''] =
    /^([+-]?)(0*)(\d*)(?:\.(\d*))?([eEinumkKMGTP]*[+-]?\d*)$/.exec(text) ?? []
  if (whole === undefined) return undefined
  // Nothing but zeros, or nothing at all.
  if (whole === `${sign ?? ''}${zeros}`) return { unscaled: 0n, scale: 0, isSmall: true }
  const { base, exponent } = unit(suffix) ?? {}
  if (base === undefined || exponent === undefined) return undefined
  const integer = digits === '' ? '0' : digits
  const factor = base === 2 ? 2n ** BigInt(exponent) : 1n
  const number = BigInt(integer + fraction)
  const unscaled = (sign === '-' ? -number : number) * factor
  const scale = (base === 2 ? 0 : exponent) - fraction.length
  const isSmall =
    fitsAtOnce(base, exponent, integer.length, fraction.length) && scale >= NANO && fits(unscaled)
  if (isSmall) return { unscaled, scale, isSmall }
  if (zeros + digits + fraction === '') return undefined
  const large = inNanos({ unscaled, scale, isSmall })
  return base === 2 ? capped(large) : large
}

/** Which of two is the smaller one: negative, 0 or positive. */
export function compareQuantities(a: Quantity, b: Quantity): number {
  const scale = Math.min(a.scale, b.scale)
  const [one, other] = [scaled(a, scale), scaled(b, scale)]
  return one < other ? -1 : one > other ? 1 : 0
}

/** The sum of two, or the difference when the factor is -1. */
export function addedQuantities(a: Quantity, b: Quantity, factor: 1n | -1n): Quantity {
  if (b.unscaled === 0n && a.isSmall && b.isSmall) return a
  if (a.unscaled === 0n && a.isSmall && b.isSmall) return { ...b, unscaled: b.unscaled * factor }
  const scale = Math.min(a.scale, b.scale)
  const parts = [scaled(a, scale), scaled(b, scale) * factor] as const
  const unscaled = parts[0] + parts[1]
  const isSmall = a.isSmall && b.isSmall && [...parts, unscaled].every(fits)
  return { unscaled, scale, isSmall }
}

/** As a whole number of 64 bits; `undefined` when it is none. */
export function wholeQuantity({ unscaled, scale, isSmall }: Quantity): bigint | undefined {
  if (!isSmall || scale < 0) return undefined
  const value = unscaled * 10n ** BigInt(scale)
  return fits(value) ? value : undefined
}

/** As the double that is nearest to it, more or less. */
export function approximateQuantity({ unscaled, scale }: Quantity): number {
  return Number(unscaled) * Number(`1e${scale}`)
}

/** A text that is the same for equal quantities. */
export function quantityIdentity({ unscaled, scale }: Quantity): string {
  const [, digits = '', zeros = ''] = /^(.*?)(0*)$/.exec(String(unscaled)) ?? []
  return digits === '' ? '0' : `${digits}e${scale + zeros.length}`
}

interface Unit {
  readonly base: 2 | 10
  readonly exponent: number
}

function unit(suffix: string): Unit | undefined {
  const decimal = ['n', 'u', 'm', '', 'k', 'M', 'G', 'T', 'P', 'E'].indexOf(suffix)
  if (decimal !== -1) return { base: 10, exponent: (decimal - 3) * 3 }
  const binary = ['Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei'].indexOf(suffix)
  if (binary !== -1) return { base: 2, exponent: (binary + 1) * 10 }
  const [, exponent] = /^[eE]([+-]?\d+)$/.exec(suffix) ?? []
  const value = Number(exponent)
  return exponent === undefined || Math.abs(value) > MAX_EXPONENT ? undefined : { base: 10, exponent: value }
}

/** Whether Kubernetes tries it with 64 bits at all. */
function fitsAtOnce(base: 2 | 10, exponent: number, integerDigits: number, fractionDigits: number): boolean {
  if (base === 10) return integerDigits + fractionDigits <= SAFE_DIGITS
  return fractionDigits === 0 && integerDigits + Math.trunc((exponent * 3) / 10) <= SAFE_DIGITS - 4
}

function fits(value: bigint): boolean {
  return value >= MIN_INT && value <= MAX_INT
}

function scaled({ unscaled, scale }: Quantity, wanted: number): bigint {
  return unscaled * 10n ** BigInt(scale - wanted)
}

/** Away from zero, to billionths. */
function inNanos(quantity: Quantity): Quantity {
  const { unscaled, scale } = quantity
  if (unscaled === 0n) return quantity
  if (scale >= NANO) return { unscaled: scaled(quantity, NANO), scale: NANO, isSmall: false }
  const divisor = 10n ** BigInt(NANO - scale)
  const rest = unscaled % divisor
  const away = rest === 0n ? 0n : unscaled < 0n ? -1n : 1n
  return { unscaled: unscaled / divisor + away, scale: NANO, isSmall: false }
}

/** What counts bytes has at most 63 bits. */
function capped(quantity: Quantity): Quantity {
  const sign = quantity.unscaled < 0n ? -1n : 1n
  const limit = { unscaled: sign * MAX_INT, scale: 0, isSmall: false }
  return compareQuantities(quantity, limit) * Number(sign) > 0 ? limit : quantity
}
