import { setTimeout } from 'node:timers/promises'
import type { AuthenticationEvent } from '@kube-authn/core'
import { explain } from '@kube-authn/core/internal'
import { authenticatorFromFlags, type NodeAuthenticator } from '@kube-authn/node'
import { type Command, Option } from 'commander'
import { EXIT, Failure } from '../failure.ts'
import { collect } from '../terminal/collect.ts'
import { note, write } from '../terminal/terminal.ts'
import { styleFor } from '../terminal/style.ts'
import { assumedObjects } from './assumed-objects.ts'
import { bootstrapSecretsIn } from './bootstrap-secrets.ts'
import { flagsFor } from './flags-for.ts'
import { refuseUnknownFlags } from './refuse-unknown-flags.ts'
import { isStdinReadOnce, requestFor } from './request-for.ts'
import { explanationText } from './text.ts'
import type { Terminal } from '../terminal/terminal.ts'

const AFTER = `
The chain of authenticators is that of the flags of kube-apiserver, of today and of 1.6, and of the files, whose flag is
recognized by their content: token and password files, AuthenticationConfiguration, the kubeconfig of a token webhook,
and certificates of a client CA. Keep secrets out of the command line, which other users can see: name files, or -
for standard input.

Objects that a service account token refers to are taken to exist. Bootstrap tokens are those in --secrets.

Examples:
  kube-authn explain tokens.csv --token-file token
  kube-authn explain --token-auth-file=tokens.csv --basic-auth-file=users.csv --username jane
  kube-authn explain authentication.yaml --token-file - < token
  kube-authn explain --client-ca-file ca.crt --certificate jane.crt
  kube-authn explain tokens.csv --method POST --path /apis/x --header @headers.txt --output json

Exit codes:
  0  the request is authenticated
  1  the request is refused
  2  the flags or a file cannot be used`

/** Declares `kube-authn explain`. */
export function declareExplain(command: Command, terminal: Terminal): void {
  command
    .description('Says who makes a request or why it is refused, and what each authenticator thinks of it.')
    .usage('[options] [file...] [flags of kube-apiserver]')
    .argument('[file...]', 'files for kube-apiserver, whose flags are recognized')
    .option('--token-file <file>', 'the bearer token of the request is in this file, or - for standard input')
    .option('--token <token>', 'the bearer token; other users can see it')
    .option('--username <name>', 'the user of a password, which is asked for')
    .option('--password-file <file>', 'the password is in this file, or - for standard input')
    .option('--certificate <file>', 'the client certificate in PEM, with intermediates after it')
    .option('--method <method>', 'the method of the request', 'GET')
    .option('--path <path>', 'the path of the request, with its query', '/')
    .option(
      '-H, --header <header>',
      'a header "Name: value", or @file for a file with one in each line',
      collect,
      [],
    )
    .option('--secrets <file>', 'a manifest with Secrets that are bootstrap tokens')
    .option('--wait <seconds>', 'how long to wait for the keys of issuers', '10')
    .addOption(
      new Option('-o, --output <format>', 'for people, or for programs')
        .choices(['text', 'json'])
        .default('text'),
    )
    .allowUnknownOption()
    .addHelpText('after', AFTER)
    .action(async (_files: readonly string[], options: ExplainOptions, command: Command) => {
      terminal.exitCode = await explainCredential(
        terminal,
        command.args,
        options,
        command.options.map(({ long }) => long?.slice(2) ?? ''),
      )
    })
}

/** The options of `kube-authn explain`. */
export interface ExplainOptions {
  readonly token?: string
  readonly tokenFile?: string
  readonly username?: string
  readonly passwordFile?: string
  readonly certificate?: string
  readonly method: string
  readonly path: string
  readonly header: readonly string[]
  readonly secrets?: string
  readonly wait: string
  readonly output: 'text' | 'json'
}

/**
 * Explains what a chain of authenticators thinks of a request.
 *
 * @param args files, and then flags of kube-apiserver.
 * @param names the names of the options of this command, without dashes.
 * @returns the exit code.
 */
export async function explainCredential(
  terminal: Terminal,
  args: readonly string[],
  options: ExplainOptions,
  names: readonly string[],
): Promise<number> {
  const waitSeconds = secondsOf(options.wait)
  if (!isStdinReadOnce(options)) throw new Failure('only one option can read standard input')
  const flags = flagsFor(args)
  refuseUnknownFlags(flags, names)
  const { request, token } = await requestFor(terminal, options)
  const authenticator = await authenticatorFromFlags(flags, {
    bootstrapTokens: await bootstrapSecretsIn(terminal, options.secrets),
    serviceAccountObjects: assumedObjects(token),
    observer: (event) => noteNotice(terminal, event),
    log: false,
  })
  try {
    await untilHealthy(terminal, authenticator, waitSeconds * 1000)
    const explanation = await explain(authenticator, request)
    await write(
      terminal,
      options.output === 'json'
        ? `${JSON.stringify(explanation, null, 2)}\n`
        : explanationText(explanation, styleFor(terminal)),
    )
    return explanation.status === undefined ? EXIT.ok : EXIT.no
  } finally {
    authenticator.close()
  }
}

/** Notices of files and flags. */
function noteNotice(terminal: Terminal, event: AuthenticationEvent): void {
  if (event.type !== 'fileNotice') return
  const { file, notice } = event
  note(terminal, `${file}: ${notice.severity}: ${notice.message}`)
}

function secondsOf(text: string): number {
  const seconds = Number(text)
  if (!/^\d+(?:\.\d+)?$/.test(text) || seconds > 3600) {
    throw new Failure('--wait: must be a number of seconds, at most 3600')
  }
  return seconds
}

/** Keys of issuers are fetched after the start. Without them the explanation says that they are missing. */
async function untilHealthy(
  terminal: Terminal,
  authenticator: NodeAuthenticator,
  waitMs: number,
): Promise<void> {
  const deadline = performance.now() + waitMs
  let isTold = false
  while (authenticator.health().length > 0 && performance.now() < deadline) {
    if (!isTold && terminal.stderr.isTTY) note(terminal, 'waiting for the keys of issuers ...')
    isTold = true
    await setTimeout(50)
  }
}
