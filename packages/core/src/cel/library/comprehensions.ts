import type { Environment } from '@marcbachmann/cel-js'
import { type Budget, BudgetExceeded, ERROR_COST } from '../budget.ts'
import { CelEvaluationError } from '../cel.ts'
import {
  boundName,
  type Checker,
  type Evaluator,
  type Macro,
  type MacroCall,
  type Node,
  requireBool,
  type Scope,
  type Type,
} from '../engine.ts'
import { sizeOf } from '../syntax/tree.ts'

/** The value of the body for one element, or the error it ended with. */
type Step = (body: Node) => unknown

/** What a comprehension makes of its elements. */
interface Kind {
  /** The static type, of the types of the bodies. */
  type(checker: Checker, bodies: readonly Type[], nodes: readonly Node[]): Type
  run(
    items: readonly unknown[],
    bodies: readonly Node[],
    budget: Budget,
    at: (item: unknown) => Step,
  ): unknown
}

/**
 * Registers `all`, `exists`, `exists_one`, `filter` and `map` under capitalised names: those of the library cost nothing, and so
 * a token could keep a server busy.
 *
 * Source: cel-spec, "Macros"; the cost limit is that of apiserver `pkg/apis/cel/config.go`.
 *
 * Deviation: lists directly under `claims` can be ranges, and costs are coarser (`docs/deviations.md`, CEL ranges; CEL limits).
 */
export function registerComprehensions(environment: Environment, budget: Budget): void {
  const register = (signature: string, kind: Kind): void => {
    environment.registerFunction(signature, (call: MacroCall) => comprehension(call, kind, budget), {
      async: false,
    })
  }
  register('list.All(ast, ast): bool', quantifier(false))
  register('list.Exists(ast, ast): bool', quantifier(true))
  register('list.Exists_one(ast, ast): bool', existsOne)
  register('list.ExistsOne(ast, ast): bool', existsOne)
  register('list.Filter(ast, ast): list<dyn>', filter)
  register('list.Map(ast, ast): list<dyn>', map)
  register('list.Map(ast, ast, ast): list<dyn>', map)
}

function comprehension({ args, receiver }: MacroCall, kind: Kind, budget: Budget): Macro {
  const [name, ...bodies] = args
  let inner: Scope | undefined
  const stepCost = bodies.reduce((sum, body) => sum + sizeOf(body), 1)
  return {
    async: false,
    typeCheck(checker, _self, scope) {
      if (receiver === null || name === undefined) throw new TypeError('a comprehension has a range')
      const element = elementType(checker, receiver, scope)
      inner = scope.forkWithVariable(boundName(checker, name), element)
      const innerScope = inner
      const types = bodies.map((body) => checker.check(body, innerScope))
      if (kind === filter) requireBool(checker, types[0] ?? element, bodies[0] ?? receiver)
      return kind === filter ? checker.registry.getListType(element) : kind.type(checker, types, bodies)
    },
    evaluate(evaluator, _self, scope) {
      if (receiver === null || inner === undefined) throw new TypeError('evaluated before it was checked')
      const items = elements(evaluator, evaluator.run(receiver, scope), receiver)
      const innerScope = inner
      return kind.run(items, bodies, budget, (item) => {
        budget.spend(stepCost)
        return (body) => evaluator.run(body, innerScope.reuse(scope).setIterValue(item, evaluator))
      })
    },
  }
}

/** `all` and `exists`: an error counts only when no other element decides. */
function quantifier(decisive: boolean): Kind {
  return {
    type: boolOfBool,
    run(items, [predicate], budget, at) {
      let failed: { readonly error: unknown } | undefined
      for (const item of items) {
        const step = at(item)
        try {
          if (requiredBool(predicate, step) === decisive) return decisive
        } catch (error) {
          if (error instanceof BudgetExceeded) throw error
          budget.spend(ERROR_COST)
          failed ??= { error }
        }
      }
      if (failed !== undefined) throw failed.error
      return !decisive
    },
  }
}

const existsOne: Kind = {
  type: boolOfBool,
  run: (items, [predicate], _budget, at) =>
    items.filter((item) => requiredBool(predicate, at(item))).length === 1,
}

const filter: Kind = {
  type: boolOfBool,
  run: (items, [predicate], _budget, at) => items.filter((item) => requiredBool(predicate, at(item))),
}

const map: Kind = {
  type(checker, types, nodes) {
    const [predicate, transform] = types
    if (predicate !== undefined && transform !== undefined && nodes[0] !== undefined) {
      requireBool(checker, predicate, nodes[0])
    }
    return checker.registry.getListType(transform ?? predicate ?? checker.getType('dyn'))
  },
  run(items, bodies, _budget, at) {
    const [predicate, transform] = bodies.length === 2 ? bodies : [undefined, bodies[0]]
    return items.flatMap((item) => {
      const step = at(item)
      if (transform === undefined || (predicate !== undefined && !requiredBool(predicate, step))) return []
      return [step(transform)]
    })
  },
}

function boolOfBool(checker: Checker, [type]: readonly Type[], [node]: readonly Node[]): Type {
  if (type !== undefined && node !== undefined) requireBool(checker, type, node)
  return checker.getType('bool')
}

function requiredBool(predicate: Node | undefined, step: Step): boolean {
  const value = predicate === undefined ? undefined : step(predicate)
  if (typeof value === 'boolean') return value
  throw new CelEvaluationError('no such overload')
}

function elementType(checker: Checker, range: Node, scope: Scope): Type {
  const type = checker.check(range, scope)
  if (type.kind === 'dyn') return type
  const element = type.kind === 'list' ? type.valueType : type.kind === 'map' ? type.keyType : undefined
  if (element !== undefined) return element
  const message = `expression of type '${type.name}' cannot be range of a comprehension (must be list, map, or dynamic)`
  throw checker.createError('invalid_comprehension_range', message, range)
}

function elements(evaluator: Evaluator, range: unknown, node: Node): readonly unknown[] {
  if (Array.isArray(range)) return range
  if (range instanceof Map) return [...range.keys()]
  throw evaluator.createError('no_such_overload', 'no such overload', node)
}
