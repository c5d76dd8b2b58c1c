import { type Command, Option } from 'commander'
import { collect } from '../../terminal/collect.ts'

const AFTER = `
The CN of the certificate is the user and each O is a group, for a server with this --client-ca-file. Kubernetes cannot
revoke a certificate: make it valid for a short time.

Examples:
  kube-authn create client-certificate --ca ca.crt --ca-key ca.key --username jane --group dev \\
    --out jane.crt --key-out jane.key
  kube-authn explain ca.crt --certificate jane.crt`

/** Adds `kube-authn create client-certificate`. */
export function addClientCertificate(create: Command): void {
  create
    .command('client-certificate')
    .summary('a client certificate, signed by your CA')
    .description('Writes a client certificate that your CA signs, and its new private key.')
    .requiredOption('--ca <file>', 'the certificate of the CA, in PEM')
    .requiredOption('--ca-key <file>', 'the private key of the CA, in PEM, or - for standard input')
    .requiredOption('--username <name>', 'the user (CN)')
    .option('--group <name>', 'a group of the user (O); may be repeated', collect, [])
    .option('--uid <uid>', 'the uid of the user')
    .requiredOption('--out <file>', 'write the certificate to this new file')
    .requiredOption('--key-out <file>', 'write the private key to this new file')
    .addOption(
      new Option('--algorithm <name>', 'the kind of key')
        .choices(['P-256', 'P-384', 'RSA-2048'])
        .default('P-256'),
    )
    .option('--duration <duration>', 'how long it is valid, as in 8h or 30d', '24h')
    .option('--force', 'replace files')
    .addHelpText('after', AFTER)
    .action(async (options: ClientCertificateOptions) => {
      const { createClientCertificate } = await import('../client-certificate.ts')
      await createClientCertificate(options)
    })
}

/** The options of `kube-authn create client-certificate`. */
export interface ClientCertificateOptions {
  readonly ca: string
  readonly caKey: string
  readonly username: string
  readonly group: readonly string[]
  readonly uid?: string
  readonly out: string
  readonly keyOut: string
  readonly algorithm: 'P-256' | 'P-384' | 'RSA-2048'
  readonly duration: string
  readonly force?: boolean
}
