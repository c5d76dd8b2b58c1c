import type { Command } from 'commander'
import { type Style, styleFor, type Terminal } from '../terminal/terminal.ts'
import { declareServer, FURTHER_FLAGS, SHOWN_FLAGS } from './flags/flag-help.ts'
import { settingsFromFlags } from './flags/settings-from-flags.ts'
import { runUntilStopped, serverLog } from './running.ts'
import { type Announcement, startServer } from './start.ts'

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

/** Declares `kube-authn serve`. */
export function declareCommand(command: Command, terminal: Terminal, argv: readonly string[]): void {
  declareServer(command, terminal, argv, {
    description: 'Serves the Kubernetes API for credentials and roles, with the flags of kube-apiserver.',
    after: AFTER,
    groups: SHOWN_FLAGS,
    further: FURTHER_FLAGS,
    run: (flags) => serve(flags, terminal),
  })
}

/** Serves until SIGTERM or SIGINT. @returns the exit code. */
async function serve(argv: readonly string[], terminal: Terminal): Promise<number> {
  const settings = settingsFromFlags(argv)
  const log = serverLog(terminal)
  for (const { severity, message } of settings.notices) {
    log({ level: severity === 'warning' ? 'warn' : 'info', message: `flags: ${message}` })
  }
  return runUntilStopped(
    terminal,
    () => startServer(settings, log),
    ({ announcement }) =>
      settings.output === 'json'
        ? `${JSON.stringify(announcement)}\n`
        : announcementText(announcement, styleFor(terminal)),
  )
}

/** For people: where the server is, and lines to paste. */
function announcementText(
  { server, insecureServer, dataDir, kubeconfig, store }: Announcement,
  style: Style,
): string {
  return `${style('bold', `kube-authn serves the Kubernetes API at ${server}`)}
${insecureServer === undefined ? '' : `and with plain HTTP at ${insecureServer}\n`}
  objects     ${store ?? 'in memory: they end with this process'}
  keys        ${dataDir}
  kubeconfig  ${kubeconfig} (system:masters: it may do everything)

In another terminal:

  export KUBECONFIG=${shellQuoted(kubeconfig)}
  kubectl auth whoami
  kubectl create serviceaccount jenkins
  kubectl create token jenkins
  kubectl get serviceaccounts,secrets

Ctrl+C stops it.
`
}

function shellQuoted(path: string): string {
  return /^[\w./@%+=:,-]+$/.test(path) ? path : `'${path.replaceAll("'", String.raw`'\''`)}'`
}
