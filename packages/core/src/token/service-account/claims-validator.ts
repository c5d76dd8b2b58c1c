import type { Awaitable } from '../../internal/awaitable.ts'
import type { Context } from '../../authenticator/context.ts'
import type { UnverifiedJwt } from '../jwt/read-jwt.ts'
import type { ServiceAccountInfo } from './user-info.ts'

/** What the claims of a token say, once they are checked. */
export interface ValidClaims {
  readonly info: ServiceAccountInfo
  /** When the token ends, in milliseconds since the epoch. Absent: never. */
  readonly expiresAtMs?: number | undefined
}

/** Checks the claims of a token whose signature is verified and which is for somebody here. Throws what is wrong with them. */
export type ClaimsValidator = (jwt: UnverifiedJwt, context: Context) => Awaitable<ValidClaims>
