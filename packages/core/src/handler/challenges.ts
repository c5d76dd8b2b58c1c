import type { AuthenticationScheme } from '../authenticator/authenticator.ts'
import type { AuthenticationError } from '../authenticator/errors.ts'
import type { AuthenticationRequest } from '../request/request.ts'
import { readBearerToken } from '../request/bearer-token/read.ts'
import { emptyContext } from '../authenticator/context.ts'

/** The headers of a 401. */
export type ChallengeHeaders = Readonly<Record<string, string | readonly string[]>>

/** A 401 without a challenge. */
export const NO_CHALLENGES: ChallengeHeaders = Object.freeze({})

/**
 * The `WWW-Authenticate` challenges of a 401, one for every scheme the chain accepts (RFC 9110 section 11.6.1). For a refused bearer token
 * the error is `invalid_token` (RFC 6750 section 3.1), but not if the token could not be checked. `Negotiate` has no realm (RFC 4559
 * section 4.1).
 *
 * Deviation: kube-apiserver sends none (`docs/deviations.md`, challenges).
 */
export function challengesFor(
  schemes: readonly AuthenticationScheme[],
  realm: string,
): (request: AuthenticationRequest, error: AuthenticationError | undefined) => ChallengeHeaders {
  const parameters = `realm="${realm.replaceAll(/["\\]/g, '\\$&')}"`
  const challenge = (scheme: AuthenticationScheme): string =>
    scheme === 'Negotiate' ? scheme : `${scheme} ${parameters}`
  const plain = headersOf(schemes.map(challenge))
  const invalidToken = headersOf(
    schemes.map((scheme) =>
      scheme === 'Bearer' ? `${challenge(scheme)}, error="invalid_token"` : challenge(scheme),
    ),
  )
  return (request, error) => {
    if (error?.code !== 'rejected') return plain
    const token = readBearerToken(request.headers.first('authorization'), emptyContext)
    return token === undefined ? plain : invalidToken
  }
}

/** Made once, and frozen: many refusals share them. */
function headersOf(challenges: readonly string[]): ChallengeHeaders {
  const [only] = challenges
  if (only === undefined) return NO_CHALLENGES
  return Object.freeze({ 'www-authenticate': challenges.length === 1 ? only : Object.freeze(challenges) })
}
