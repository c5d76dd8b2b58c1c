import { parseClientKubeconfig } from '@kube-authn/node/internal'
import type { Finding } from './finding.ts'
import type { NamedText } from './named-text.ts'

/**
 * Reads the kubeconfig of a client, and advises on what a server would refuse.
 *
 * @throws {ConfigurationError} with every problem.
 */
export function checkClientKubeconfig({ name, text, folder }: NamedText): readonly Finding[] {
  const { exec } = parseClientKubeconfig(text, { folder, source: name })
  if (exec === undefined) return []
  return [
    {
      severity: 'advice',
      code: 'plugin',
      message:
        'its user has a plug-in (exec), which kubectl runs; a server that gets this file for a webhook refuses it ' +
        '(--kind webhook-kubeconfig)',
    },
  ]
}
