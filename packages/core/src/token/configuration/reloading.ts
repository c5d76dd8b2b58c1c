import type { TokenAuthenticator } from '../../authenticator/authenticator.ts'
import { type Clock, systemClock } from '../../internal/clock.ts'
import { knownTokens } from '../../authenticator/known-tokens.ts'
import { notify, type Observer } from '../../authenticator/events.ts'
import { fieldPath } from '../../internal/field/path.ts'
import { configurationErrors } from '../oidc/configuration/compile.ts'
import { unverifiedIssuer } from '../jwt/read-jwt.ts'
import {
  above,
  aString,
  optionProblems,
  type OptionsShape,
  refuseProblems,
  without,
} from '../../internal/options/index.ts'
import { canWorkInBackground } from '../../internal/runtime.ts'
import { GRACE_MS, isDone } from '../../internal/shared-work.ts'
import type { AuthenticationConfiguration } from './config.ts'
import { decodeAuthenticationConfiguration } from './decode.ts'
import {
  type JwtAuthenticators,
  jwtAuthenticators,
  type JwtAuthenticatorsOptions,
  jwtAuthenticatorsShape,
} from './jwt-authenticators.ts'
import { parseAuthenticationConfiguration } from './parse.ts'
import {
  type ValidatedAuthenticationConfiguration,
  validateAuthenticationConfiguration,
  type ValidateAuthenticationConfigurationOptions,
  validationShape,
} from './validate.ts'

/** Options of {@link authenticationConfiguration}. */
export interface AuthenticationConfigurationOptions
  extends JwtAuthenticatorsOptions, ValidateAuthenticationConfigurationOptions {
  /** What the configuration is called in errors and events, usually a path. Default `authentication configuration`. */
  readonly source?: string
  /** How long the issuers of a new version may take to be found. Default 60. */
  readonly updateTimeoutSeconds?: number
  /** Told of keys that were fetched, and of new versions. */
  readonly observer?: Observer
  readonly clock?: Clock
}

/** The checks of {@link AuthenticationConfigurationOptions}, for packages whose options have more. */
export const authenticationConfigurationShape: OptionsShape<AuthenticationConfigurationOptions> = {
  ...jwtAuthenticatorsShape,
  ...validationShape,
  source: aString,
  updateTimeoutSeconds: above(0),
}

/** What came of an update. `refused` is for good; `unhealthy`, where there is no way to its issuers, may be tried again. */
export type ConfigurationUpdate = 'unchanged' | 'updated' | 'refused' | 'unhealthy'

/** Knows users as a configuration says that can be replaced at any time. */
export interface ConfiguredAuthenticator extends TokenAuthenticator {
  /** The version that counts. */
  readonly configuration: AuthenticationConfiguration
  /** Why tokens of some issuers cannot be verified yet, a text for each. */
  health(): readonly string[]
  /**
   * Takes a new version, which counts when it is valid and all its issuers were found; until then, and otherwise, the old one does. One
   * update follows another. Never rejects.
   */
  update(text: string): Promise<ConfigurationUpdate>
  /** Stops looking for issuers, and takes no more updates. */
  close(): void
}

/** How long requests under way may still need what was replaced. */
const DRAIN_MS = 60_000

/**
 * Knows users by tokens, as an `AuthenticationConfiguration` says (`--authentication-config`), and takes new versions of it while it
 * works. At the start nobody waits for issuers; their tokens are an outage until they are found.
 *
 * The same text again is no update, nor is one that was refused. The `anonymous` section may not change.
 *
 * Source: kubernetes `pkg/kubeapiserver/authenticator/config.go` (`updateAuthenticationConfig`), `pkg/controlplane/apiserver`; KEP-3331.
 *
 * @throws {ConfigurationError} with everything that is wrong with the first version.
 * @example
 * const tokens = authenticationConfiguration(text)
 * await tokens.update(nextText)
 */
export function authenticationConfiguration(
  text: string,
  options: AuthenticationConfigurationOptions = {},
): ConfiguredAuthenticator {
  refuseProblems(aString(text, 'text'), optionProblems(authenticationConfigurationShape, options))
  const { source = 'authentication configuration', updateTimeoutSeconds = 60 } = options
  const { disallowedIssuers, compiler } = options
  const ofIssuers = without(options, 'disallowedIssuers', 'compiler', 'source', 'updateTimeoutSeconds')
  const { clock = systemClock, observer } = options
  const validation = {
    ...(disallowedIssuers !== undefined && { disallowedIssuers }),
    ...(compiler !== undefined && { compiler }),
  }

  const first = parseAuthenticationConfiguration(text, source, validation)
  let seen = text
  let current: Version = {
    configuration: first.configuration,
    authenticators: jwtAuthenticators(first.jwt, ofIssuers),
  }
  const draining = new Set<() => void>()
  let last: Promise<unknown> = Promise.resolve()
  let isClosed = false

  const report = (content: string, error?: Error): void => {
    const outcome =
      error === undefined ? ({ outcome: 'loaded' } as const) : ({ outcome: 'failed', error } as const)
    notify(observer, { type: 'reload', kind: 'authenticationConfiguration', source, content, ...outcome })
  }

  const replace = (next: Version): void => {
    const old = current.authenticators
    current = next
    const end = (): void => {
      cancel()
      draining.delete(end)
      old.close()
    }
    const cancel = clock.after(DRAIN_MS, end)
    draining.add(end)
  }

  /** Whether it could be made is another question than whether it is valid: a proxy may be there the next time. */
  const made = ({ configuration, jwt }: ValidatedAuthenticationConfiguration): Version | Error => {
    try {
      // Whoever updates waits for the issuers, on any runtime.
      return { configuration, authenticators: jwtAuthenticators(jwt, { ...ofIssuers, discoverAtOnce: true }) }
    } catch (error) {
      return errorOf(error)
    }
  }

  const take = async (content: string): Promise<ConfigurationUpdate> => {
    if (content === seen || isClosed) return 'unchanged'
    let valid
    try {
      valid = readNext(content, first.configuration, { ...validation, source })
    } catch (error) {
      seen = content
      report(content, errorOf(error))
      return 'refused'
    }
    const next = made(valid)
    if (next instanceof Error) {
      report(content, next)
      return 'unhealthy'
    }
    if (!(await isReadyWithin(next.authenticators, updateTimeoutSeconds * 1000, clock))) {
      const why = next.authenticators.health()
      next.authenticators.close()
      report(content, new Error(`${source}: ${why.join('; ')}`))
      return 'unhealthy'
    }
    if (isClosed) {
      next.authenticators.close()
      return 'unchanged'
    }
    seen = content
    replace(next)
    report(content)
    return 'updated'
  }

  return {
    name: 'jwt',
    get configuration() {
      return current.configuration
    },
    // Issuers come and go with versions, so any token that has one may be known.
    mayKnow: (token) => unverifiedIssuer(token) !== undefined,
    known: () => knownTokens(current.authenticators),
    authenticateToken: (token, context) => current.authenticators.authenticateToken(token, context),
    health: () => current.authenticators.health(),
    update(content) {
      // Where one ended with the request that it was made in, the next must not wait for ever.
      const turn = canWorkInBackground() ? last : isDone(last, updateTimeoutSeconds * 1000 + GRACE_MS, clock)
      const result = turn.then(() => take(content))
      last = result
      return result
    },
    close() {
      isClosed = true
      for (const end of draining) end()
      current.authenticators.close()
    },
  }
}

interface Version {
  readonly configuration: AuthenticationConfiguration
  readonly authenticators: JwtAuthenticators
}

/** Reads and validates a new version. The chain was made by the first one, so who is anonymous is settled. */
function readNext(
  content: string,
  first: AuthenticationConfiguration,
  { source, ...options }: ValidateAuthenticationConfigurationOptions & { readonly source: string },
): ValidatedAuthenticationConfiguration {
  const configuration = decodeAuthenticationConfiguration(content, source)
  const validated = validateAuthenticationConfiguration(configuration, options)
  const errors = configurationErrors()
  errors.addAll(validated.errors)
  if (JSON.stringify(first.anonymous) !== JSON.stringify(configuration.anonymous)) {
    errors.forbidden(fieldPath('anonymous'), 'changed from initial configuration file')
  }
  errors.throwIfAny()
  return validated
}

function errorOf(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error('it cannot be used', { cause: thrown })
}

async function isReadyWithin(
  authenticators: JwtAuthenticators,
  milliseconds: number,
  clock: Clock,
): Promise<boolean> {
  let cancel = (): void => {}
  const late = new Promise<void>((resolve) => {
    cancel = clock.after(milliseconds, resolve)
  })
  await Promise.race([authenticators.ready, late])
  cancel()
  return authenticators.health().length === 0
}
