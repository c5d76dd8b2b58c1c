// The library finds its parts through metadata on `Reflect`, which has to be there first.
import 'reflect-metadata'
import {
  BasicConstraintsExtension,
  Extension,
  type JsonGeneralNames,
  Name,
  Pkcs10CertificateRequestGenerator,
  SubjectAlternativeNameExtension,
  X509CertificateGenerator,
} from '@peculiar/x509'
import { NotUnderstood, type Given } from '../../vector.ts'

/*
 * Requests and certificates for the areas of the certificates API: a library makes them.
 */

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }
const keys = crypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify'])

/** An extension that no signer copies. */
export const CUSTOM_EXTENSION = '1.2.3.4'

interface Subject {
  readonly CN?: string
  readonly O?: readonly string[]
}

/** The request that a vector describes by its subject and its names, in PEM. */
export async function requestOf(given: Given): Promise<string> {
  const { CN, O = [] } = (given['subject'] ?? { CN: 'jane' }) as Subject
  const names = [
    ...namesIn(given, 'dnsNames', 'dns'),
    ...namesIn(given, 'ipAddresses', 'ip'),
    ...namesIn(given, 'emailAddresses', 'email'),
    ...namesIn(given, 'uris', 'url'),
  ]
  const request = await Pkcs10CertificateRequestGenerator.create({
    name: new Name([
      ...O.map((value) => ({ O: [{ utf8String: value }] })),
      ...(CN === undefined ? [] : [{ CN: [{ utf8String: CN }] }]),
    ]),
    keys: await keys,
    signingAlgorithm: ALGORITHM,
    extensions: [
      new BasicConstraintsExtension(true),
      new Extension(CUSTOM_EXTENSION, false, Uint8Array.of(5, 0)),
      ...(names.length === 0 ? [] : [new SubjectAlternativeNameExtension(names)]),
    ],
  })
  return `${request.toString('pem')}\n`
}

function namesIn(given: Given, field: string, type: 'dns' | 'ip' | 'email' | 'url'): JsonGeneralNames {
  return ((given[field] ?? []) as readonly string[]).map((value) => ({ type, value }))
}

/** What a reference to a request stands for, such as `@csr:valid`, in PEM. Other values stand for themselves. */
export async function referredRequest(reference: string, given: Given): Promise<string> {
  const valid = await requestOf(given)
  const name = /^@(?:csr|pem):(.*)$/.exec(reference)?.[1]
  if (name === undefined) return reference
  if (/^(?:valid|kubelet-(?:client|serving))$/.test(name)) return valid
  if (/signature|tamper|forged/.test(name)) return forged(valid)
  if (/truncated|garbage|junk|der|malformed/.test(name))
    return valid.replace('MII', 'MIIA').replace('MIH', 'MIE')
  if (/type|label|certificate|key/.test(name)) return valid.replaceAll('CERTIFICATE REQUEST', 'CERTIFICATE')
  if (/empty|none|no-/.test(name)) return ''
  throw new NotUnderstood(`given.spec.request ${reference}`)
}

/** With another last byte of the signature. */
function forged(pem: string): string {
  const [, base64 = ''] = /-----\n([^-]*)\n-----/.exec(pem) ?? []
  const der = Buffer.from(base64, 'base64')
  der.writeUInt8(der.readUInt8(der.length - 1) ^ 1, der.length - 1)
  return pem.replace(base64, der.toString('base64'))
}

/** A CA in PEM, valid until this moment. */
export async function authorityUntil(
  notAfterMs: number,
): Promise<{ readonly certificate: string; readonly privateKey: string }> {
  const pair = await keys
  const certificate = await certificateUntil(notAfterMs)
  const pkcs8 = Buffer.from(await crypto.subtle.exportKey('pkcs8', pair.privateKey)).toString('base64')
  return { certificate, privateKey: `-----BEGIN PRIVATE KEY-----\n${pkcs8}\n-----END PRIVATE KEY-----\n` }
}

/** A certificate in PEM, valid until this moment. */
export async function certificateUntil(notAfterMs: number): Promise<string> {
  const certificate = await X509CertificateGenerator.createSelfSigned({
    serialNumber: '01',
    name: 'CN=some CA',
    notBefore: new Date(notAfterMs - 100 * 365 * 86_400_000),
    notAfter: new Date(notAfterMs),
    keys: await keys,
    signingAlgorithm: ALGORITHM,
    extensions: [new BasicConstraintsExtension(true, undefined, true)],
  })
  return `${certificate.toString('pem')}\n`
}

/** Text in base64. */
export function base64Of(text: string): string {
  return Buffer.from(text).toString('base64')
}

/** A subject, as {@link requestOf} reads it. */
export const SUBJECT = 'CN O'
