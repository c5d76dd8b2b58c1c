import { type Command, Option } from 'commander'
import { KINDS } from './kinds.ts'

const EXAMPLES = `
Kinds of files:
  token-file           CSV: token,user,uid,"group1,group2"     (--token-auth-file)
  password-file        CSV: password,user,uid,"group1,group2"  (--basic-auth-file)
  authentication       AuthenticationConfiguration             (--authentication-config)
  authorization        AuthorizationConfiguration              (--authorization-config)
  rbac                 Roles and bindings; all of them are checked together
  kubeconfig           a kubeconfig of a client, such as kubectl
  webhook-kubeconfig   a kubeconfig of a server, which must not have plug-ins
  audit-policy         Policy of audit.k8s.io                  (--audit-policy-file)

The kind is recognized by the content. A CSV file is a password file if its name has "password", "passwd" or
"basic" in it, or if it has password hashes; otherwise it is a token file.

Examples:
  kube-authn check tokens.csv authentication.yaml rbac/
  kube-authn check --kind webhook-kubeconfig webhook.kubeconfig
  helm template . | kube-authn check --kind rbac -
  kube-authn check --output json rbac/ > report.json

Exit codes:
  0  no file has an error
  1  a file has an error or, with --strict, a warning or an advice
  2  a file cannot be read, or its kind cannot be recognized`

/** Adds `kube-authn check`. */
export function addCheck(root: Command): void {
  root
    .command('check')
    .summary('find mistakes in files of credentials and configuration')
    .description(
      'Finds mistakes in files, with the code that reads them when a server starts. No secret of a file is printed.',
    )
    .argument('<file...>', 'files, folders of manifests, or - for standard input')
    .addOption(new Option('-k, --kind <kind>', 'the kind of all files').choices(KINDS))
    .addOption(
      new Option('-o, --output <format>', 'for people, or for programs')
        .choices(['text', 'json'])
        .default('text'),
    )
    .option('-n, --namespace <name>', 'the namespace of roles and bindings without one, as of kubectl -n')
    .option('--strict', 'fail for warnings and advices too')
    .addHelpText('after', EXAMPLES)
    .action(async (files: readonly string[], options: CheckOptions) => {
      const { check } = await import('./check.ts')
      process.exitCode = await check(files, options)
    })
}

/** The options of `kube-authn check`. */
export interface CheckOptions {
  readonly kind?: (typeof KINDS)[number]
  readonly output: 'text' | 'json'
  readonly namespace?: string
  readonly strict?: boolean
}
