import type { Command } from 'commander'
import { newKeyPair, pemOfKey, pemOfPublicKey } from '../key-pair.ts'
import { choiceOption } from '../terminal/options.ts'
import { refuseTargets, writeNewFile } from '../terminal/new-file.ts'

const AFTER = `
Examples:
  kube-authn create signing-key --out sa.key --public-key sa.pub
  kube-authn create signing-key --algorithm P-256 --out sa.key`

export function declareSigningKey(command: Command): void {
  command
    .summary('a key that signs service account tokens')
    .description(
      'Writes a new private key for service account tokens, in the form that kube-apiserver reads.',
    )
    .requiredOption(
      '--out <file>',
      'write the private key to this new file (--service-account-signing-key-file)',
    )
    .option('--public-key <file>', 'write the public key to this new file (--service-account-key-file)')
    .addOption(choiceOption('--algorithm <name>', 'the kind of key', ALGORITHMS))
    .option('--force', 'replace files')
    .addHelpText('after', AFTER)
    .action(createSigningKey)
}

const ALGORITHMS = ['RSA-2048', 'RSA-4096', 'P-256', 'P-384', 'P-521'] as const

interface SigningKeyOptions {
  readonly out: string
  readonly publicKey?: string
  readonly algorithm: (typeof ALGORITHMS)[number]
  readonly force?: boolean
}

async function createSigningKey({
  out,
  publicKey: publicFile,
  algorithm,
  force = false,
}: SigningKeyOptions): Promise<void> {
  refuseTargets(publicFile === undefined ? [out] : [out, publicFile], force)
  const { privateKey, publicKey } = newKeyPair(algorithm)
  await writeNewFile(out, pemOfKey(privateKey), { replaces: force })
  if (publicFile === undefined) return
  await writeNewFile(publicFile, pemOfPublicKey(publicKey), { replaces: force, mode: 0o644 })
}
