/** A release of Kubernetes whose expressions there are. `docs/compatibility.md` lists what differs. More may be added in a minor version; handle the rest. */
export type KubernetesVersion = '1.35' | '1.36' | '1.37'

/**
 * The single variable of an expression: the claims of a token, the user mapped from them, or the request to an authorizer. More may be added
 * in a minor version; handle the rest.
 */
export type CelVariable = 'claims' | 'request' | 'user'

/** The values of the variables. */
export interface CelInputs {
  /** A JSON object, as returned by `JSON.parse`. All numbers are doubles, as in Kubernetes. */
  readonly claims: Readonly<Record<string, unknown>>
  readonly request: CelAccessRequest
  readonly user: CelUser
}

/** `user`: all four fields are always present. */
export interface CelUser {
  readonly username: string
  readonly uid: string
  readonly groups: readonly string[]
  readonly extra: Readonly<Record<string, readonly string[]>>
}

/**
 * `request`: the `spec` of a SubjectAccessReview v1. Strings and lists are always present. Only one of the two kinds of attributes is
 * present, and empty selectors are absent.
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

/** A field or label selector. `rawSelector` can be named in expressions but is never present: authorizers receive the parsed form. */
export interface CelSelector {
  readonly requirements: readonly {
    readonly key: string
    readonly operator: string
    readonly values: readonly string[]
  }[]
}

/** A result that has no representation outside of the expression. */
export interface CelOpaque {
  readonly type: 'bytes' | 'duration' | 'object' | 'optional' | 'timestamp' | 'type'
  /** Of an optional that has one. */
  readonly value?: CelValue
}

/** The result of an expression: `int` and `uint` are bigints, `double` is a number, a map is a `Map`. */
export type CelValue =
  | string
  | number
  | bigint
  | boolean
  | null
  | readonly CelValue[]
  | ReadonlyMap<CelValue, CelValue>
  | CelOpaque

/** A compiled expression. */
export interface CelProgram<V extends CelVariable = CelVariable> {
  readonly expression: string
  /** The static type, such as `bool`, `string` or `list<string>`; `dyn` if it is only known at evaluation. */
  readonly resultType: string
  /** Whether the expression selects this field of the variable, as in `claims.email` or `claims.?email`, but not `claims["email"]`. */
  selects(field: string): boolean
  /** @throws {CelEvaluationError} for CEL errors, such as a missing key, and if the cost limit is exceeded. */
  evaluate(input: CelInputs[V]): CelValue
}

/** Options of {@link celCompiler}. */
export interface CelCompilerOptions {
  /**
   * Refuse what kube-apiserver refuses, for expressions that it is to read too: a list or map directly under `claims` as a range. Write
   * `dyn(claims.groups).map(...)`, which is the same in both. Default `false`.
   */
  readonly asKubeApiserver?: boolean
  /** The release whose functions and syntax there are. `includes`, and fields in backticks, are of 1.37. Default `1.36`. */
  readonly kubernetesVersion?: KubernetesVersion
}

/**
 * Compiles expressions of the Common Expression Language, with the variables and functions that the Kubernetes API server provides in an
 * `AuthenticationConfiguration` and an `AuthorizationConfiguration`.
 */
export interface CelCompiler {
  /**
   * @param resultType the required static type. Default `any`.
   * @throws {CelCompileError} with Kubernetes' message.
   */
  compile<V extends CelVariable>(variable: V, expression: string, resultType?: 'any' | 'bool'): CelProgram<V>
}

/** The expression is invalid. The message is what Kubernetes prints after the field. */
export class CelCompileError extends Error {
  override readonly name = 'CelCompileError'
  readonly code = 'celCompilation'
}

/** The evaluation failed. The message is that of cel-go, if it has one. */
export class CelEvaluationError extends Error {
  override readonly name = 'CelEvaluationError'
  readonly code = 'celEvaluation'
}
