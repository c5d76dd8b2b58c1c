import type { FoldForm } from '../syntax/ast.ts'
import { MAP_INSERT } from '../syntax/macros.ts'
import { EntryMap, indexed, MapBuilder, MapView } from '../values/map.ts'
import { goTypeName, typeName } from '../values/runtime-type.ts'
import { isList, MapValue, type Value } from '../values/value.ts'
import { fail, Failure, type Meter, raise } from './evaluation.ts'
import type { Frame, Run } from './plan.ts'
import { attempted, failureOf } from './calls.ts'

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
 * Evaluate the forms of a comprehension. The costs are those of the steps of the expanded macro.
 *
 * Source: cel-go `interpreter/interpretable.go` (`evalFold`), `interpreter/runtimecost.go`.
 */
export const FOLDS: Readonly<Record<FoldForm, (fold: Fold) => Run>> = {
  all: (fold) => quantifier(fold, false, 2),
  exists: (fold) => quantifier(fold, true, 3),
  existsOne,
  list,
  map,
  entries,
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
    if (!isDecided && failure !== undefined) raise(failure)
    return isDecided === decisive
  }
}

/** As in cel-go, an error does not end the loop, which goes on to cost, and to find the last error of a condition. */
function existsOne(fold: Fold): Run {
  const { meter, body } = fold
  return (frame) => {
    let count = 0
    let failure: Failure | undefined
    each(fold, frame, () => {
      const value = attempted(body, frame, meter)
      if (value === true) {
        meter.charge(2)
        count++
      } else if (value !== false) failure = failureOf(value)
      return true
    })
    meter.charge(2)
    if (failure !== undefined) raise(failure)
    return count === 1
  }
}

function list(fold: Fold): Run {
  const { meter, body, isConstant } = fold
  const cost = isConstant ? 2 : 12
  return (frame) => {
    const elements: Value[] = []
    collect(fold, frame, (failure) => {
      const element = attempted(body, frame, meter)
      meter.charge(cost)
      if (element instanceof Failure) return failure ?? element
      elements.push(element)
      return failure
    })
    return elements
  }
}

function map(fold: Fold): Run {
  const { meter, body, first } = fold
  return (frame) => {
    const builder = new MapBuilder()
    collect(fold, frame, (failure) => {
      if (failure !== undefined) {
        meter.charge(1)
        return failure
      }
      const value = attempted(body, frame, meter)
      meter.charge(3)
      meter.spend(1)
      return value instanceof Failure ? value : inserted(builder, keyOf(frame[first]), value)
    })
    return new EntryMap(builder)
  }
}

function entries(fold: Fold): Run {
  const { meter, body } = fold
  return (frame) => {
    const builder = new MapBuilder()
    collect(fold, frame, (failure) => {
      const added = attempted(body, frame, meter)
      meter.charge(2)
      if (failure !== undefined || added instanceof Failure) return failure ?? failureOf(added)
      if (!(added instanceof MapValue))
        return new Failure(`no such overload: ${MAP_INSERT}(map, ${typeName(added)})`)
      for (const [key, value] of added.entries()) {
        meter.spend(8)
        const problem = inserted(builder, key, value)
        if (problem !== undefined) return problem
      }
      return undefined
    })
    return new EntryMap(builder)
  }
}

function keyOf(value: Frame[number]): Value {
  return value === undefined || value instanceof Failure ? null : value
}

function inserted(builder: MapBuilder, key: Value, value: Value): Failure | undefined {
  if (builder.has(key)) return new Failure('insert failed: key already exists')
  builder.set(key, value)
  return undefined
}

/**
 * Visits the items for which the predicate holds. As in cel-go, the loop goes on after an error, and costs as much: `visit` gets the error,
 * and returns the one to keep. That of a predicate replaces any before.
 */
function collect(
  fold: Fold,
  frame: Frame,
  visit: (failure: Failure | undefined) => Failure | undefined,
): void {
  const { predicate, meter } = fold
  let failure: Failure | undefined
  each(fold, frame, () => {
    const isChosen = predicate === undefined || attempted(predicate, frame, meter)
    if (isChosen === true) failure = visit(failure)
    else if (isChosen !== false) failure = failureOf(isChosen)
    return true
  })
  meter.charge(1)
  if (failure !== undefined) raise(failure)
}

/** Sets the variables to each item, until `visit` returns false. */
function each({ range, first, second, meter }: Fold, frame: Frame, visit: () => boolean): void {
  const items = range(frame)
  if (isList(items)) {
    const found = second === undefined ? items : indexed(items)
    for (const [index, item] of found.entries()) {
      meter.spend(1)
      frame[first] = second === undefined ? item : BigInt(index)
      if (second !== undefined) frame[second] = item
      if (!visit()) return
    }
  } else if (items instanceof MapValue) {
    const hasSecond = second !== undefined
    for (const [key, value] of items instanceof MapView ? items.visits(hasSecond) : items.entries()) {
      meter.spend(1)
      frame[first] = key
      if (second !== undefined) frame[second] = value
      if (!visit()) return
    }
  } else if (second === undefined) fail(`got '${typeName(items)}', expected iterable type`)
  else fail(`unsupported comprehension range type: ${goTypeName(items) ?? typeName(items)}`)
}
