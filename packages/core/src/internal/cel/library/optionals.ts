import { type Environment, Optional } from '@marcbachmann/cel-js'
import { Duration, UnsignedInt } from '@marcbachmann/cel-js/evaluator'
import type { Budget } from '../budget.ts'
import { CelEvaluationError } from '../cel.ts'
import {
  boundName,
  type Checker,
  type Macro,
  type MacroCall,
  type Node,
  registrar,
  type Scope,
  type Type,
} from '../engine.ts'
import { agree, isUnknown } from '../types.ts'
import { isEqual } from '../values/equality.ts'
import { sinceEpoch, timeAt } from '../values/times.ts'

/** The namespace `optional` of `optional.of(x)`: cel-js recognises types by their constructors. */
class OptionalFunctions {
  readonly name = 'optional'
}

/**
 * Registers the functions of optionals, under capitalised names if cel-js has them too, and their equality.
 *
 * Source: cel-go `cel/library.go`, optional types of version 2.
 */
export function registerOptionals(environment: Environment, budget: Budget): void {
  const register = registrar(environment)
  environment.registerType('OptionalFunctions', OptionalFunctions)
  environment.registerConstant('Optional', 'OptionalFunctions', new OptionalFunctions())
  register('OptionalFunctions.none(): optional<A>', () => Optional.none())
  register('OptionalFunctions.of(A): optional<A>', (_: unknown, value: unknown) => Optional.of(value))
  register('OptionalFunctions.ofNonZeroValue(A): optional<A>', (_: unknown, value: unknown) =>
    isZero(value) ? Optional.none() : Optional.of(value),
  )
  register('OptionalFunctions.unwrap(list<optional<A>>): list<A>', (_: unknown, list: readonly unknown[]) =>
    unwrapped(list, budget),
  )
  register('list<optional<A>>.unwrapOpt(): list<A>', (list: readonly unknown[]) => unwrapped(list, budget))
  register('list<A>.first(): optional<A>', (list: readonly unknown[]) => Optional.of(list[0]))
  register('list<A>.last(): optional<A>', (list: readonly unknown[]) => Optional.of(list.at(-1)))
  register('optional.Or(ast): optional<dyn>', (call: MacroCall) => alternative(call, true))
  register('optional.OrValue(ast): dyn', (call: MacroCall) => alternative(call, false))
  register('optional.OptMap(ast, ast): optional<dyn>', (call: MacroCall) => optionalMap(call, false))
  register('optional.OptFlatMap(ast, ast): optional<dyn>', (call: MacroCall) => optionalMap(call, true))
  environment.registerOperator('optional<A> == optional<A>: bool', (one: unknown, other: unknown) =>
    isEqual(one, other, budget),
  )
}

/** Whether a value is the zero value of its type. */
function isZero(value: unknown): boolean {
  if (value instanceof UnsignedInt) return value.value === 0n
  if (value instanceof Duration) return value.seconds === 0n && value.nanos === 0
  if (value instanceof Date) return sinceEpoch(value) === sinceEpoch(FIRST_TIME)
  if (value instanceof Map) return value.size === 0
  if (Array.isArray(value) || value instanceof Uint8Array) return value.length === 0
  return value === '' || value === 0 || value === 0n || value === false || value === null
}

/** Go's zero time. */
const FIRST_TIME = timeAt(-62_135_596_800_000_000_000n)

function unwrapped(list: readonly unknown[], budget: Budget): readonly unknown[] {
  budget.spend(list.length / 2)
  return list.flatMap((each) => {
    if (!(each instanceof Optional)) throw new CelEvaluationError('no such overload')
    const value: unknown = each.orValue(undefined)
    return value === undefined ? [] : [value]
  })
}

/** `or` and `orValue`: the alternative is evaluated only if needed. */
function alternative({ args: [argument], receiver }: MacroCall, isOptional: boolean): Macro {
  return {
    async: false,
    typeCheck(checker, _self, scope) {
      const [left, right] = [receiver, argument].map((node) => checkedNode(checker, node, scope))
      if (left === undefined || right === undefined) throw new TypeError('or() has two sides')
      const one = optionalType(checker, left)
      const other = isOptional ? optionalType(checker, right) : right.type
      const value = isOptional ? one : (one.valueType ?? checker.getType('dyn'))
      if (agree(value, other)) return broader(value, other)
      throw checker.createError('no_matching_overload', 'found no matching overload', right.node)
    },
    evaluate(evaluator, _self, scope) {
      if (receiver === null || argument === undefined) throw new TypeError('evaluated before it was checked')
      const value = evaluator.run(receiver, scope)
      // As in cel-go: a value that is not an optional is returned as it is.
      if (!(value instanceof Optional)) return value
      const present: unknown = value.orValue(undefined)
      if (present === undefined) return evaluator.run(argument, scope)
      return isOptional ? value : present
    },
  }
}

interface CheckedNode {
  readonly node: Node
  readonly type: Type
}

function checkedNode(checker: Checker, node: Node | null | undefined, scope: Scope): CheckedNode | undefined {
  return node === null || node === undefined ? undefined : { node, type: checker.check(node, scope) }
}

function optionalType(checker: Checker, { node, type }: CheckedNode): Type {
  if (type.kind === 'optional') return type
  if (isUnknown(type)) return checker.getType('optional')
  throw checker.createError('no_matching_overload', 'found no matching overload', node)
}

/** The less specific of two compatible types. */
function broader(one: Type, other: Type): Type {
  if (one.kind === 'dyn' || one.hasDynType) return one
  if (other.kind === 'dyn' || other.hasDynType) return other
  return one.hasPlaceholderType ? other : one
}

/** `optMap`, and `optFlatMap`, whose body returns an optional itself. */
function optionalMap({ args: [name, body], receiver }: MacroCall, isFlat: boolean): Macro {
  let inner: Scope | undefined
  return {
    async: false,
    typeCheck(checker, _self, scope) {
      const range = checkedNode(checker, receiver, scope)
      if (range === undefined || name === undefined || body === undefined) throw new TypeError('no receiver')
      const type = optionalType(checker, range).valueType
      const element = type === undefined || isUnknown(type) ? checker.getType('dyn') : type
      inner = scope.forkWithVariable(boundName(checker, name), element)
      const result = { node: body, type: checker.check(body, inner) }
      return isFlat ? optionalType(checker, result) : checker.registry.getOptionalType(result.type)
    },
    evaluate(evaluator, _self, scope) {
      if (receiver === null || body === undefined || inner === undefined) {
        throw new TypeError('evaluated before it was checked')
      }
      const value = evaluator.run(receiver, scope)
      if (!(value instanceof Optional)) throw new CelEvaluationError('no such overload')
      if (!value.hasValue()) return value
      const result = evaluator.run(body, inner.reuse(scope).setIterValue(value.value(), evaluator))
      if (!isFlat) return Optional.of(result)
      if (result instanceof Optional) return result
      throw new CelEvaluationError('no such overload')
    },
  }
}
