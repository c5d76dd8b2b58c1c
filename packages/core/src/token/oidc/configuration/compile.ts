import {
  type CelCompiler,
  type CelProgram,
  type CelVariable,
  isCelCompileError,
} from '../../../internal/cel/cel.ts'
import { type ErrorList, errorList } from '../../../internal/field/errors.ts'
import type { FieldPath } from '../../../internal/field/path.ts'

/** Compiles an expression of a configuration; `undefined`, with an error, when it is not valid. */
export type Compile = <V extends CelVariable>(
  variable: V,
  expression: string,
  path: FieldPath,
  resultType?: 'any' | 'bool',
) => CelProgram<V> | undefined

/** What is wrong with a configuration, where expressions are shown as a whole. */
export function configurationErrors(): ErrorList {
  return errorList({ maxValueLength: 16_384 })
}

/** See {@link Compile}. */
export function compileInto(errors: ErrorList, compiler: CelCompiler): Compile {
  return (variable, expression, path, resultType) => {
    try {
      return compiler.compile(variable, expression, resultType)
    } catch (error) {
      if (!isCelCompileError(error)) throw error
      errors.invalid(path, expression, error.message)
      return undefined
    }
  }
}
