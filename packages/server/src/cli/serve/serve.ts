import { type Command, Option } from 'commander'
import { EXIT } from '../failure.ts'
import { write } from '../terminal/terminal.ts'
import { styleFor } from '../terminal/style.ts'
import { announcementText } from './announcement.ts'
import { type FlagHelp, FURTHER_FLAGS, SHOWN_FLAGS } from './flags/flag-help.ts'
import { settingsFromFlags } from './flags/settings-from-flags.ts'
import { serverLog } from './server-log.ts'
import { startServer } from './start.ts'
import { stopSignals } from './stop-signals.ts'
import type { Terminal } from '../terminal/terminal.ts'

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

/** Declares `kube-authn serve`. Its flags are declared for help and completion, and read as kube-apiserver reads them. */
export function declareServe(command: Command, terminal: Terminal, argv: readonly string[]): void {
  command
    .description('Serves the Kubernetes API for credentials and roles, with the flags of kube-apiserver.')
    .usage('[flags]')
    .allowUnknownOption()
    .allowExcessArguments()
    .addHelpText('after', AFTER)
    .action(async () => {
      terminal.exitCode = await serve(argumentsAfter('serve', argv), terminal)
    })
  for (const { heading, flags } of SHOWN_FLAGS) {
    for (const flag of flags) command.addOption(optionFor(flag).helpGroup(heading))
  }
  for (const flag of FURTHER_FLAGS) command.addOption(optionFor(flag).hideHelp())
}

/** The arguments after the name of a command. */
export function argumentsAfter(command: string, argv: readonly string[]): readonly string[] {
  return argv.slice(argv.indexOf(command) + 1)
}

/** A flag for help and completion. */
export function optionFor({ name, value, description, choices }: FlagHelp): Option {
  const option = new Option(value === undefined ? `--${name}` : `--${name} <${value}>`, description)
  // Not `choices()`: values are checked where the flag is read.
  if (choices !== undefined) option.argChoices = [...choices]
  return option
}

/**
 * Serves until SIGTERM or SIGINT.
 *
 * @returns the exit code.
 * @throws {ConfigurationError | Failure} if a flag, a file or an address cannot be used.
 */
export async function serve(argv: readonly string[], terminal: Terminal): Promise<number> {
  const settings = settingsFromFlags(argv)
  const log = serverLog(terminal)
  for (const { severity, message } of settings.notices) {
    log({ level: severity === 'warning' ? 'warn' : 'info', message: `flags: ${message}` })
  }
  const signals = stopSignals()
  const { announcement, close } = await startServer(settings, log)
  await write(
    terminal,
    settings.output === 'json'
      ? `${JSON.stringify(announcement)}\n`
      : announcementText(announcement, styleFor(terminal)),
  )
  await signals.stopped
  await close()
  signals.release()
  return EXIT.ok
}
