import { parseClientKubeconfig } from '@kube-authn/node/internal'
import type { Finding } from './finding.ts'
import type { NamedText } from './named-text.ts'

/**
 * Reads the kubeconfig of a client, and advises on what a server would refuse.
 *
 * @throws {ConfigurationError} with every problem.
 */
export function checkClientKubeconfig({ name, text, folder }: NamedText): readonly Finding[] {
  const { exec, provider, unused } = parseClientKubeconfig(text, { folder, source: name })
  if (unused !== undefined) {
    return [advice(`its user has other credentials, so that ${unused} is of no effect`)]
  }
  if (provider !== undefined) {
    return [advice('its user has an auth-provider, which a server refuses (--kind webhook-kubeconfig)')]
  }
  if (exec === undefined) return []
  return [
    advice(
      'its user has a plug-in (exec), which kubectl runs; a server that gets this file for a webhook refuses it ' +
        '(--kind webhook-kubeconfig)',
    ),
  ]
}

function advice(message: string): Finding {
  return { severity: 'advice', code: 'plugin', message }
}
