import type { Type } from '../check/types.ts'
import type { Value } from '../values/value.ts'
import type { Meter } from './meter.ts'

/** What a plan needs besides the checked expression. */
export interface PlanContext {
  readonly meter: Meter
  /**
   * Whether it is an error, as in the language but not in cel-go, that a key of a map is repeated or of another type, or that the presence of a
   * field of a simple value is asked for.
   */
  readonly isStrict: boolean
  /** The types that are values, by name. */
  readonly types: ReadonlyMap<string, Type>
  /** Checks constant arguments of some functions in advance. They fail as at evaluation. */
  readonly preparations: ReadonlyMap<string, (constants: readonly (Value | undefined)[]) => void>
}

/** A constant part of the expression fails. */
export class PlanProblem extends Error {
  override readonly name = 'PlanProblem'
  readonly offset: number

  constructor(message: string, offset: number) {
    super(message)
    this.offset = offset
  }
}
