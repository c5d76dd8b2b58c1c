import type { CelProgram } from '../../../internal/cel/cel.ts'
import type { JwtAuthenticator } from './config.ts'

/** A {@link JwtAuthenticator} whose expressions are compiled. Where there is a claim instead of an expression there is no program. */
export interface CompiledJwtAuthenticator {
  readonly config: JwtAuthenticator
  readonly username?: CelProgram<'claims'>
  readonly groups?: CelProgram<'claims'>
  readonly uid?: CelProgram<'claims'>
  readonly extra: readonly { readonly key: string; readonly program: CelProgram<'claims'> }[]
  /** Of the rules with an expression, in order. */
  readonly claimRules: readonly { readonly message: string; readonly program: CelProgram<'claims'> }[]
  readonly userRules: readonly { readonly message: string; readonly program: CelProgram<'user'> }[]
}
