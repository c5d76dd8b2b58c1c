import { NONE, Optional, type Value } from '../values/value.ts'
import type { Frame, Run } from './frame.ts'
import type { Meter } from './meter.ts'
import { isPresent, presentIn, selected } from './select.ts'
import type { Attribute, Qualifier, Step } from './step.ts'

/** What selections need. */
export interface SelectionContext {
  readonly meter: Meter
  /** Whether the presence of a field of a simple value is an error. */
  readonly isStrict: boolean
}

/** A step that selects. */
export function attributeStep(attribute: Attribute, context: SelectionContext): Step {
  return { attribute, run: attributeRun(attribute, context, attribute.baseCost) }
}

/** The attribute with one more selection. */
export function qualified(attribute: Attribute, qualifier: Qualifier): Attribute {
  return { ...attribute, qualifiers: [...attribute.qualifiers, qualifier] }
}

/** Evaluates the selections one after the other. After an optional one, all are. */
export function attributeRun(
  { base, qualifiers }: Attribute,
  context: SelectionContext,
  baseCost: 0 | 1,
): Run {
  const { meter } = context
  if (qualifiers.length === 0) return baseCost === 0 ? base : charged(base, meter)
  let run = base
  if (!qualifiers.some(({ isOptional }) => isOptional)) {
    for (const qualifier of qualifiers) run = selection(run, qualifier, meter)
    return baseCost === 0 ? run : charged(run, meter)
  }
  return (frame) => {
    const value = optionalSelections(base(frame), qualifiers, frame, context)
    meter.charge(baseCost)
    return value
  }
}

/** Whether the last selection finds something. Without its own cost the base is free. */
export function presenceRun({ base, qualifiers }: Attribute, field: string, context: SelectionContext): Run {
  const { meter, isStrict } = context
  const operand = attributeRun({ base, baseCost: 0, qualifiers }, context, 0)
  return (frame) => {
    const value = operand(frame)
    meter.charge(1)
    return isPresent(value, field, isStrict)
  }
}

function charged(run: Run, meter: Meter): Run {
  return (frame) => {
    meter.charge(1)
    return run(frame)
  }
}

function selection(operand: Run, { key, constant, cost }: Qualifier, meter: Meter): Run {
  if (constant !== undefined) {
    return (frame) => {
      const value = operand(frame)
      meter.charge(cost)
      return selected(value, constant)
    }
  }
  return (frame) => {
    const value = operand(frame)
    const index = key(frame)
    meter.charge(cost)
    return selected(value, index)
  }
}

function optionalSelections(
  base: Value,
  qualifiers: readonly Qualifier[],
  frame: Frame,
  { meter, isStrict }: SelectionContext,
): Value {
  let isOptional = base instanceof Optional
  let value = base
  if (base instanceof Optional) {
    if (base.value === undefined) return base
    value = base.value
  }
  for (const { key, constant, cost, isOptional: isMarked } of qualifiers) {
    isOptional ||= isMarked
    const index = constant ?? key(frame)
    if (!isOptional) {
      meter.charge(cost)
      value = selected(value, index)
      continue
    }
    const found = presentIn(value, index, isStrict)
    if (found === undefined) return NONE
    meter.charge(cost)
    value = found
  }
  return new Optional(value)
}
