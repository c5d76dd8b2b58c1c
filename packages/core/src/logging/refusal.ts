import type { AuthenticationError } from '../authenticator/errors.ts'
import type { Authenticator } from '../authenticator/authenticator.ts'
import type { LogEntry } from '../authenticator/log.ts'
import type { StatusError } from '../authenticator/status.ts'
import type { UserInfo } from '../authenticator/user.ts'
import type { AuthenticationRequest } from '../request/request.ts'

/** A refused request, for the log. */
export interface Refusal {
  readonly request: AuthenticationRequest
  readonly failure: StatusError
  readonly by: 'authentication' | 'impersonation' | 'authorization'
  /** Why authentication failed; absent if no authenticator had an opinion. */
  readonly error?: AuthenticationError | undefined
  /** That of authentication. */
  readonly authenticator?: Authenticator
  /** Whether another authentication accepted the request before, which removes the credential. */
  readonly isAcceptedBefore?: boolean
  /** Whether the response is a redirect to a login. */
  readonly toLogin?: boolean
  /** The user that may not make the request. */
  readonly user?: UserInfo | undefined
}

/** What is said about a refusal after its first part. */
export interface RefusalFacts extends Pick<
  LogEntry,
  'sent' | 'refusedBy' | 'username' | 'reason' | 'advice'
> {
  /** As in `bearer token (not a JWT) refused by tokenFile: reason`. */
  readonly sentence: string
}
