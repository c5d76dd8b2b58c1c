import { isConfigurationError } from '@kube-authn/core/internal'

/** The problems of the `ConfigurationError` that a step throws, each as `path: message`; none if it succeeds. */
export async function problemsOf(step: () => unknown): Promise<readonly string[]> {
  try {
    await step()
    return []
  } catch (error) {
    if (!isConfigurationError(error)) throw error
    return error.problems.map(({ path, message }) => `${path}: ${message}`)
  }
}
