import { generateKeyPairSync, type KeyObject, X509Certificate } from 'node:crypto'
import { systemClock } from '@kube-authn/core/internal'
import { privateKeyIn } from '@kube-authn/node/internal'
import { issueClientCertificate } from '../../certificates/issue-client-certificate.ts'
import type { CertificateAuthority } from '../../certificates/node-keys.ts'
import { Failure } from '../failure.ts'
import { durationSeconds } from '../terminal/duration.ts'
import { readText, STDIN } from '../terminal/input.ts'
import { refuseExisting, writeNewFile } from '../terminal/new-file.ts'
import { note } from '../terminal/output.ts'
import type { ClientCertificateOptions } from './client-certificate/command.ts'

const MAX_BYTES = 1_048_576
/** For clocks that are late, as the signer of Kubernetes does. */
const BACKDATE_SECONDS = 300

/**
 * Writes a client certificate and its key.
 *
 * @throws {Failure} if an option or a file cannot be used.
 */
export async function createClientCertificate(options: ClientCertificateOptions): Promise<void> {
  const { username, group, uid, out, keyOut, algorithm, force = false } = options
  for (const [option, value] of [
    ['--username', username],
    ['--uid', uid],
    ...group.map((each) => ['--group', each] as const),
  ]) {
    if (value === '') throw new Failure(`${option}: must not be empty`)
  }
  if (out === keyOut) throw new Failure('--key-out: must be another file than --out')
  if (options.ca === STDIN && options.caKey === STDIN)
    throw new Failure('only one option can read standard input')
  const now = Math.floor(systemClock.now() / 1000)
  const notBefore = new Date((now - BACKDATE_SECONDS) * 1000)
  const notAfter = new Date((now + Math.floor(durationSeconds(options.duration, '--duration'))) * 1000)
  if (!force) refuseExisting([keyOut, out])
  const authority = await authorityOf(options)
  if (notAfter.getTime() > new Date(authority.certificate.validTo).getTime()) {
    throw new Failure(
      `--duration: the certificate of the CA is valid until ${authority.certificate.validTo} only`,
    )
  }
  if (group.includes('system:masters')) {
    note(
      'warning: nothing limits what a member of system:masters may do, and a certificate cannot be revoked',
    )
  }
  const { privateKey, publicKey } = newKeyPair(algorithm)
  const certificate = await issueClientCertificate(authority, {
    publicKey,
    commonName: username,
    organizations: group,
    ...(uid !== undefined && { uid }),
    notBefore,
    notAfter,
  })
  // The key first: a certificate without its key is of no use.
  writeNewFile(keyOut, privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(), { replaces: force })
  writeNewFile(out, certificate, { replaces: force, mode: 0o644 })
}

async function authorityOf({ ca, caKey }: ClientCertificateOptions): Promise<CertificateAuthority> {
  const certificate = certificateIn(await readText(ca, MAX_BYTES))
  if (certificate === undefined) throw new Failure('--ca: is not a certificate in PEM')
  if (!certificate.ca) throw new Failure('--ca: is not the certificate of a CA')
  const privateKey = keyIn(await readText(caKey, MAX_BYTES))
  if (!SIGNING_KEYS.has(privateKey.asymmetricKeyType)) throw new Failure('--ca-key: must be an RSA or EC key')
  if (!certificate.checkPrivateKey(privateKey)) throw new Failure('--ca-key: is not the key of --ca')
  return { certificate, privateKey }
}

const SIGNING_KEYS: ReadonlySet<string | undefined> = new Set(['rsa', 'ec'])

function certificateIn(pem: string): X509Certificate | undefined {
  try {
    return new X509Certificate(pem)
  } catch {
    return undefined
  }
}

function keyIn(pem: string): KeyObject {
  try {
    return privateKeyIn(pem)
  } catch (error) {
    throw new Failure(`--ca-key: ${error instanceof Error ? error.message : 'cannot be read'}`, {
      cause: error,
    })
  }
}

function newKeyPair(algorithm: ClientCertificateOptions['algorithm']): {
  readonly privateKey: KeyObject
  readonly publicKey: KeyObject
} {
  return algorithm === 'RSA-2048'
    ? generateKeyPairSync('rsa', { modulusLength: 2048 })
    : generateKeyPairSync('ec', { namedCurve: algorithm })
}
