import {
  type AuthenticationError,
  type PasswordAuthenticator,
  rejected,
  type TokenAuthenticator,
  unavailable,
} from '@kube-authn/core'
import { aBoolean, type OptionsShape } from '@kube-authn/core/adapter'
import {
  andThen,
  atLeast,
  optionProblems,
  refuseProblems,
  withFurtherProblems,
} from '@kube-authn/core/internal'
import { cached } from '@kube-authn/core/remote'
import { boundedChecks, type ChecksOptions, checksShape } from './checks.ts'
import {
  aScope,
  clientOf,
  type KeystoneClientOptions,
  keystoneClientShape,
  type KeystoneDomain,
  type KeystoneRefusal,
  type KeystoneScope,
} from './client.ts'
import { knownUser } from './user.ts'
import { DEFAULT_DOMAIN, type KeystoneUserOptions, keystoneUserShape, userProblems } from './user-options.ts'

/** Options of {@link keystonePassword}. */
export interface KeystonePasswordOptions extends KeystoneClientOptions, ChecksOptions, KeystoneUserOptions {
  /** Whether `jane@Sales` means `jane` in the domain `Sales`. Default `false`: the whole string is the name. */
  readonly userAtDomain?: boolean
  /** The scope to log in to, which determines the roles. Default: the user's default project in Keystone. */
  readonly scope?: KeystoneScope
  /** How long an accepted password is cached, as a keyed digest. Default 10; 0 asks Keystone every time. */
  readonly successTtlSeconds?: number
  /** How long a refused password is cached, so that a client that repeats it does not lock the user out. Default 10; 0 disables it. */
  readonly failureTtlSeconds?: number
}

export const keystonePasswordShape: OptionsShape<KeystonePasswordOptions> = {
  ...keystoneClientShape,
  ...checksShape,
  ...keystoneUserShape,
  userAtDomain: aBoolean,
  scope: aScope,
  successTtlSeconds: atLeast(0),
  failureTtlSeconds: atLeast(0),
}

/**
 * Authenticates passwords by requesting a token from OpenStack Identity v3 (`--experimental-keystone-url`).
 *
 * The result is *rejected* if Keystone refuses the password, if the password is empty, or if the options do not accept the user. It is
 * *unavailable* if Keystone does not answer or its response is invalid. An accepted password is cached for a while, but never beyond the
 * expiry of the token that Keystone issued for it.
 *
 * Source: OpenStack Identity API v3, "Password authentication"; release-1.6 `plugin/pkg/authenticator/password/keystone`.
 *
 * Deviation: Identity v3 instead of v2.0; the user has the name, groups and roles of Keystone (`docs/deviations.md`,
 * Keystone passwords).
 *
 * @throws {ConfigurationError} if an option is invalid.
 * @example
 * const passwords = keystonePassword({ url: 'https://keystone.example.com:5000', scope: { project: { id: '6fd3a1' } } })
 */
export function keystonePassword(options: KeystonePasswordOptions): PasswordAuthenticator {
  refuseProblems(withFurtherProblems(optionProblems(keystonePasswordShape, options), options, userProblems))
  const { domain = DEFAULT_DOMAIN, userAtDomain = false, scope } = options
  const client = clientOf(options)
  const check = boundedChecks(options)

  // Name and password form the cache key, as a token does: concurrent logins share one check, and no plain text stays in memory.
  const logins: TokenAuthenticator = {
    name: 'keystonePassword',
    authenticateToken(text, context) {
      const { username, password } = fromText(text)
      const who = typedName(username, domain, userAtDomain)
      if (who === undefined) return undefined
      return check(async (limit) => {
        const created = await client.createToken({ ...who, password }, scope, limit)
        if ('refusedWith' in created) {
          checkRefusal(created)
          return undefined
        }
        return knownUser(created.token, created.id, client, options, limit)
      }, context.signal)
    },
  }
  const remembered = cached(logins, {
    successTtlSeconds: options.successTtlSeconds ?? 10,
    failureTtlSeconds: options.failureTtlSeconds ?? 10,
    // Longer than the limit of a check.
    timeoutSeconds: 2 * (options.timeoutSeconds ?? 10),
    ...(options.clock !== undefined && { clock: options.clock }),
  })

  return {
    name: 'keystonePassword',
    authenticatePassword(username, password, context) {
      if (typedName(username, domain, userAtDomain) === undefined || !isPassword(password))
        throw invalidCombination()
      const waiting = {
        get signal() {
          return context.signal
        },
      }
      const answer = remembered.authenticateToken(asText(username, password), waiting)
      return andThen(answer, (known) => {
        if (known === undefined) throw invalidCombination()
        return known
      })
    },
  }
}

/** Keystone answers 401 for a wrong password, a disabled user and a scope that the user may not have. */
function checkRefusal({ refusedWith, needsAnotherFactor }: KeystoneRefusal): void {
  if (refusedWith !== 401)
    throw unavailable(`Keystone does not accept login requests: HTTP status ${refusedWith}`)
  if (needsAnotherFactor)
    throw rejected('Keystone requires another factor, which Basic authentication cannot send')
}

function invalidCombination(): AuthenticationError {
  return rejected('invalid username/password combination')
}

/** Encodes name and password as one string, unambiguously. */
function asText(username: string, password: string): string {
  return `${username.length}:${username}${password}`
}

function fromText(text: string): { readonly username: string; readonly password: string } {
  const start = text.indexOf(':') + 1
  const end = start + Number(text.slice(0, start - 1))
  return { username: text.slice(start, end), password: text.slice(end) }
}

/** Keystone stores at most 255 characters for the user and 255 for the domain. */
const MAX_NAME_LENGTH = 511
/** `[identity] max_password_length`. */
const MAX_PASSWORD_LENGTH = 4096

/**
 * Splits a typed name: with `userAtDomain`, the part after the last `@` is the name of the domain. Returns `undefined` for a name that
 * no user can have; it is not sent.
 */
export function typedName(
  typed: string,
  domain: KeystoneDomain,
  userAtDomain: boolean,
): { readonly name: string; readonly domain: KeystoneDomain } | undefined {
  if (!isSendable(typed, MAX_NAME_LENGTH)) return undefined
  const at = userAtDomain ? typed.lastIndexOf('@') : -1
  if (at === -1) return { name: typed, domain }
  const name = typed.slice(0, at)
  const domainName = typed.slice(at + 1)
  return name === '' || domainName === '' ? undefined : { name, domain: { name: domainName } }
}

/** Whether a string can be a password. An empty one cannot, as in Kubernetes 1.6. */
export function isPassword(typed: string): boolean {
  return isSendable(typed, MAX_PASSWORD_LENGTH)
}

/** Keystone fails on ill-formed Unicode, and its password hashes fail on U+0000. */
function isSendable(text: string, maxLength: number): boolean {
  return text !== '' && text.length <= maxLength && text.isWellFormed() && !text.includes('\0')
}
