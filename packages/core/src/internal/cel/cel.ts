import { branded } from '../brand.ts'

/**
 * The variable that an expression sees, of which there is one: the claims of a token, the user that was made of them, or what an
 * authorizer is asked.
 */
export type CelVariable = 'claims' | 'request' | 'user'

/** What the variables are. */
export interface CelInputs {
  /** A JSON object, as from `JSON.parse`. Every number is a double, as in Kubernetes. */
  readonly claims: Readonly<Record<string, unknown>>
  readonly request: CelAccessRequest
  readonly user: CelUser
}

/** `user`: all four fields are always there. */
export interface CelUser {
  readonly username: string
  readonly uid: string
  readonly groups: readonly string[]
  readonly extra: Readonly<Record<string, readonly string[]>>
}

/**
 * `request`: the `spec` of a SubjectAccessReview, in version v1. Texts and lists are always there; the attributes are of a resource or of a
 * path, and the others are absent, as is a selector that there is none of.
 *
 * Source: apiserver `pkg/authorization/cel/compile.go` (`convertObjectToUnstructured`).
 */
export interface CelAccessRequest {
  readonly user: string
  readonly uid: string
  readonly groups: readonly string[]
  readonly extra: Readonly<Record<string, readonly string[]>>
  readonly resourceAttributes?: CelResourceAttributes
  readonly nonResourceAttributes?: { readonly path: string; readonly verb: string }
}

/** `request.resourceAttributes`. */
export interface CelResourceAttributes {
  readonly namespace: string
  readonly verb: string
  readonly group: string
  readonly version: string
  readonly resource: string
  readonly subresource: string
  readonly name: string
  readonly fieldSelector?: CelSelector
  readonly labelSelector?: CelSelector
}

/** A selector of fields or labels. `rawSelector`, which expressions may name, is never there: an authorizer is asked what was parsed. */
export interface CelSelector {
  readonly requirements: readonly {
    readonly key: string
    readonly operator: string
    readonly values: readonly string[]
  }[]
}

/** A result that is of use only within an expression. */
export interface CelOpaque {
  readonly type: 'bytes' | 'duration' | 'object' | 'optional' | 'timestamp' | 'type'
}

/** What comes of an expression: `int` and `uint` are bigints, `double` is a number, a map is a `Map`. */
export type CelValue =
  | string
  | number
  | bigint
  | boolean
  | null
  | readonly CelValue[]
  | ReadonlyMap<CelValue, CelValue>
  | CelOpaque

/** An expression that was compiled. */
export interface CelProgram<V extends CelVariable = CelVariable> {
  readonly expression: string
  /** The static type, as in `bool`, `string`, `list<string>`; `dyn` when only the evaluation tells. */
  readonly resultType: string
  /** Whether the field of the variable is selected anywhere, as in `claims.email` or `claims.?email`; `claims["email"]` is not. */
  selects(field: string): boolean
  /**
   * @throws {CelEvaluationError} where CEL has an error, as for a missing key, and when it costs too much.
   */
  evaluate(input: CelInputs[V]): CelValue
}

/**
 * Compiles expressions of the Common Expression Language, with the variables and functions that the Kubernetes API server gives
 * them in an `AuthenticationConfiguration` and an `AuthorizationConfiguration`.
 */
export interface CelCompiler {
  /**
   * @param resultType what the expression must evaluate to, known before it is evaluated. Default `any`: every type.
   * @throws {CelCompileError} with Kubernetes' text.
   */
  compile<V extends CelVariable>(variable: V, expression: string, resultType?: 'any' | 'bool'): CelProgram<V>
}

/** The expression is not valid. The message is what Kubernetes prints behind the field. */
export class CelCompileError extends Error {
  override readonly name = 'CelCompileError'
  readonly code = 'celCompilation'
}

/** Whether this is a {@link CelCompileError}, of this copy of the package or of another. */
export const isCelCompileError: (value: unknown) => value is CelCompileError = branded(
  CelCompileError,
  'CelCompileError',
  ({ message }) => typeof message === 'string',
)

/** There is no result. The message is cel-go's where there is one. */
export class CelEvaluationError extends Error {
  override readonly name = 'CelEvaluationError'
  readonly code = 'celEvaluation'
}

/** Whether this is a {@link CelEvaluationError}, of this copy of the package or of another. */
export const isCelEvaluationError: (value: unknown) => value is CelEvaluationError = branded(
  CelEvaluationError,
  'CelEvaluationError',
  ({ message }) => typeof message === 'string',
)
