import type { X509Certificate } from 'node:crypto'
import { AttributeType, parseCertificate, valuesOf } from '@kube-authn/x509'
import { isIP } from 'node:net'

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
