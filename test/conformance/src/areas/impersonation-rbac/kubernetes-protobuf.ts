import { decodeObject } from '@kube-authn/core/protobuf'
import { type AreaRunner, Differences, type Vector } from './vector.ts'

interface Given {
  readonly bodyHex: string
}

interface Expect {
  readonly decoded: unknown
}

/** Bodies that kubectl sent. */
export const kubernetesProtobuf: AreaRunner = async (vector) => {
  const { given, expect } = vector as Vector<Given, Expect>
  const differences = new Differences()
  const decoded = decodeObject(Buffer.from(given.bodyHex, 'hex'))
  differences.compare('decoded', withoutEmpty(decoded), withoutEmpty(expect.decoded))
  return differences.verdict()
}

/** Vectors leave out empty texts and objects, and those which are empty without them. */
function withoutEmpty(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutEmpty)
  if (typeof value !== 'object' || value === null) return value === '' ? undefined : (value ?? undefined)
  const entries = Object.entries(value)
    .map(([key, inner]) => [key, withoutEmpty(inner)] as const)
    .filter(([, inner]) => inner !== undefined)
  return entries.length === 0 ? undefined : Object.fromEntries(entries)
}
