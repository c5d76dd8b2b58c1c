import type { Authentication, TokenAuthenticator } from '../../authenticator/authenticator.ts'
import { systemClock } from '../../internal/clock.ts'
import { rejected, unavailable } from '../../authenticator/errors.ts'
import {
  optionProblems,
  either,
  must,
  oneOf,
  type OptionsShape,
  refuseProblems,
  withFurtherProblems,
} from '../../internal/options/index.ts'
import { boundedChecks, checksShape, type ChecksOptions } from './checks.ts'
import { clientOf, type KeystoneClientOptions, keystoneClientShape, type KeystoneRefusal } from './client.ts'
import { knownUser } from './known-user.ts'
import type { KeystoneServiceToken } from './service-token.ts'
import type { KeystoneToken } from './token.ts'
import { isTokenText, type KeystoneTokenProvider, looksLikeToken } from './token-text.ts'
import { type KeystoneUserOptions, keystoneUserShape, userProblems } from './user-options.ts'

/** Options of {@link keystoneToken}. */
export interface KeystoneTokenOptions extends KeystoneClientOptions, ChecksOptions, KeystoneUserOptions {
  /**
   * What tokens look like: `[token] provider` in `keystone.conf`. Other bearer tokens are not sent to Keystone; with `any`, all
   * of them are. Default `fernet`.
   */
  readonly tokenProvider?: KeystoneTokenProvider
  /** Asks about tokens in the name of a service, as from `keystoneServiceToken`. Default: each token is asked about with itself. */
  readonly serviceToken?: KeystoneServiceToken | string
}

/** The checks of {@link KeystoneTokenOptions}, for packages whose options have more. */
export const keystoneTokenShape: OptionsShape<KeystoneTokenOptions> = {
  ...keystoneClientShape,
  ...checksShape,
  ...keystoneUserShape,
  tokenProvider: oneOf('fernet', 'jws', 'any'),
  serviceToken: either(
    (value) => typeof value === 'string',
    must(
      'has characters that a token cannot have, or too many',
      (value) => typeof value === 'string' && isTokenText(value),
    ),
    must('must be a token, or a function that gives one', (value) => typeof value === 'function'),
  ),
}

/**
 * Knows the tokens of OpenStack Identity v3 by asking it about them. Put it behind `cached`, as `createAuthenticator` does: a token
 * then counts for no longer than it lasts.
 *
 * There is no opinion on what does not look like a token of Keystone, or is none that Keystone knows: another authenticator may
 * know it. A user who does not count here is *rejected*. A Keystone that does not answer, or not as it should, is *unavailable*.
 *
 * Source: OpenStack Identity API v3, "Validate and show information for token"; cloud-provider-openstack `pkg/identity/keystone`.
 *
 * Deviation: tokens of other looks and delegated tokens do not count, application credentials bring no groups, and a token need be
 * for no project (`docs/deviations.md`, Keystone tokens).
 *
 * @throws {ConfigurationError} when the options cannot work.
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
    if (!isRefused(answer, 401)) return ofService(answer)
    return ofService(await client.validateToken(token, await serviceToken(first), limit))
  }

  const find = async (token: string, limit: AbortSignal): Promise<Authentication | undefined> => {
    const found = await validate(token, limit)
    if (found === undefined) return undefined
    if (found.expiresAtMs <= clock.now()) throw rejected('the token of Keystone has expired')
    return knownUser(found, token, { client, options, limit })
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

/** What came of asking about a token with itself: 401 and 404 both say that it is none, 403 that it may not be used for that. */
function ofToken(answer: KeystoneToken | KeystoneRefusal): KeystoneToken | undefined {
  if (!('refusedWith' in answer)) return answer
  if (answer.refusedWith === 403) throw rejected('Keystone does not let the token be asked about with itself')
  return undefined
}

/** What came of asking in the name of a service: 404 says that the token is none, 401 and 403 that the service is. */
function ofService(answer: KeystoneToken | KeystoneRefusal): KeystoneToken | undefined {
  if (!('refusedWith' in answer)) return answer
  if (answer.refusedWith === 404) return undefined
  throw unavailable(`Keystone does not let the service ask about tokens: HTTP status ${answer.refusedWith}`)
}

function isRefused(answer: KeystoneToken | KeystoneRefusal, status: number): boolean {
  return 'refusedWith' in answer && answer.refusedWith === status
}
