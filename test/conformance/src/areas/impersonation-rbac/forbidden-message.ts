import { forbidden } from '@kube-authn/core/internal'
import { ATTRIBUTES, attributesFrom, type VectorAttributes } from './subjects.ts'
import { type AreaRunner, Differences, type Vector } from './vector.ts'
import { reading } from '../../reading.ts'

interface Given {
  readonly attributes: VectorAttributes
  readonly reason?: string
}

interface Expect {
  readonly body: unknown
  readonly status: number
}

export const forbiddenMessage: AreaRunner = reading(
  { given: ['reason', { attributes: ATTRIBUTES }], expect: 'body status' },
  async (vector) => {
    const { given, expect } = vector as Vector<Given, Expect>
    const response = forbidden(attributesFrom(given.attributes), given.reason).getResponse()
    const differences = new Differences()
    differences.compare('status', response.status, expect.status)
    const text = await response.text()
    differences.compare('body', JSON.parse(text), expect.body)
    return differences.verdict()
  },
)
