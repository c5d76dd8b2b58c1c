import type { Awaitable } from '../../internal/awaitable.ts'
import type { Context } from '../../authenticator/context.ts'
import type { CredentialRevocation } from '../../authenticator/credential-revocation.ts'
import type { UnverifiedJwt } from '../jwt/read-jwt.ts'
import type { ServiceAccountInfo } from './user-info.ts'

/** The validated claims of a token. */
export interface ValidClaims {
  readonly info: ServiceAccountInfo
  /** When the token expires, in milliseconds since the epoch. Absent: never. */
  readonly expiresAtMs?: number | undefined
  /** When it was issued, likewise. Absent: unknown. */
  readonly issuedAtMs?: number | undefined
  /** Whether what it depends on is gone. Absent: that is not watched. */
  readonly revocation?: CredentialRevocation | undefined
}

/** Validates the claims of a token whose signature and audiences are verified. Throws if they are invalid. */
export type ClaimsValidator = (jwt: UnverifiedJwt, context: Context) => Awaitable<ValidClaims>
