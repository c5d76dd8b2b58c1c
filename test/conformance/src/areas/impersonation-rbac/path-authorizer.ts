import { ConfigurationError, emptyContext } from '@kube-authn/core'
import { allowPaths, decide } from '@kube-authn/core/authorization'
import { vectorVerdict } from './authorizers.ts'
import { ATTRIBUTES, attributesFrom, type VectorAttributes } from './subjects.ts'
import { type AreaRunner, Differences, type Vector } from './vector.ts'
import { reading } from '../../reading.ts'

interface Given {
  readonly alwaysAllowPaths: readonly string[]
  readonly attributes: VectorAttributes
}

interface Expect {
  readonly decision?: string
  readonly loadError?: string
}

export const pathAuthorizer: AreaRunner = reading(
  { given: ['alwaysAllowPaths', { attributes: ATTRIBUTES }], expect: 'decision loadError' },
  async (vector) => {
    const { given, expect } = vector as Vector<Given, Expect>
    const differences = new Differences()
    try {
      const authorizer = allowPaths(given.alwaysAllowPaths)
      const decision = await decide(authorizer, attributesFrom(given.attributes), emptyContext)
      differences.compare('decision', vectorVerdict(decision), expect.decision)
    } catch (error) {
      if (!(error instanceof ConfigurationError)) throw error
      differences.compare('load error', error.problems[0]?.message, expect.loadError)
    }
    return differences.verdict()
  },
)
