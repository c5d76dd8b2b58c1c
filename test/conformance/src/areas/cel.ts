import {
  CelCompileError,
  celCompiler,
  CelEvaluationError,
  type CelInputs,
  type CelValue,
} from '@kube-authn/cel/kubernetes'
import { reading } from '../reading.ts'
import { NotApplicable, type UnitRunner, type Vector } from '../vector.ts'

/** cel-go refuses a list directly under `claims` as a range; we document that we do not (docs/deviations.md, CEL ranges). */
const RANGE = "expression of type 'any' cannot be range of a comprehension"

/** Area cel-engine: expressions, as cel-go with Kubernetes' options sees them. */
export function celEngine(vectors: readonly Vector[]): UnitRunner {
  const inputs = vectors.find(({ id }) => id === 'FIXTURE-cel')?.given as unknown as CelInputs
  const compiler = celCompiler()

  return reading(
    { given: 'variable expression', expect: 'outcome value type message reference_message' },
    async ({ given, expect }) => {
      const variable = given['variable'] === 'user' ? 'user' : 'claims'
      const actual = outcomeOf(() => {
        const program = compiler.compile(variable, given['expression'] as string)
        // What is or is not `bool` before the evaluation decides about rules.
        const type = program.resultType === 'bool' ? 'bool' : 'other'
        return { type, value: jsonOf(program.evaluate(inputs[variable])) }
      })
      const reference = expect['reference_message']
      if (typeof reference === 'string' && reference.includes(RANGE) && actual.outcome === 'value') {
        throw new NotApplicable('accepted here as documented, CEL ranges')
      }
      if ((expect['type'] === 'bool') !== (actual['type'] === 'bool')) return actual
      return {
        ...actual,
        ...('type' in expect && { type: expect['type'] }),
        ...('reference_message' in expect && { reference_message: reference }),
      }
    },
  )
}

function outcomeOf(
  run: () => Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> & { readonly outcome: string } {
  try {
    return { outcome: 'value', ...run() }
  } catch (error) {
    if (error instanceof CelCompileError) return { outcome: 'compile_error', message: error.message }
    if (error instanceof CelEvaluationError) return { outcome: 'runtime_error', message: error.message }
    throw error
  }
}

function jsonOf(value: CelValue): unknown {
  if (typeof value === 'bigint') return Number(value)
  if (Array.isArray(value)) return value.map((each: CelValue) => jsonOf(each))
  if (value instanceof Map) {
    return Object.fromEntries(
      [...value].map(([key, each]) => [String(jsonOf(key as CelValue)), jsonOf(each as CelValue)]),
    )
  }
  // As in Go, an optional is its value.
  return typeof value === 'object' && value !== null && 'type' in value && value.type === 'optional'
    ? jsonOf(value.value ?? null)
    : value
}
