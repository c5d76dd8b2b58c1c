import type { Environment } from '@marcbachmann/cel-js'

/** Types that are compared by value and are never null. */
const OBJECT_TYPES = [
  'CelUser',
  'kubernetes.NamedFormat',
  'kubernetes.Quantity',
  'kubernetes.Semver',
  'kubernetes.URL',
  'net.CIDR',
  'net.IP',
]

/**
 * Allows comparisons that cel-js rejects. `operators.ts` implements them.
 *
 * Source: cel-go `checker/types.go` (`isAssignable`).
 */
export function registerComparisons(environment: Environment, furtherTypes: readonly string[] = []): void {
  const register = (signature: string): void => {
    environment.registerOperator(signature, () => false)
  }
  const objects = [...OBJECT_TYPES, ...furtherTypes]
  for (const type of objects) register(`${type} == ${type}: bool`)
  for (const type of [...objects, 'google.protobuf.Timestamp', 'google.protobuf.Duration', 'optional']) {
    register(`${type} == null: bool`)
  }
  for (const relation of ['<', '<=', '>', '>=']) register(`bytes ${relation} bytes: bool`)
}
