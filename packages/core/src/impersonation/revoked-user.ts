import { type CredentialRevocation, REVOKED_USER } from '../authenticator/credential-revocation.ts'
import { isStatusError, StatusError } from '../authenticator/status.ts'
import { internalError } from '../authorization/error-answers.ts'
import { rejected } from '../authenticator/errors.ts'
import { andThen, type Awaitable, settle } from '../internal/awaitable.ts'
import type { AuthenticationRequest } from '../request/request.ts'
import type { AllowedImpersonation } from './modes.ts'

/** An impersonation, with what ends it. */
export interface RevocableImpersonation extends AllowedImpersonation {
  readonly revocation?: CredentialRevocation
}

/** The answer, unless its user is revoked, or that is not known. @param revocation that of the requester's credential. */
export function unlessUserRevoked(
  request: AuthenticationRequest,
  answer: Awaitable<AllowedImpersonation | StatusError>,
  revocation: CredentialRevocation | undefined,
): Awaitable<RevocableImpersonation | StatusError> {
  if (revocation === undefined) return answer
  return andThen(answer, (allowed) => {
    if (isStatusError(allowed)) return allowed
    const acting = revocation.actingAs(allowed.user)
    return settle<boolean, RevocableImpersonation | StatusError>(
      () => acting.isRevoked(),
      (isRevoked) => (isRevoked ? refusal() : { ...allowed, revocation: acting }),
      (cause) => internalError(request, 'impersonation could not be checked', { cause }),
    )
  })
}

/** The client is not told why. */
function refusal(): StatusError {
  return new StatusError({
    status: 403,
    reason: 'Forbidden',
    message: 'Forbidden',
    headers: { 'x-content-type-options': 'nosniff' },
    cause: rejected(REVOKED_USER),
  })
}
