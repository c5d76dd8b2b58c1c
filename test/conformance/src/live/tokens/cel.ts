import { CelCompileError, celCompiler, CelEvaluationError } from '@kube-authn/cel/kubernetes'
import { canonical, type Difference } from '../difference.ts'
import { type LiveArea, liveArea } from '../live-area.ts'
import { recordable } from './cel-value.ts'
import { explainedCel } from './explained-cel.ts'

type Inputs = Readonly<Record<string, Readonly<Record<string, unknown>>>>

interface Header {
  readonly header: { readonly claims: Inputs; readonly users: Inputs }
}

interface Evaluated {
  /** The compile error. */
  readonly compile?: string
  /** The result type of the compiler. */
  readonly static?: string
  readonly err?: string
}

export interface RecordedExpression {
  readonly id: string
  readonly var: 'claims' | 'user'
  /** The name of its input. */
  readonly input: string
  readonly expr: string
  readonly real: Evaluated & { readonly value?: unknown; readonly panic?: string }
}

const EXPRESSIONS = 'tokens/records/cel.ndjson'

/** Expressions over claims and users: whether they compile, and their results. */
export const expressions: LiveArea = liveArea<RecordedExpression>({
  name: 'live-cel',
  files: [EXPRESSIONS],
  explanations: explainedCel,
  releases: ['1.35', '1.36', '1.37'],
  others: {
    '1.35': [
      { row: 'hosts of 1.35', explains: ({ at }, { expr }) => at === 'value' && expr.includes('://::') },
    ],
    '1.37': [
      {
        row: 'expressions of 1.37',
        explains: ({ here, there }, { expr }) =>
          (isError(here, 'no such overload') && /\.or(?:Value)?\(/.test(expr)) ||
          isError(here, 'minutes out of range') ||
          isError(there, "unsupported syntax: '`'"),
      },
    ],
  },
  *compare(recordings, kubernetesVersion) {
    const [first, ...cases] = recordings.lines(EXPRESSIONS) as readonly [Header, ...RecordedExpression[]]
    const compiler = celCompiler({ kubernetesVersion })
    for (const asked of cases) {
      const inputs = asked.var === 'user' ? first.header.users : first.header.claims
      const differences = expressionDifferences(compiler, asked, inputs[asked.input] ?? {})
      yield { id: `${asked.id} ${asked.expr}`, asked, differences }
    }
  },
})

function isError(result: unknown, message: string): boolean {
  return JSON.stringify([result]).includes(message)
}

function evaluate(
  compiler: ReturnType<typeof celCompiler>,
  asked: RecordedExpression,
  input: Readonly<Record<string, unknown>>,
): Evaluated & { readonly value?: unknown } {
  try {
    const program = compiler.compile(asked.var, asked.expr)
    try {
      return { static: program.resultType, value: recordable(program.evaluate(input)) }
    } catch (error) {
      if (!(error instanceof CelEvaluationError)) throw error
      return { static: program.resultType, err: error.message }
    }
  } catch (error) {
    if (!(error instanceof CelCompileError)) throw error
    return { compile: error.message }
  }
}

/** Error messages are not compared, and static types only for being `bool`. */
export function expressionDifferences(
  compiler: ReturnType<typeof celCompiler>,
  asked: RecordedExpression,
  input: Readonly<Record<string, unknown>>,
): readonly Difference[] {
  const there = asked.real
  const here = evaluate(compiler, asked, input)
  if (there.panic !== undefined) return [{ at: 'panic', there: there.panic, here }]
  if (there.compile !== undefined || here.compile !== undefined) {
    const isSame = there.compile !== undefined && here.compile !== undefined
    return isSame ? [] : [{ at: 'compiles', there: there.compile, here: here.compile }]
  }
  const isBool = ({ static: type }: Evaluated): boolean => type === 'bool'
  const said = resultOf(there)
  const says = resultOf(here)
  const isSame = (said.error !== undefined && says.error !== undefined) || canonical(said) === canonical(says)
  return [
    ...(isBool(there) === isBool(here)
      ? []
      : [{ at: 'static type', there: there.static, here: here.static }]),
    ...(isSame ? [] : [{ at: 'value', there: said, here: says }]),
  ]
}

/** A value or an error. */
export interface CelResult {
  readonly value?: unknown
  readonly error?: string
}

function resultOf({ err, value }: Evaluated & { readonly value?: unknown }): CelResult {
  return err === undefined ? { value } : { error: err }
}
