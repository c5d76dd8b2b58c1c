import { emptyContext } from '@kube-authn/core'
import { decide, rbac as rbacAuthorizer, rbacPolicy } from '@kube-authn/core/authorization'
import { vectorVerdict } from './authorizers.ts'
import { ATTRIBUTES, attributesFrom, type VectorAttributes } from './subjects.ts'
import { type AreaRunner, Differences, type Vector } from './vector.ts'
import { reading } from '../../reading.ts'

interface Given {
  readonly objects: readonly unknown[]
  readonly attributes: VectorAttributes
}

interface Expect {
  readonly decision: string
  readonly reason?: string
}

export const rbac: AreaRunner = reading(
  { given: ['objects', { attributes: ATTRIBUTES }], expect: 'decision reason' },
  async (vector) => {
    const { given, expect } = vector as Vector<Given, Expect>
    const authorizer = rbacAuthorizer(rbacPolicy(given.objects))
    const decision = await decide(authorizer, attributesFrom(given.attributes), emptyContext)
    const differences = new Differences()
    differences.compare('decision', vectorVerdict(decision), expect.decision)
    if (expect.reason !== undefined) differences.compare('reason', decision.reason, expect.reason)
    return differences.verdict()
  },
)
