import type { CelProgram } from '@kube-authn/cel/kubernetes'
import type { JwtAuthenticator } from './config.ts'

/** A {@link JwtAuthenticator} with compiled expressions. Mappings by claim name have no program. */
export interface CompiledJwtAuthenticator {
  readonly config: JwtAuthenticator
  readonly username?: CelProgram<'claims'>
  readonly groups?: CelProgram<'claims'>
  readonly uid?: CelProgram<'claims'>
  readonly extra: readonly { readonly key: string; readonly program: CelProgram<'claims'> }[]
  /** Only the rules with an expression, in order. */
  readonly claimRules: readonly { readonly message: string; readonly program: CelProgram<'claims'> }[]
  readonly userRules: readonly { readonly message: string; readonly program: CelProgram<'user'> }[]
}
