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
} from '../../internal/options/index.ts'
import { canWorkInBackground } from '../../internal/runtime.ts'
import { Draining, GRACE_MS, isDone } from '../../internal/shared-work.ts'
import { type AuthenticationConfiguration, decodeAuthenticationConfiguration } from './decode.ts'
import {
  type JwtAuthenticators,
  jwtAuthenticatorsMaker,
  type JwtAuthenticatorsOptions,
  jwtAuthenticatorsShape,
  type MakeJwtAuthenticators,
} from './jwt-authenticators.ts'
import {
  compilerOf,
  parseAuthenticationConfiguration,
  validateNext,
  type ValidateAuthenticationConfigurationOptions,
  type ValidatedAuthenticationConfiguration,
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

/** The result of an update. `refused` is final; `unhealthy` means that issuers could not be reached, so it may be retried. More may be added in a minor version; handle the rest. */
export type ConfigurationUpdate = 'unchanged' | 'updated' | 'refused' | 'unhealthy'

/** A token authenticator whose configuration can be replaced at any time. */
export interface ConfiguredAuthenticator extends TokenAuthenticator {
  /** The active version. */
  readonly configuration: AuthenticationConfiguration
  /** Why tokens of some issuers cannot be verified yet, one message per issuer. */
  health(): readonly string[]
  /** Replaces the configuration once the new version is valid and all its issuers are discovered; until then, or if that fails, the old one stays active. Updates run one at a time. Never rejects. */
  update(text: string): Promise<ConfigurationUpdate>
  /** Stops discovery and ignores further updates. */
  close(): void
}

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
  const { updateTimeoutSeconds = 60, clock = systemClock } = options
  const state = firstState(text, options)
  state.report(text, 'initial')
  const isFree = canWorkInBackground()
  let last: Promise<unknown> = Promise.resolve()

  return {
    name: 'jwt',
    get configuration() {
      return state.current.configuration
    },
    // Versions have different issuers, so any token with an issuer may be accepted.
    mayKnow: (token) => unverifiedIssuer(token) !== undefined,
    known: () => knownTokens(state.current.authenticators),
    authenticateToken: (token, context) => state.current.authenticators.authenticateToken(token, context),
    health: () => state.current.authenticators.health(),
    update(content) {
      // On some runtimes an update ends with the request that started it; the next one must not wait for it forever.
      const turn = isFree ? last : isDone(last, updateTimeoutSeconds * 1000 + GRACE_MS, clock)
      const result = turn.then(() => take(content, state))
      last = result
      return result
    },
    close() {
      state.isClosed = true
      state.draining.endAll()
      state.current.authenticators.close()
    },
  }
}

interface Version {
  readonly configuration: AuthenticationConfiguration
  readonly authenticators: JwtAuthenticators
}

/** The active version, and what the next one depends on. */
interface State {
  readonly source: string
  readonly clock: Clock
  readonly updateTimeoutMs: number
  readonly validation: ValidateAuthenticationConfigurationOptions
  readonly authenticatorsOf: MakeJwtAuthenticators
  readonly report: (content: string, outcome: 'initial' | 'loaded' | Error) => void
  readonly first: AuthenticationConfiguration
  current: Version
  /** The content that was used or refused last. */
  seen: string
  readonly draining: Draining
  isClosed: boolean
}

function firstState(text: string, options: AuthenticationConfigurationOptions): State {
  const { source = 'authentication configuration', updateTimeoutSeconds = 60 } = options
  const { disallowedIssuers, clock = systemClock, observer } = options
  const compiler = compilerOf(options)
  const validation = { ...(disallowedIssuers !== undefined && { disallowedIssuers }), compiler }
  const authenticatorsOf = jwtAuthenticatorsMaker(options)
  const { configuration, jwt } = parseAuthenticationConfiguration(text, source, validation)
  return {
    source,
    clock,
    updateTimeoutMs: updateTimeoutSeconds * 1000,
    validation,
    authenticatorsOf,
    report(content, result) {
      const outcome =
        result instanceof Error
          ? ({ outcome: 'failed', error: result } as const)
          : ({ outcome: result } as const)
      notify(observer, { type: 'reload', kind: 'authenticationConfiguration', source, content, ...outcome })
    },
    first: configuration,
    current: { configuration, authenticators: authenticatorsOf(jwt) },
    seen: text,
    draining: new Draining(clock),
    isClosed: false,
  }
}

/** Takes a new version if it is valid and all its issuers are discovered in time. Never rejects. */
async function take(content: string, state: State): Promise<ConfigurationUpdate> {
  if (content === state.seen || state.isClosed) return 'unchanged'
  const { report } = state
  let valid
  try {
    valid = readNext(content, state)
  } catch (error) {
    state.seen = content
    report(content, errorOf(error, UNUSABLE))
    return 'refused'
  }
  const next = made(valid, state)
  if (next instanceof Error) {
    report(content, next)
    return 'unhealthy'
  }
  await isDone(next.authenticators.ready, state.updateTimeoutMs, state.clock)
  const why = next.authenticators.health()
  if (why.length > 0) {
    next.authenticators.close()
    report(content, new Error(`${state.source}: ${why.join('; ')}`))
    return 'unhealthy'
  }
  if (state.isClosed) {
    next.authenticators.close()
    return 'unchanged'
  }
  state.seen = content
  const replaced = state.current
  state.current = next
  state.draining.add(replaced.authenticators)
  report(content, 'loaded')
  return 'updated'
}

/** Creates the authenticators. A failure does not make the version invalid: a proxy may be available next time. */
function made(
  { configuration, jwt }: ValidatedAuthenticationConfiguration,
  { authenticatorsOf }: State,
): Version | Error {
  try {
    // An update waits for the issuers, on any runtime.
    return { configuration, authenticators: authenticatorsOf(jwt, true) }
  } catch (error) {
    return errorOf(error, UNUSABLE)
  }
}

/** Decodes and validates a new version. Anonymous access was fixed by the first one, so it must not change. */
function readNext(
  content: string,
  { source, validation, first, current }: State,
): ValidatedAuthenticationConfiguration {
  const configuration = decodeAuthenticationConfiguration(content, source)
  const valid = validateNext(configuration, validation, current.configuration)
  const errors = configurationErrors()
  errors.addAll(valid.errors)
  if (JSON.stringify(first.anonymous) !== JSON.stringify(configuration.anonymous)) {
    errors.forbidden(fieldPath('anonymous'), 'changed from initial configuration file')
  }
  errors.throwIfAny()
  return valid
}
