import { Optional } from '@marcbachmann/cel-js'
import { Duration, UnsignedInt } from '@marcbachmann/cel-js/evaluator'
import type { CelValue } from './cel.ts'

/** A result, as the caller sees it. */
export function celValue(value: unknown): CelValue {
  switch (typeof value) {
    case 'string':
    case 'number':
    case 'bigint':
    case 'boolean':
      return value
    case 'object':
      break
    default:
      return { type: 'type' }
  }
  if (value === null) return null
  if (Array.isArray(value)) return value.map(celValue)
  if (value instanceof Map) return mapOf([...value])
  if (value instanceof UnsignedInt) return value.value
  if (value instanceof Optional) return { type: 'optional' }
  if (value instanceof Uint8Array) return { type: 'bytes' }
  if (value instanceof Date) return { type: 'timestamp' }
  if (value instanceof Duration) return { type: 'duration' }
  return Object.getPrototypeOf(value) === Object.prototype ? mapOf(Object.entries(value)) : { type: 'type' }
}

function mapOf(entries: readonly (readonly [unknown, unknown])[]): ReadonlyMap<CelValue, CelValue> {
  return new Map(entries.map(([key, value]) => [celValue(key), celValue(value)]))
}
