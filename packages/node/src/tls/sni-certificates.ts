import type { SecureContext, SecureContextOptions } from 'node:tls'
import { ConfigurationError } from '@kube-authn/core'
import { listOf, type OptionsShape, required } from '@kube-authn/core/adapter'
import { type Check, messageOf, must, nested } from '@kube-authn/core/internal'
import { X509Certificate } from 'node:crypto'
import { isIP } from 'node:net'
import { createSecureContext } from 'node:tls'
import { aPath } from '../options/file-option.ts'
import {
  type CertificateFiles,
  certificatePair,
  type CertificatePair,
  type CertificatePairContent,
} from './certificate-pair.ts'
import { certificateByName, type NamedCertificate, serverNamesOf } from './server-names.ts'

/** A certificate for some of the names of a server. */
export interface SniCertificate extends CertificateFiles {
  /** Host names, or patterns such as `*.example.com`. Default: the names in the certificate. */
  readonly names?: readonly string[]
}

const aServerName: Check = must(
  'must be a host name or a pattern such as *.example.com, and no IP address',
  (value) => typeof value === 'string' && value !== '' && isIP(value) === 0,
)

const shape: OptionsShape<SniCertificate> = {
  certFile: required(aPath),
  keyFile: required(aPath),
  names: listOf(aServerName),
}

/** The check of a list of them. */
export const sniCertificates: Check = listOf(nested(shape))

/** Certificates for names, in files. */
export interface SniCertificates {
  /** For Node's TLS servers. */
  readonly SNICallback: (
    serverName: string,
    callback: (error: Error | null, context?: SecureContext) => void,
  ) => void
  close(): void
}

/** What certificates for names need. */
export interface SniCertificatesOptions {
  readonly given: readonly SniCertificate[]
  readonly watching: Parameters<typeof certificatePair>[0]['watching']
  /** The certificate of other names. */
  readonly byDefault: () => X509Certificate
  /** The options of the server, with the certificate of some names. */
  readonly withCredential: (content: CertificatePairContent) => SecureContextOptions
}

/**
 * Reads the certificates, and reads them again when they change.
 *
 * @throws {ConfigurationError} if one does not match its key; any error of reading the files.
 */
export function sniCertificatesAt({
  given,
  watching,
  byDefault,
  withCredential,
}: SniCertificatesOptions): SniCertificates & { readonly refresh: () => void } {
  const pairs: CertificatePair<NamedCertificate<SecureContext>>[] = []
  const close = (): void => {
    for (const pair of pairs) pair.close()
  }
  const chooser = (): ReturnType<typeof certificateByName<SecureContext>> =>
    certificateByName(
      byDefault(),
      pairs.map((pair) => pair.current()),
    )
  const refresh = (): void => {
    choose = chooser()
  }

  try {
    for (const [index, { certFile, keyFile, names: patterns = [] }] of given.entries()) {
      const path = `sniCertificates[${index}].`
      pairs.push(
        certificatePair({
          certFile,
          keyFile,
          watching,
          path,
          make: (content) => ({
            ...identityOf(content),
            patterns,
            content: createSecureContext(withCredential(content)),
          }),
          onFresh: refresh,
        }),
      )
    }
  } catch (error) {
    close()
    throw error
  }
  let choose = chooser()
  return { SNICallback: (serverName, callback) => callback(null, choose(serverName)), refresh, close }
}

/** @throws {ConfigurationError} if the names in the certificate cannot be read. */
function identityOf({
  cert,
}: CertificatePairContent): Pick<NamedCertificate<unknown>, 'certificate' | 'names'> {
  try {
    const certificate = new X509Certificate(cert)
    return { certificate, names: serverNamesOf(certificate) }
  } catch (error) {
    throw new ConfigurationError(
      [{ path: 'cert', message: `must be a certificate: ${messageOf(error, 'it cannot be read')}` }],
      { cause: error },
    )
  }
}
