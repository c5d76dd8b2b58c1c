import { type Bytes, type CertificateRequest, contextTag, Tag } from '@kube-authn/x509'
import { element, identifier, namedBits, sequence, text, unsigned } from './der-writer.ts'

/** A name of a `subjectAltName`. */
export type AlternativeName = CertificateRequest['alternativeNames'][number]

const TRUE = element(Tag.boolean, Uint8Array.of(0xff))

/** `basicConstraints` (RFC 5280 section 4.2.1.9). A CA may sign no other CA. */
export function basicConstraints(isAuthority: boolean): Bytes {
  return extension('2.5.29.19', true, isAuthority ? sequence(TRUE, unsigned(Uint8Array.of(0))) : sequence())
}

/** `keyUsage`, with the first bit lowest (RFC 5280 section 4.2.1.3). */
export function keyUsage(bits: number): Bytes {
  return extension('2.5.29.15', true, namedBits(bits))
}

/** `extKeyUsage` (RFC 5280 section 4.2.1.12). */
export function extendedKeyUsage(purposes: readonly string[]): Bytes {
  return extension('2.5.29.37', false, sequence(...purposes.map(identifier)))
}

/** `subjectKeyIdentifier` (RFC 5280 section 4.2.1.2). */
export function subjectKeyIdentifier(octets: Uint8Array): Bytes {
  return extension('2.5.29.14', false, element(Tag.octetString, octets))
}

/** `authorityKeyIdentifier` (RFC 5280 section 4.2.1.1). */
export function authorityKeyIdentifier(octets: Uint8Array): Bytes {
  return extension('2.5.29.35', false, sequence(element(contextTag(0, 'primitive'), octets)))
}

/** `subjectAltName` (RFC 5280 section 4.2.1.6). @throws {Error} if a name has characters that it cannot have. */
export function subjectAlternativeName(names: readonly AlternativeName[], isCritical: boolean): Bytes {
  return extension('2.5.29.17', isCritical, sequence(...names.map(generalName)))
}

const KINDS = { email: 1, dns: 2, uri: 6 } as const

function generalName(name: AlternativeName): Bytes {
  if (name.kind === 'ip') return element(contextTag(7, 'primitive'), name.octets)
  if (!/^[\0-\x7f]*$/.test(name.text)) throw new Error('a subjectAltName has characters other than ASCII')
  return text(contextTag(KINDS[name.kind], 'primitive'), name.text)
}

function extension(type: string, isCritical: boolean, value: Uint8Array): Bytes {
  return sequence(identifier(type), ...(isCritical ? [TRUE] : []), element(Tag.octetString, value))
}
