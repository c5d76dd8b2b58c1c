import { ConfigurationError } from '@kube-authn/core'
import { isConfigurationError } from '@kube-authn/core/internal'

/**
 * Does something whose problems are those of options, and names the flags instead.
 *
 * @throws {ConfigurationError} with the names of flags.
 */
export function inTermsOfFlags<T>(flags: ReadonlyMap<string, string>, work: () => T): T {
  try {
    return work()
  } catch (error) {
    if (!isConfigurationError(error)) throw error
    const problems = error.problems.map(({ path, message }) => ({ path: flags.get(path) ?? path, message }))
    throw new ConfigurationError(problems, { cause: error })
  }
}
