import {
  type CelNumber,
  isList,
  isNumber,
  MapValue,
  MAX_INT,
  MIN_INT,
  NONE,
  Optional,
  Struct,
  TypeValue,
  Uint,
  type Value,
  wholeNumber,
} from '../values/value.ts'
import { indexed, visitedView } from '../values/map.ts'
import { fail, Failure, type Meter } from './evaluation.ts'
import type { Attribute, Frame, PlanContext, Qualifier, Run, Step } from './plan.ts'
import { printedDouble } from '../library/number-text.ts'
import { goTypeName, typeName } from '../values/runtime-type.ts'

export function attributeStep(attribute: Attribute, context: PlanContext): Step {
  return { attribute, run: attributeRun(attribute, context, attribute.baseCost) }
}

/** Evaluates the selections one after the other. */
export function attributeRun({ base, qualifiers }: Attribute, context: PlanContext, baseCost: 0 | 1): Run {
  const { meter } = context
  return (frame) => {
    meter.charge(baseCost)
    return selectedFrom(base(frame), qualifiers, frame, context)
  }
}

/**
 * Whether the last selection finds something. The base is free; a conditional, which costs nothing anyway, makes the selection free.
 *
 * As a branch of a conditional or as a key, a selection from an optional is what it finds, as in cel-go.
 *
 * Source: cel-go `interpreter/interpretable.go` (`evalTestOnly`), `interpreter/attributes.go` (`conditionalAttribute`, `attrQualifier`).
 */
export function presenceStep(attribute: Attribute, field: string, context: PlanContext): Step {
  const find = presenceOf(attribute, field, context)
  return {
    run: (frame) => {
      const found = find(frame)
      return found instanceof Optional ? found.value !== undefined : found
    },
    nested: find,
  }
}

/** Whether there is something, or, in an optional, what there is. */
function presenceOf(
  { base, baseCost, qualifiers }: Attribute,
  field: string,
  context: PlanContext,
): (frame: Frame) => boolean | Optional {
  const { meter, isStrict } = context
  const isMarked = qualifiers.some(({ isOptional }) => isOptional)
  return (frame) => {
    let start: Value
    let operand: Value
    try {
      start = base(frame)
      operand = selectedFrom(start, qualifiers, frame, context)
    } catch (error) {
      if (error instanceof Failure) meter.charge(baseCost - 1)
      throw error
    }
    if (!(operand instanceof Optional && (isMarked || start instanceof Optional))) {
      meter.charge(baseCost)
      return presentIn(operand, field, isStrict) !== undefined
    }
    // Only what is found in an optional costs.
    const found = operand.value === undefined ? undefined : presentIn(operand.value, field, isStrict)
    meter.charge((found === undefined ? 0 : 1) + baseCost - 1)
    return found === undefined ? NONE : new Optional(found)
  }
}

/**
 * What the selections find. From an optional, and after an optional selection, all are optional; an optional on the way has no fields.
 *
 * Source: cel-go `interpreter/attributes.go` (`applyQualifiers`).
 */
function selectedFrom(
  start: Value,
  qualifiers: readonly Qualifier[],
  frame: Frame,
  context: PlanContext,
): Value {
  if (start instanceof Optional) {
    return start.value === undefined || qualifiers.length === 0
      ? start
      : optionalSelections(start.value, qualifiers, frame, context)
  }
  let value: Value = start
  for (const [index, { key, isOptional }] of qualifiers.entries()) {
    if (isOptional) return optionalSelections(value, qualifiers.slice(index), frame, context)
    value = selected(value, paidKey(key, frame, context.meter))
  }
  return value
}

/**
 * The value from which is selected, or that a variable names. In cel-go, what is in an optional becomes a value of Go on the way: an optional
 * in it is opened, a type is its name, and the escaped names of Kubernetes are unknown.
 *
 * Deviation: addresses, quantities and the like do not become errors (`docs/deviations.md`, optionals in CEL).
 *
 * Source: cel-go `interpreter/attributes.go` (`applyQualifiers`), `common/types/optional.go` (`Value`).
 */
export function opened(value: Optional): Optional {
  if (value.value === undefined) return value
  const inner = plain(value.value)
  return inner === value.value ? value : new Optional(inner)
}

function plain(value: Value): Value {
  if (value instanceof Optional) return value.value === undefined ? null : plain(value.value)
  if (value instanceof TypeValue) return value.name
  return visitedView(value)
}

/** A selection costs also if its key fails. */
function paidKey(key: Run, frame: Frame, meter: Meter): Value {
  try {
    const value = key(frame)
    meter.charge(1)
    return value
  } catch (error) {
    if (error instanceof Failure) meter.charge(1)
    throw error
  }
}

function optionalSelections(
  start: Value,
  qualifiers: readonly Qualifier[],
  frame: Frame,
  { meter, isStrict }: PlanContext,
): Value {
  let value: Value = start
  for (const { key } of qualifiers) {
    const found = presentIn(value, key(frame), isStrict)
    if (found === undefined) return NONE
    meter.charge(1)
    value = found
  }
  return new Optional(value)
}

/**
 * The value of a field, a key or an index.
 *
 * Source: cel-go `interpreter/attributes.go` (`refQualify`).
 *
 * It fails if it is absent.
 */
function selected(operand: Value, key: Value): Value {
  const found = foundIn(operand, key)
  if (found !== undefined) return found
  if (isList(operand)) return fail(`index out of bounds: ${String(wholeNumber(key))}`)
  return fail(() => `no such key${shownKey(key)}`)
}

/** The value of a field, a key or an index; `undefined` if it is absent. It fails for a value without any if `isStrict`. */
function presentIn(operand: Value, key: Value, isStrict: boolean): Value | undefined {
  const canHave = operand instanceof MapValue || operand instanceof Struct || isList(operand)
  return isStrict && !canHave ? fail(() => `no such key${shownKey(key)}`) : foundIn(operand, key)
}

/** The value of a field, a key or an index; `undefined` if it is absent. */
function foundIn(operand: Value, key: Value): Value | undefined {
  if (!isKey(key)) return failQualifier(key)
  if (operand instanceof MapValue) return operand.find(key)
  if (isList(operand)) {
    const index = wholeNumber(key)
    if (index !== undefined && index >= MIN_INT && index <= MAX_INT) return indexed(operand)[Number(index)]
    return fail(
      isNumber(key)
        ? `unsupported index value ${printedNumber(key)} in list`
        : `unsupported index type '${typeName(key)}' in list`,
    )
  }
  return operand instanceof Struct && typeof key === 'string' ? operand.fields.get(key) : undefined
}

/** The error of a value that is no key. */
export function failQualifier(key: Value, isLiteral = false): never {
  const type = goTypeName(key, isLiteral)
  return fail(`invalid qualifier type${type === undefined ? '' : `: ${type}`}`)
}

export function isKey(key: Value): boolean {
  return typeof key === 'string' || typeof key === 'boolean' || isNumber(key)
}

/** Makes a name safe for logs, since it may come from a token: it is short and cannot start a new line. */
export function shownText(text: string): string {
  return text.slice(0, MAX_SHOWN_LENGTH).replaceAll(unprintable, '\uFFFD')
}

const unprintable = /[^\p{L}\p{M}\p{N}\p{P}\p{S} ]/gu

function shownKey(key: Value): string {
  if (typeof key === 'string') return `: ${shownText(key)}`
  if (typeof key === 'boolean') return `: ${key}`
  return isNumber(key) ? `: ${printedNumber(key)}` : ''
}

const MAX_SHOWN_LENGTH = 256

function printedNumber(key: CelNumber): string {
  if (typeof key === 'number') return printedDouble(key)
  return String(key instanceof Uint ? key.value : key)
}
