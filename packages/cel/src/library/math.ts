import { fn, type Implementation, type Library, type LibraryFunction, shared } from '../check/declarations.ts'
import { fail, noSuchOverload } from '../evaluate/evaluation.ts'
import { calledAt, type Macro, receiver } from '../syntax/macros.ts'
import type { Node } from '../syntax/ast.ts'
import { ExpressionProblem } from '../syntax/source.ts'
import { compareNumbers, isList, isNumber, MAX_UINT, MIN_INT, Uint, type Value } from '../values/value.ts'

/**
 * `math.greatest` and `math.least`, with any number of arguments.
 *
 * Source: cel-go `ext/math.go`.
 */
export const MATH_MACROS: readonly Macro[] = [
  extremeMacro('greatest', 'math.@max'),
  extremeMacro('least', 'math.@min'),
]

/**
 * The functions of numbers.
 *
 * Source: cel-go `ext/math.go`, version 2.
 */
export function math(): Library {
  return {
    functions: [
      ...extreme('math.@max', (order) => order > 0),
      ...extreme('math.@min', (order) => order < 0),
      ...Object.entries(ROUNDING).map(([name, round]) => fn(`math.${name}(double): double`, round)),
      fn('math.isInf(double): bool', (value: number) => !Number.isFinite(value) && !Number.isNaN(value)),
      fn('math.isNaN(double): bool', (value: number) => Number.isNaN(value)),
      fn('math.isFinite(double): bool', (value: number) => Number.isFinite(value)),
      fn('math.abs(double): double', (value: number) => Math.abs(value)),
      fn('math.abs(int): int', (value: bigint) => {
        if (value === MIN_INT) return fail('integer overflow')
        return value < 0n ? -value : value
      }),
      fn('math.abs(uint): uint', (value: Uint) => value),
      fn('math.sign(double): double', (value: number) => Math.sign(value)),
      fn('math.sign(int): int', (value: bigint) => (value > 0n ? 1n : value < 0n ? -1n : 0n)),
      fn('math.sign(uint): uint', ({ value }: Uint) => new Uint(value > 0n ? 1n : 0n)),
      fn('math.sqrt(double): double', (value: number) => Math.sqrt(value)),
      fn('math.sqrt(int): double', (value: bigint) => Math.sqrt(Number(value))),
      fn('math.sqrt(uint): double', ({ value }: Uint) => Math.sqrt(Number(value))),
      ...bitwise('bitAnd', (a, b) => a & b),
      ...bitwise('bitOr', (a, b) => a | b),
      ...bitwise('bitXor', (a, b) => a ^ b),
      fn('math.bitNot(int): int', (value: bigint) => ~value),
      fn('math.bitNot(uint): uint', ({ value }: Uint) => new Uint(value ^ MAX_UINT)),
      ...shift('bitShiftLeft', (value, count) => value << count),
      // The sign is not kept.
      ...shift('bitShiftRight', (value, count) => BigInt.asUintN(64, value) >> count),
    ],
  }
}

const ROUNDING: Readonly<Record<string, (value: number) => number>> = {
  ceil: Math.ceil,
  floor: Math.floor,
  // Halves are rounded away from zero.
  round: (value) => Math.sign(value) * Math.round(Math.abs(value)),
  trunc: Math.trunc,
}

function bitwise(name: string, combine: (a: bigint, b: bigint) => bigint): readonly LibraryFunction[] {
  return [
    fn(`math.${name}(int, int): int`, (a: bigint, b: bigint) => BigInt.asIntN(64, combine(a, b))),
    fn(`math.${name}(uint, uint): uint`, (a: Uint, b: Uint) => new Uint(combine(a.value, b.value))),
  ]
}

function shift(name: string, shifted: (value: bigint, count: bigint) => bigint): readonly LibraryFunction[] {
  const by = (value: bigint, count: bigint): bigint => {
    if (count < 0n) return fail(`math.${name}() negative offset: ${count}`)
    return count > 63n ? 0n : shifted(value, count)
  }
  return [
    fn(`math.${name}(int, int): int`, (value: bigint, count: bigint) => BigInt.asIntN(64, by(value, count))),
    fn(
      `math.${name}(uint, int): uint`,
      ({ value }: Uint, count: bigint) => new Uint(BigInt.asUintN(64, by(value, count))),
    ),
  ]
}

const NUMBERS = ['double', 'int', 'uint']

function extreme(name: string, isBetter: (order: number) => boolean): readonly LibraryFunction[] {
  const best = (values: readonly Value[]): Value =>
    values.reduce((one, other) => {
      if (!isNumber(one) || !isNumber(other)) return noSuchOverload(name)
      return isBetter(compareNumbers(other, one)) ? other : one
    })
  const evaluate: Implementation = (first, second) => {
    if (second !== undefined) return best([first ?? null, second])
    if (first === undefined || !isList(first))
      return first !== undefined && isNumber(first) ? first : noSuchOverload(name)
    return first.length === 0 ? fail(`${name}(list) argument must not be empty`) : best(first)
  }
  const signatures = NUMBERS.flatMap((type) => [
    `${name}(${type}): ${type}`,
    ...NUMBERS.map((other) => `${name}(${type}, ${other}): ${type === other ? type : 'dyn'}`),
    `${name}(list(${type})): ${type}`,
  ])
  return shared(fn, signatures, evaluate)
}

function extremeMacro(name: string, called: string): Macro {
  return receiver(name, undefined, ({ target, offset }, ...args) => {
    if (target.kind !== 'ident' || target.name !== 'math') return undefined
    const [first, ...others] = args
    if (first === undefined) {
      throw new ExpressionProblem(`math.${name}() requires at least one argument`, target.offset)
    }
    if (others.length === 0) {
      const isValid =
        first.kind === 'list'
          ? first.elements.length > 0 && first.elements.every(({ value }) => isNumeric(value))
          : isNumeric(first)
      if (isValid) return calledAt(offset, called, first)
      throw new ExpressionProblem(`math.${name}() invalid single argument value`, first.offset)
    }
    const wrong = args.find((arg) => !isNumeric(arg))
    if (wrong !== undefined) {
      throw new ExpressionProblem(`math.${name}() simple literal arguments must be numeric`, wrong.offset)
    }
    if (others.length === 1) return calledAt(offset, called, ...args)
    const elements = args.map((value) => ({ value, isOptional: false }))
    return calledAt(offset, called, { kind: 'list', elements, offset })
  })
}

/** Whether the node may be a number. */
function isNumeric(node: Node): boolean {
  if (node.kind === 'list' || node.kind === 'map' || node.kind === 'message') return false
  if (node.kind !== 'literal') return true
  const { value } = node
  return typeof value === 'number' || typeof value === 'bigint' || value instanceof Uint
}
