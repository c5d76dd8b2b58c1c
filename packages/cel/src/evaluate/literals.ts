import { LIST_COST, MAP_COST } from '../library/costs.ts'
import { EntryMap, MapBuilder } from '../values/map.ts'
import { Opaque, Optional, type Value } from '../values/value.ts'
import { abort, fail, Failure, FAILURE_WORK, type Meter, noSuchOverload } from './evaluation.ts'
import { constantStep, type Frame, type Run, type Step } from './plan.ts'
import { isKey } from './attributes.ts'

/** An element of a list, or the value of an entry, which is left out if it is optional and none. */
export interface Item {
  readonly step: Step
  readonly isOptional: boolean
}

/** A list literal. One of constants is constant and costs nothing. */
export function listStep(items: readonly Item[], meter: Meter): Step {
  const constants = items.flatMap(({ step, isOptional }) =>
    step.constant === undefined || isOptional ? [] : [step.constant],
  )
  if (constants.length === items.length) return constantStep(constants)
  const run: Run = (frame) => {
    const elements: Value[] = []
    for (const { step, isOptional } of items) {
      const element = presentValue(step.run(frame), isOptional)
      if (element !== undefined) elements.push(element)
    }
    return elements
  }
  return { run: created(run, LIST_COST, meter) }
}

/** Charges for a list or map, also if an element of it fails. */
function created(run: Run, cost: number, meter: Meter): Run {
  return (frame) => {
    try {
      const value = run(frame)
      meter.charge(cost)
      return value
    } catch (error) {
      if (error instanceof Failure) {
        meter.spend(FAILURE_WORK)
        meter.charge(cost)
      }
      throw error
    }
  }
}

export function mapStep(
  entries: readonly (Item & { readonly key: Step })[],
  isStrict: boolean,
  meter: Meter,
): Step {
  const made = (frame: Frame): EntryMap => {
    const builder = new MapBuilder()
    for (const { key, step, isOptional } of entries) {
      const name = keyOf(key.run(frame), isStrict)
      const value = presentValue(step.run(frame), isOptional)
      if (isStrict && builder.has(name)) fail('Failed with repeated key')
      if (value === undefined) builder.delete(name)
      else builder.set(name, value)
    }
    return new EntryMap(builder)
  }
  if (
    entries.every(
      ({ key, step, isOptional }) => key.constant !== undefined && step.constant !== undefined && !isOptional,
    )
  ) {
    return constantStep(made([]))
  }
  return { run: created(made, MAP_COST, meter) }
}

/** The key. The language has `bool`, `int`, `uint` and `string` keys; cel-go takes others too, but panics for those that Go cannot hash. */
function keyOf(key: Value, isStrict: boolean): Value {
  if (isStrict) return isKey(key) && typeof key !== 'number' ? key : fail('unsupported key type')
  const isHashable = !(key instanceof Uint8Array || (key instanceof Opaque && !key.isHashable))
  return isHashable ? key : abort('unsupported key type')
}

function presentValue(value: Value, isOptional: boolean): Value | undefined {
  if (!isOptional) return value
  return value instanceof Optional ? value.value : noSuchOverload()
}
