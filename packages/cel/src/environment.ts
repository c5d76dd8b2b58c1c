import type { Declaration } from './check/declarations.ts'
import { DYN, parsedSignature, parsedType, printedType, type TypeNames } from './check/types.ts'
import { Engine, typesOf } from './engine.ts'
import { Meter } from './evaluate/evaluation.ts'
import { valueOf } from './input.ts'
import { isLibraryName, librariesOf, LIBRARY_NAMES, type LibraryName, macrosOf, NEWEST } from './libraries.ts'
import type { Issue } from './syntax/source.ts'
import type { Duration, Optional, Timestamp, Uint, Value } from './values/value.ts'

/** The JavaScript values for a type, such as `readonly string[]` for `list(string)`; anything for `dyn` and types of libraries. */
type Binding<T extends string> = T extends keyof Simple
  ? Simple[T]
  : T extends `list(${infer E})`
    ? readonly Binding<E>[]
    : T extends `map(${infer K}, ${infer V})`
      ? ReadonlyMap<Binding<K>, Binding<V>> | { readonly [name: string]: Binding<V> }
      : T extends `optional_type(${string})`
        ? Optional
        : unknown

interface Simple {
  readonly bool: boolean
  readonly bytes: Uint8Array
  readonly double: number
  readonly duration: Duration
  readonly int: bigint | number
  readonly string: string
  readonly timestamp: Date | Timestamp
  readonly uint: Uint | bigint | number
}

/** Options of {@link environment}. */
export interface EnvironmentOptions<V extends Variables = Variables> {
  /** The types of the variables by name, such as `{ user: 'string', groups: 'list(string)' }`. Default: none. */
  readonly variables?: V
  /** Functions of your own, made by `fn` and `method`. Default: none. */
  readonly functions?: readonly Declaration<unknown>[]
  /** Default: all. */
  readonly libraries?: readonly LibraryName[]
  /** The namespace in which names are looked up first. Default: the outermost. */
  readonly container?: string
  /**
   * `strict` refuses elements of different types in one literal, as Kubernetes does; `dynamic` leaves all types to the evaluation. Default:
   * `checked`.
   */
  readonly types?: 'checked' | 'dynamic' | 'strict'
  /** Limits of what an expression may take. */
  readonly limits?: {
    /** Maximum cost of an evaluation, in the units of cel-go. Default: 1,000,000. */
    readonly cost?: number
    /** Maximum length of an expression in characters. Default: 100,000. */
    readonly length?: number
  }
}

/** The types of variables by name. */
export type Variables = Readonly<Record<string, string>>

/** Compiles expressions with the same variables and functions. */
export interface Environment<V extends Variables = Variables> {
  /** Parses and checks an expression. */
  compile(
    text: string,
  ):
    | { readonly program: Program<V>; readonly issues: readonly [] }
    | { readonly program?: undefined; readonly issues: readonly [Issue, ...Issue[]] }
}

/** A compiled expression. */
export interface Program<V extends Variables = Variables> {
  readonly expression: string
  /** The type of the result, such as `list(string)`; `dyn` if only the evaluation tells. */
  readonly type: string
  /**
   * Evaluates the expression. The cost is in the units of cel-go, also if the evaluation fails or exceeds the limit.
   *
   * @param bindings the values of the variables. One that is missing is an error of an expression that uses it.
   * @throws {TypeError} if a value is not of the type of its variable.
   */
  evaluate(bindings: { readonly [K in keyof V]?: Binding<V[K]> }):
    | { readonly value: Value; readonly error?: undefined; readonly cost: number }
    | { readonly value?: undefined; readonly error: string; readonly cost: number }
}

function withConvertedResult(declaration: Declaration<unknown>, types: TypeNames): Declaration {
  const { result, name } = parsedSignature(declaration.signature, declaration.isMember, types)
  return {
    ...declaration,
    evaluate: (...values) => valueOf(declaration.evaluate(...values), result, `the result of ${name}`),
  }
}

const MAX_COST = 1_000_000
const MAX_LENGTH = 100_000
/** Units of work, which bound the time, for each unit of cost. */
const WORK_PER_COST = 0.25

/**
 * Creates an environment: the variables and functions of expressions.
 *
 * Source: cel-spec; cel-go.
 *
 * @throws {TypeError} if a type or a signature is malformed, or a library is unknown.
 *
 * @example
 * const { program, issues } = environment({ variables: { user: 'string' } }).compile('user.startsWith("a")')
 * program?.evaluate({ user: 'anna' }) // { value: true, cost: 2 }
 */
export function environment<const V extends Variables = Variables>(
  options: EnvironmentOptions<V> = {},
): Environment<V> {
  const {
    functions = [],
    libraries = LIBRARY_NAMES,
    container = '',
    types = 'checked',
    limits = {},
  } = options
  const unknown = libraries.filter((name) => !isLibraryName(name))
  if (unknown.length > 0)
    throw new TypeError(`'${unknown.join(', ')}' must be a library: ${LIBRARY_NAMES.join(', ')}`)
  const { cost = MAX_COST, length = MAX_LENGTH } = limits
  const meter = new Meter({ maxCost: cost, maxWork: cost * WORK_PER_COST })
  const shared = librariesOf(libraries, meter)
  const named = typesOf(shared)
  const variables = new Map(
    Object.entries(options.variables ?? {}).map(([name, type]) => [name, parsedType(type, named)]),
  )
  const own = functions.map((each) => withConvertedResult(each, named))
  const engine = new Engine({
    variables,
    container,
    meter,
    libraries: [...shared, { functions: own }],
    macros: macrosOf(libraries),
    maxLength: length,
    hasOptionals: libraries.includes('optionals'),
    release: NEWEST,
    isHomogeneous: types === 'strict',
    isStrict: true,
    isDynamic: types === 'dynamic',
  })
  return {
    compile(text) {
      const compiled = engine.compile(text)
      if ('stage' in compiled) return { issues: compiled.issues }
      const program: Program<V> = {
        expression: text,
        type: printedType(compiled.type),
        evaluate(bindings) {
          const values = new Map(
            compiled.variables.map((name) => {
              const input: unknown = Reflect.get(bindings, name)
              const type = variables.get(name) ?? DYN
              return [name, input === undefined ? undefined : valueOf(input, type, name)]
            }),
          )
          const outcome = compiled.evaluate((name) => values.get(name))
          return outcome.error === undefined ? outcome : { error: outcome.error, cost: outcome.cost }
        },
      }
      return { program, issues: [] }
    },
  }
}
