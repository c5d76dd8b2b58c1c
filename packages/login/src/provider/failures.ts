import * as oauth from 'oauth4webapi'
import { isAuthenticationError } from '@kube-authn/core/internal'
import { printable } from '@kube-authn/internal/printable'
import { LoginFailure } from '../login-failure.ts'
import type { LoginProvider } from './options.ts'

/** What a step sends, and a provider may speak of. */
interface Sent extends Pick<LoginProvider, 'clientSecret'> {
  readonly redirectUri?: string
}

/**
 * Runs a step at a provider.
 *
 * @param sent for what is said of its failure.
 * @throws {LoginFailure} for everything that goes wrong in it, with a message without tokens.
 */
export async function providerStep<T>(issuer: string, step: () => Promise<T>, sent: Sent = {}): Promise<T> {
  try {
    return await step()
  } catch (error) {
    throw asLoginFailure(error, issuer, sent)
  }
}

/** The error codes of a provider that say that it cannot answer now (RFC 6749 section 4.1.2.1). */
const TEMPORARY: ReadonlySet<string> = new Set(['server_error', 'temporarily_unavailable'])

/** The codes that say that it is the person who did not log in (RFC 6749 section 4.1.2.1; OpenID Connect Core 1.0 section 3.1.2.6). */
const REFUSED: ReadonlySet<string> = new Set([
  'access_denied',
  'account_selection_required',
  'consent_required',
  'interaction_required',
  'login_required',
  'unmet_authentication_requirements',
])

function asLoginFailure(error: unknown, issuer: string, sent: Sent): LoginFailure {
  if (error instanceof LoginFailure) return error
  if (isAuthenticationError(error)) {
    return new LoginFailure(
      error.code === 'unavailable' ? 'unavailable' : 'badAnswer',
      `${issuer}: ${error.message}`,
    )
  }
  if (error instanceof oauth.AuthorizationResponseError) {
    const { error: code } = error
    const kind = TEMPORARY.has(code) ? 'unavailable' : REFUSED.has(code) ? 'denied' : 'badAnswer'
    return new LoginFailure(kind, `${issuer} answered the login with the error ${told(error, sent)}`)
  }
  if (error instanceof oauth.ResponseBodyError) {
    const { error: code, status } = error
    const kind = status >= 500 || TEMPORARY.has(code) ? 'unavailable' : 'badAnswer'
    return new LoginFailure(kind, `${issuer} answered with the error ${told(error, sent)}`)
  }
  if (error instanceof oauth.WWWAuthenticateChallengeError) {
    const message = `${issuer} does not accept the client: HTTP ${error.status}`
    return new LoginFailure('badAnswer', `${message}. ${CHECK_CLIENT}`)
  }
  if (error instanceof oauth.OperationProcessingError || error instanceof oauth.UnsupportedOperationError) {
    const status = error.cause instanceof Response ? error.cause.status : 0
    // The message is fixed text of oauth4webapi.
    return new LoginFailure(
      status >= 500 ? 'unavailable' : 'badAnswer',
      `${issuer}: ${printable(error.message)}`,
    )
  }
  return new LoginFailure('unavailable', `${issuer} cannot be reached (${errorCode(error)})`)
}

const CHECK_CLIENT = 'Compare clientId and clientSecret with what the provider has'

/**
 * The error of a provider in its own words, and what to change (RFC 6749 sections 4.1.2.1 and 5.2). With pushed requests no page of the provider shows them. They are
 * printed without the secret of the client, and without long words that have digits, which could be a code or a token.
 */
function told(
  { error, error_description: description }: Pick<oauth.ResponseBodyError, 'error' | 'error_description'>,
  { redirectUri, clientSecret }: Sent,
): string {
  const known = typeof clientSecret === 'string' ? description?.replaceAll(clientSecret, '...') : description
  const words = known?.replaceAll(/[\w~+=-]{16,}/g, (word) => (/\d/.test(word) ? '...' : word))
  const what = `${printable(error)}${words === undefined ? '' : `: "${printable(words)}"`}`
  if (error === 'invalid_client' || error === 'unauthorized_client') return `${what}. ${CHECK_CLIENT}`
  const isRedirect =
    words === undefined ? error === 'invalid_request' : /redirect.?ur[il]|callback/i.test(words)
  return isRedirect && redirectUri !== undefined
    ? `${what}. Register ${redirectUri} at the provider as a redirect URI`
    : what
}

/** Why a call failed: the code of the innermost error, since messages may have the whole request in them. */
function errorCode(error: unknown, depth = 5): string {
  if (!(error instanceof Error)) return 'unknown error'
  if (error.cause instanceof Error && depth > 0) return errorCode(error.cause, depth - 1)
  if (/^no response within [\d.]+ seconds$|^longer than \d+ bytes$/.test(error.message)) return error.message
  return 'code' in error && typeof error.code === 'string' && /^[A-Z0-9_]{1,64}$/.test(error.code)
    ? error.code
    : error.name
}
