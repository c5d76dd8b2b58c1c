import { onDemand } from '../on-demand.ts'
import type { CelCompiler } from './cel.ts'
import type * as Cel from './index.ts'

const entry = onDemand('./index.js', import.meta.url)

/** The CEL compiler, loaded with the first expression: most configurations have none. */
export function celCompiler(): CelCompiler {
  let compiler: CelCompiler | undefined
  return {
    compile(variable, expression, resultType) {
      compiler ??= (entry() as typeof Cel).celCompiler()
      return compiler.compile(variable, expression, resultType)
    },
  }
}
