import { decodeObject } from '@kube-authn/api/internal'
import { type AreaRunner, Differences, type Vector } from './vector.ts'
import { only, reading } from '../../reading.ts'

interface Given {
  readonly bodyHex: string
  readonly contentType?: string
}

interface Expect {
  readonly decoded: unknown
}

/** Bodies that kubectl sent. */
export const kubernetesProtobuf: AreaRunner = reading(
  { given: 'contentType bodyHex', expect: 'decoded' },
  async (vector) => {
    const { given, expect } = vector as Vector<Given, Expect>
    only(given, 'contentType', 'application/vnd.kubernetes.protobuf')
    const differences = new Differences()
    const decoded = decodeObject(Buffer.from(given.bodyHex, 'hex'))
    differences.compare(
      'decoded',
      withoutEmpty(sameWhereFree(decoded, expect.decoded)),
      withoutEmpty(expect.decoded),
    )
    return differences.verdict()
  },
)

/** Replaces parts of a value by the placeholders of a vector, such as `<clock of the capture machine>`, which stand for any value. */
function sameWhereFree(value: unknown, expected: unknown): unknown {
  if (value !== undefined && typeof expected === 'string' && /^<.*>$/.test(expected)) return expected
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
  if (typeof expected !== 'object' || expected === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [key, sameWhereFree(inner, Reflect.get(expected, key))]),
  )
}

/** Vectors omit empty strings and objects, and objects that become empty without them. */
function withoutEmpty(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutEmpty)
  if (typeof value !== 'object' || value === null) return value === '' ? undefined : (value ?? undefined)
  const entries = Object.entries(value)
    .map(([key, inner]) => [key, withoutEmpty(inner)] as const)
    .filter(([, inner]) => inner !== undefined)
  return entries.length === 0 ? undefined : Object.fromEntries(entries)
}
