import { DEFAULT_KUBERNETES_VERSION, KUBERNETES_VERSIONS } from '@kube-authn/internal/kubernetes-version'
import { printedType } from '../check/types.ts'
import type { Compiled, Engine } from '../engine.ts'
import { Failure } from '../evaluate/evaluation.ts'
import { type Node, nodesOf, OPERATORS } from '../syntax/ast.ts'
import { displayed } from '../syntax/source.ts'
import {
  Duration,
  isList,
  MapValue,
  Optional,
  Timestamp,
  TypeValue,
  Uint,
  type Value,
} from '../values/value.ts'
import {
  CelCompileError,
  type CelCompiler,
  type CelCompilerOptions,
  CelEvaluationError,
  type CelInputs,
  type CelProgram,
  type CelValue,
  type CelVariable,
} from './cel.ts'
import { kubernetesEngine, VARIABLES } from './environment.ts'

/** A copy of a result. Shared parts are copied, and counted, each time they occur. */
function celValue(value: Value, spend: (work: number) => void): CelValue {
  spend(1)
  if (typeof value !== 'object' || value === null) return value
  if (isList(value)) return value.map((each) => celValue(each, spend))
  if (value instanceof MapValue) {
    return new Map(
      Array.from(value.entries(), ([key, each]) => [celValue(key, spend), celValue(each, spend)] as const),
    )
  }
  if (value instanceof Uint) return value.value
  if (value instanceof Optional) {
    return { type: 'optional', ...(value.value !== undefined && { value: celValue(value.value, spend) }) }
  }
  if (value instanceof Uint8Array) return { type: 'bytes' }
  if (value instanceof Timestamp) return { type: 'timestamp' }
  if (value instanceof Duration) return { type: 'duration' }
  return { type: value instanceof TypeValue ? 'type' : 'object' }
}

/** Maximum number of values in a result. */
const MAX_RESULT_SIZE = 200_000

/**
 * Creates a compiler with the variables and functions of Kubernetes, listed in `docs/tokens.md`. Regular expressions follow RE2, and the
 * cost limit bounds the run time.
 *
 * Source: apiserver `pkg/authentication/cel`, `pkg/authorization/cel`; KEP-3331, KEP-3221.
 *
 * @example
 * const program = celCompiler().compile('claims', 'claims.hd == "example.com"', 'bool')
 * program.evaluate({ hd: 'example.com' }) // true
 */
export function celCompiler(options: CelCompilerOptions = {}): CelCompiler {
  const { asKubeApiserver = false, kubernetesVersion = DEFAULT_KUBERNETES_VERSION } = options
  if (!KUBERNETES_VERSIONS.includes(kubernetesVersion)) {
    throw new TypeError(`kubernetesVersion must be one of ${KUBERNETES_VERSIONS.join(', ')}`)
  }
  const engines = new Map<CelVariable, Engine>()
  /** Created lazily: a configuration uses one or two of the variables. */
  const engineOf = (variable: CelVariable): Engine => {
    const made = engines.get(variable) ?? kubernetesEngine(variable, { asKubeApiserver, kubernetesVersion })
    engines.set(variable, made)
    return made
  }

  return {
    compile<V extends CelVariable>(variable: V, expression: string, resultType = 'any'): CelProgram<V> {
      const compiled = engineOf(variable).compile(expression)
      if ('stage' in compiled) {
        const { stage, issues, omitted } = compiled
        throw new CelCompileError(
          stage === 'compilation'
            ? `compilation failed: ${displayed(expression, issues, omitted)}`
            : `program instantiation failed: ${issues[0].message}`,
        )
      }
      const type = printedType(compiled.type)
      if (resultType === 'bool' && type !== 'bool') {
        // In Kubernetes, the authorization compiler names the type and the authentication compiler does not.
        const found = variable === 'request' ? ` but got ${type}` : ''
        throw new CelCompileError(`must evaluate to bool${found}`)
      }
      return {
        expression,
        resultType: type,
        selects: (field) => selectsField(compiled.root, variable, field),
        evaluate: (input: CelInputs[V]) => evaluated(compiled, variable, input),
      }
    },
  }
}

function evaluated<V extends CelVariable>(compiled: Compiled, variable: V, input: CelInputs[V]): CelValue {
  const value = orEvaluationError(() => VARIABLES[variable].valueOf(input))
  const outcome = compiled.evaluate(() => value)
  if (outcome.error !== undefined) throw new CelEvaluationError(outcome.error, { cause: outcome.cause })
  let size = 0
  // A result with the claims as a whole reads all of them.
  return orEvaluationError(() =>
    celValue(outcome.value, (work) => {
      size += work
      if (size > MAX_RESULT_SIZE)
        throw new CelEvaluationError('operation cancelled: actual cost limit exceeded')
    }),
  )
}

function orEvaluationError<T>(read: () => T): T {
  try {
    return read()
  } catch (error) {
    throw error instanceof Failure ? new CelEvaluationError(error.message) : error
  }
}

/** Whether the expression contains `variable.field` or `variable.?field`. The variable may have a leading dot, as absolute names do. */
function selectsField(root: Node, variable: string, field: string): boolean {
  for (const node of nodesOf(root)) {
    const [operand, name] = selectionOf(node)
    if (name !== field || operand?.kind !== 'ident') continue
    if (operand.name === variable || operand.name === `.${variable}`) return true
  }
  return false
}

function selectionOf(node: Node): readonly [operand?: Node | undefined, field?: string] {
  if (node.kind === 'select') return [node.operand, node.field]
  if (node.kind !== 'call' || node.name !== OPERATORS.optionalSelect) return []
  const [operand, field] = node.args
  return field?.kind === 'literal' && typeof field.value === 'string' ? [operand, field.value] : []
}
