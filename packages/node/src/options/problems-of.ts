import { ConfigurationError, type ConfigurationProblem, isConfigurationError } from '@kube-authn/core'

/** The names by which functions call the path they are given: what is wrong with it is wrong with the option that it comes from. */
const PATHS: ReadonlySet<string> = new Set(['path', 'paths'])

/**
 * What is wrong with an option, of what was thrown for it.
 *
 * @param separator `.` where the option has options itself, and `: ` where it is a file.
 */
export function problemsOf(
  option: string,
  error: unknown,
  separator: '.' | ': ',
): readonly ConfigurationProblem[] {
  if (!isConfigurationError(error)) {
    return [{ path: option, message: error instanceof Error ? error.message : String(error) }]
  }
  return error.problems.map(({ path, message }) => {
    if (path === option || PATHS.has(path)) return { path: option, message }
    return separator === '.'
      ? { path: `${option}.${path}`, message }
      : { path: option, message: `${path}: ${message}` }
  })
}

/**
 * Makes something of an option, under its name.
 *
 * @throws {ConfigurationError} for whatever is thrown.
 */
export function underOption<T>(option: string, make: () => T): T {
  try {
    return make()
  } catch (error) {
    throw new ConfigurationError(problemsOf(option, error, ': '), { cause: error })
  }
}
