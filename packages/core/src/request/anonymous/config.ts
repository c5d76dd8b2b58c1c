import type { ConfigurationProblem } from '../../authenticator/errors.ts'
import {
  aBoolean,
  aString,
  type Check,
  either,
  listOf,
  nested,
  optionProblems,
  type OptionsShape,
  required,
} from '../../internal/options/index.ts'

/** The `anonymous` field of an `AuthenticationConfiguration` (`apiserver.config.k8s.io/v1`). */
export interface AnonymousConfig {
  readonly enabled: boolean
  /** Where anonymous requests are let through. Absent or empty: everywhere. */
  readonly conditions?: readonly AnonymousCondition[]
}

/** A place where anonymous requests are let through. */
export interface AnonymousCondition {
  /** The whole percent-decoded path, as in `/healthz`. */
  readonly path: string
}

const conditionShape: OptionsShape<AnonymousCondition> = { path: required(aString) }

/** The check of {@link AnonymousConfig.conditions}. */
export const anonymousConditions: Check = listOf(nested(conditionShape))

const shape: OptionsShape<AnonymousConfig> = { enabled: required(aBoolean), conditions: anonymousConditions }

/** The check of an option that says whether requests without a credential are let through, and where. */
export const aBooleanOrAnonymousConfig: Check = either(
  (value) => typeof value === 'object' && value !== null,
  (value, path) => validateAnonymousConfig(value as AnonymousConfig, path),
  aBoolean,
)

/**
 * What is wrong with an {@link AnonymousConfig}, in Kubernetes' words.
 *
 * Deviation: a condition has a path (`docs/deviations.md`, authentication configuration).
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

/** Where it can be said whether anonymous requests are let through. */
export interface AnonymousSources {
  /** `--anonymous-auth`; absent when the flag was not given. */
  readonly anonymousAuth?: boolean
  /** The `anonymous` field of the configuration file; absent when there is none. */
  readonly configuration?: AnonymousConfig
}

/** What holds when flag and file are put together: the file, else the flag, else yes. Both at once are a problem. */
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
