import { printedDouble } from '../library/number-text.ts'
import {
  type CelNumber,
  isList,
  isNumber,
  MapValue,
  MAX_INT,
  MIN_INT,
  Struct,
  Uint,
  type Value,
  wholeNumber,
} from '../values/value.ts'
import { goTypeName, typeName } from '../values/runtime-type.ts'
import { indexed } from '../values/map.ts'
import { fail } from './evaluation.ts'

/**
 * The value of a field, a key or an index.
 *
 * Source: cel-go `interpreter/attributes.go` (`refQualify`).
 *
 * It fails if it is absent.
 */
export function selected(operand: Value, key: Value): Value {
  const found = foundIn(operand, key)
  if (found !== undefined) return found
  if (isList(operand)) return fail(`index out of bounds: ${String(wholeNumber(key))}`)
  return fail(() => `no such key${shownKey(key)}`)
}

/** The value of a field, a key or an index; `undefined` if it is absent. It fails for a value without any if `isStrict`. */
export function presentIn(operand: Value, key: Value, isStrict: boolean): Value | undefined {
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

/** Whether values of this type can be keys. */
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
