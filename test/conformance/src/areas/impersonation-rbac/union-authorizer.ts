import { emptyContext } from '@kube-authn/core'
import { type Authorizer, decide, unionAuthorizer } from '@kube-authn/core/authorization'
import { decisionOf, type VectorDecision, vectorVerdict } from './authorizers.ts'
import { attributesFrom } from './subjects.ts'
import { type AreaRunner, Differences, type Vector } from './vector.ts'
import { reading } from '../../reading.ts'

interface Given {
  readonly authorizers: readonly (VectorDecision & { readonly name: string })[]
}

interface Expect {
  readonly decision: string
  readonly reason?: string
  readonly error?: string | null
  readonly consulted?: readonly string[]
}

export const union: AreaRunner = reading(
  { given: ['', { authorizers: 'name decision reason error' }], expect: 'decision reason error consulted' },
  async (vector) => {
    const { given, expect } = vector as Vector<Given, Expect>
    const consulted: string[] = []
    const authorizers = given.authorizers.map((each): Authorizer => ({
      name: each.name,
      authorize() {
        consulted.push(each.name)
        return decisionOf(each)
      },
    }))
    const attributes = attributesFrom({ verb: 'get', path: '/', user: { name: 'jane' } })
    const decision = await decide(unionAuthorizer(...authorizers), attributes, emptyContext)
    const differences = new Differences()
    differences.compare('decision', vectorVerdict(decision), expect.decision)
    if (expect.reason !== undefined) differences.compare('reason', decision.reason, expect.reason)
    if (expect.error !== undefined)
      differences.compare('error', decision.error?.message ?? null, expect.error)
    if (expect.consulted !== undefined) differences.compare('consulted', consulted, expect.consulted)
    return differences.verdict()
  },
)
