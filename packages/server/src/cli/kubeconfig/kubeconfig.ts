import { existsSync, realpathSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { parseClientKubeconfig } from '@kube-authn/node/internal'
import { Failure } from '../failure.ts'
import { checkLogin } from '../get-token/check-login.ts'
import { readText } from '../terminal/input.ts'
import { makeFolder, writeNewFile } from '../terminal/new-file.ts'
import { note } from '../terminal/output.ts'
import type { KubeconfigOptions } from './command.ts'
import { type Entry, withEntries } from './entries.ts'
import { withKubectlLock } from './kubectl-lock.ts'
import { kubeconfigPath } from './path.ts'

const MAX_BYTES = 1_048_576

/**
 * Writes a user with a plug-in into a kubeconfig, and its cluster and context if there is a server.
 *
 * @throws {Failure} if an option or a file cannot be used.
 */
export async function writeKubeconfig(given: KubeconfigOptions): Promise<void> {
  if (given.server !== undefined && given.through !== undefined) {
    throw new Failure('--through: stands for --server, so name only one of them')
  }
  const server = given.through ?? given.server
  const options = { ...given, ...(server !== undefined && { server }) }
  checkOptions(options)
  const named = resolve(kubeconfigPath(options.kubeconfig, process.env))
  makeFolder(dirname(named))
  // A link stays a link.
  const path = existsSync(named) ? realpathSync(named) : named
  const { user, context = user } = options
  const entries = await entriesFor(options)
  await withKubectlLock(path, async () => {
    const before = existsSync(path) ? await readText(path, MAX_BYTES) : ''
    const after = withEntries(before, path, entries, options.useContext === true ? context : undefined)
    if (server !== undefined) parseClientKubeconfig(after, { folder: dirname(path), source: path, context })
    writeNewFile(path, after, { replaces: true })
  })
  note(`${path}: the user ${user} logs in with ${options.issuerUrl}`)
}

async function entriesFor(options: KubeconfigOptions): Promise<readonly Entry[]> {
  const { user, server, context = user, cluster = context, certificateAuthority, command } = options
  const plugin: Entry = {
    list: 'users',
    name: user,
    field: 'user',
    value: {
      exec: {
        apiVersion: 'client.authentication.k8s.io/v1',
        command,
        args: ['get-token', ...loginArguments(options)],
        interactiveMode: 'IfAvailable',
        provideClusterInfo: false,
        installHint: 'kube-authn is the command of the npm package @kube-authn/server',
      },
    },
  }
  if (server === undefined) return [plugin]
  const ca = certificateAuthority === undefined ? undefined : await readText(certificateAuthority, MAX_BYTES)
  return [
    plugin,
    {
      list: 'clusters',
      name: cluster,
      field: 'cluster',
      value: {
        server,
        ...(ca !== undefined && { 'certificate-authority-data': Buffer.from(ca).toString('base64') }),
      },
    },
    { list: 'contexts', name: context, field: 'context', value: { cluster, user } },
  ]
}

/** Paths are absolute, since kubectl runs the command in any folder. */
function loginArguments(options: KubeconfigOptions): readonly string[] {
  const { issuerUrl, clientId, clientSecretFile, scope, caFile, flow, redirectPort, open } = options
  return [
    `--issuer-url=${issuerUrl}`,
    `--client-id=${clientId}`,
    ...(clientSecretFile === undefined ? [] : [`--client-secret-file=${resolve(clientSecretFile)}`]),
    ...scope.map((each) => `--scope=${each}`),
    ...(caFile === undefined ? [] : [`--ca-file=${resolve(caFile)}`]),
    ...(flow === 'browser' ? [] : [`--flow=${flow}`]),
    ...(redirectPort === '0' ? [] : [`--redirect-port=${redirectPort}`]),
    ...(open ? [] : ['--no-open']),
  ]
}

function checkOptions(options: KubeconfigOptions): void {
  checkLogin(options)
  const { server, certificateAuthority, cluster, context, useContext, user } = options
  if (user === '') throw new Failure('--user: must not be empty')
  if (server === undefined && (certificateAuthority ?? cluster ?? context ?? useContext) !== undefined) {
    throw new Failure(
      '--certificate-authority, --cluster, --context and --use-context: name the API server with --server, or the proxy with --through',
    )
  }
}
