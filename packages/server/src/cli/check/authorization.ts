import { isConfigurationError, parseAuthorizationConfiguration } from '@kube-authn/core/internal'
import { ConfigurationError } from '@kube-authn/core'
import { readKubeconfig } from '@kube-authn/node'
import { kubeConfigFileProblem } from '@kube-authn/node/internal'
import type { Finding } from './finding.ts'
import type { NamedText } from './named-text.ts'

/**
 * Reads an AuthorizationConfiguration and the kubeconfigs of its webhooks.
 *
 * @throws {ConfigurationError} with every problem.
 */
export function checkAuthorization({ name, text }: NamedText): readonly Finding[] {
  const { configuration } = parseAuthorizationConfiguration(text, name, { kubeConfigFileProblem })
  const problems = configuration.authorizers.flatMap(({ webhook }, index) => {
    const file = webhook?.connectionInfo.kubeConfigFile
    if (file === undefined) return []
    const path = `authorizers[${index}].webhook.connectionInfo.kubeConfigFile`
    return problemsOf(file).map((message) => ({ path, message }))
  })
  if (problems.length > 0) throw new ConfigurationError(problems)
  return []
}

function problemsOf(kubeconfig: string): readonly string[] {
  try {
    readKubeconfig(kubeconfig)
    return []
  } catch (error) {
    if (!isConfigurationError(error)) throw error
    return error.problems.map(({ path, message }) => `${path}: ${message}`)
  }
}
