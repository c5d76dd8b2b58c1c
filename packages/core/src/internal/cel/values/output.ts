import { Optional } from '@marcbachmann/cel-js'
import { Duration, UnsignedInt } from '@marcbachmann/cel-js/evaluator'
import type { Budget } from '../budget.ts'
import type { CelValue } from '../cel.ts'
import { Opaque } from './opaque.ts'

/** A copy of a result for the caller. Shared parts are copied, and charged, each time they occur. */
export function celValue(value: unknown, budget: Budget): CelValue {
  budget.spend(1)
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
  if (Array.isArray(value)) return value.map((each) => celValue(each, budget))
  if (value instanceof Map) {
    return new Map([...value].map(([key, each]) => [celValue(key, budget), celValue(each, budget)]))
  }
  if (value instanceof UnsignedInt) return value.value
  if (value instanceof Optional) return { type: 'optional' }
  if (value instanceof Uint8Array) return { type: 'bytes' }
  if (value instanceof Date) return { type: 'timestamp' }
  if (value instanceof Duration) return { type: 'duration' }
  if (value instanceof Opaque) return { type: 'object' }
  return { type: 'type' }
}
