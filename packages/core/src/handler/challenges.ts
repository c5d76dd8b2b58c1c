import type { AuthenticationScheme } from '../authenticator/authenticator.ts'
import { emptyContext } from '../authenticator/context.ts'
import type { AuthenticationError } from '../authenticator/errors.ts'
import { hasScheme, readBearerToken, trimAscii } from '../request/bearer-token.ts'
import { dpopFault } from '../token/dpop/dpop-fault.ts'
import type { AuthenticationRequest } from '../request/request.ts'

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
  /** The accepted algorithms of proofs, for `DPoP`. */
  readonly proofAlgorithms?: readonly string[] | undefined
}

/** The challenges of a 401 to a request, which an error refused or which has no credential. */
export type Challenges = (
  request: AuthenticationRequest,
  error: AuthenticationError | undefined,
) => ChallengeHeaders

/**
 * The `WWW-Authenticate` challenges of a 401, one for every scheme the chain accepts (RFC 9110 section 11.6.1). For a refused token the error is
 * `invalid_token` (RFC 6750 section 3.1), but not if the token could not be checked; for a refused proof it says so, and which nonce to use (RFC 9449 sections 7.1 and 9).
 * `Negotiate` has no realm (RFC 4559 section 4.1). `Bearer` and `DPoP` name the metadata of the resource (RFC 9728 section 5.1) and the scopes to ask for.
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
    return (request, error) => all(refusedToken(request, error))
  const forScripts = challengesOf(
    schemes.filter((scheme) => scheme !== 'Basic'),
    parameters,
  )
  return (request, error) => (isOfScript(request) ? forScripts : all)(refusedToken(request, error))
}

/** Why a token was refused. */
interface RefusedToken {
  readonly scheme: 'Bearer' | 'DPoP'
  readonly error: 'invalid_token' | 'invalid_dpop_proof' | 'use_dpop_nonce'
  readonly nonce?: string
}

/** The challenges if a token was refused, and if not. */
function challengesOf(
  schemes: readonly AuthenticationScheme[],
  { realm, resourceMetadataUrl, scopes = [], proofAlgorithms = [] }: ChallengeParameters,
): (refused: RefusedToken | undefined) => ChallengeHeaders {
  const parameters = `realm="${realm.replaceAll(/["\\]/g, '\\$&')}"`
  const ofResource =
    (scopes.length === 0 ? '' : `, scope="${scopes.join(' ')}"`) +
    (resourceMetadataUrl === undefined ? '' : `, resource_metadata="${resourceMetadataUrl}"`)
  const algorithms = proofAlgorithms.length === 0 ? '' : `, algs="${proofAlgorithms.join(' ')}"`
  const challenge = (
    scheme: AuthenticationScheme,
    refused: Pick<RefusedToken, 'scheme' | 'error'> | undefined,
  ): string => {
    if (scheme === 'Negotiate') return scheme
    if (scheme !== 'Bearer' && scheme !== 'DPoP') return `${scheme} ${parameters}`
    const error = refused?.scheme === scheme ? `, error="${refused.error}"` : ''
    return `${scheme} ${parameters}${scheme === 'DPoP' ? algorithms : ''}${error}${ofResource}`
  }
  const made = new Map<string, ChallengeHeaders>()
  return (refused) => {
    const key = refused === undefined ? '' : `${refused.scheme} ${refused.error}`
    let headers = made.get(key)
    if (headers === undefined) {
      headers = headersOf(schemes.map((scheme) => challenge(scheme, refused)))
      made.set(key, headers)
    }
    return refused?.nonce === undefined ? headers : { ...headers, 'dpop-nonce': refused.nonce }
  }
}

function refusedToken(
  request: AuthenticationRequest,
  error: AuthenticationError | undefined,
): RefusedToken | undefined {
  if (error?.code !== 'rejected') return undefined
  const authorization = request.headers.first('authorization') ?? ''
  if (hasScheme(trimAscii(authorization), 'dpop')) {
    const { code, nonce } = dpopFault(error) ?? { code: 'invalid_token' }
    return { scheme: 'DPoP', error: code, ...(nonce !== undefined && { nonce }) }
  }
  return readBearerToken(authorization, emptyContext) === undefined ? undefined : BEARER
}

const BEARER: RefusedToken = { scheme: 'Bearer', error: 'invalid_token' }

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
