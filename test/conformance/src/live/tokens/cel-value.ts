import type { CelValue } from '@kube-authn/core/cel'
import { canonical } from '../difference.ts'

/**
 * A value of CEL as it is recorded: texts begin with `s`, doubles with `d` and whole numbers with `i`; `{"map": [[key, value], ...]}`,
 * in the order of their JSON. Of other values there is only the type, as in `{"is": "bytes"}`.
 */
export function recordable(value: CelValue): unknown {
  if (typeof value === 'bigint') return `i${value}`
  if (typeof value === 'number') return `d${Object.is(value, -0) ? '-0' : value}`
  if (typeof value === 'string') return `s${value}`
  if (typeof value === 'boolean' || value === null) return value
  if (Array.isArray(value)) return (value as readonly CelValue[]).map(recordable)
  if (!(value instanceof Map)) return { is: (value as { readonly type: string }).type }
  const entries = [...(value as ReadonlyMap<CelValue, CelValue>)].map((entry) => entry.map(recordable))
  return { map: entries.toSorted(([a], [b]) => (canonical(a) < canonical(b) ? -1 : 1)) }
}
