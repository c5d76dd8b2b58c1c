import type { ConfigurationProblem } from '../../authenticator/errors.ts'
import {
  aBoolean,
  aString,
  type Check,
  either,
  listOf,
  nested,
  neverUnset,
  optionProblems,
  type OptionsShape,
  required,
} from '../../internal/options/index.ts'

/** The `anonymous` field of an `AuthenticationConfiguration` (`apiserver.config.k8s.io/v1`). */
export interface AnonymousConfig {
  /** Whether requests without any credential pass. */
  readonly enabled: boolean
  /** The paths where anonymous requests pass. Absent or empty: everywhere. */
  readonly conditions?: readonly AnonymousCondition[]
}

/** A path where anonymous requests pass. */
export interface AnonymousCondition {
  /** The whole percent-decoded path, as in `/healthz`. */
  readonly path: string
}

const conditionShape: OptionsShape<AnonymousCondition> = { path: required(aString) }

/** The check of {@link AnonymousConfig.conditions}. */
export const anonymousConditions: Check = neverUnset(listOf(nested(conditionShape)))

const shape: OptionsShape<AnonymousConfig> = { enabled: required(aBoolean), conditions: anonymousConditions }

/** The check of an option that allows requests without a credential, everywhere or on certain paths. */
export const aBooleanOrAnonymousConfig: Check = either(
  (value) => typeof value === 'object' && value !== null,
  (value, path) => validateAnonymousConfig(value as AnonymousConfig, path),
  aBoolean,
)

/**
 * The problems of an {@link AnonymousConfig}, in Kubernetes' words.
 *
 * Deviation: a condition must have a path (`docs/deviations.md`, authentication configuration).
 */
export function validateAnonymousConfig(
  config: AnonymousConfig,
  path = 'anonymous',
): readonly ConfigurationProblem[] {
  const problems = optionProblems(shape, config, path)
  if (problems.length > 0) return problems
  const conditions = config.conditions ?? []
  if (conditions.length > 0 && !config.enabled) {
    return [
      { path: `${path}.conditions`, message: 'enabled should be set to true when conditions are defined' },
    ]
  }
  return conditions.flatMap((condition, index) =>
    condition.path !== '' ? [] : [{ path: `${path}.conditions[${index}].path`, message: 'Required value' }],
  )
}

/** The two places where anonymous requests can be configured. */
export interface AnonymousSources {
  /** `--anonymous-auth`; absent if the flag is not set. */
  readonly anonymousAuth?: boolean
  /** The `anonymous` field of the configuration file, if present. */
  readonly configuration?: AnonymousConfig
}

/** Combines flag and file: the file, otherwise the flag, otherwise enabled. Setting both is a problem. */
export function resolveAnonymous(sources: AnonymousSources): {
  readonly config: AnonymousConfig
  readonly problems: readonly ConfigurationProblem[]
} {
  const { anonymousAuth, configuration } = sources
  if (configuration === undefined) return { config: { enabled: anonymousAuth ?? true }, problems: [] }
  const problems = [...validateAnonymousConfig(configuration)]
  if (anonymousAuth !== undefined) {
    problems.push({
      path: 'anonymous',
      message:
        '--anonymous-auth flag cannot be set when anonymous field is configured in authentication configuration file',
    })
  }
  return { config: configuration, problems }
}
