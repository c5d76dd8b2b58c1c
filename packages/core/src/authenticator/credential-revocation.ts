import type { Awaitable } from '../internal/awaitable.ts'
import type { UserInfo } from './user.ts'

/** Whether the credential of a request is revoked while it is in use. */
export interface CredentialRevocation {
  /** @throws {AuthenticationError} `unavailable` if that is not known. */
  isRevoked(): Awaitable<boolean>
  /** Calls back once, as soon as the credential is revoked, or now if it is. Returns a function that stops waiting. */
  watch(onRevoked: () => void): () => void
  /** The same for a request that impersonates a user: it also ends if that user is revoked. */
  actingAs(user: UserInfo): CredentialRevocation
}

/** The message of the error of a revoked credential. */
export const REVOKED = 'the credential has been revoked'

/** The message of the error if the user that is impersonated is revoked. */
export const REVOKED_USER = 'the impersonated user has been revoked'
