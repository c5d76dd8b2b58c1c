import type { AnonymousConfig } from '../../request/anonymous/config.ts'
import type { JwtAuthenticator } from '../oidc/configuration/config.ts'

/**
 * `apiserver.config.k8s.io` `AuthenticationConfiguration`, for `--authentication-config`. All versions have the same fields, without
 * defaults: absent strings and lists are empty.
 *
 * Source: KEP-3331; apiserver `pkg/apis/apiserver/types.go`.
 */
export interface AuthenticationConfiguration {
  readonly jwt: readonly JwtAuthenticator[]
  /** Absent: `--anonymous-auth` decides. */
  readonly anonymous?: AnonymousConfig
}
