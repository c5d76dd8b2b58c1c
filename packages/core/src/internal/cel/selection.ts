import { Optional } from '@marcbachmann/cel-js'
import { CelEvaluationError } from './cel.ts'
import { valueOf } from './values/map-keys.ts'
import { isNumber, wholeNumber } from './values/numbers.ts'
import { CelObjectValue } from './values/object-value.ts'

/**
 * The value of a field, a key or an index. The result for an optional is optional.
 *
 * Source: cel-go `interpreter/attributes.go`.
 *
 * @throws {CelEvaluationError} if it is absent.
 */
export function selected(operand: unknown, key: unknown): unknown {
  if (operand instanceof Optional) return optionallySelected(operand, key)
  const found = foundIn(operand, key)
  if (found !== undefined) return found
  if (Array.isArray(operand)) throw new CelEvaluationError(`index out of bounds: ${String(wholeNumber(key))}`)
  throw new CelEvaluationError(`no such key${shownKey(key)}`)
}

/** Like {@link selected}, as an optional: empty if absent. */
export function optionallySelected(operand: unknown, key: unknown): Optional {
  const present: unknown = operand instanceof Optional ? operand.orValue(undefined) : operand
  return Optional.of(present === undefined ? undefined : foundIn(present, key))
}

/** Whether the field is present; for an optional, whether its value has it. */
export function isPresent(operand: unknown, field: string): boolean {
  return optionallySelected(operand, field).hasValue()
}

function foundIn(operand: unknown, key: unknown): unknown {
  if (operand instanceof Map) return valueOf(operand, key)
  if (Array.isArray(operand)) {
    const index = wholeNumber(key)
    if (index === undefined) throw new CelEvaluationError(`unsupported index type '${kind(key)}' in list`)
    // Negative indexes and the length find nothing.
    const list: readonly unknown[] = operand
    return list[Number(index)]
  }
  if (typeof key !== 'string') return undefined
  if (operand instanceof CelObjectValue) return operand.fields.get(key)
  return typeof operand === 'object' && operand !== null ? typeName(operand, key) : undefined
}

/** Makes a key safe for logs, since it may come from a claim: it cannot start a new line. */
function shownKey(key: unknown): string {
  if (typeof key === 'string') {
    return `: ${key.slice(0, MAX_SHOWN_LENGTH).replaceAll(/[^\p{L}\p{M}\p{N}\p{P}\p{S} ]/gu, '\uFFFD')}`
  }
  return isNumber(key) ? `: ${key.valueOf()}` : ''
}

const MAX_SHOWN_LENGTH = 256

/** cel-js has a constant that is a plain object: `google.protobuf`. */
function typeName(operand: object, key: string): unknown {
  const isPlain = Object.getPrototypeOf(operand) === Object.prototype && Object.hasOwn(operand, key)
  return isPlain ? Object.entries(operand).find(([name]) => name === key)?.[1] : undefined
}

function kind(key: unknown): string {
  return typeof key === 'number' ? 'double' : typeof key === 'boolean' ? 'bool' : 'string'
}
