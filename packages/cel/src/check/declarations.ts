import type { Value } from '../values/value.ts'
import { parsedSignature, type Type, type TypeNames } from './types.ts'

/** The implementation of a function. A receiver is the first value. */
interface Implemented<Result> {
  // A method, so that a parameter may be of a more specific type.
  evaluate(this: void, ...values: Value[]): Result
}

/** A function that computes a value; each parameter may be of a more specific type than `Value`. */
export type Implementation<Result = Value> = Implemented<Result>['evaluate']

/** The cost of a call, in the units of cel-go. */
export type Cost = (values: readonly Value[], result: Value) => number

/** A function as a library declares it. */
export interface Declaration<Result = Value> extends Implemented<Result> {
  /** For example `size(string): int`, `math.pow(int, int): int` or, for a method, `list(T).first(): optional_type(T)`. */
  readonly signature: string
  readonly isMember: boolean
  /** Default: 1. */
  readonly cost: Cost | undefined
}

/**
 * Declares a function, such as `lists.range(int): list(int)`. A single capital letter is a type parameter, and `dyn` any type.
 *
 * @param evaluate gets values of the types of the parameters, and returns what a variable of the type of the result may have. What it throws
 * is the error `evaluation failed`.
 * @param cost the cost of a call, in the units of cel-go. Default: 1.
 */
export function fn<Result>(
  signature: string,
  evaluate: Implementation<Result>,
  cost?: Cost,
): Declaration<Result> {
  return { signature, isMember: false, evaluate, cost }
}

/** Declares a method, such as `string.charAt(int): string`, like {@link fn}. The receiver is the first argument. */
export function method<Result>(
  signature: string,
  evaluate: Implementation<Result>,
  cost?: Cost,
): Declaration<Result> {
  return { signature, isMember: true, evaluate, cost }
}

export interface LibraryFunction extends Declaration {
  /** Whether it implements all overloads of its name, and fails for values of other types. */
  readonly isShared?: boolean
}

/** Declares overloads of a function or an operator that have one implementation, which fails for values of other types. */
export function shared(
  declare: typeof fn | typeof method,
  signatures: readonly string[],
  evaluate: Implementation,
  cost?: Cost,
): readonly LibraryFunction[] {
  return signatures.map((signature) => ({ ...declare(signature, evaluate, cost), isShared: true }))
}

/** One overload of a function. The parameters begin with the receiver. */
export interface Overload extends Pick<Declaration, 'isMember' | 'evaluate' | 'cost'> {
  readonly parameters: readonly Type[]
  readonly result: Type
}

export interface FunctionDeclaration {
  readonly name: string
  readonly overloads: readonly Overload[]
  /** Implements all overloads. It fails for values of other types. */
  readonly operate: Implementation | undefined
}

/** Types and functions that belong together. */
export interface Library {
  readonly types?: readonly Type[]
  readonly functions?: readonly LibraryFunction[]
  /** Checks of the constant arguments of functions in advance. They fail as at evaluation. */
  readonly preparations?: ReadonlyMap<string, Preparation>
}

/** Checks the constant arguments of a call; the others are `undefined`. */
export type Preparation = (constants: readonly (Value | undefined)[]) => void

export function functionsOf(
  libraries: readonly Library[],
  types: TypeNames,
): ReadonlyMap<string, FunctionDeclaration> {
  const functions = new Map<string, FunctionDeclaration>()
  for (const declaration of libraries.flatMap(({ functions: declarations = [] }) => declarations)) {
    const { signature, isMember, evaluate, cost, isShared = false } = declaration
    const { name, parameters, result } = parsedSignature(signature, isMember, types, isShared)
    const { overloads = [], operate = isShared ? evaluate : undefined } = functions.get(name) ?? {}
    const overload = { isMember, parameters, result, evaluate, cost }
    functions.set(name, { name, overloads: [...overloads, overload], operate })
  }
  return functions
}
