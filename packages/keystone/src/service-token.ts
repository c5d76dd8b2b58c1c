import { unavailable } from '@kube-authn/core'
import { checkOptions, type OptionsShape, required } from '@kube-authn/core/adapter'
import { GRACE_MS, isDone, must, systemClock } from '@kube-authn/core/internal'
import { boundedChecks, checksShape, type ChecksOptions } from './checks.ts'
import {
  aScope,
  clientOf,
  type CreatedToken,
  type KeystoneClientOptions,
  keystoneClientShape,
  type KeystoneCredential,
  type KeystoneScope,
} from './client.ts'
import { isDomainOption } from './user-options.ts'

/** Returns the token of a service; a new one if called with a token that Keystone has refused. */
export type KeystoneServiceToken = (refused?: string) => Promise<string>

/** Options of {@link keystoneServiceToken}. */
export interface KeystoneServiceTokenOptions
  extends KeystoneClientOptions, Pick<ChecksOptions, 'timeoutSeconds' | 'clock'> {
  /** The Keystone user of the service. */
  readonly credential: KeystoneCredential
  /** The scope in which it has the role that may validate tokens. */
  readonly scope: KeystoneScope
}

export const keystoneServiceTokenShape: OptionsShape<KeystoneServiceTokenOptions> = {
  ...keystoneClientShape,
  timeoutSeconds: checksShape.timeoutSeconds,
  clock: checksShape.clock,
  credential: required(must('must have a password and either an id or a name and a domain', isCredential)),
  scope: required(aScope),
}

type Login = { readonly created: CreatedToken } | { readonly error: unknown }

/** Renews before the old token expires, so that no token expires in transit. */
const RENEW_EARLY_MS = 60_000
/** Keeps repeated logins of a refused service from locking it out. */
const MIN_PAUSE_MS = 5_000

/**
 * Logs a service in and keeps its token until a minute before expiry. Concurrent callers share one login.
 *
 * Only the token of the service is stored; tokens of users are passed from call to call and never stored.
 *
 * The returned function rejects with an {@link AuthenticationError}, `unavailable`, if no token can be obtained.
 *
 * @throws {ConfigurationError} if an option is invalid.
 * @example
 * const url = 'https://keystone.example.com:5000'
 * const serviceToken = keystoneServiceToken({
 *   url,
 *   credential: { name: 'my-app', domain: { id: 'default' }, password },
 *   scope: { project: { name: 'service', domain: { id: 'default' } } },
 * })
 * const tokens = keystoneToken({ url, serviceToken })
 */
export function keystoneServiceToken(options: KeystoneServiceTokenOptions): KeystoneServiceToken {
  checkOptions(keystoneServiceTokenShape, options)
  const { credential, scope, timeoutSeconds = 10, clock = systemClock } = options
  const client = clientOf(options)
  const check = boundedChecks(options)
  let current: CreatedToken | undefined
  let underWay: Promise<Login> | undefined
  let lastLoginMs = -Infinity

  const logIn = async (): Promise<Login> => {
    try {
      const created = await check((limit) => client.createToken(credential, scope, limit), undefined)
      if ('refusedWith' in created) {
        throw unavailable(`Keystone refused the login of the service: HTTP status ${created.refusedWith}`)
      }
      current = created
      return { created }
    } catch (error) {
      return { error }
    }
  }
  const begin = (): Promise<Login> => {
    const now = clock.now()
    if (Math.abs(now - lastLoginMs) < MIN_PAUSE_MS)
      throw unavailable('the last login of the service to Keystone was too recent')
    lastLoginMs = now
    const login = logIn()
    underWay = login
    void login.then(() => forget(login))
    return login
  }
  const forget = (login: Promise<Login>): void => {
    if (underWay === login) underWay = undefined
  }
  const renewed = async (): Promise<string> => {
    const login = underWay ?? begin()
    if (!(await isDone(login, timeoutSeconds * 1000 + GRACE_MS, clock))) {
      forget(login)
      throw unavailable('the login to Keystone ended with the request that started it')
    }
    const outcome = await login
    if ('error' in outcome) throw outcome.error
    return outcome.created.id
  }

  return async (refused) => {
    if (current === undefined || current.id === refused) return renewed()
    const isAboutToEnd = clock.now() >= current.token.expiresAtMs - RENEW_EARLY_MS
    return isAboutToEnd ? renewed() : current.id
  }
}

function isCredential(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false
  const { password, id, name, domain, ...others } = value as Readonly<Record<string, unknown>>
  const isNamed = id === undefined ? isText(name) && isDomainOption(domain) : isText(id) && name === undefined
  return isText(password) && isNamed && Object.keys(others).length === 0
}

function isText(value: unknown): boolean {
  return typeof value === 'string' && value !== ''
}
