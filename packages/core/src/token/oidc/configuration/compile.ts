import type { CelCompiler, CelProgram, CelVariable } from '@kube-authn/cel/kubernetes'
import { isCelError } from '../../../internal/cel/error.ts'
import { type ErrorList, errorList } from '../../../internal/field/errors.ts'
import type { FieldPath } from '../../../internal/field/path.ts'

/** Compiles an expression of a configuration. Adds an error and returns `undefined` if it is invalid. */
export type Compile = <V extends CelVariable>(
  variable: V,
  expression: string,
  path: FieldPath,
  resultType?: 'any' | 'bool',
) => CelProgram<V> | undefined

/** An error list for a configuration, with room for whole expressions. */
export function configurationErrors(): ErrorList {
  return errorList({ maxValueLength: 16_384 })
}

export interface ExpressionValidation {
  readonly errors: ErrorList
  readonly compile: Compile
}

/** Compiles one of several conditions, which must differ. `path` is that of the rule, and has the field `expression`. */
export function compileDistinct<V extends CelVariable>(
  variable: V,
  expression: string,
  seen: Set<string>,
  path: FieldPath,
  { errors, compile }: ExpressionValidation,
): CelProgram<V> | undefined {
  const at = path.child('expression')
  if (expression === '') errors.required(at)
  else if (seen.has(expression)) errors.duplicate(at, expression)
  else {
    seen.add(expression)
    return compile(variable, expression, at, 'bool')
  }
  return undefined
}

export function compileInto(errors: ErrorList, compiler: CelCompiler): Compile {
  return (variable, expression, path, resultType) => {
    try {
      return compiler.compile(variable, expression, resultType)
    } catch (error) {
      if (!isCelError(error, 'celCompilation')) throw error
      errors.invalid(path, expression, error.message)
      return undefined
    }
  }
}
