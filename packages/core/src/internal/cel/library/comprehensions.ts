import type { Environment } from '@marcbachmann/cel-js'
import type { Budget } from '../budget.ts'
import { CelEvaluationError } from '../cel.ts'
import {
  boundName,
  type Checker,
  type Macro,
  type MacroCall,
  type Node,
  type Scope,
  type Type,
} from '../engine.ts'
import { sizeOf } from '../syntax/tree.ts'
import { isUnknown, printedType } from '../types.ts'
import * as kinds from './comprehension-kinds.ts'

/** The variables of one step: an element, or an index and an element; a key, or a key and a value. */
export type Item = readonly [first: unknown, second?: unknown]

/** Evaluates a body for the current item. */
export type Step = (body: Node) => unknown

/** The operation of a comprehension. */
export interface Kind {
  /** Whether it is undefined for maps. */
  readonly isForLists?: true
  /** The static type. */
  type(checker: Checker, bodies: readonly BodyType[], first: Type): Type
  run(items: Iterable<Item>, bodies: readonly Node[], at: (item: Item) => Step, budget: Budget): unknown
}

/** A body and its static type. */
export interface BodyType {
  readonly node: Node
  readonly type: Type
}

/**
 * Registers `all`, `exists`, `exists_one`, `filter` and `map` under capitalised names, because those of cel-js are not metered, so a token
 * could keep a server busy. Also registers the variants with two variables.
 *
 * Source: cel-spec, "Macros"; cel-go `ext/comprehensions.go`; the cost limit is that of apiserver `pkg/apis/cel/config.go`.
 *
 * Deviation: lists directly under `claims` may be ranges, and costs are coarser (`docs/deviations.md`, CEL ranges; CEL limits).
 */
export function registerComprehensions(environment: Environment, budget: Budget): void {
  const register = (name: string, variables: 1 | 2, bodies: 1 | 2, kind: Kind): void => {
    const parameters = Array.from({ length: variables + bodies }, () => 'ast').join(', ')
    const expand = (call: MacroCall): Macro => comprehension(call, variables, kind, budget)
    environment.registerFunction(`list.${name}(${parameters}): dyn`, expand, { async: false })
  }
  for (const variables of [1, 2] as const) {
    register('All', variables, 1, kinds.all)
    register('Exists', variables, 1, kinds.exists)
    register('Exists_one', variables, 1, kinds.existsOne)
    register('ExistsOne', variables, 1, kinds.existsOne)
  }
  register('Filter', 1, 1, kinds.filter)
  register('sortBy', 1, 1, kinds.sortBy)
  for (const bodies of [1, 2] as const) {
    register('Map', 1, bodies, kinds.map)
    register('transformList', 2, bodies, kinds.map)
    register('transformMap', 2, bodies, kinds.transformMap)
    register('transformMapEntry', 2, bodies, kinds.transformMapEntry)
  }
}

function comprehension({ args, receiver }: MacroCall, variables: 1 | 2, kind: Kind, budget: Budget): Macro {
  const bodies = args.slice(variables)
  const stepCost = bodies.reduce((sum, body) => sum + sizeOf(body), 1)
  let scopes: readonly Scope[] | undefined
  return {
    async: false,
    typeCheck(checker, _self, scope) {
      if (receiver === null) throw new TypeError('a comprehension has a range')
      const names = args.slice(0, variables).map((each) => boundName(checker, each))
      if (new Set(names).size < variables) {
        const message = `duplicate variable name: ${names[0] ?? ''}`
        throw checker.createError('invalid_macro_argument', message, receiver)
      }
      const types = variableTypes(checker, receiver, rangeType(checker, receiver, scope, kind), variables)
      scopes = nested(scope, names, types)
      const inner = scopes.at(-1) ?? scope
      const checked = bodies.map((node) => ({ node, type: checker.check(node, inner) }))
      return kind.type(checker, checked, types[0] ?? checker.getType('dyn'))
    },
    evaluate(evaluator, _self, scope) {
      if (receiver === null || scopes === undefined) throw new TypeError('evaluated before it was checked')
      const items = itemsOf(evaluator.run(receiver, scope), variables)
      const bound = scopes
      const at = (item: Item): Step => {
        budget.spend(stepCost)
        return (body) => {
          let inner = scope
          for (const [index, each] of bound.entries()) {
            inner = each.reuse(inner).setIterValue(item[index], evaluator)
          }
          return evaluator.run(body, inner)
        }
      }
      return kind.run(items, bodies, at, budget)
    },
  }
}

function rangeType(checker: Checker, node: Node, scope: Scope, { isForLists }: Kind): Type {
  const type = checker.check(node, scope)
  if (isForLists !== true || type.kind !== 'map') return type
  throw checker.createError('no_matching_overload', 'found no matching overload', node)
}

function nested(scope: Scope, names: readonly string[], types: readonly Type[]): readonly Scope[] {
  const scopes: Scope[] = []
  for (const [index, name] of names.entries()) {
    const type = types[index]
    if (type !== undefined) scopes.push((scopes.at(-1) ?? scope).forkWithVariable(name, type))
  }
  return scopes
}

/** The types of the variables. */
function variableTypes(checker: Checker, node: Node, range: Type, variables: 1 | 2): readonly Type[] {
  const any = checker.getType('dyn')
  if (isUnknown(range)) return [any, any]
  // The element type of `[]` is unknown.
  const [key, value] = [range.keyType, range.valueType].map((type) =>
    type === undefined || isUnknown(type) ? any : type,
  )
  if (range.kind === 'map') return [key ?? any, value ?? any]
  if (range.kind === 'list') return variables === 1 ? [value ?? any] : [checker.getType('int'), value ?? any]
  const message = `expression of type '${printedType(range.name)}' cannot be range of a comprehension (must be list, map, or dynamic)`
  throw checker.createError('invalid_comprehension_range', message, node)
}

/** Iterates lazily: each visited item is charged, not the length of the range. */
function itemsOf(range: unknown, variables: 1 | 2): Iterable<Item> {
  if (range instanceof Map) return range.entries()
  if (!Array.isArray(range)) throw new CelEvaluationError('no such overload')
  return elements(range, variables)
}

function* elements(list: readonly unknown[], variables: 1 | 2): Generator<Item> {
  for (const [index, element] of list.entries()) {
    yield variables === 1 ? [element] : [BigInt(index), element]
  }
}
