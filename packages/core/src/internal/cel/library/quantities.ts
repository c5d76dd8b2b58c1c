import type { Environment } from '@marcbachmann/cel-js'
import type { Budget } from '../budget.ts'
import { CelEvaluationError } from '../cel.ts'
import { registrar } from '../engine.ts'
import { Opaque } from '../values/opaque.ts'
import {
  addedQuantities,
  approximateQuantity,
  compareQuantities,
  type Quantity,
  quantityIdentity,
  readQuantity,
  wholeQuantity,
} from './quantity.ts'

const TYPE = 'kubernetes.Quantity'

/** Operations on numbers of hundreds of digits cost more than other steps. */
const COST = 5

class QuantityValue extends Opaque {
  readonly identity: string
  readonly quantity: Quantity

  constructor(quantity: Quantity) {
    super()
    this.identity = quantityIdentity(quantity)
    this.quantity = quantity
  }
}

/**
 * Registers `quantity`, `isQuantity` and the methods of quantities.
 *
 * Source: apiserver `pkg/cel/library/quantity.go`.
 */
export function registerQuantities(environment: Environment, budget: Budget): void {
  const register = registrar(environment)
  const order = (a: QuantityValue, b: QuantityValue): number => {
    budget.spend(COST)
    return compareQuantities(a.quantity, b.quantity)
  }
  environment.registerType(TYPE, QuantityValue)
  register(`quantity(string): ${TYPE}`, (text: string) => {
    budget.spend(COST)
    const quantity = readQuantity(text)
    if (quantity === undefined) throw new CelEvaluationError('quantities must match the regular expression')
    return new QuantityValue(quantity)
  })
  register('isQuantity(string): bool', (text: string) => readQuantity(text) !== undefined)
  // Kubernetes documents one form and declares the other.
  register(`sign(${TYPE}): int`, sign)
  register(`${TYPE}.sign(): int`, sign)
  register(
    `${TYPE}.isInteger(): bool`,
    ({ quantity }: QuantityValue) => wholeQuantity(quantity) !== undefined,
  )
  register(`${TYPE}.asInteger(): int`, ({ quantity }: QuantityValue) => {
    const value = wholeQuantity(quantity)
    if (value === undefined) throw new CelEvaluationError('cannot convert value to integer')
    return value
  })
  register(`${TYPE}.asApproximateFloat(): double`, ({ quantity }: QuantityValue) =>
    approximateQuantity(quantity),
  )
  register(`${TYPE}.isGreaterThan(${TYPE}): bool`, (a: QuantityValue, b: QuantityValue) => order(a, b) > 0)
  register(`${TYPE}.isLessThan(${TYPE}): bool`, (a: QuantityValue, b: QuantityValue) => order(a, b) < 0)
  register(`${TYPE}.compareTo(${TYPE}): int`, (a: QuantityValue, b: QuantityValue) => BigInt(order(a, b)))
  for (const [name, factor] of [
    ['add', 1n],
    ['sub', -1n],
  ] as const) {
    const added = ({ quantity }: QuantityValue, other: Quantity): QuantityValue => {
      budget.spend(COST)
      return new QuantityValue(addedQuantities(quantity, other, factor))
    }
    register(`${TYPE}.${name}(${TYPE}): ${TYPE}`, (a: QuantityValue, b: QuantityValue) =>
      added(a, b.quantity),
    )
    register(`${TYPE}.${name}(int): ${TYPE}`, (a: QuantityValue, value: bigint) =>
      added(a, { unscaled: value, scale: 0, isSmall: true }),
    )
  }
}

function sign({ quantity: { unscaled } }: QuantityValue): bigint {
  return unscaled > 0n ? 1n : unscaled < 0n ? -1n : 0n
}
