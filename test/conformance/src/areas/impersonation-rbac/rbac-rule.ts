import { type PolicyRule, ruleAllows } from '@kube-authn/core/authorization'
import { ATTRIBUTES, attributesFrom, type VectorAttributes } from './subjects.ts'
import { type AreaRunner, Differences, type Vector } from './vector.ts'
import { reading } from '../../reading.ts'

interface Given {
  readonly rule: Partial<PolicyRule>
  readonly attributes: VectorAttributes
}

export const rbacRule: AreaRunner = reading(
  {
    given: ['', { attributes: ATTRIBUTES, rule: 'verbs apiGroups resources resourceNames nonResourceURLs' }],
    expect: 'matches',
  },
  async (vector) => {
    const { given, expect } = vector as Vector<Given, { readonly matches: boolean }>
    const rule = {
      verbs: [],
      apiGroups: [],
      resources: [],
      resourceNames: [],
      nonResourceURLs: [],
      ...given.rule,
    }
    const differences = new Differences()
    differences.compare('matches', ruleAllows(rule, attributesFrom(given.attributes)), expect.matches)
    return differences.verdict()
  },
)
