import { type Environment, Optional } from '@marcbachmann/cel-js'
import { Duration, UnsignedInt } from '@marcbachmann/cel-js/evaluator'
import type { Budget } from '../budget.ts'
import { CelEvaluationError } from '../cel.ts'
import { isEqual } from '../values/equality.ts'
import { boundName, type Macro, type MacroCall, type Scope } from '../engine.ts'

/**
 * Registers `has`, `optMap` and `optFlatMap` under capitalised names. The library's own `has` knows names only, not
 * `has(claims.list[0].name)`. Also registers `optional.ofNonZeroValue`, and that optionals can be equal.
 *
 * Source: cel-spec, "Field Selection"; cel-go `cel/library.go`, optional types.
 */
export function registerPresence(environment: Environment, budget: Budget): void {
  const sync = { async: false }
  environment.registerFunction('Has(ast): bool', has, sync)
  environment.registerFunction(
    'optional.OptMap(ast, ast): optional<dyn>',
    (call: MacroCall) => optionalMap(call, false),
    sync,
  )
  environment.registerFunction(
    'optional.OptFlatMap(ast, ast): optional<dyn>',
    (call: MacroCall) => optionalMap(call, true),
    sync,
  )
  environment.registerOperator('optional<A> == optional<A>: bool', (one: unknown, other: unknown) =>
    isEqual(one, other, budget),
  )
  environment.registerFunction(
    'OptionalNamespace.ofNonZeroValue(A): optional<A>',
    (_optional: unknown, value: unknown) => (isZero(value) ? Optional.none() : Optional.of(value)),
    sync,
  )
}

/** What is the same as nothing, in its type. */
function isZero(value: unknown): boolean {
  if (value instanceof UnsignedInt) return value.value === 0n
  if (value instanceof Duration) return value.seconds === 0n && value.nanos === 0
  if (value instanceof Map) return value.size === 0
  if (Array.isArray(value) || value instanceof Uint8Array) return value.length === 0
  return value === '' || value === 0 || value === 0n || value === false || value === null
}

function has({ args: [node] }: MacroCall): Macro {
  return {
    async: false,
    typeCheck(checker, _self, scope) {
      if (node?.op !== '.') throw new TypeError('invalid argument to has() macro')
      checker.check(node, scope)
      return checker.getType('bool')
    },
    evaluate(evaluator, _self, scope) {
      if (node?.op !== '.') throw new TypeError('evaluated before it was checked')
      const [operand, field] = node.args
      const value = evaluator.run(operand, scope)
      const present: unknown = value instanceof Optional && value.hasValue() ? value.value() : value
      if (present instanceof Optional) return false
      if (present instanceof Map) return present.get(field) !== undefined
      if (Array.isArray(present)) {
        throw new CelEvaluationError("unsupported index type 'string' in list")
      }
      // What has no fields has not this one either.
      return typeof present === 'object' && present !== null && Object.hasOwn(present, field)
    },
  }
}

function optionalMap({ args: [name, body], receiver }: MacroCall, isFlat: boolean): Macro {
  let inner: Scope | undefined
  return {
    async: false,
    typeCheck(checker, _self, scope) {
      if (receiver === null || name === undefined || body === undefined) throw new TypeError('no receiver')
      const type = checker.check(receiver, scope)
      if (type.kind !== 'optional' && type.kind !== 'dyn') {
        throw checker.createError('no_matching_overload', 'found no matching overload', receiver)
      }
      inner = scope.forkWithVariable(boundName(checker, name), type.valueType ?? checker.getType('dyn'))
      const bodyType = checker.check(body, inner)
      if (!isFlat) return checker.registry.getOptionalType(bodyType)
      if (bodyType.kind === 'optional') return bodyType
      if (bodyType.kind === 'dyn') return checker.getType('optional')
      throw checker.createError('no_matching_overload', 'found no matching overload', body)
    },
    evaluate(evaluator, _self, scope) {
      if (receiver === null || body === undefined || inner === undefined) {
        throw new TypeError('evaluated before it was checked')
      }
      const value = evaluator.run(receiver, scope)
      if (!(value instanceof Optional)) {
        throw evaluator.createError('no_such_overload', 'no such overload', receiver)
      }
      if (!value.hasValue()) return value
      const result = evaluator.run(body, inner.reuse(scope).setIterValue(value.value(), evaluator))
      if (!isFlat) return Optional.of(result)
      if (result instanceof Optional) return result
      throw evaluator.createError('no_such_overload', 'no such overload', body)
    },
  }
}
