import { type Command, Option } from 'commander'
import { FURTHER_FLAGS, type FlagHelp, SHOWN_FLAGS } from './flags/flag-help.ts'

const AFTER = `
The flags are those of kube-apiserver and kube-controller-manager, of today and of 1.6. A boolean flag is off with
--flag=false. Flags of parts that are not here, such as --etcd-servers, are accepted with a notice; those that promise
a protection that would not be there are refused.

The first start makes a CA, a certificate, keys and a kubeconfig in the data folder, readable for you only.

Examples:
  kube-authn serve
  kube-authn serve --token-auth-file=tokens.csv --data-dir=/var/lib/kube-authn
  kube-authn serve --in-memory --secure-port=0 --output json
  kube-authn serve --bind-address=0.0.0.0 --advertise-address=192.0.2.10

Exit codes:
  0    stopped by SIGTERM or Ctrl+C
  2    not started, or failed: a flag, a file or a port cannot be used
  130  ended by a second Ctrl+C before all requests were complete`

/** Adds `kube-authn serve`. Its flags are declared for help and completion, and read as kube-apiserver reads them. */
export function addServe(root: Command): void {
  const command = root
    .command('serve')
    .summary('an API server for kubectl, with the flags of kube-apiserver')
    .description('Serves the Kubernetes API for credentials and roles, with the flags of kube-apiserver.')
    .usage('[flags]')
    .allowUnknownOption()
    .allowExcessArguments()
    .addHelpText('after', AFTER)
    .action(async () => {
      const { serve } = await import('./serve.ts')
      process.exitCode = await serve(argumentsOf(process.argv))
    })
  for (const { heading, flags } of SHOWN_FLAGS) {
    for (const flag of flags) command.addOption(optionFor(flag).helpGroup(heading))
  }
  for (const flag of FURTHER_FLAGS) command.addOption(optionFor(flag).hideHelp())
}

/** What follows `serve`. */
function argumentsOf(argv: readonly string[]): readonly string[] {
  return argv.slice(argv.indexOf('serve', 2) + 1)
}

/** A flag for help and completion. */
export function optionFor({ name, value, description, choices }: FlagHelp): Option {
  const option = new Option(value === undefined ? `--${name}` : `--${name} <${value}>`, description)
  // Not `choices()`: values are checked where the flag is read.
  if (choices !== undefined) option.argChoices = [...choices]
  return option
}
