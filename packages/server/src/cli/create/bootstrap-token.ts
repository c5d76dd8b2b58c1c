import { createBootstrapToken } from '@kube-authn/core/bootstrap-token'
import { defined } from '@kube-authn/core/internal'
import type { Command } from 'commander'
import { stringify } from 'yaml'
import { collect, durationSeconds } from '../terminal/options.ts'
import { refuseTargets, writeNewFile, writeOut } from '../terminal/new-file.ts'
import type { Terminal } from '../terminal/terminal.ts'

const AFTER = `
The token counts once its Secret is in kube-system of a cluster with --enable-bootstrap-token-auth.

Examples:
  kube-authn create bootstrap-token --secret-file bootstrap.yaml && kubectl create -f bootstrap.yaml
  kube-authn create bootstrap-token --ttl 2h --group system:bootstrappers:workers --secret-file bootstrap.yaml`

export function declareBootstrapToken(command: Command, terminal: Terminal): void {
  command
    .summary('a bootstrap token, and the manifest of its Secret')
    .description('Prints a new bootstrap token, and writes the manifest of its Secret to a file.')
    .requiredOption('--secret-file <file>', 'write the manifest of the Secret to this new file')
    .option('--ttl <duration>', 'how long it is valid, as in 90m, 24h or 30d', '24h')
    .option('--group <name>', 'a further group, system:bootstrappers:NAME; may be repeated', collect, [])
    .option('--description <text>', 'what the token is for')
    .option('--signing', 'the token also signs cluster-info, for kubeadm join')
    .option('--out <file>', 'write the token to a new file')
    .option('--force', 'replace files')
    .addHelpText('after', AFTER)
    .action((options: BootstrapTokenOptions) => createBootstrap(options, terminal))
}

interface BootstrapTokenOptions {
  readonly secretFile: string
  readonly ttl: string
  readonly group: readonly string[]
  readonly description?: string
  readonly signing?: boolean
  readonly out?: string
  readonly force?: boolean
}

async function createBootstrap(options: BootstrapTokenOptions, terminal: Terminal): Promise<void> {
  const { secretFile, ttl, group, description, signing = false, force = false } = options
  refuseTargets(options.out === undefined ? [secretFile] : [secretFile, options.out], force)
  const { token, secret } = createBootstrapToken({
    expirationSeconds: durationSeconds(ttl, '--ttl'),
    groups: group,
    signing,
    ...defined({ description }),
  })
  const { namespace, name, type, data } = secret
  const manifest = { apiVersion: 'v1', kind: 'Secret', metadata: { name, namespace }, type, stringData: data }
  await writeNewFile(secretFile, stringify(manifest), { replaces: force })
  await writeOut(terminal, `${token}\n`, options)
}
