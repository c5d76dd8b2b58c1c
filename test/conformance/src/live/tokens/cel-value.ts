import type { CelValue } from '@kube-authn/cel/kubernetes'
import { canonical } from '../difference.ts'

/**
 * A recorded CEL value: strings start with `s`, doubles with `d` and integers with `i`; `{"map": [[key, value], ...]}`, in the order of their JSON.
 * Other values have only a type, for example `{"is": "bytes"}`.
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
