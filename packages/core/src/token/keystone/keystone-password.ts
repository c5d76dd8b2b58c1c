import type { PasswordAuthenticator, TokenAuthenticator } from '../../authenticator/authenticator.ts'
import { andThen } from '../../internal/awaitable.ts'
import { WaitingContext } from '../../authenticator/context.ts'
import { type AuthenticationError, rejected, unavailable } from '../../authenticator/errors.ts'
import {
  aBoolean,
  atLeast,
  optionProblems,
  type OptionsShape,
  refuseProblems,
  withFurtherProblems,
} from '../../internal/options/index.ts'
import { cached } from '../cache/cached.ts'
import { boundedChecks, checksShape, type ChecksOptions } from './checks.ts'
import {
  aScope,
  clientOf,
  type KeystoneClientOptions,
  keystoneClientShape,
  type KeystoneRefusal,
  type KeystoneScope,
} from './client.ts'
import { knownUser } from './known-user.ts'
import { isPassword, typedName } from './typed-name.ts'
import { DEFAULT_DOMAIN, type KeystoneUserOptions, keystoneUserShape, userProblems } from './user-options.ts'

/** Options of {@link keystonePassword}. */
export interface KeystonePasswordOptions extends KeystoneClientOptions, ChecksOptions, KeystoneUserOptions {
  /** Whether `jane@Sales` is `jane` of the domain `Sales`. Default `false`: it is a name like any other. */
  readonly userAtDomain?: boolean
  /** What users come for, which is what their roles are of. Default: what Keystone has as their default project. */
  readonly scope?: KeystoneScope
  /** How long a password that was right is remembered, as a keyed digest. Default 10; 0 asks Keystone every time. */
  readonly rememberSeconds?: number
  /** How long a password that was wrong is. Default 10: it keeps whoever repeats it from being locked out. 0: not at all. */
  readonly rememberRefusedSeconds?: number
}

/** The checks of {@link KeystonePasswordOptions}, for packages whose options have more. */
export const keystonePasswordShape: OptionsShape<KeystonePasswordOptions> = {
  ...keystoneClientShape,
  ...checksShape,
  ...keystoneUserShape,
  userAtDomain: aBoolean,
  scope: aScope,
  rememberSeconds: atLeast(0),
  rememberRefusedSeconds: atLeast(0),
}

/**
 * Knows passwords by asking OpenStack Identity v3 for a token (`--experimental-keystone-url`).
 *
 * A password that Keystone refuses is *rejected*, and so are an empty one and a user who does not count here. A Keystone that does
 * not answer, or not as it should, is *unavailable*. What was right is remembered for a while, and never beyond the token that
 * Keystone made for it.
 *
 * Source: OpenStack Identity API v3, "Password authentication"; release-1.6 `plugin/pkg/authenticator/password/keystone`.
 *
 * Deviation: Identity v3 instead of v2.0; the user is named as Keystone has it, with groups and roles (`docs/deviations.md`,
 * Keystone passwords).
 *
 * @throws {ConfigurationError} when the options cannot work.
 * @example
 * const passwords = keystonePassword({ url: 'https://keystone.example.com:5000', scope: { project: { id: '6fd3a1' } } })
 */
export function keystonePassword(options: KeystonePasswordOptions): PasswordAuthenticator {
  refuseProblems(withFurtherProblems(optionProblems(keystonePasswordShape, options), options, userProblems))
  const { domain = DEFAULT_DOMAIN, userAtDomain = false, scope } = options
  const client = clientOf(options)
  const check = boundedChecks(options)

  // A name and a password are as good a key as a token: one check for all who ask at once, and nothing in plain text in memory.
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
        return knownUser(created.token, created.id, { client, options, limit })
      }, context.signal)
    },
  }
  const remembered = cached(logins, {
    successTtlSeconds: options.rememberSeconds ?? 10,
    failureTtlSeconds: options.rememberRefusedSeconds ?? 10,
    // Longer than a check may take by itself.
    lookupTimeoutSeconds: 2 * (options.timeoutSeconds ?? 10),
    ...(options.clock !== undefined && { clock: options.clock }),
  })

  return {
    name: 'keystonePassword',
    authenticatePassword(username, password, context) {
      if (typedName(username, domain, userAtDomain) === undefined || !isPassword(password))
        throw invalidCombination
      const answer = remembered.authenticateToken(asText(username, password), new WaitingContext(context))
      return andThen(answer, (known) => {
        if (known === undefined) throw invalidCombination
        return known
      })
    },
  }
}

/** 401 alone is what Keystone says to a wrong password, a disabled user, and one who may not have the scope. */
function checkRefusal({ refusedWith, needsAnotherFactor }: KeystoneRefusal): void {
  if (refusedWith !== 401) throw unavailable(`Keystone lets nobody log in: HTTP status ${refusedWith}`)
  if (needsAnotherFactor) throw rejected('Keystone asks for another factor, for which Basic has no place')
}

const invalidCombination: AuthenticationError = Object.freeze(
  rejected('invalid username/password combination'),
)

/** Name and password as one text, and no other two as the same. */
function asText(username: string, password: string): string {
  return `${username.length}:${username}${password}`
}

function fromText(text: string): { readonly username: string; readonly password: string } {
  const start = text.indexOf(':') + 1
  const end = start + Number(text.slice(0, start - 1))
  return { username: text.slice(start, end), password: text.slice(end) }
}
