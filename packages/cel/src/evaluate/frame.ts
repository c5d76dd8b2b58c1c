import type { Value } from '../values/value.ts'
import type { Failure } from './failure.ts'

/**
 * The values of the variables of an evaluation, by slot, or the error of a variable that `cel.bind` names. A slot that is not set has not
 * been evaluated yet.
 */
export type Frame = (Value | Failure | undefined)[]

/** Evaluates a part of an expression. */
export type Run = (frame: Frame) => Value

/** Assigns slots to the variables of an expression. */
export class Slots {
  readonly #slots = new Map<object | string, number>()

  /** The slot of a variable: a name, or the declaration of a local variable. */
  of(variable: object | string): number {
    const known = this.#slots.get(variable)
    if (known !== undefined) return known
    const slot = this.#slots.size
    this.#slots.set(variable, slot)
    return slot
  }

  get count(): number {
    return this.#slots.size
  }
}
