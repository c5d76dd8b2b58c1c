import type * as Cel from '@kube-authn/cel/kubernetes'
import { onDemand } from '../on-demand.ts'

const entry = onDemand('@kube-authn/cel/kubernetes', () => import.meta.url)

/** The CEL compiler, loaded with the first expression: most configurations have none. */
export function celCompiler(): Cel.CelCompiler {
  let compiler: Cel.CelCompiler | undefined
  return {
    compile(variable, expression, resultType) {
      compiler ??= (entry() as typeof Cel).celCompiler()
      return compiler.compile(variable, expression, resultType)
    },
  }
}
