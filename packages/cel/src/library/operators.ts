import type { Cost, FunctionDeclaration, Implementation, Library } from '../check/declarations.ts'
import {
  BOOL,
  BYTES,
  DOUBLE,
  DURATION,
  INT,
  listType,
  mapType,
  optionalType,
  parameterType,
  STRING,
  TIMESTAMP,
  type Type,
  UINT,
} from '../check/types.ts'
import { noSuchOverload } from '../evaluate/failure.ts'
import type { Meter } from '../evaluate/meter.ts'
import { OPERATORS } from '../syntax/ast.ts'
import { MAP_INSERT } from '../syntax/macros.ts'
import { calculated, negated } from '../values/arithmetic.ts'
import { isIn } from '../values/equality.ts'
import { compared } from '../values/ordering.ts'
import { isReceiver, typeName } from '../values/runtime-type.ts'
import { isList, MapValue, type Value } from '../values/value.ts'
import { addCost, comparisonCost, inCost } from './costs.ts'

const A = parameterType('A')
const B = parameterType('B')

/** The parameters of an overload, and then its result. */
type Row = readonly Type[]

const same = (...types: readonly Type[]): readonly Row[] => types.map((type) => [type, type, type])

/** The pairs of types that can be compared: numbers of any type, and other values with their own. */
const COMPARED: readonly Row[] = [
  ...[BOOL, STRING, BYTES, TIMESTAMP, DURATION].map((type) => [type, type, BOOL]),
  ...[INT, UINT, DOUBLE].flatMap((one) => [INT, UINT, DOUBLE].map((other) => [one, other, BOOL])),
]

/** By the order of the operands. */
const RELATIONS: readonly (readonly [name: string, holds: (order: number) => boolean])[] = [
  ['_<_', (order) => order < 0],
  ['_<=_', (order) => order <= 0],
  ['_>_', (order) => order > 0],
  ['_>=_', (order) => order >= 0],
]

/**
 * The operators. `&&`, `||`, `==`, `!=`, `_?_:_` and the selections are evaluated by the planner, which only needs their types.
 *
 * Source: cel-go `common/stdlib/standard.go`.
 */
export function operators(meter: Meter): Library {
  const arithmetic =
    (operator: string): Implementation =>
    (a, b) =>
      calculated(operator, operand(a), operand(b), meter) ?? missing(`_${operator}_`, operand(a))
  const relation =
    (name: string, holds: (order: number) => boolean): Implementation =>
    (a, b) =>
      holds(compared(operand(a), operand(b), meter) ?? missing(name, operand(a)))
  const membership: Implementation = (element, range) => {
    if (range !== undefined && isList(range)) return isIn(operand(element), range, meter)
    if (range instanceof MapValue) return range.has(operand(element))
    return noSuchOverload()
  }
  return {
    operators: [
      declared(OPERATORS.and, [[BOOL, BOOL, BOOL]]),
      declared(OPERATORS.or, [[BOOL, BOOL, BOOL]]),
      declared(OPERATORS.not, [[BOOL, BOOL]], (value) =>
        typeof value === 'boolean' ? !value : noSuchOverload(),
      ),
      declared(OPERATORS.notStrictlyFalse, [[BOOL, BOOL]]),
      declared(OPERATORS.conditional, [[BOOL, A, A, A]]),
      declared(OPERATORS.equals, [[A, A, BOOL]]),
      declared('_!=_', [[A, A, BOOL]]),
      declared(
        OPERATORS.add,
        [
          ...same(BYTES, DOUBLE, DURATION),
          [DURATION, TIMESTAMP, TIMESTAMP],
          [TIMESTAMP, DURATION, TIMESTAMP],
          ...same(INT, listType(A), STRING, UINT),
        ],
        arithmetic('+'),
        ({ kind }) => (kind === 'string' || kind === 'bytes' ? addCost : undefined),
      ),
      declared(
        '_-_',
        [
          ...same(DOUBLE, DURATION, INT, UINT),
          [TIMESTAMP, DURATION, TIMESTAMP],
          [TIMESTAMP, TIMESTAMP, DURATION],
        ],
        arithmetic('-'),
      ),
      declared('_*_', same(DOUBLE, INT, UINT), arithmetic('*')),
      declared('_/_', same(DOUBLE, INT, UINT), arithmetic('/')),
      declared('_%_', same(INT, UINT), arithmetic('%')),
      declared(
        OPERATORS.negate,
        [
          [DOUBLE, DOUBLE],
          [INT, INT],
        ],
        (value) => negated(operand(value)) ?? missing(OPERATORS.negate, operand(value)),
      ),
      ...RELATIONS.map(([name, holds]) => declared(name, COMPARED, relation(name, holds), relationCosts)),
      declared(
        OPERATORS.in,
        [
          [A, listType(A), BOOL],
          [A, mapType(A, B), BOOL],
        ],
        membership,
        (_, { kind }) => (kind === 'list' ? inCost : undefined),
      ),
      declared(OPERATORS.index, [
        [listType(A), INT, A],
        [mapType(A, B), A, B],
      ]),
      declared(MAP_INSERT, [
        [mapType(A, B), A, B, mapType(A, B)],
        [mapType(A, B), mapType(A, B), mapType(A, B)],
      ]),
    ],
  }
}

/** The selections that need optionals. */
export const OPTIONAL_OPERATORS: Library = {
  operators: [
    declared(OPERATORS.optionalIndex, [
      [listType(A), INT, optionalType(A)],
      [optionalType(listType(A)), INT, optionalType(A)],
      [mapType(A, B), A, optionalType(B)],
      [optionalType(mapType(A, B)), A, optionalType(B)],
    ]),
    declared(OPERATORS.index, [
      [optionalType(listType(A)), INT, optionalType(A)],
      [optionalType(mapType(A, B)), A, optionalType(B)],
    ]),
  ],
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

/** The cost of an overload, by its parameters. */
type CostOf = (first: Type, second: Type) => Cost | undefined

const relationCosts: CostOf = ({ kind }) => (kind === 'string' || kind === 'bytes' ? comparisonCost : undefined)

function declared(
  name: string,
  rows: readonly Row[],
  operate?: Implementation,
  costOf: CostOf = () => undefined,
): FunctionDeclaration {
  return {
    name,
    operate,
    overloads: rows.map((row) => ({
      name,
      isMember: false,
      parameters: row.slice(0, -1),
      result: row.at(-1) ?? BOOL,
      evaluate: undefined,
      cost: costOf(row[0] ?? BOOL, row[1] ?? BOOL),
    })),
  }
}
