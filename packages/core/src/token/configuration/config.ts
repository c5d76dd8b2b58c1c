import type { AnonymousConfig } from '../../request/anonymous/config.ts'
import type { JwtAuthenticator } from '../oidc/configuration/config.ts'

/**
 * `apiserver.config.k8s.io` `AuthenticationConfiguration`, of `--authentication-config`. All its versions have the same fields, and
 * none has defaults: an absent text is empty, an absent list too.
 *
 * Source: KEP-3331; apiserver `pkg/apis/apiserver/types.go`.
 */
export interface AuthenticationConfiguration {
  readonly jwt: readonly JwtAuthenticator[]
  /** Absent: `--anonymous-auth` says it. */
  readonly anonymous?: AnonymousConfig
}
