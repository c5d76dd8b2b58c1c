import { type Certificate, readSigned } from './certificate.ts'
import { type Bytes, contextTag, type DerElement, DerReader, soleElement, Tag } from './der/reader.ts'
import { objectIdentifier, smallInteger } from './der/values.ts'
import { type CertificateError, malformed } from './errors.ts'
import { extensionOf } from './extensions/extensions.ts'
import { type GeneralName, subjectAltNameOf } from './extensions/subject-alt-name.ts'
import { type Name, nameOf } from './name.ts'
import { type PublicKey, publicKeyOf } from './public-key.ts'
import { checkSignedBytes } from './verify/signature.ts'

/** A parsed request for a certificate (PKCS #10, RFC 2986), of which the signature is not yet verified. */
export interface CertificateRequest {
  readonly subject: Name
  readonly publicKey: PublicKey
  /** The DNS names, e-mail addresses, URIs and IP addresses of the requested `subjectAltName`. Other kinds are left out. */
  readonly alternativeNames: readonly GeneralName[]
  /** The signed bytes. */
  readonly signedBytes: Bytes
  /** `undefined`: an unsupported algorithm. */
  readonly signatureAlgorithm: Certificate['signatureAlgorithm']
  readonly signature: Bytes
}

const WHAT = 'certificate request'
const EXTENSION_REQUEST = '1.2.840.113549.1.9.14'
const SUBJECT_ALT_NAME = '2.5.29.17'

/**
 * Parses a request for a certificate (RFC 2986 section 4). The bytes are copied, so that later changes to them have no effect.
 *
 * Strict: DER only, and no extension twice. Of the requested extensions only the alternative names are read; {@link verifyCertificateRequest}
 * verifies the signature.
 *
 * Source: Go `crypto/x509/x509.go` (`ParseCertificateRequest`).
 *
 * @throws {CertificateError} `malformed`, or `limit` if it is larger than 64 KiB.
 * @example
 * const request = parseCertificateRequest(der)
 * const problem = await verifyCertificateRequest(request)
 */
export function parseCertificateRequest(der: Uint8Array): CertificateRequest {
  const { content, signed } = readSigned(der, WHAT, WHAT)
  return { ...readInfo(content), ...signed }
}

function readInfo(info: DerElement): Pick<CertificateRequest, 'subject' | 'publicKey' | 'alternativeNames'> {
  const fields = new DerReader(info)
  // There is one version, and Go does not look at it either.
  smallInteger(fields.next('version'), 'version')
  const subject = nameOf(fields.required(Tag.sequence, 'subject'), 'subject')
  const publicKey = publicKeyOf(fields.required(Tag.sequence, 'subjectPublicKeyInfo'))
  const attributes = fields.required(contextTag(0, 'constructed'), 'attributes')
  fields.finish(WHAT)
  return { subject, publicKey, alternativeNames: alternativeNamesOf(attributes) }
}

/** Reads the attributes, as far as they request extensions. */
function alternativeNamesOf(attributes: DerElement): readonly GeneralName[] {
  const seen = new Set<string>()
  let names: readonly GeneralName[] = []
  const elements = new DerReader(attributes)
  while (!elements.isAtEnd) {
    for (const element of requestedExtensions(elements.required(Tag.sequence, 'attributes'))) {
      const { id, value } = extensionOf(element)
      if (seen.has(id)) throw malformed(WHAT, 'the same extension twice')
      seen.add(id)
      if (id === SUBJECT_ALT_NAME) names = subjectAltNameOf(value).names
    }
  }
  return names
}

/** The extensions that an attribute requests (RFC 2985 section 5.4.2); none if it is another attribute. */
function* requestedExtensions(attribute: DerElement): Generator<DerElement, void> {
  const what = 'attributes'
  const fields = new DerReader(attribute)
  const type = objectIdentifier(fields.next(what), what)
  const values = fields.required(Tag.set, what)
  fields.finish(what)
  if (type !== EXTENSION_REQUEST) return
  const extensions = new DerReader(soleElement(values, Tag.sequence, what))
  while (!extensions.isAtEnd) yield extensions.required(Tag.sequence, what)
}

/**
 * Whether the key in a request for a certificate signed it: RSA of 1,024 to 8,192 bits, ECDSA on P-256, P-384 and P-521, or Ed25519, with SHA-2.
 *
 * Source: Go `crypto/x509/x509.go` (`CertificateRequest.CheckSignature`).
 *
 * Deviation: Go also accepts SHA-1 and larger RSA keys (`docs/deviations.md`, certificate requests).
 *
 * @returns the problem, if any.
 */
export function verifyCertificateRequest(request: CertificateRequest): Promise<CertificateError | undefined> {
  return checkSignedBytes(request, request.publicKey)
}
