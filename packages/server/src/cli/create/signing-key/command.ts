import { type Command, Option } from 'commander'

const AFTER = `
Examples:
  kube-authn create signing-key --out sa.key --public-key sa.pub
  kube-authn create signing-key --algorithm P-256 --out sa.key`

/** Adds `kube-authn create signing-key`. */
export function addSigningKey(create: Command): void {
  create
    .command('signing-key')
    .summary('a key that signs service account tokens')
    .description(
      'Writes a new private key for service account tokens, in the form that kube-apiserver reads.',
    )
    .requiredOption(
      '--out <file>',
      'write the private key to this new file (--service-account-signing-key-file)',
    )
    .option('--public-key <file>', 'write the public key to this new file (--service-account-key-file)')
    .addOption(
      new Option('--algorithm <name>', 'the kind of key')
        .choices(['RSA-2048', 'RSA-4096', 'P-256', 'P-384', 'P-521'])
        .default('RSA-2048'),
    )
    .option('--force', 'replace files')
    .addHelpText('after', AFTER)
    .action(async (options: SigningKeyOptions) => {
      const { createSigningKey } = await import('../signing-key.ts')
      createSigningKey(options)
    })
}

/** The options of `kube-authn create signing-key`. */
export interface SigningKeyOptions {
  readonly out: string
  readonly publicKey?: string
  readonly algorithm: 'RSA-2048' | 'RSA-4096' | 'P-256' | 'P-384' | 'P-521'
  readonly force?: boolean
}
