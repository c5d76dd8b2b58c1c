import { existsSync } from 'node:fs'
import { homedir } from 'node:os'
import { delimiter, join } from 'node:path'

/**
 * The kubeconfig to use: the one that was named, the first of `KUBECONFIG` that exists, or that of kubectl. Unlike kubectl, files are not merged.
 *
 * Source: client-go `tools/clientcmd/loader.go`.
 */
export function kubeconfigPath(named: string | undefined, env: NodeJS.ProcessEnv): string {
  if (named !== undefined) return named
  const listed = (env['KUBECONFIG'] ?? '').split(delimiter).filter((each) => each !== '')
  const [first = join(env['HOME'] ?? homedir(), '.kube', 'config')] = listed
  return listed.find((each) => existsSync(each)) ?? first
}
