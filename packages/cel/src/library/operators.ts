import { fn, type Implementation, type Library, method, shared } from '../check/declarations.ts'
import { type Meter, noSuchOverload } from '../evaluate/evaluation.ts'
import { OPERATORS } from '../syntax/ast.ts'
import { calculated, negated, type Operator } from '../values/arithmetic.ts'
import { compared, isIn } from '../values/comparison.ts'
import { isReceiver, typeName } from '../values/runtime-type.ts'
import { isList, MapValue, type Value } from '../values/value.ts'
import { addCost, comparisonCost, inCost, sizeOf, traversal } from './costs.ts'
import { DYN, listType, mapType, SIMPLE_TYPES } from '../check/types.ts'

const SIZED = ['string', 'bytes', 'list(A)', 'map(A, B)']

/**
 * The types of the language, `size`, `startsWith` and `endsWith`.
 *
 * Source: cel-go `common/stdlib/standard.go`.
 */
export function standard(meter: Meter): Library {
  // As in cel-go, the value decides, and not its static type.
  const size: Implementation = (value = null) => {
    if (typeof value === 'string') meter.spend(value.length / 1000)
    const isSized =
      typeof value === 'string' ||
      value instanceof Uint8Array ||
      isList(value) ||
      // As in Kubernetes, the claims of a token have no size.
      (value instanceof MapValue && value.typeName === 'map')
    return isSized ? BigInt(sizeOf(value)) : noSuchOverload(isReceiver(value) ? '' : 'size')
  }
  const compareEnd =
    (name: 'startsWith' | 'endsWith') =>
    (text: string, part: string): boolean => {
      meter.spend(Math.min(text.length, part.length) / 40)
      return text[name](part)
    }
  return {
    types: [...SIMPLE_TYPES, listType(DYN), mapType(DYN, DYN)],
    functions: [
      ...SIZED.flatMap((type) => [
        ...shared(fn, [`size(${type}): int`], size),
        ...shared(method, [`${type}.size(): int`], size),
      ]),
      ...(['startsWith', 'endsWith'] as const).map((name) =>
        method(`string.${name}(string): bool`, compareEnd(name), traversal),
      ),
    ],
  }
}

/** The signatures of an operator with two operands of the same type. */
function same(name: string, types: string, result?: string): readonly string[] {
  return types.split(' ').map((type) => `${name}(${type}, ${type}): ${result ?? type}`)
}

const ARITHMETIC: readonly (readonly [operator: Operator, signatures: readonly string[]])[] = [
  ['+', same('_+_', 'double duration int list(A) uint')],
  ['+', ['_+_(duration, timestamp): timestamp', '_+_(timestamp, duration): timestamp']],
  ['-', same('_-_', 'double duration int uint')],
  ['-', ['_-_(timestamp, duration): timestamp', '_-_(timestamp, timestamp): duration']],
  ['*', same('_*_', 'double int uint')],
  ['/', same('_/_', 'double int uint')],
  ['%', same('_%_', 'int uint')],
]

const RELATIONS: readonly (readonly [name: string, holds: (order: number) => boolean])[] = [
  ['_<_', (order) => order < 0],
  ['_<=_', (order) => order <= 0],
  ['_>_', (order) => order > 0],
  ['_>=_', (order) => order >= 0],
]
const NUMBERS = ['int', 'uint', 'double']

/** The operators that the planner evaluates. */
const PLANNED: readonly string[] = [
  '_&&_(bool, bool): bool',
  '_||_(bool, bool): bool',
  '@not_strictly_false(bool): bool',
  '_?_:_(bool, A, A): A',
  '_==_(A, A): bool',
  '_!=_(A, A): bool',
  '_[_](list(A), int): A',
  '_[_](map(A, B), A): B',
  'cel.@mapInsert(map(A, B), A, B): map(A, B)',
  'cel.@mapInsert(map(A, B), map(A, B)): map(A, B)',
]

/**
 * The operators.
 *
 * Source: cel-go `common/stdlib/standard.go`.
 */
export function operators(meter: Meter): Library {
  const arithmetic =
    (operator: Operator): Implementation =>
    (a, b) =>
      calculated(operator, operand(a), operand(b), meter) ?? missing(`_${operator}_`, operand(a))
  const relation =
    (name: string, holds: (order: number) => boolean): Implementation =>
    (a, b) =>
      holds(compared(operand(a), operand(b), meter) ?? missing(name, operand(a)))
  const not: Implementation = (value) => (typeof value === 'boolean' ? !value : noSuchOverload())
  const negate: Implementation = (value) =>
    negated(operand(value)) ?? missing(OPERATORS.negate, operand(value))
  const isMember: Implementation = (element, range) => {
    if (range !== undefined && isList(range)) return isIn(operand(element), range, meter)
    if (range instanceof MapValue) return range.has(operand(element))
    return noSuchOverload()
  }
  return {
    functions: [
      ...shared(fn, PLANNED, () => noSuchOverload()),
      ...shared(fn, ['!_(bool): bool'], not),
      ...shared(fn, ['-_(double): double', '-_(int): int'], negate),
      ...shared(fn, same('_+_', 'bytes string'), arithmetic('+'), addCost),
      ...ARITHMETIC.flatMap(([operator, signatures]) => shared(fn, signatures, arithmetic(operator))),
      ...RELATIONS.flatMap(([name, holds]) => [
        // The first one is what an element of an empty list is taken for.
        ...shared(fn, same(name, 'bool', 'bool'), relation(name, holds)),
        ...shared(fn, same(name, 'bytes string', 'bool'), relation(name, holds), comparisonCost),
        ...shared(fn, same(name, 'duration timestamp', 'bool'), relation(name, holds)),
        ...NUMBERS.flatMap((one) =>
          shared(
            fn,
            NUMBERS.map((other) => `${name}(${one}, ${other}): bool`),
            relation(name, holds),
          ),
        ),
      ]),
      ...shared(fn, ['@in(A, list(A)): bool'], isMember, inCost),
      ...shared(fn, ['@in(A, map(A, B)): bool'], isMember),
    ],
  }
}

/** The types whose values can be the first operand of an operator with some other value. */
const OPERANDS: ReadonlyMap<string, string> = new Map([
  ['_+_', 'bytes double int list uint'],
  ['_-_', 'double int uint'],
  ['_*_', 'double int uint'],
  ['_/_', 'double int uint'],
  ['_%_', 'int uint'],
  [OPERATORS.negate, 'bool'],
])
const COMPARABLE = 'bool bytes double int uint'

/** The error names the operator if the first operand is wrong whatever the second is. */
function missing(name: string, first: Value): never {
  const types = (OPERANDS.get(name) ?? COMPARABLE).split(' ')
  return noSuchOverload(isReceiver(first) || types.includes(typeName(first)) ? '' : name)
}

function operand(value: Value | undefined): Value {
  return value === undefined ? noSuchOverload() : value
}
