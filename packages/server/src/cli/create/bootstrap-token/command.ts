import type { Command } from 'commander'
import { collect } from '../../terminal/collect.ts'

const AFTER = `
The token counts once its Secret is in kube-system of a cluster with --enable-bootstrap-token-auth.

Examples:
  kube-authn create bootstrap-token --secret-file bootstrap.yaml && kubectl create -f bootstrap.yaml
  kube-authn create bootstrap-token --ttl 2h --group system:bootstrappers:workers --secret-file bootstrap.yaml`

/** Adds `kube-authn create bootstrap-token`. */
export function addBootstrapToken(create: Command): void {
  create
    .command('bootstrap-token')
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
    .action(async (options: BootstrapTokenOptions) => {
      const { createBootstrap } = await import('../bootstrap-token.ts')
      await createBootstrap(options)
    })
}

/** The options of `kube-authn create bootstrap-token`. */
export interface BootstrapTokenOptions {
  readonly secretFile: string
  readonly ttl: string
  readonly group: readonly string[]
  readonly description?: string
  readonly signing?: boolean
  readonly out?: string
  readonly force?: boolean
}
