import type { Authenticator } from '../../authenticator/authenticator.ts'
import type { ConfigurationProblem } from '../../authenticator/errors.ts'
import {
  type AuthenticateRequestOptions,
  authenticateRequestShape,
} from '../../handler/authenticate-request-options.ts'
import { type AuthenticateRequest, authenticateRequest } from '../../handler/authenticate-request.ts'
import {
  aFunction,
  type AnyShape,
  type Check,
  aRequestAuthenticator,
  optionProblems,
  type OptionsShape,
  refuseProblems,
} from '../../internal/options/index.ts'
import { requirePeerCertificates } from '../incoming-message/require-peer-certificates.ts'

/** The checks of an adapter's `authentication`, which also handles refusals. */
export const authenticationShape: OptionsShape<AuthenticateRequestOptions> & { readonly onFailure: Check } = {
  ...authenticateRequestShape,
  onFailure: aFunction,
}

/**
 * The decision of an adapter's `authentication`.
 *
 * @param problems those of further arguments.
 * @throws {ConfigurationError} if an option is invalid, or the authenticator needs the certificates of TLS peers and the runtime does not
 *   provide them.
 */
export function authenticationOf(
  authenticator: Authenticator,
  shape: AnyShape,
  options: AuthenticateRequestOptions & { readonly onFailure?: unknown },
  problems: readonly ConfigurationProblem[] = [],
): AuthenticateRequest {
  refuseProblems(
    aRequestAuthenticator(authenticator, 'authenticator'),
    problems,
    optionProblems(shape, options),
  )
  const { onFailure: _adapterOnly, ...rest } = options
  const authenticate = authenticateRequest(authenticator, rest)
  requirePeerCertificates(authenticator)
  rememberOptions(authenticator, rest)
  return authenticate
}

/** The options of authentication without which upgrades would be narrower or quieter than requests are. */
const COMPARED = ['audiences', 'observer'] as const

const ofRequests = new WeakMap<Authenticator, Set<string>>()

/** Remembers which options `authentication` of an adapter was given, for {@link optionsThatLack}. */
function rememberOptions(authenticator: Authenticator, options: object): void {
  const given = ofRequests.get(authenticator) ?? new Set()
  for (const name of namesIn(options)) given.add(name)
  ofRequests.set(authenticator, given)
}

/** The options that `authentication` of an adapter was given with this authenticator, and that are not among these: for a notice, and for nothing else. */
export function optionsThatLack(authenticator: Authenticator, options: object): readonly string[] {
  const given = namesIn(options)
  return [...(ofRequests.get(authenticator) ?? [])].filter((name) => !given.includes(name)).toSorted()
}

function namesIn(options: object): readonly string[] {
  return COMPARED.filter((name) => Reflect.get(options, name) !== undefined)
}
