import { createRequire } from 'node:module'
import type * as Cel from '@kube-authn/cel/kubernetes'
import { requirePackage } from '../require-package.ts'

const load: (id: string) => unknown = createRequire(import.meta.url)

/** The CEL compiler, loaded with the first expression: most configurations have none. */
export function celCompiler(options: Cel.CelCompilerOptions): Cel.CelCompiler {
  let compiler: Cel.CelCompiler | undefined
  return {
    compile(variable, expression, resultType) {
      compiler ??= (requirePackage(load, '@kube-authn/cel/kubernetes') as typeof Cel).celCompiler(options)
      return compiler.compile(variable, expression, resultType)
    },
  }
}
