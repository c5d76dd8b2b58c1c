import { X509Certificate } from 'node:crypto'
import { defined, messageOf, systemClock } from '@kube-authn/core/internal'
import { privateKeyIn } from '@kube-authn/node/internal'
import type { Command } from 'commander'
import { type CertificateAuthority, issueClientCertificate } from '../../certificates/node-authority.ts'
import { Failure, orFail } from '../failure.ts'
import { newKeyPair } from '../key-pair.ts'
import { choiceOption, collect, durationSeconds } from '../terminal/options.ts'
import { readText, refuseRepeatedStdin } from '../terminal/input.ts'
import { refuseTargets, writeNewFile } from '../terminal/new-file.ts'
import { note, type Terminal } from '../terminal/terminal.ts'

const AFTER = `
The CN of the certificate is the user and each O is a group, for a server with this --client-ca-file. Kubernetes cannot
revoke a certificate: make it valid for a short time.

Examples:
  kube-authn create client-certificate --ca ca.crt --ca-key ca.key --username jane --group dev \\
    --out jane.crt --key-out jane.key
  kube-authn explain ca.crt --certificate jane.crt`

export function declareClientCertificate(command: Command, terminal: Terminal): void {
  command
    .summary('a client certificate, signed by your CA')
    .description('Writes a client certificate that your CA signs, and its new private key.')
    .requiredOption('--ca <file>', 'the certificate of the CA, in PEM')
    .requiredOption('--ca-key <file>', 'the private key of the CA, in PEM, or - for standard input')
    .requiredOption('--username <name>', 'the user (CN)')
    .option('--group <name>', 'a group of the user (O); may be repeated', collect, [])
    .option('--uid <uid>', 'the uid of the user')
    .requiredOption('--out <file>', 'write the certificate to this new file')
    .requiredOption('--key-out <file>', 'write the private key to this new file')
    .addOption(choiceOption('--algorithm <name>', 'the kind of key', ['P-256', 'P-384', 'RSA-2048']))
    .option('--duration <duration>', 'how long it is valid, as in 8h or 30d', '24h')
    .option('--force', 'replace files')
    .addHelpText('after', AFTER)
    .action((options: ClientCertificateOptions) => createClientCertificate(options, terminal))
}

interface ClientCertificateOptions {
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

/** For clocks that are late, as the signer of Kubernetes does. */
const BACKDATE_SECONDS = 300

async function createClientCertificate(options: ClientCertificateOptions, terminal: Terminal): Promise<void> {
  const { username, group, uid, out, keyOut, algorithm, force = false } = options
  for (const [option, value] of [
    ['--username', username],
    ['--uid', uid],
    ...group.map((each) => ['--group', each] as const),
  ]) {
    if (value === '') throw new Failure(`${option}: must not be empty`)
  }
  if (out === keyOut) throw new Failure('--key-out: must be another file than --out')
  refuseRepeatedStdin([options.ca, options.caKey])
  const now = Math.floor(systemClock.now() / 1000)
  const notBefore = new Date((now - BACKDATE_SECONDS) * 1000)
  const notAfter = new Date((now + Math.floor(durationSeconds(options.duration, '--duration'))) * 1000)
  refuseTargets([keyOut, out], force)
  const authority = await authorityIn(options, terminal)
  if (notAfter.getTime() > new Date(authority.certificate.validTo).getTime()) {
    throw new Failure(
      `--duration: the certificate of the CA is valid until ${authority.certificate.validTo} only`,
    )
  }
  if (group.includes('system:masters')) {
    note(
      terminal,
      'warning: nothing limits what a member of system:masters may do, and a certificate cannot be revoked',
    )
  }
  const { privateKey, publicKey } = newKeyPair(algorithm)
  const certificate = await issueClientCertificate(authority, {
    publicKey,
    commonName: username,
    organizations: group,
    ...defined({ uid }),
    notBefore,
    notAfter,
  })
  // The key first: a certificate without its key is of no use.
  const keyPem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
  await writeNewFile(keyOut, keyPem, { replaces: force })
  await writeNewFile(out, certificate, { replaces: force, mode: 0o644 })
}

async function authorityIn(
  { ca, caKey }: ClientCertificateOptions,
  terminal: Terminal,
): Promise<CertificateAuthority> {
  const pem = await readText(terminal, ca)
  const certificate = orFail(
    () => new X509Certificate(pem),
    () => '--ca: is not a certificate in PEM',
  )
  if (!certificate.ca) throw new Failure('--ca: is not the certificate of a CA')
  const keyPem = await readText(terminal, caKey)
  const privateKey = orFail(
    () => privateKeyIn(keyPem),
    (error) => `--ca-key: ${messageOf(error, 'cannot be read')}`,
  )
  if (!SIGNING_KEYS.has(privateKey.asymmetricKeyType)) throw new Failure('--ca-key: must be an RSA or EC key')
  if (!certificate.checkPrivateKey(privateKey)) throw new Failure('--ca-key: is not the key of --ca')
  return { certificate, privateKey }
}

const SIGNING_KEYS: ReadonlySet<string | undefined> = new Set(['rsa', 'ec'])
