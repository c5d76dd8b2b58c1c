import type { Value } from '../values/value.ts'
import type { Failure, Meter } from './evaluation.ts'
import type { Preparation } from '../check/declarations.ts'
import type { TypeNames } from '../check/types.ts'

/**
 * The values of the variables of an evaluation, by slot, or the error of a variable that `cel.bind` names. A slot that is not set has not
 * been evaluated yet.
 */
export type Frame = (Value | Failure | undefined)[]

/** Evaluates a part of an expression. */
export type Run = (frame: Frame) => Value

/** A planned part of an expression. */
export interface Step {
  readonly run: Run
  /** The value, if it is known. */
  readonly constant?: Value | undefined
  /** Evaluates it as a branch of a conditional or as a key, where that is something else. */
  readonly nested?: Run | undefined
  /** A variable, or the selections from a value, to which further selections are added. */
  readonly attribute?: Attribute | undefined
}

/**
 * Selections from a value.
 *
 * Source: cel-go `interpreter/attributes.go`.
 */
export interface Attribute {
  /** Evaluates the value from which is selected. */
  readonly base: Run
  /** The cost of the value; a conditional has none of its own. */
  readonly baseCost: 0 | 1
  readonly qualifiers: readonly Qualifier[]
}

export interface Qualifier {
  /** Evaluates the key, without the cost of a variable or a selection. */
  readonly key: Run
  readonly isOptional: boolean
}

export function constantStep(value: Value): Step {
  return { run: () => value, constant: value }
}

/** What a plan needs besides the checked expression. */
export interface PlanContext {
  readonly meter: Meter
  /**
   * Whether it is an error, as in the language but not in cel-go, that a key of a map is repeated or of another type, or that the presence of a
   * field of a simple value is asked for.
   */
  readonly isStrict: boolean
  /** Whether `or` and `orValue` of another value are errors, and not this value. */
  readonly hasOptionalsOnly: boolean
  readonly types: TypeNames
  /** Checks constant arguments of some functions in advance. They fail as at evaluation. */
  readonly preparations: ReadonlyMap<string, Preparation>
}
