import type { CelCompiler } from '@kube-authn/cel/kubernetes'
import { celCompileError } from './error.ts'

/** A compiler for which every expression is an error. The real one is 50 kB of a bundle, so at the edge, and in `oidc`, only an app that passes it has it. */
export function celCompiler(): CelCompiler {
  return {
    compile() {
      throw celCompileError(
        'expressions require a compiler: pass celCompiler() from @kube-authn/cel/kubernetes',
      )
    },
  }
}
