import { existsSync, realpathSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { parseClientKubeconfig } from '@kube-authn/node/internal'
import type { Command } from 'commander'
import { defined } from '@kube-authn/core/internal'
import { Failure } from '../failure.ts'
import { addLoginOptions, checkLogin, type LoginOptions } from '../get-token/options.ts'
import { readText } from '../terminal/input.ts'
import { makeFolder, writeNewFile } from '../terminal/new-file.ts'
import { note, type Terminal } from '../terminal/terminal.ts'
import { type Entry, kubeconfigPath, withEntries } from './kubeconfig-file.ts'
import { withKubectlLock } from '../lock-file.ts'

const AFTER = `
An entry of the same name is replaced; everything else in the file stays as it is, with its comments. The file is for its
owner only (0600), and is replaced in one step. With --server or --through, a cluster and a context are
written too.

Examples:
  kube-authn kubeconfig --issuer-url https://issuer.example.com --client-id kubectl
  kube-authn kubeconfig --issuer-url https://issuer.example.com --client-id kubectl --scope offline_access \\
    --server https://api.example.com:6443 --certificate-authority ca.crt --use-context
  kubectl --user oidc auth whoami`

export function declareCommand(command: Command, terminal: Terminal): void {
  addLoginOptions(command)
    .description('Writes a user into a kubeconfig whose plug-in is kube-authn get-token with these options.')
    .option('--kubeconfig <file>', 'the file; $KUBECONFIG or ~/.kube/config if it is not named')
    .option('--user <name>', 'the name of the user in the file', 'oidc')
    .option('--server <url>', 'the API server, over https')
    .option('--through <url>', 'the kube-authn proxy in front of it, over https, instead of --server')
    .option(
      '--certificate-authority <file>',
      'the CAs of the API server in PEM, which are copied into the file',
    )
    .option('--cluster <name>', 'the name of the cluster in the file; that of the context if it is not named')
    .option('--context <name>', 'the name of the context in the file; that of the user if it is not named')
    .option('--use-context', 'make the context the current one')
    .option('--command <command>', 'the command that kubectl runs', 'kube-authn')
    .addHelpText('after', AFTER)
    .action((options: KubeconfigOptions) => writeKubeconfig(options, terminal))
}

interface KubeconfigOptions extends LoginOptions {
  readonly kubeconfig?: string
  readonly user: string
  readonly server?: string
  readonly through?: string
  readonly certificateAuthority?: string
  readonly cluster?: string
  readonly context?: string
  readonly useContext?: boolean
  readonly command: string
}

/** Writes a user with a plug-in into a kubeconfig, and its cluster and context if there is a server. */
async function writeKubeconfig(given: KubeconfigOptions, terminal: Terminal): Promise<void> {
  if (given.server !== undefined && given.through !== undefined) {
    throw new Failure('--through: stands for --server, so name only one of them')
  }
  const server = given.through ?? given.server
  const options = { ...given, ...defined({ server }) }
  checkOptions(options)
  const named = resolve(kubeconfigPath(options.kubeconfig, terminal.env))
  makeFolder(dirname(named))
  // A link stays a link.
  const path = existsSync(named) ? realpathSync(named) : named
  const { user, context = user } = options
  const entries = await entriesFor(terminal, options)
  await withKubectlLock(path, async () => {
    const before = existsSync(path) ? await readText(terminal, path) : ''
    const after = withEntries(before, path, entries, options.useContext === true ? context : undefined)
    if (server !== undefined) parseClientKubeconfig(after, { folder: dirname(path), source: path, context })
    await writeNewFile(path, after, { replaces: true })
  })
  note(terminal, `${path}: the user ${user} logs in with ${options.issuerUrl}`)
}

async function entriesFor(terminal: Terminal, options: KubeconfigOptions): Promise<readonly Entry[]> {
  const { user, server, context = user, cluster = context, certificateAuthority, command } = options
  const plugin: Entry = {
    list: 'users',
    name: user,
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
  const ca = certificateAuthority === undefined ? undefined : await readText(terminal, certificateAuthority)
  return [
    plugin,
    {
      list: 'clusters',
      name: cluster,
      value: {
        server,
        ...(ca !== undefined && { 'certificate-authority-data': Buffer.from(ca).toString('base64') }),
      },
    },
    { list: 'contexts', name: context, value: { cluster, user } },
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
