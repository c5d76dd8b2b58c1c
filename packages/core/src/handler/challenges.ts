import type { AuthenticationScheme } from '../authenticator/authenticator.ts'
import type { AuthenticationError } from '../authenticator/errors.ts'
import type { AuthenticationRequest } from '../request/request.ts'
import { readBearerToken } from '../request/bearer-token.ts'
import { emptyContext } from '../authenticator/context.ts'

/** The headers of a 401. */
export type ChallengeHeaders = Readonly<Record<string, string | readonly string[]>>

/** A 401 without a challenge. */
export const NO_CHALLENGES: ChallengeHeaders = Object.freeze({})

/** What challenges say besides their scheme. */
export interface ChallengeParameters {
  readonly realm: string
  /** Whether `Basic` is also sent to scripts. */
  readonly basicForScripts: boolean
  readonly resourceMetadataUrl?: string | undefined
  readonly scopes?: readonly string[] | undefined
}

/** The challenges of a 401 to a request, which an error refused or which has no credential. */
export type Challenges = (
  request: AuthenticationRequest,
  error: AuthenticationError | undefined,
) => ChallengeHeaders

/**
 * The `WWW-Authenticate` challenges of a 401, one for every scheme the chain accepts (RFC 9110 section 11.6.1). For a refused bearer token
 * the error is `invalid_token` (RFC 6750 section 3.1), but not if the token could not be checked. `Negotiate` has no realm (RFC 4559
 * section 4.1). `Bearer` names the metadata of the resource (RFC 9728 section 5.1) and the scopes to ask for.
 *
 * `Basic` is left out for a script in a browser: the browser would ask for a password in a dialog of its own, which the script cannot prevent.
 *
 * Deviation: kube-apiserver sends none (`docs/deviations.md`, challenges).
 */
export function challengesFor(
  schemes: readonly AuthenticationScheme[],
  parameters: ChallengeParameters,
): Challenges {
  const all = challengesOf(schemes, parameters)
  if (parameters.basicForScripts || !schemes.includes('Basic'))
    return (request, error) => all(isToken(request, error))
  const forScripts = challengesOf(
    schemes.filter((scheme) => scheme !== 'Basic'),
    parameters,
  )
  return (request, error) => (isOfScript(request) ? forScripts : all)(isToken(request, error))
}

/** The challenges if a bearer token was refused, and if not. */
function challengesOf(
  schemes: readonly AuthenticationScheme[],
  { realm, resourceMetadataUrl, scopes = [] }: ChallengeParameters,
): (isInvalidToken: boolean) => ChallengeHeaders {
  const parameters = `realm="${realm.replaceAll(/["\\]/g, '\\$&')}"`
  const ofResource =
    (scopes.length === 0 ? '' : `, scope="${scopes.join(' ')}"`) +
    (resourceMetadataUrl === undefined ? '' : `, resource_metadata="${resourceMetadataUrl}"`)
  const challenge = (scheme: AuthenticationScheme, error: string): string => {
    if (scheme === 'Negotiate') return scheme
    return scheme === 'Bearer' ? `Bearer ${parameters}${error}${ofResource}` : `${scheme} ${parameters}`
  }
  const plain = headersOf(schemes.map((scheme) => challenge(scheme, '')))
  const invalidToken = headersOf(schemes.map((scheme) => challenge(scheme, ', error="invalid_token"')))
  return (isInvalidToken) => (isInvalidToken ? invalidToken : plain)
}

function isToken(request: AuthenticationRequest, error: AuthenticationError | undefined): boolean {
  if (error?.code !== 'rejected') return false
  return readBearerToken(request.headers.first('authorization'), emptyContext) !== undefined
}

/**
 * Whether a script or an element of a page made the request. Browsers send `Sec-Fetch-Mode` together with `Sec-Fetch-Dest`, which `fetch` of Node does
 * not send, and libraries for older browsers send `X-Requested-With`.
 *
 * Source: W3C Fetch Metadata Request Headers.
 */
function isOfScript({ headers }: AuthenticationRequest): boolean {
  const mode = headers.first('sec-fetch-mode')
  if (mode === undefined) return headers.first('x-requested-with') !== undefined
  return mode !== 'navigate' && headers.first('sec-fetch-dest') !== undefined
}

/** Made once, and frozen: many refusals share them. */
function headersOf(challenges: readonly string[]): ChallengeHeaders {
  const [only] = challenges
  if (only === undefined) return NO_CHALLENGES
  return Object.freeze({ 'www-authenticate': challenges.length === 1 ? only : Object.freeze(challenges) })
}
