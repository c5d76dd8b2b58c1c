import type { AuthenticationError } from '../errors.ts'
import { warningHeader } from '../headers/warning.ts'
import { StatusError } from '../status.ts'

/** What a client gets: the same for every reason, but that a check which could not be made may be called so. */
export function refusal(
  error: AuthenticationError | undefined,
  challenges: readonly string[],
  warnings: readonly string[],
  unavailableStatus: 401 | 503,
): StatusError {
  const cause = error === undefined ? {} : { cause: error }
  const warning = warnings.length > 0 && { warning: warnings.map(warningHeader) }
  if (error?.code === 'unavailable' && unavailableStatus === 503) {
    return new StatusError({
      status: 503,
      reason: 'ServiceUnavailable',
      message: 'Authentication is temporarily unavailable',
      headers: { ...warning },
      ...cause,
    })
  }
  const [only] = challenges
  return new StatusError({
    status: 401,
    reason: 'Unauthorized',
    message: 'Unauthorized',
    headers: {
      ...(only !== undefined && { 'www-authenticate': challenges.length === 1 ? only : challenges }),
      ...warning,
    },
    ...cause,
  })
}
