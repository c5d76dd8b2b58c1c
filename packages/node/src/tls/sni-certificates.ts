import { type SecureContext, type SecureContextOptions, type TlsOptions, createSecureContext } from 'node:tls'
import { ConfigurationError } from '@kube-authn/core'
import { listOf, type OptionsShape, required } from '@kube-authn/core/adapter'
import { type Check, messageOf, must, nested } from '@kube-authn/core/internal'
import { X509Certificate } from 'node:crypto'
import { isIP } from 'node:net'
import { orElse } from '../options/closeable.ts'
import { aPath } from '../options/file-option.ts'
import {
  type CertificateFiles,
  certificatePair,
  type CertificatePair,
  type CertificatePairContent,
} from './certificate-pair.ts'
import { AttributeType, parseCertificate, valuesOf } from '@kube-authn/x509'

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
export function sniCertificatesAt({ given, watching, byDefault, withCredential }: SniCertificatesOptions): {
  readonly SNICallback: NonNullable<TlsOptions['SNICallback']>
  readonly refresh: () => void
  readonly close: () => void
} {
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

  orElse(close, () => {
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
  })
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

/** A certificate, and for which names of a server it is chosen. */
export interface NamedCertificate<T> {
  readonly certificate: X509Certificate
  /** What an operator chose; none are the names in the certificate. */
  readonly patterns: readonly string[]
  readonly names: readonly string[]
  /** What is chosen with it. */
  readonly content: T
}

/**
 * Chooses among certificates by the name that a client wants (SNI): the one that has this name, then one with a wildcard in place of its first label. Patterns count more than the
 * names of a certificate, and earlier certificates more than later ones. Otherwise it is the first that is valid for the name, beginning with the default one.
 *
 * Source: apiserver `pkg/server/dynamiccertificates/named_certificates.go`; Go `crypto/tls` Config.getCertificate.
 *
 * @returns a function whose result is `undefined` for the default certificate.
 */
export function certificateByName<T>(
  byDefault: X509Certificate,
  named: readonly NamedCertificate<T>[],
): (serverName: string) => T | undefined {
  const byName = new Map<string, T>()
  const add = (names: readonly string[], content: T): void => {
    for (const name of names) {
      const key = name.toLowerCase()
      if (!byName.has(key)) byName.set(key, content)
    }
  }
  for (const { patterns, content } of named) add(patterns, content)
  for (const { patterns, names, content } of named) {
    if (patterns.length === 0) add(names, content)
  }
  return (serverName) => {
    const name = serverName.toLowerCase()
    const found = byName.get(name) ?? byName.get(name.replace(/^[^.]*/, '*'))
    if (found !== undefined || isFor(byDefault, name)) return found
    return named.find(({ certificate }) => isFor(certificate, name))?.content
  }
}

/** The common name if it could be that of a server, and the DNS names. @throws {CertificateError} */
export function serverNamesOf({ raw }: X509Certificate): readonly string[] {
  const { subject, extensions } = parseCertificate(new Uint8Array(raw))
  const commonName = valuesOf(subject, AttributeType.commonName).at(-1) ?? ''
  const dnsNames = (extensions.subjectAltName?.names ?? []).flatMap((name) =>
    name.kind === 'dns' ? [name.text] : [],
  )
  return isServerName(commonName) ? [commonName, ...dnsNames] : dnsNames
}

function isServerName(name: string): boolean {
  return name === '*' || (isIP(name) === 0 && isSubdomain(name.replace(/^\*\./, '')))
}

/** RFC 1123, as Kubernetes reads it. */
function isSubdomain(name: string): boolean {
  return name.length <= 253 && name.split('.').every((label) => /^[a-z\d]([-a-z\d]*[a-z\d])?$/.test(label))
}

function isFor(certificate: X509Certificate, name: string): boolean {
  return certificate.checkHost(name, { subject: 'never' }) !== undefined
}
