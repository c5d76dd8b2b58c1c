import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import { type Command, Option } from 'commander'
import { refuseExisting, writeNewFile } from '../terminal/new-file.ts'

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
    .action(createSigningKey)
}

/** The options of `kube-authn create signing-key`. */
interface SigningKeyOptions {
  readonly out: string
  readonly publicKey?: string
  readonly algorithm: 'RSA-2048' | 'RSA-4096' | 'P-256' | 'P-384' | 'P-521'
  readonly force?: boolean
}

/** Writes a key pair for service account tokens. */
function createSigningKey({ out, publicKey: publicFile, algorithm, force = false }: SigningKeyOptions): void {
  if (!force) refuseExisting(publicFile === undefined ? [out] : [out, publicFile])
  const { privateKey, publicKey } = newKeyPair(algorithm)
  // Kubernetes reads RSA keys in PKCS#1 and PKCS#8, and EC keys in SEC1 only.
  const type = algorithm.startsWith('RSA') ? 'pkcs1' : 'sec1'
  writeNewFile(out, pemOf(privateKey.export({ type, format: 'pem' })), { replaces: force })
  if (publicFile === undefined) return
  const pem = pemOf(publicKey.export({ type: 'spki', format: 'pem' }))
  writeNewFile(publicFile, pem, { replaces: force, mode: 0o644 })
}

function newKeyPair(algorithm: string): { readonly privateKey: KeyObject; readonly publicKey: KeyObject } {
  const bits = /^RSA-(\d+)$/.exec(algorithm)?.[1]
  return bits === undefined
    ? generateKeyPairSync('ec', { namedCurve: algorithm })
    : generateKeyPairSync('rsa', { modulusLength: Number(bits) })
}

function pemOf(exported: string | Buffer): string {
  return exported.toString()
}
