import { execFile } from 'node:child_process'
import { PATIENCE_MS } from '../patience.ts'
import { COMPONENTS } from './components.ts'
import type { Scratch } from './scratch.ts'

/** The result of a command. */
export interface KubectlRun {
  readonly stdout: string
  readonly stderr: string
  readonly exitCode: number
}

/** The server and credentials of kubectl: the fields of a user in a kubeconfig. */
export interface KubectlTarget {
  readonly server: string
  /** In PEM. */
  readonly ca: string
  readonly user: Readonly<Record<string, string>>
}

/** Runs `kubectl` with only a kubeconfig for this target, separate caches, and these variables of the environment. */
export function kubectl(
  scratch: Scratch,
  { server, ca, user }: KubectlTarget,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<KubectlRun> {
  const home = `home-${crypto.randomUUID()}`
  const kubeconfig = scratch.write(
    `${home}/config`,
    JSON.stringify({
      apiVersion: 'v1',
      kind: 'Config',
      clusters: [
        {
          name: 'app',
          cluster: { server, 'certificate-authority-data': Buffer.from(ca).toString('base64') },
        },
      ],
      users: [{ name: 'u', user }],
      contexts: [{ name: 'app', context: { cluster: 'app', user: 'u' } }],
      'current-context': 'app',
    }),
  )
  return new Promise((resolve) => {
    execFile(
      COMPONENTS.kubectl.command,
      args,
      {
        env: { PATH: process.env['PATH'] ?? '', HOME: scratch.path(home), KUBECONFIG: kubeconfig, ...env },
        timeout: PATIENCE_MS,
      },
      (error, stdout, stderr) => {
        resolve({ stdout, stderr, exitCode: typeof error?.code === 'number' ? error.code : error ? -1 : 0 })
      },
    ).stdin?.end()
  })
}
