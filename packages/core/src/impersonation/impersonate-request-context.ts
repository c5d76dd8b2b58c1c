import type { CredentialRevocation } from '../authenticator/credential-revocation.ts'
import type { AuthorizeRequestContext } from '../authorization/authorize-request.ts'

/** What is known about a request besides the request itself. */
export interface ImpersonateRequestContext extends AuthorizeRequestContext {
  /** That of the requester's credential: a revoked user cannot be impersonated. */
  readonly revocation?: CredentialRevocation | undefined
}
