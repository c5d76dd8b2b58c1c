import { celCompiler } from '#cel'
import { errorOf } from '../../internal/thrown.ts'
import type { TokenAuthenticator } from '../../authenticator/authenticator.ts'
import { type Clock, systemClock } from '../../internal/clock.ts'
import { knownTokens } from '../../authenticator/known-credentials.ts'
import { notify } from '../../authenticator/notify.ts'
import type { Observer } from '../../authenticator/events.ts'
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
import { decoded } from './decode.ts'
import {
  type JwtAuthenticators,
  jwtAuthenticatorsMaker,
  type JwtAuthenticatorsOptions,
  jwtAuthenticatorsShape,
} from './jwt-authenticators.ts'
import { parseAuthenticationConfiguration } from './parse.ts'
import {
  type ValidatedAuthenticationConfiguration,
  validated,
  type ValidateAuthenticationConfigurationOptions,
  validationShape,
} from './validate.ts'

/** Options of {@link authenticationConfiguration}. */
export interface AuthenticationConfigurationOptions
  extends JwtAuthenticatorsOptions, ValidateAuthenticationConfigurationOptions {
  /** The name of the configuration in errors and events, usually a path. Default `authentication configuration`. */
  readonly source?: string
  /** Time limit for the discovery of the issuers of a new version. Default 60. */
  readonly updateTimeoutSeconds?: number
  /** Receives an event for each fetch of keys and for each new version. */
  readonly observer?: Observer
  readonly clock?: Clock
}

/** The checks of {@link AuthenticationConfigurationOptions}, for packages that extend them. */
export const authenticationConfigurationShape: OptionsShape<AuthenticationConfigurationOptions> = {
  ...jwtAuthenticatorsShape,
  ...validationShape,
  source: aString,
  updateTimeoutSeconds: above(0),
}

/**
 * The result of an update. `refused` is final; `unhealthy` means that issuers could not be reached, so it may be retried. More may be added in
 * a minor version; handle the rest.
 */
export type ConfigurationUpdate = 'unchanged' | 'updated' | 'refused' | 'unhealthy'

/** A token authenticator whose configuration can be replaced at any time. */
export interface ConfiguredAuthenticator extends TokenAuthenticator {
  /** The active version. */
  readonly configuration: AuthenticationConfiguration
  /** Why tokens of some issuers cannot be verified yet, one message per issuer. */
  health(): readonly string[]
  /**
   * Replaces the configuration once the new version is valid and all its issuers are discovered; until then, or if that fails, the old one
   * stays active. Updates run one at a time. Never rejects.
   */
  update(text: string): Promise<ConfigurationUpdate>
  /** Stops discovery and ignores further updates. */
  close(): void
}

/** How long replaced authenticators stay open for requests in progress. */
const DRAIN_MS = 60_000

/** The message of a failure without one. */
const UNUSABLE = 'the configuration cannot be loaded'

/**
 * Authenticates tokens by an `AuthenticationConfiguration` (`--authentication-config`) that can be replaced while running. Startup does not
 * wait for issuers: their tokens are *unavailable* until they are discovered.
 *
 * An update with unchanged or already refused content is ignored. The `anonymous` section must not change.
 *
 * Source: kubernetes `pkg/kubeapiserver/authenticator/config.go` (`updateAuthenticationConfig`), `pkg/controlplane/apiserver`; KEP-3331.
 *
 * @throws {ConfigurationError} with all problems of the first version.
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
  const { disallowedIssuers, compiler = celCompiler() } = options
  const ofIssuers = without(options, 'disallowedIssuers', 'compiler', 'source', 'updateTimeoutSeconds')
  const { clock = systemClock, observer } = options
  const validation = {
    ...(disallowedIssuers !== undefined && { disallowedIssuers }),
    compiler,
  }

  const authenticatorsOf = jwtAuthenticatorsMaker(ofIssuers)
  const isFree = canWorkInBackground()
  const first = parseAuthenticationConfiguration(text, source, validation)
  let seen = text
  let current: Version = {
    configuration: first.configuration,
    authenticators: authenticatorsOf(first.jwt),
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

  /** Creates the authenticators. A failure does not make the version invalid: a proxy may be available next time. */
  const made = ({ configuration, jwt }: ValidatedAuthenticationConfiguration): Version | Error => {
    try {
      // An update waits for the issuers, on any runtime.
      return { configuration, authenticators: authenticatorsOf(jwt, true) }
    } catch (error) {
      return errorOf(error, UNUSABLE)
    }
  }

  const take = async (content: string): Promise<ConfigurationUpdate> => {
    if (content === seen || isClosed) return 'unchanged'
    let valid
    try {
      valid = readNext(content, first.configuration, current.configuration, { ...validation, source })
    } catch (error) {
      seen = content
      report(content, errorOf(error, UNUSABLE))
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
    // Versions have different issuers, so any token with an issuer may be accepted.
    mayKnow: (token) => unverifiedIssuer(token) !== undefined,
    known: () => knownTokens(current.authenticators),
    authenticateToken: (token, context) => current.authenticators.authenticateToken(token, context),
    health: () => current.authenticators.health(),
    update(content) {
      // On some runtimes an update ends with the request that started it; the next one must not wait for it forever.
      const turn = isFree ? last : isDone(last, updateTimeoutSeconds * 1000 + GRACE_MS, clock)
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

/** Decodes and validates a new version. Anonymous access was fixed by the first one, so it must not change. */
function readNext(
  content: string,
  first: AuthenticationConfiguration,
  inForce: AuthenticationConfiguration,
  { source, ...options }: ValidateAuthenticationConfigurationOptions & { readonly source: string },
): ValidatedAuthenticationConfiguration {
  const configuration = decoded(content, source)
  const valid = validated(configuration, options, inForce)
  const errors = configurationErrors()
  errors.addAll(valid.errors)
  if (JSON.stringify(first.anonymous) !== JSON.stringify(configuration.anonymous)) {
    errors.forbidden(fieldPath('anonymous'), 'changed from initial configuration file')
  }
  errors.throwIfAny()
  return valid
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
