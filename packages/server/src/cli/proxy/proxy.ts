import type { Command } from 'commander'
import { declareServer } from '../serve/flags/flag-help.ts'
import { runUntilStopped } from '../serve/running.ts'
import type { Terminal } from '../terminal/terminal.ts'
import { PROXY_HELP } from './flags.ts'
import { settingsFromFlags } from './settings.ts'
import { startProxy } from './start.ts'

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

/** Declares `kube-authn proxy`. */
export function declareCommand(command: Command, terminal: Terminal, argv: readonly string[]): void {
  declareServer(command, terminal, argv, {
    description: 'Authenticates requests, and forwards them to a cluster as their users.',
    after: AFTER,
    groups: PROXY_HELP,
    run: (flags) => proxy(flags, terminal),
  })
}

/** Runs the proxy until SIGTERM or SIGINT. @returns the exit code. */
async function proxy(argv: readonly string[], terminal: Terminal): Promise<number> {
  const settings = settingsFromFlags(argv)
  return runUntilStopped(
    terminal,
    () => startProxy(settings, terminal),
    ({ server, upstream }) =>
      settings.output === 'json'
        ? `${JSON.stringify({ server, upstream })}\n`
        : `kube-authn forwards requests at ${server}\nto the cluster at ${upstream}\n\nCtrl+C stops it.\n`,
  )
}
