import { Duration, Timestamp } from '../values/times.ts'
import { Uint } from '../values/uint.ts'
import { isList, MapValue, Optional, TypeValue, type Value } from '../values/value.ts'
import type { CelValue } from './cel.ts'

/** A copy of a result. Shared parts are copied, and counted, each time they occur. */
export function celValue(value: Value, spend: (work: number) => void): CelValue {
  spend(1)
  if (typeof value !== 'object' || value === null) return value
  if (isList(value)) return value.map((each) => celValue(each, spend))
  if (value instanceof MapValue) {
    return new Map(
      Array.from(value.entries(), ([key, each]) => [celValue(key, spend), celValue(each, spend)] as const),
    )
  }
  if (value instanceof Uint) return value.value
  if (value instanceof Optional) {
    return { type: 'optional', ...(value.value !== undefined && { value: celValue(value.value, spend) }) }
  }
  if (value instanceof Uint8Array) return { type: 'bytes' }
  if (value instanceof Timestamp) return { type: 'timestamp' }
  if (value instanceof Duration) return { type: 'duration' }
  return { type: value instanceof TypeValue ? 'type' : 'object' }
}
