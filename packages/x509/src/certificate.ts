import { hexOf, isSameBytes } from '@kube-authn/internal/bytes'
import { type Bytes, contextTag, type DerElement, derOf, DerReader, soleElement, Tag } from './der/reader.ts'
import { bitsOf, smallInteger, timeOf, unsignedNumber, unsignedOctets, wholeOctets } from './der/values.ts'
import { malformed, refusal } from './errors.ts'
import { type Extensions, noExtensions, readExtensions } from './extensions/extensions.ts'
import { type Name, nameOf } from './name.ts'
import { type PublicKey, publicKeyOf } from './public-key.ts'
import { type SignatureAlgorithm, signatureAlgorithmOf } from './signature-algorithm.ts'

/** A parsed certificate (RFC 5280 section 4.1), not yet verified. */
export interface Certificate {
  readonly der: Bytes
  readonly version: 1 | 2 | 3
  readonly serialNumber: bigint
  readonly issuer: Name
  readonly subject: Name
  /** Milliseconds since the epoch; valid from this moment. */
  readonly notBeforeMs: number
  /** Milliseconds since the epoch; valid up to and including this moment. */
  readonly notAfterMs: number
  readonly publicKey: PublicKey
  readonly extensions: Extensions
  /** The signed bytes. */
  readonly signedBytes: Bytes
  /** `undefined`: an unsupported algorithm. */
  readonly signatureAlgorithm: SignatureAlgorithm | undefined
  readonly signature: Bytes
}

export type Signed = Pick<Certificate, 'signedBytes' | 'signatureAlgorithm' | 'signature'>

/** Key identifiers usually have 20 octets; longer ones are truncated in errors. */
const MAX_SHOWN_OCTETS = 64

/**
 * The identifier of a certificate in kube-apiserver's errors: `SN=1, SKID=64:84:5E:B7, AKID=48:70:75:D4`.
 *
 * Source: apiserver `pkg/authentication/request/x509/x509.go` (`certificateIdentifier`).
 */
export function certificateIdentifier({
  serialNumber,
  extensions,
}: {
  readonly serialNumber: bigint
  readonly extensions: Pick<Certificate['extensions'], 'subjectKeyIdentifier' | 'authorityKeyIdentifier'>
}): string {
  const subjectKey = keyHex(extensions.subjectKeyIdentifier)
  const authorityKey = keyHex(extensions.authorityKeyIdentifier)
  return `SN=${serialNumber}, SKID=${subjectKey}, AKID=${authorityKey}`
}

function keyHex(keyIdentifier: Uint8Array | undefined): string {
  return hexOf((keyIdentifier ?? new Uint8Array()).subarray(0, MAX_SHOWN_OCTETS), ':').toUpperCase()
}

/** Three times the limit of RFC 5280 section 4.1.2.2, which not all issuers observe. */
const MAX_SERIAL_NUMBER_OCTETS = 60

/**
 * Parses a certificate (RFC 5280 section 4.1). The bytes are copied, so that later changes to them have no effect.
 *
 * Strict: DER only, no negative serial number, the same signature algorithm inside and outside, no duplicate extension, extensions only in
 * version 3, and every part of an extension that Go reads must be readable.
 *
 * Source: Go `crypto/x509/parser.go`. `docs/x509.md` lists what this refuses but Go accepts.
 *
 * @throws {CertificateError} `malformed`, or `limit` if it is larger than 64 KiB.
 * @example
 * const certificate = parseCertificate(socket.getPeerX509Certificate().raw)
 */
export function parseCertificate(der: Uint8Array): Certificate {
  const { whole, content, algorithm, signed } = readSigned(der, 'certificate', 'tbsCertificate')
  return { der: whole, ...readTbs(content, algorithm), ...signed }
}

/** A larger certificate, or request for one, is refused. */
const MAX_BYTES = 64 * 1024

/** Reads signed content, its algorithm and its signature. The bytes are copied. */
export function readSigned(
  der: Uint8Array,
  what: string,
  part: string,
): {
  readonly whole: Bytes
  readonly content: DerElement
  readonly algorithm: DerElement
  readonly signed: Signed
} {
  if (der.length > MAX_BYTES) {
    throw refusal('limit', `${what} is larger than ${MAX_BYTES} bytes`)
  }
  const whole = new Uint8Array(der)
  const fields = new DerReader(soleElement(whole, Tag.sequence, what))
  const content = fields.required(Tag.sequence, part)
  const algorithm = fields.required(Tag.sequence, 'signatureAlgorithm')
  const signature = wholeOctets(fields.next('signature'), 'signature')
  fields.finish(what)
  const signatureAlgorithm = signatureAlgorithmOf(algorithm)
  return { whole, content, algorithm, signed: { signedBytes: derOf(content), signatureAlgorithm, signature } }
}

type Tbs = Omit<Certificate, 'der' | keyof Signed>

function readTbs(tbs: DerElement, algorithm: DerElement): Tbs {
  const fields = new DerReader(tbs)
  const version = readVersion(fields)
  const serialOctets = unsignedOctets(fields.next('serialNumber'), 'serialNumber')
  if (serialOctets.length > MAX_SERIAL_NUMBER_OCTETS) throw malformed('serialNumber', 'too long')
  const innerAlgorithm = fields.required(Tag.sequence, 'signature')
  // The unsigned algorithm must equal the signed one (RFC 5280 section 4.1.1.2).
  if (!isSameBytes(derOf(innerAlgorithm), derOf(algorithm))) {
    throw malformed('signatureAlgorithm', 'inner and outer one differ')
  }
  const issuer = nameOf(fields.required(Tag.sequence, 'issuer'), 'issuer')
  const validity = readValidity(fields.required(Tag.sequence, 'validity'))
  const subject = nameOf(fields.required(Tag.sequence, 'subject'), 'subject')
  const publicKey = publicKeyOf(fields.required(Tag.sequence, 'subjectPublicKeyInfo'))
  const extensions = readOptionalFields(fields, version)
  const serialNumber = unsignedNumber(serialOctets)
  return { version, serialNumber, issuer, ...validity, subject, publicKey, extensions }
}

/** `[0] EXPLICIT`, with a default that DER omits. */
function readVersion(fields: DerReader): Certificate['version'] {
  const explicit = fields.optional(contextTag(0, 'constructed'), 'version')
  if (explicit === undefined) return 1
  const version = smallInteger(soleElement(explicit, Tag.integer, 'version'), 'version') + 1
  if (version !== 2 && version !== 3) throw malformed('version', 'not 2 or 3')
  return version
}

function readValidity(validity: DerElement): Pick<Certificate, 'notBeforeMs' | 'notAfterMs'> {
  const times = new DerReader(validity)
  const notBeforeMs = timeOf(times.next('validity'), 'validity')
  const notAfterMs = timeOf(times.next('validity'), 'validity')
  times.finish('validity')
  return { notBeforeMs, notAfterMs }
}

/** The optional fields after the key: two unique identifiers, which are ignored, and the extensions. */
function readOptionalFields(fields: DerReader, version: Certificate['version']): Extensions {
  const uniqueIds = [1, 2].map((number) => fields.optional(contextTag(number, 'primitive'), 'uniqueId'))
  if (version === 1 && uniqueIds.some((id) => id !== undefined)) throw malformed('uniqueId', 'in version 1')
  for (const id of uniqueIds) if (id !== undefined) bitsOf({ ...id, tag: Tag.bitString }, 'uniqueId')
  const wrapper = fields.optional(contextTag(3, 'constructed'), 'extensions')
  fields.finish('tbsCertificate')
  if (wrapper === undefined) return noExtensions
  if (version !== 3) throw malformed('extensions', 'not in version 3')
  return readExtensions(soleElement(wrapper, Tag.sequence, 'extensions'))
}
