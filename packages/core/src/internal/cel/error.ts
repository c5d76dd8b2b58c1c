/** The codes of the errors of `@kube-authn/cel/kubernetes`. */
type CelErrorCode = 'celCompilation' | 'celEvaluation'

/** Whether this is an error of the CEL compiler or of an expression. The code tells, not the class: the package is only loaded for the first expression, and an app may have its own copy of it. */
export function isCelError(error: unknown, code: CelErrorCode): error is Error {
  return error instanceof Error && 'code' in error && error.code === code
}

/** An error like those of the compiler, for which the package need not be loaded. */
export function celCompileError(message: string): Error {
  return Object.assign(new Error(message), { code: 'celCompilation' satisfies CelErrorCode })
}
