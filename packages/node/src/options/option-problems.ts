import { ConfigurationError, type ConfigurationProblem } from '@kube-authn/core'
import { isConfigurationError, messageOf } from '@kube-authn/core/internal'

/** Parameter names for paths: their problems are reported under the option that the path comes from. */
const PATHS: ReadonlySet<string> = new Set(['path', 'paths'])

/** The problems of an option, from an error that was thrown for it. @param separator `.` if the option has nested options, and `: ` if it is a file. */
export function problemsOf(
  option: string,
  error: unknown,
  separator: '.' | ': ',
): readonly ConfigurationProblem[] {
  if (!isConfigurationError(error)) return [{ path: option, message: messageOf(error, 'cannot be used') }]
  return error.problems.map(({ path, message }) => {
    if (path === option || PATHS.has(path)) return { path: option, message }
    return separator === '.'
      ? { path: `${option}.${path}`, message }
      : { path: option, message: `${path}: ${message}` }
  })
}

/** Calls `make` for an option and reports errors under its name. @throws {ConfigurationError} for anything that `make` throws. */
export function underOption<T>(option: string, make: () => T): T {
  try {
    return make()
  } catch (error) {
    throw new ConfigurationError(problemsOf(option, error, ': '), { cause: error })
  }
}
