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

/** See {@link Compile}. */
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
