import { celCompiler, type CelValue } from '../src/kubernetes/index.ts'

const compiler = celCompiler()

/** What comes of an expression over claims. */
export function evaluated(expression: string, claims: Readonly<Record<string, unknown>> = {}): CelValue {
  return compiler.compile('claims', expression).evaluate(claims)
}

/** The same, when the type of the result is to be known before. */
export function compiledType(expression: string): string {
  return compiler.compile('claims', expression).resultType
}
