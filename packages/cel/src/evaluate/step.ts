import type { Value } from '../values/value.ts'
import type { Run } from './frame.ts'

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

/** A selection by a key. */
export interface Qualifier {
  /** Evaluates the key, without the cost of a variable or a selection. */
  readonly key: Run
  readonly constant: Value | undefined
  readonly isOptional: boolean
}

export function constantStep(value: Value): Step {
  return { run: () => value, constant: value }
}
