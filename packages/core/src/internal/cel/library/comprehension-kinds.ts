import { type Budget, BudgetExceeded, ERROR_COST } from '../budget.ts'
import { CelEvaluationError } from '../cel.ts'
import { type Checker, type Node, requireBool, type Type } from '../engine.ts'
import { isUnknown } from '../types.ts'
import { hasKey, put } from '../values/map-keys.ts'
import type { BodyType, Item, Kind, Step } from './comprehensions.ts'
import { isComparable, sorted } from './sorting.ts'

/** Whether the predicate holds of every item. */
export const all: Kind = quantifier(false)

/** Whether it holds of any. */
export const exists: Kind = quantifier(true)

/** Whether it holds of one, and of no other. */
export const existsOne: Kind = {
  type: boolOfBool,
  run: (items, [predicate], at) => chosen(items, predicate, at).length === 1,
}

/** The elements, or keys, of which it holds. */
export const filter: Kind = {
  type(checker, bodies, first) {
    boolOfBool(checker, bodies)
    return checker.registry.getListType(first)
  },
  run: (items, [predicate], at) => chosen(items, predicate, at),
}

/** A list of what is made of each item: `map` and `transformList`. With two bodies, of each that the first one holds of. */
export const map: Kind = {
  type: (checker, bodies) => checker.registry.getListType(transformType(checker, bodies)),
  run: (items, bodies, at) => transformed(items, bodies, at).map(([, value]) => value),
}

/** A map with the same keys. */
export const transformMap: Kind = {
  type: (checker, bodies, first) => checker.registry.getMapType(first, transformType(checker, bodies)),
  run(items, bodies, at) {
    const result = new Map<unknown, unknown>()
    for (const [key, value] of transformed(items, bodies, at)) put(result, key, value)
    return result
  },
}

/** A map of all entries of the maps that are made of the items. No key may come twice. */
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

/** The elements in the order of what is made of them. */
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

/** `all` and `exists`: an error counts only when no other item decides. */
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

/** The elements of which a predicate holds. */
function chosen(
  items: Iterable<Item>,
  predicate: Node | undefined,
  at: (item: Item) => Step,
): readonly unknown[] {
  const elements: unknown[] = []
  for (const item of items) if (decision(predicate, at(item))) elements.push(item[0])
  return elements
}

/** The first of each item, and what is made of it. */
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
