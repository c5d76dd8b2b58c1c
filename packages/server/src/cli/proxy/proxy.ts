import type { Command } from 'commander'
import { EXIT } from '../failure.ts'
import { argumentsAfter, optionFor } from '../serve/serve.ts'
import { stopSignals } from '../serve/stop-signals.ts'
import { write } from '../terminal/terminal.ts'
import { PROXY_HELP } from './flag-help.ts'
import { settingsFromFlags } from './settings.ts'
import { startProxy } from './start.ts'
import type { Terminal } from '../terminal/terminal.ts'

const AFTER = `
Users are authenticated by the flags of kube-apiserver, and the cluster need not know them: the proxy sends its own credential
with Impersonate-User, -Group, -Uid and -Extra headers. Its user needs the verb impersonate; docs/proxy.md has the roles.

Examples:
  kube-authn proxy --upstream=proxy.kubeconfig --tls-cert-file=tls.crt --tls-private-key-file=tls.key \\
    --oidc-issuer-url=https://issuer.example.com --oidc-client-id=kubectl
  kube-authn kubeconfig --through=https://127.0.0.1:8443 --issuer-url=https://issuer.example.com --client-id=kubectl

Exit codes:
  0    stopped by SIGTERM or Ctrl+C
  2    not started: a flag, a file or a port cannot be used`

/** Declares `kube-authn proxy`. Its flags are declared for help and completion, and read as kube-apiserver reads them. */
export function declareProxy(command: Command, terminal: Terminal, argv: readonly string[]): void {
  command
    .description('Authenticates requests, and forwards them to a cluster as their users.')
    .usage('[flags]')
    .allowUnknownOption()
    .allowExcessArguments()
    .addHelpText('after', AFTER)
    .action(async () => {
      terminal.exitCode = await proxy(argumentsAfter('proxy', argv), terminal)
    })
  for (const { heading, flags } of PROXY_HELP) {
    for (const flag of flags) command.addOption(optionFor(flag).helpGroup(heading))
  }
}

/**
 * Runs the proxy until SIGTERM or SIGINT.
 *
 * @returns the exit code.
 * @throws {ConfigurationError | Failure} if a flag, a file or an address cannot be used.
 */
export async function proxy(argv: readonly string[], terminal: Terminal): Promise<number> {
  const settings = settingsFromFlags(argv)
  const signals = stopSignals()
  const { server, upstream, close } = await startProxy(settings, terminal)
  await write(
    terminal,
    settings.output === 'json'
      ? `${JSON.stringify({ server, upstream })}\n`
      : `kube-authn forwards requests at ${server}\nto the cluster at ${upstream}\n\nCtrl+C stops it.\n`,
  )
  await signals.stopped
  await close()
  signals.release()
  return EXIT.ok
}
