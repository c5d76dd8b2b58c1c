import { type Command, Option } from 'commander'
import { collect } from '../terminal/collect.ts'

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

/** Adds `kube-authn explain`. */
export function addExplain(root: Command): void {
  root
    .command('explain')
    .summary('what each authenticator thinks of a credential, and why')
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
      const { explainCredential } = await import('./explain.ts')
      process.exitCode = await explainCredential(
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
