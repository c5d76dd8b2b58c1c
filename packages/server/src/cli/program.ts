import { readFileSync } from 'node:fs'
import { withoutControls } from '@kube-authn/internal/printable'
import { Command } from 'commander'
import type { Terminal } from './terminal/terminal.ts'

/** A command, which declares its arguments, options, help and action. */
interface CommandModule {
  readonly declareCommand: (command: Command, terminal: Terminal, argv: readonly string[]) => void
}

/**
 * Every command, in the order of help. A command is loaded when the arguments name it: all of them together take ten times as long as help does
 * (`docs/decisions/commands-on-demand.md`).
 */
const COMMANDS: readonly (readonly [name: string, summary: string, load: () => Promise<CommandModule>])[] = [
  ['serve', 'an API server for kubectl, with the flags of kube-apiserver', () => import('./serve/serve.ts')],
  ['store', 'check, migrate, back up and move a store of objects', () => import('./store/store.ts')],
  ['proxy', 'a proxy to any cluster, which acts as the user', () => import('./proxy/proxy.ts')],
  ['check', 'find mistakes in files of credentials and configuration', () => import('./check/check.ts')],
  [
    'explain',
    'what each authenticator thinks of a credential, and why',
    () => import('./explain/explain.ts'),
  ],
  ['hash-password', 'hash a password for a password file', () => import('./hash-password/hash-password.ts')],
  ['create', 'make tokens, keys, certificates and manifests', () => import('./create/create.ts')],
  ['whoami', 'ask a server who you are', () => import('./whoami/whoami.ts')],
  ['revoke', 'take back a token, a certificate or a user', () => import('./revoke/revoke.ts')],
  [
    'get-token',
    'log in with OpenID Connect, as a plug-in of kubectl',
    () => import('./get-token/get-token.ts'),
  ],
  ['kubeconfig', 'write get-token into a kubeconfig', () => import('./kubeconfig/kubeconfig.ts')],
  ['completion', 'complete commands and options in a shell', () => import('./completion/completion.ts')],
]

/** The whole command, of which those commands are complete that the arguments name. Completion needs all of them. */
export async function program(argv: readonly string[], terminal: Terminal): Promise<Command> {
  const root = new Command('kube-authn')
    .description(
      'Kubernetes authentication at the command line: serve, proxy, check files, explain refusals, make credentials.',
    )
    .version(version(), '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .helpCommand('help [command]', 'print the help of a command')
    .showHelpAfterError(false)
    .exitOverride()
    .configureHelp({ subcommandTerm: (command) => command.name() })
    .configureOutput({
      writeOut: (text) => void terminal.stdout.write(text),
      writeErr: (text) => void terminal.stderr.write(text),
      getOutHelpWidth: () => (terminal.stdout.isTTY ? terminal.stdout.columns : 80),
      getErrHelpWidth: () => (terminal.stderr.isTTY ? terminal.stderr.columns : 80),
      outputError: (text, print) => print(`${oneLine(text)}\n`),
    })
    .addHelpText('after', AFTER)
  for (const [name, summary, load] of COMMANDS) {
    const command = root.command(name).summary(summary)
    if (!argv.includes(name) && !argv.includes('completion')) continue
    const { declareCommand } = await load()
    declareCommand(command, terminal, argv)
  }
  return root
}

const AFTER = `
Exit codes:
  0    done, and the answer is yes
  1    done, and the answer is no: a file has problems, a request is refused
  2    not done: wrong usage, or a file or server that cannot be used
  130  interrupted by Ctrl+C

Run kube-authn COMMAND --help for the options and examples of a command.`

/** Commander's message with its suggestion, which is another line, and without the value of an unknown option, which may be a secret. */
function oneLine(text: string): string {
  const line = text.trim().replaceAll(/\s*\n\s*/g, ' ')
  return withoutControls(line.replace(/^(error: unknown option '[^'=]*)=.*'/s, "$1'"))
}

function version(): string {
  const manifest: unknown = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'))
  return typeof manifest === 'object' && manifest !== null && 'version' in manifest
    ? String(manifest.version)
    : ''
}
