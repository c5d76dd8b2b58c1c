import type { KubernetesVersion } from './kubernetes/cel.ts'
import { check } from './check/checker.ts'
import type { Checked } from './check/checked.ts'
import { functionsOf, type Library } from './check/declarations.ts'
import type { Declarations } from './check/scope.ts'
import { listType, mapType, parameterType, type Type, type TypeNames } from './check/types.ts'
import { mixedLiterals } from './check/validate.ts'
import { Abortion, BudgetExceeded, Failure, type Meter } from './evaluate/evaluation.ts'
import type { PlanContext } from './evaluate/plan.ts'
import { Planner } from './evaluate/planner.ts'
import { formatProblems } from './library/text-format-check.ts'
import { type CallNode, type Node, nodesOf } from './syntax/ast.ts'
import { type Macro, Macros } from './syntax/macros.ts'
import { parse } from './syntax/parser.ts'
import type { Dialect } from './syntax/primaries.ts'
import { ExpressionProblem, type Issue, issuesOf, type Problem } from './syntax/source.ts'
import type { Value } from './values/value.ts'

export interface EngineOptions {
  readonly variables: ReadonlyMap<string, Type>
  /** Counts the work of the libraries too. */
  readonly meter: Meter
  readonly libraries: readonly Library[]
  readonly macros: readonly Macro[]
  readonly fields?: Declarations['fields']
  readonly unboundTypes?: Declarations['unboundTypes']
  /** Default `false`, as in cel-go. */
  readonly hasRangesOfAny?: boolean
  readonly container?: string
  /** Maximum length of an expression in characters. */
  readonly maxLength: number
  readonly hasOptionals: boolean
  /** The release of Kubernetes whose cel-go it is. */
  readonly release: KubernetesVersion
  /** Whether the elements of a list or map literal must be of one type. */
  readonly isHomogeneous: boolean
  /**
   * Whether it is the language of cel-spec: with its style of `format`, and without what cel-go permits (see {@link PlanContext}). Otherwise it is
   * that of Kubernetes.
   */
  readonly isStrict: boolean
  /** Whether types are only known at evaluation. */
  readonly isDynamic: boolean
}

export type Outcome =
  | { readonly value: Value; readonly error?: undefined; readonly cost: number }
  | { readonly error: string; readonly cause?: unknown; readonly cost: number }

export interface Compiled {
  readonly root: Node
  readonly type: Type
  /** The variables of the environment that it uses. */
  readonly variables: readonly string[]
  /** Evaluates it with the values of its variables. Those without a value end in an error. */
  evaluate(bindings: (name: string) => Value | undefined): Outcome
}

/** Why an expression does not compile: it is invalid, or a constant part of it fails. */
export interface Rejected {
  readonly stage: 'compilation' | 'instantiation'
  readonly issues: readonly [Issue, ...Issue[]]
  /** The number of further issues. */
  readonly omitted: number
}

/** Compiles the expressions of an environment. */
export class Engine {
  readonly #options: EngineOptions
  readonly #dialect: Dialect
  readonly #declarations: Declarations
  readonly #context: PlanContext

  constructor(options: EngineOptions) {
    const { meter, libraries } = options
    const types = typesOf(libraries)
    this.#options = options
    this.#dialect = {
      macros: new Macros(options.macros),
      maxLength: options.maxLength,
      hasOptionals: options.hasOptionals,
      hasEscapedFields: options.release >= '1.37',
    }
    this.#declarations = {
      container: options.container ?? '',
      variables: options.variables,
      types: nameable(types),
      unboundTypes: options.unboundTypes ?? new Map(),
      functions: functionsOf(libraries, types),
      fields: options.fields ?? new Map(),
      hasRangesOfAny: options.hasRangesOfAny ?? false,
    }
    this.#context = {
      meter,
      isStrict: options.isStrict,
      hasOptionalsOnly: options.release >= '1.37',
      types,
      preparations: new Map(libraries.flatMap(({ preparations }) => [...(preparations ?? [])])),
    }
  }

  compile(text: string): Compiled | Rejected {
    const parsed = parse(text, this.#dialect)
    if (parsed.problems !== undefined) return rejected('compilation', text, parsed.problems)
    const { checked, problems } = check(parsed.root, this.#declarations, this.#options)
    const all = problems.length > 0 ? problems : this.#validated(checked)
    if (all.length > 0) return rejected('compilation', text, all)
    try {
      return this.#program(checked)
    } catch (error) {
      if (error instanceof ExpressionProblem) return rejected('instantiation', text, [error])
      throw error
    }
  }

  /**
   * Further mistakes of a checked expression.
   *
   * Source: cel-go `cel/validator.go`.
   */
  #validated(checked: Checked): readonly Problem[] {
    const problems: Problem[] = []
    for (const node of nodesOf(checked.root)) {
      if (node.kind !== 'call') continue
      const problem = this.#literalProblem(node, checked)
      if (problem !== undefined) problems.push(problem)
    }
    const mixed = this.#options.isHomogeneous ? mixedLiterals(checked) : []
    return [...problems, ...mixed, ...formatProblems(checked, this.#options.isStrict)]
  }

  /** The problem of a literal duration, timestamp or pattern. */
  #literalProblem(node: CallNode, checked: Checked): Problem | undefined {
    const [first] = node.args
    if (first?.kind !== 'literal') return undefined
    try {
      // Of `matches(text, pattern)`, cel-go takes the text for the pattern here.
      if (node.name === 'matches') this.#context.preparations.get(node.name)?.([undefined, first.value])
      if (node.name === 'duration' || node.name === 'timestamp')
        new Planner(checked, this.#context).plan(node)
      return undefined
    } catch (error) {
      if (!(error instanceof Failure || error instanceof ExpressionProblem)) throw error
      return { message: `invalid ${node.name} argument`, offset: first.offset }
    }
  }

  #program(checked: Checked): Compiled {
    const planner = new Planner(checked, this.#context)
    const { run } = planner.plan(checked.root)
    const { meter } = this.#context
    const empty = planner.frame
    const variables = [...planner.variables]
    return {
      root: checked.root,
      type: checked.typeOf(checked.root),
      variables: variables.map(([name]) => name),
      evaluate: (bindings) =>
        meter.separately(() => {
          const frame = empty.slice()
          try {
            for (const [name, slot] of variables) frame[slot] = bindings(name)
            const value = run(frame)
            return { value, cost: meter.cost }
          } catch (error) {
            return { ...failed(error), cost: meter.cost }
          }
        }),
    }
  }
}

export function typesOf(libraries: readonly Library[]): TypeNames {
  return new Map(libraries.flatMap(({ types = [] }) => types.map((type) => [type.name, type] as const)))
}

/**
 * The types that expressions can name. Those with fields of their own cannot be constructed, so they have no use for a name.
 *
 * Source: cel-go `common/stdlib/standard.go` (`stdlibTypes`).
 */
function nameable(types: TypeNames): TypeNames {
  return new Map([
    ...[...types].filter(([, { kind }]) => kind !== 'struct'),
    ['list', listType(parameterType('A'))],
    ['map', mapType(parameterType('A'), parameterType('B'))],
  ])
}

function rejected(stage: Rejected['stage'], text: string, problems: readonly Problem[]): Rejected {
  const [first, ...rest] = issuesOf(text, problems)
  if (first === undefined) throw new TypeError('an expression is rejected for a reason')
  return { stage, issues: [first, ...rest], omitted: problems.length - rest.length - 1 }
}

/** Any other error is a fault of a function, or the end of the stack. Its message may repeat a value. */
function failed(error: unknown): { readonly error: string; readonly cause?: unknown } {
  if (error instanceof Failure || error instanceof BudgetExceeded || error instanceof Abortion)
    return { error: error.message }
  return { error: 'evaluation failed', cause: error }
}
