import type { Meter } from '../evaluate/evaluation.ts'
import { fail } from '../evaluate/failure.ts'
import { fn, type Library, method } from '../check/declarations.ts'
import { structType } from '../check/types.ts'
import { Opaque, type Value } from '../values/value.ts'
import { traversal } from './costs.ts'
import { orderMethods } from './ordered.ts'
import {
  addedQuantities,
  approximateQuantity,
  compareQuantities,
  type Quantity,
  quantityIdentity,
  readQuantity,
  wholeQuantity,
} from './quantity.ts'

const TYPE = structType('kubernetes.Quantity')

/** Operations on numbers of hundreds of digits take longer than other steps. */
const WORK = 30

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
      fn('sign(kubernetes.Quantity): int', sign),
      method(
        'kubernetes.Quantity.isInteger(): bool',
        ({ quantity }: QuantityValue) => wholeQuantity(quantity) !== undefined,
      ),
      method(
        'kubernetes.Quantity.asInteger(): int',
        ({ quantity }: QuantityValue) => wholeQuantity(quantity) ?? fail('cannot convert value to integer'),
      ),
      method('kubernetes.Quantity.asApproximateFloat(): double', ({ quantity }: QuantityValue) =>
        approximateQuantity(quantity),
      ),
      ...orderMethods(TYPE, order),
      ...['kubernetes.Quantity', 'int'].flatMap((other) => [
        method(`kubernetes.Quantity.add(${other}): kubernetes.Quantity`, added(1n)),
        method(`kubernetes.Quantity.sub(${other}): kubernetes.Quantity`, added(-1n)),
      ]),
    ],
  }
}

function sign({ quantity: { unscaled } }: QuantityValue): bigint {
  return unscaled > 0n ? 1n : unscaled < 0n ? -1n : 0n
}
