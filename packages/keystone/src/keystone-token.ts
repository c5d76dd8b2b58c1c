import { type Authentication, rejected, type TokenAuthenticator, unavailable } from '@kube-authn/core'
import { oneOf, type OptionsShape } from '@kube-authn/core/adapter'
import {
  either,
  must,
  optionProblems,
  refuseProblems,
  systemClock,
  withFurtherProblems,
} from '@kube-authn/core/internal'
import { boundedChecks, type ChecksOptions, checksShape } from './checks.ts'
import { clientOf, type KeystoneClientOptions, keystoneClientShape, type KeystoneRefusal } from './client.ts'
import { knownUser } from './user.ts'
import type { KeystoneServiceToken } from './service-token.ts'
import { isTokenText, type KeystoneToken, type KeystoneTokenProvider, looksLikeToken } from './token.ts'
import { type KeystoneUserOptions, keystoneUserShape, userProblems } from './user-options.ts'

/** Options of {@link keystoneToken}. */
export interface KeystoneTokenOptions extends KeystoneClientOptions, ChecksOptions, KeystoneUserOptions {
  /**
   * The format of tokens: `[token] provider` in `keystone.conf`. Bearer tokens of other formats are not sent to Keystone; `any`
   * sends all of them. Default `fernet`.
   */
  readonly tokenProvider?: KeystoneTokenProvider
  /** The token of a service that validates tokens, as from `keystoneServiceToken`. Default: each token validates itself. */
  readonly serviceToken?: KeystoneServiceToken | string
}

export const keystoneTokenShape: OptionsShape<KeystoneTokenOptions> = {
  ...keystoneClientShape,
  ...checksShape,
  ...keystoneUserShape,
  tokenProvider: oneOf('fernet', 'jws', 'any'),
  serviceToken: either(
    (value) => typeof value === 'string',
    must(
      'must be 1 to 2048 characters, all of them allowed in a token',
      (value) => typeof value === 'string' && isTokenText(value),
    ),
    must('must be a token or a function that returns one', (value) => typeof value === 'function'),
  ),
}

/**
 * Authenticates tokens of OpenStack Identity v3 by validating them there. Put it behind `cached`, as `createAuthenticator` does: the
 * cache respects the expiry of the token.
 *
 * It has no opinion on tokens of another format and on tokens that Keystone does not know: another authenticator may accept them. A user
 * that the options do not accept is *rejected*. If Keystone does not answer or its response is invalid, the result is *unavailable*.
 *
 * Source: OpenStack Identity API v3, "Validate and show information for token"; cloud-provider-openstack `pkg/identity/keystone`.
 *
 * Deviation: tokens of other formats are ignored, delegated tokens are refused, application credentials carry no groups, and a token
 * need not be scoped to a project (`docs/deviations.md`, Keystone tokens).
 *
 * @throws {ConfigurationError} if an option is invalid.
 * @example
 * const tokens = cached(keystoneToken({ url: 'https://keystone.example.com:5000' }))
 */
export function keystoneToken(options: KeystoneTokenOptions): TokenAuthenticator {
  refuseProblems(withFurtherProblems(optionProblems(keystoneTokenShape, options), options, userProblems))
  const { tokenProvider = 'fernet', serviceToken, clock = systemClock } = options
  const client = clientOf(options)
  const check = boundedChecks(options)

  const validate = async (token: string, limit: AbortSignal): Promise<KeystoneToken | undefined> => {
    if (serviceToken === undefined) return ofToken(await client.validateToken(token, token, limit))
    if (typeof serviceToken === 'string')
      return ofService(await client.validateToken(token, serviceToken, limit))
    const first = await serviceToken()
    const answer = await client.validateToken(token, first, limit)
    const isServiceRefused = 'refusedWith' in answer && answer.refusedWith === 401
    if (!isServiceRefused) return ofService(answer)
    return ofService(await client.validateToken(token, await serviceToken(first), limit))
  }

  const find = async (token: string, limit: AbortSignal): Promise<Authentication | undefined> => {
    const found = await validate(token, limit)
    if (found === undefined) return undefined
    if (found.expiresAtMs <= clock.now()) throw rejected('the Keystone token has expired')
    return knownUser(found, token, client, options, limit)
  }

  return {
    name: 'keystoneToken',
    mayKnow: (token) => looksLikeToken(token, tokenProvider),
    authenticateToken(token, context) {
      if (!looksLikeToken(token, tokenProvider)) return undefined
      return check((limit) => find(token, limit), context.signal)
    },
  }
}

/** The result of a token that validated itself: 401 and 404 mean that it is unknown, 403 that it may not validate itself. */
function ofToken(answer: KeystoneToken | KeystoneRefusal): KeystoneToken | undefined {
  if (!('refusedWith' in answer)) return answer
  if (answer.refusedWith === 403) throw rejected('Keystone does not allow the token to validate itself')
  return undefined
}

/** The result of validation by a service: 404 means that the token is unknown, 401 and 403 that the service was refused. */
function ofService(answer: KeystoneToken | KeystoneRefusal): KeystoneToken | undefined {
  if (!('refusedWith' in answer)) return answer
  if (answer.refusedWith === 404) return undefined
  throw unavailable(
    `Keystone does not allow the service to validate tokens: HTTP status ${answer.refusedWith}`,
  )
}
