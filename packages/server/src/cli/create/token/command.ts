import { type Command, Option } from 'commander'
import { collect } from '../../terminal/collect.ts'

const AFTER = `
The token is like one from kubectl create token, for any server that trusts the key: a kube-apiserver whose
--service-account-issuer and --service-account-key-file name it. A server accepts the token only if the service account
exists with this uid.

Examples:
  kube-authn create token cart --namespace shop --uid 1234 --key sa.key --issuer https://issuer.example.com
  kube-authn create token cart -n shop --uid 1234 --key sa.key --issuer https://issuer.example.com \\
    --audience vault --duration 24h --bound-object-kind Pod --bound-object-name cart-0 --bound-object-uid 5678`

/** Adds `kube-authn create token`. */
export function addToken(create: Command): void {
  create
    .command('token')
    .summary('a service account token, signed with your key')
    .description('Prints a service account token that is signed with your key.')
    .argument('<serviceaccount>', 'the name of the service account')
    .requiredOption('--uid <uid>', 'the uid of the service account')
    .requiredOption('--key <file>', 'the private key in PEM (--service-account-signing-key-file)')
    .requiredOption('--issuer <name>', 'the issuer (--service-account-issuer)')
    .option('-n, --namespace <name>', 'the namespace of the service account', 'default')
    .option('--audience <name>', 'an audience; may be repeated; the issuer if there is none', collect, [])
    .option('--duration <duration>', 'how long it is valid: 10m or more, as in 90m, 24h or 30d', '1h')
    .addOption(
      new Option('--bound-object-kind <kind>', 'the token is valid while this object exists').choices([
        'Pod',
        'Secret',
        'Node',
      ]),
    )
    .option('--bound-object-name <name>', 'its name')
    .option('--bound-object-uid <uid>', 'its uid')
    .option('--out <file>', 'write the token to a new file')
    .option('--force', 'replace the file')
    .addHelpText('after', AFTER)
    .action(async (name: string, options: TokenOptions) => {
      const { createToken } = await import('../token.ts')
      await createToken(name, options)
    })
}

/** The options of `kube-authn create token`. */
export interface TokenOptions {
  readonly uid: string
  readonly key: string
  readonly issuer: string
  readonly namespace: string
  readonly audience: readonly string[]
  readonly duration: string
  readonly boundObjectKind?: 'Pod' | 'Secret' | 'Node'
  readonly boundObjectName?: string
  readonly boundObjectUid?: string
  readonly out?: string
  readonly force?: boolean
}
