import { ConfigurationError, type ConfigurationProblem } from '@kube-authn/core'
import type { FieldError } from '@kube-authn/core/internal'
import { parseRbac } from '@kube-authn/core/authorization'
import { type AreaRunner, Differences, type Vector } from './vector.ts'
import { reading } from '../../reading.ts'

interface Given {
  readonly object?: unknown
  readonly text?: string
}

interface Expect {
  readonly loadError: boolean
  readonly field?: string
  readonly type?: string
  readonly detail?: string
}

export const rbacLoad: AreaRunner = reading(
  { given: 'object text', expect: 'loadError field type detail' },
  async (vector) => {
    const { given, expect } = vector as Vector<Given, Expect>
    const problems = problemsOf(given.text ?? JSON.stringify(given.object))
    const differences = new Differences()
    differences.compare('refused', problems.length > 0, expect.loadError)
    if (expect.loadError && expect.field !== undefined) {
      const isFound = problems.some(
        (problem) =>
          problem.field === expect.field &&
          (expect.type === undefined || problem.type === expect.type) &&
          (expect.detail === undefined || problem.detail === expect.detail),
      )
      const all = problems.map((problem) => `${problem.path}: ${problem.message}`).join('; ')
      differences.compare(`${expect.field} is reported in ${all}`, isFound, true)
    }
    return differences.verdict()
  },
)

function problemsOf(text: string): readonly (ConfigurationProblem & Partial<FieldError>)[] {
  try {
    parseRbac(text)
    return []
  } catch (error) {
    if (error instanceof ConfigurationError) return error.problems
    throw error
  }
}
