import { fail, type Meter } from '../evaluate/evaluation.ts'
import { fn, type Library, method } from '../check/declarations.ts'
import { structType } from '../check/types.ts'
import { MAX_INT, MIN_INT, Opaque, type Value } from '../values/value.ts'
import { traversal } from './costs.ts'
import { orderMethods } from './sorting.ts'

const TYPE = structType('kubernetes.Quantity')

/** Operations on numbers of hundreds of digits take longer than other steps. */
const WORK = 30

/** Deviation: its functions never change it (`docs/deviations.md`, quantities in CEL). */
class QuantityValue extends Opaque {
  readonly type = TYPE
  readonly quantity: Quantity
  /** As in Kubernetes, nothing can be compared with a sum. */
  readonly #isSum: boolean
  #identity: string | undefined

  constructor(quantity: Quantity, isSum = false) {
    super()
    this.quantity = quantity
    this.#isSum = isSum
  }

  /** Made once: a list compares each of its elements with all others. */
  get identity(): string {
    this.#identity ??= quantityIdentity(this.quantity)
    return this.#identity
  }

  override equals(other: Value): boolean | undefined {
    return other instanceof QuantityValue && !other.#isSum ? super.equals(other) : undefined
  }
}

/**
 * `quantity`, `isQuantity` and the methods of quantities.
 *
 * Source: apiserver `pkg/cel/library/quantity.go`.
 */
export function quantities(meter: Meter): Library {
  const order = (a: QuantityValue, b: QuantityValue): number => {
    meter.spend(WORK)
    return compareQuantities(a.quantity, b.quantity)
  }
  const read = (text: string): Quantity | undefined => {
    meter.spend(WORK + Math.min(text.length, 128) / 2)
    return readQuantity(text)
  }
  const added =
    (factor: 1n | -1n) =>
    ({ quantity }: QuantityValue, other: QuantityValue | bigint): QuantityValue => {
      meter.spend(WORK)
      const addend =
        other instanceof QuantityValue ? other.quantity : { unscaled: other, scale: 0, isSmall: true }
      return new QuantityValue(addedQuantities(quantity, addend, factor), true)
    }
  const required = (text: string): QuantityValue =>
    new QuantityValue(read(text) ?? fail('quantities must match the regular expression'))
  return {
    types: [TYPE],
    functions: [
      fn('quantity(string): kubernetes.Quantity', required, traversal),
      fn('isQuantity(string): bool', (text: string) => read(text) !== undefined, traversal),
      fn('sign(kubernetes.Quantity): int', signOf),
      method('kubernetes.Quantity.isInteger(): bool', (value: QuantityValue) => wholeOf(value) !== undefined),
      method('kubernetes.Quantity.asInteger(): int', requiredWhole),
      method('kubernetes.Quantity.asApproximateFloat(): double', approximate),
      ...orderMethods(TYPE, order),
      ...['kubernetes.Quantity', 'int'].flatMap((other) => [
        method(`kubernetes.Quantity.add(${other}): kubernetes.Quantity`, added(1n)),
        method(`kubernetes.Quantity.sub(${other}): kubernetes.Quantity`, added(-1n)),
      ]),
    ],
  }
}

function signOf({ quantity: { unscaled } }: QuantityValue): bigint {
  return unscaled > 0n ? 1n : unscaled < 0n ? -1n : 0n
}

/** A decimal number: `unscaled` times ten to the power of `scale`. */
export interface Quantity {
  readonly unscaled: bigint
  readonly scale: number
  /** Whether 64 bits have sufficed so far. Only such a quantity can be an integer. */
  readonly isSmall: boolean
}

/** Maximum length of a quantity, and of the magnitude of its exponent. */
const MAX_LENGTH = 128
const MAX_EXPONENT = 400

const NANO = -9
/** Digits that always fit into 64 bits. */
const SAFE_DIGITS = 18

/**
 * Parses a quantity, such as `1.5Gi`. Values below a billionth become a billionth.
 *
 * Source: apimachinery `pkg/api/resource/quantity.go` (`ParseQuantity`).
 *
 * Deviation: at most 128 characters and an exponent of at most 400 (`docs/deviations.md`, CEL limits).
 */
export function readQuantity(text: string): Quantity | undefined {
  if (text === '' || text.length > MAX_LENGTH) return undefined
  const [whole, sign, zeros = '', digits = '', fraction = '', suffix = ''] =
    /^([+-]?)(0*)(\d*)(?:\.(\d*))?([eEinumkKMGTP]*[+-]?\d*)$/.exec(text) ?? []
  if (whole === undefined) return undefined
  // Only zeros, or empty.
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

/** Compares two quantities: negative, 0 or positive. */
export function compareQuantities(a: Quantity, b: Quantity): number {
  const scale = Math.min(a.scale, b.scale)
  const [one, other] = [scaled(a, scale), scaled(b, scale)]
  return one < other ? -1 : one > other ? 1 : 0
}

/** The sum of two quantities, or the difference if the factor is -1. */
export function addedQuantities(a: Quantity, b: Quantity, factor: 1n | -1n): Quantity {
  const scale = Math.min(a.scale, b.scale)
  if (a.isSmall && b.isSmall) {
    if (b.unscaled === 0n) return a
    // In 64 bits, the least integer is its own opposite.
    const added = { ...b, unscaled: BigInt.asIntN(64, b.unscaled * factor) }
    if (a.unscaled === 0n) return added
    const parts = [scaled(a, scale), scaled(added, scale)] as const
    const unscaled = parts[0] + parts[1]
    if ([...parts, unscaled].every(fits)) return { unscaled, scale, isSmall: true }
  }
  return { unscaled: scaled(a, scale) + scaled(b, scale) * factor, scale, isSmall: false }
}

/** The quantity as a 64-bit integer; `undefined` if it is not one. */
function wholeOf({ quantity: { unscaled, scale, isSmall } }: QuantityValue): bigint | undefined {
  if (!isSmall || scale < 0) return undefined
  const value = unscaled * 10n ** BigInt(scale)
  return fits(value) ? value : undefined
}

function requiredWhole(value: QuantityValue): bigint {
  return wholeOf(value) ?? fail('cannot convert value to integer')
}

function approximate({ quantity: { unscaled, scale } }: QuantityValue): number {
  return Number(unscaled) * Number(`1e${scale}`)
}

function quantityIdentity({ unscaled, scale }: Quantity): string {
  if (unscaled === 0n) return '0'
  const digits = String(unscaled)
  let end = digits.length
  while (digits.charAt(end - 1) === '0') end--
  return `${digits.slice(0, end)}e${scale + digits.length - end}`
}

function unit(suffix: string): { readonly base: 2 | 10; readonly exponent: number } | undefined {
  const decimal = ['n', 'u', 'm', '', 'k', 'M', 'G', 'T', 'P', 'E'].indexOf(suffix)
  if (decimal !== -1) return { base: 10, exponent: (decimal - 3) * 3 }
  const binary = ['Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei'].indexOf(suffix)
  if (binary !== -1) return { base: 2, exponent: (binary + 1) * 10 }
  const [, exponent] = /^[eE]([+-]?\d+)$/.exec(suffix) ?? []
  const value = Number(exponent)
  return exponent === undefined || Math.abs(value) > MAX_EXPONENT ? undefined : { base: 10, exponent: value }
}

/** Whether Kubernetes parses it with 64 bits. */
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

/** Rounds away from zero, to billionths. */
function inNanos(quantity: Quantity): Quantity {
  const { unscaled, scale } = quantity
  if (unscaled === 0n) return quantity
  if (scale >= NANO) return { unscaled: scaled(quantity, NANO), scale: NANO, isSmall: false }
  const divisor = 10n ** BigInt(NANO - scale)
  const rest = unscaled % divisor
  const away = rest === 0n ? 0n : unscaled < 0n ? -1n : 1n
  return { unscaled: unscaled / divisor + away, scale: NANO, isSmall: false }
}

/** Limits a quantity with a binary suffix to 63 bits, as in Kubernetes. */
function capped(quantity: Quantity): Quantity {
  const sign = quantity.unscaled < 0n ? -1n : 1n
  const limit = { unscaled: sign * MAX_INT, scale: 0, isSmall: false }
  return compareQuantities(quantity, limit) * Number(sign) > 0 ? limit : quantity
}
