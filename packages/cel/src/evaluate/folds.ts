import type { FoldForm } from '../syntax/ast.ts'
import { MapBuilder, EntryMap } from '../values/map.ts'
import { typeName } from '../values/runtime-type.ts'
import { isList, MapValue, type Value } from '../values/value.ts'
import { fail, type Failure, noSuchOverload } from './failure.ts'
import type { Frame, Run } from './frame.ts'
import { attempted, failureOf } from './logic.ts'
import type { Meter } from './meter.ts'

/** A planned comprehension. */
export interface Fold {
  readonly range: Run
  /** The slots of the variables. */
  readonly first: number
  readonly second: number | undefined
  readonly predicate: Run | undefined
  readonly body: Run
  /** Whether the body is constant, so that no list is created around it. */
  readonly isConstant: boolean
  readonly meter: Meter
}

/**
 * Evaluates a comprehension. The costs are those of the steps of the expanded macro.
 *
 * Source: cel-go `interpreter/interpretable.go` (`evalFold`), `interpreter/runtimecost.go`.
 */
export function foldRun(form: Exclude<FoldForm, 'bind'>, fold: Fold): Run {
  switch (form) {
    case 'all':
      return quantifier(fold, false, 2)
    case 'exists':
      return quantifier(fold, true, 3)
    case 'existsOne':
      return existsOne(fold)
    case 'list':
      return list(fold)
    case 'map':
      return map(fold)
    case 'entries':
      return entries(fold)
  }
}

/** `all` and `exists`: an error is ignored if another item decides. */
function quantifier(fold: Fold, decisive: boolean, conditionCost: number): Run {
  const { meter, body } = fold
  return (frame) => {
    let isDecided = false
    let failure: Failure | undefined
    each(fold, frame, () => {
      meter.charge(conditionCost)
      if (isDecided) return false
      meter.charge(1)
      const value = attempted(body, frame, meter)
      if (value === decisive) isDecided = true
      else if (typeof value !== 'boolean') failure ??= failureOf(value)
      return true
    })
    meter.charge(1)
    if (!isDecided && failure !== undefined) fail(failure.message)
    return isDecided === decisive
  }
}

function existsOne(fold: Fold): Run {
  const { meter, body } = fold
  return (frame) => {
    let count = 0
    each(fold, frame, () => {
      if (!decision(body(frame))) return true
      meter.charge(2)
      count++
      return true
    })
    meter.charge(2)
    return count === 1
  }
}

function list(fold: Fold): Run {
  const { meter, body, isConstant } = fold
  const cost = isConstant ? 2 : 12
  return (frame) => {
    const elements: Value[] = []
    chosen(fold, frame, () => {
      elements.push(body(frame))
      meter.charge(cost)
    })
    meter.charge(1)
    return elements
  }
}

function map(fold: Fold): Run {
  const { meter, body, first } = fold
  return (frame) => {
    const builder = new MapBuilder()
    chosen(fold, frame, () => {
      insert(builder, frame[first] ?? null, body(frame))
      meter.charge(3)
    })
    meter.charge(1)
    return new EntryMap(builder)
  }
}

function entries(fold: Fold): Run {
  const { meter, body } = fold
  return (frame) => {
    const builder = new MapBuilder()
    chosen(fold, frame, () => {
      const added = body(frame)
      meter.charge(2)
      if (!(added instanceof MapValue)) noSuchOverload()
      for (const [key, value] of added.entries()) {
        meter.spend(8)
        insert(builder, key, value)
      }
    })
    meter.charge(1)
    return new EntryMap(builder)
  }
}

function insert(builder: MapBuilder, key: Value, value: Value): void {
  if (builder.has(key)) fail('insert failed: key already exists')
  builder.set(key, value)
}

/** Visits the items for which the predicate holds. */
function chosen(fold: Fold, frame: Frame, visit: () => void): void {
  const { predicate } = fold
  each(fold, frame, () => {
    if (predicate === undefined || decision(predicate(frame))) visit()
    return true
  })
}

/** Sets the variables to each item, until `visit` returns false. */
function each({ range, first, second, meter }: Fold, frame: Frame, visit: () => boolean): void {
  const items = range(frame)
  if (isList(items)) {
    for (const [index, item] of items.entries()) {
      meter.spend(1)
      frame[first] = second === undefined ? item : BigInt(index)
      if (second !== undefined) frame[second] = item
      if (!visit()) return
    }
  } else if (items instanceof MapValue) {
    for (const [key, value] of items.entries()) {
      meter.spend(1)
      frame[first] = key
      if (second !== undefined) frame[second] = value
      if (!visit()) return
    }
  } else fail(`got '${typeName(items)}', expected iterable type`)
}

function decision(value: Value): boolean {
  return typeof value === 'boolean' ? value : noSuchOverload()
}
