import { type Command, Option } from 'commander'

const AFTER = `
The server and the credentials are those of a kubeconfig, plug-ins (exec) and OpenID Connect (auth-provider) included. An ID
token that has expired is renewed, and written into the file. A plug-in may run for five minutes.

Examples:
  kube-authn whoami
  kube-authn whoami --kubeconfig staging.yaml --context admin --output json

Exit codes:
  0  the server knows who you are
  1  the server does not accept the credentials
  2  the kubeconfig or the server cannot be used`

/** Adds `kube-authn whoami`. */
export function addWhoami(root: Command): void {
  root
    .command('whoami')
    .summary('ask a server who you are')
    .description('Asks the server of a kubeconfig who you are, by a SelfSubjectReview.')
    .option('--kubeconfig <file>', 'the file; $KUBECONFIG or ~/.kube/config if it is not named')
    .option('--context <name>', 'the context in it; the current one if it is not named')
    .addOption(
      new Option('-o, --output <format>', 'for people, or for programs')
        .choices(['text', 'json'])
        .default('text'),
    )
    .addHelpText('after', AFTER)
    .action(async (options: WhoamiOptions) => {
      const { whoami } = await import('./whoami.ts')
      process.exitCode = await whoami(options)
    })
}

/** The options of `kube-authn whoami`. */
export interface WhoamiOptions {
  readonly kubeconfig?: string
  readonly context?: string
  readonly output: 'text' | 'json'
}
