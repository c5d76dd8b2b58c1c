import type { Command } from 'commander'
import { addLoginOptions, type LoginOptions } from '../get-token/options.ts'

const AFTER = `
An entry of the same name is replaced; everything else in the file stays as it is, with its comments. The file is for its
owner only (0600), and is replaced in one step. With --server or --through, a cluster and a context are
written too.

Examples:
  kube-authn kubeconfig --issuer-url https://issuer.example.com --client-id kubectl
  kube-authn kubeconfig --issuer-url https://issuer.example.com --client-id kubectl --scope offline_access \\
    --server https://api.example.com:6443 --certificate-authority ca.crt --use-context
  kubectl --user oidc auth whoami`

/** Adds `kube-authn kubeconfig`. */
export function addKubeconfig(root: Command): void {
  addLoginOptions(root.command('kubeconfig'))
    .summary('write get-token into a kubeconfig')
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
    .action(async (options: KubeconfigOptions) => {
      const { writeKubeconfig } = await import('./kubeconfig.ts')
      await writeKubeconfig(options)
    })
}

/** The options of `kube-authn kubeconfig`. */
export interface KubeconfigOptions extends LoginOptions {
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
