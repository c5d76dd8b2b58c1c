import { type Budget, BudgetExceeded, ERROR_COST } from '../budget.ts'
import { CelEvaluationError } from '../cel.ts'
import { type Checker, type Node, requireBool, type Type } from '../engine.ts'
import { isUnknown } from '../types.ts'
import { hasKey, put } from '../values/map-keys.ts'
import type { BodyType, Item, Kind, Step } from './comprehensions.ts'
import { isComparable, sorted } from './sorting.ts'

/** `all`: whether the predicate holds for every item. */
export const all: Kind = quantifier(false)

/** `exists`: whether it holds for any item. */
export const exists: Kind = quantifier(true)

/** `exists_one`: whether it holds for exactly one item. */
export const existsOne: Kind = {
  type: boolOfBool,
  run: (items, [predicate], at) => chosen(items, predicate, at).length === 1,
}

/** `filter`: the elements, or keys, for which it holds. */
export const filter: Kind = {
  type(checker, bodies, first) {
    boolOfBool(checker, bodies)
    return checker.registry.getListType(first)
  },
  run: (items, [predicate], at) => chosen(items, predicate, at),
}

/** `map` and `transformList`: a list of the transformed items. With two bodies, the first is a filter. */
export const map: Kind = {
  type: (checker, bodies) => checker.registry.getListType(transformType(checker, bodies)),
  run: (items, bodies, at) => transformed(items, bodies, at).map(([, value]) => value),
}

/** `transformMap`: a map with the same keys. */
export const transformMap: Kind = {
  type: (checker, bodies, first) => checker.registry.getMapType(first, transformType(checker, bodies)),
  run(items, bodies, at) {
    const result = new Map<unknown, unknown>()
    for (const [key, value] of transformed(items, bodies, at)) put(result, key, value)
    return result
  },
}

/** `transformMapEntry`: merges the maps that the body returns for the items. Duplicate keys are an error. */
export const transformMapEntry: Kind = {
  type(checker, bodies) {
    const type = transformType(checker, bodies)
    if (type.kind === 'map') return type
    if (isUnknown(type)) return checker.getType('map')
    throw checker.createError('no_matching_overload', 'found no matching overload', lastNode(bodies))
  },
  run(items, bodies, at, budget) {
    const result = new Map<unknown, unknown>()
    for (const [, entries] of transformed(items, bodies, at)) {
      if (!(entries instanceof Map)) throw new CelEvaluationError('no such overload')
      for (const [key, value] of entries) {
        budget.spend(1)
        if (hasKey(result, key)) throw new CelEvaluationError('insert failed: key already exists')
        put(result, key, value)
      }
    }
    return result
  },
}

/** `sortBy`: the elements in the order of their computed keys. */
export const sortBy: Kind = {
  isForLists: true,
  type(checker, bodies, first) {
    const type = transformType(checker, bodies)
    if (isComparable(type)) return checker.registry.getListType(first)
    throw checker.createError('no_matching_overload', 'found no matching overload', lastNode(bodies))
  },
  run(items, bodies, at, budget) {
    const entries = transformed(items, bodies, at)
    const [elements, keys] = [entries.map(([element]) => element), entries.map(([, key]) => key)]
    return sorted(elements, keys, budget)
  },
}

/** `all` and `exists`: an error is ignored if another item decides. */
function quantifier(decisive: boolean): Kind {
  return {
    type: boolOfBool,
    run(items, [predicate], at, budget) {
      let failed: { readonly error: unknown } | undefined
      for (const item of items) {
        const step = at(item)
        try {
          if (decision(predicate, step) === decisive) return decisive
        } catch (error) {
          const survived = survivable(error, budget)
          failed ??= { error: survived }
        }
      }
      if (failed !== undefined) throw failed.error
      return !decisive
    },
  }
}

function survivable(error: unknown, budget: Budget): unknown {
  if (error instanceof BudgetExceeded) throw error
  budget.spend(ERROR_COST)
  return error
}

/** The elements for which a predicate holds. */
function chosen(
  items: Iterable<Item>,
  predicate: Node | undefined,
  at: (item: Item) => Step,
): readonly unknown[] {
  const elements: unknown[] = []
  for (const item of items) if (decision(predicate, at(item))) elements.push(item[0])
  return elements
}

/** The first variable of each item, and the result of the body. */
function transformed(
  items: Iterable<Item>,
  bodies: readonly Node[],
  at: (item: Item) => Step,
): readonly (readonly [unknown, unknown])[] {
  const [predicate, transform] = bodies.length === 2 ? bodies : [undefined, bodies[0]]
  const entries: (readonly [unknown, unknown])[] = []
  for (const item of items) {
    const step = at(item)
    if (transform === undefined || (predicate !== undefined && !decision(predicate, step))) continue
    entries.push([item[0], step(transform)])
  }
  return entries
}

function transformType(checker: Checker, bodies: readonly BodyType[]): Type {
  const [first, second] = bodies
  if (first !== undefined && second !== undefined) requireBool(checker, first.type, first.node)
  return (second ?? first)?.type ?? checker.getType('dyn')
}

function boolOfBool(checker: Checker, [body]: readonly BodyType[]): Type {
  if (body !== undefined) requireBool(checker, body.type, body.node)
  return checker.getType('bool')
}

function lastNode(bodies: readonly BodyType[]): Node {
  const last = bodies.at(-1)
  if (last === undefined) throw new TypeError('a comprehension has a body')
  return last.node
}

function decision(predicate: Node | undefined, step: Step): boolean {
  const value = predicate === undefined ? undefined : step(predicate)
  if (typeof value === 'boolean') return value
  throw new CelEvaluationError('no such overload')
}
