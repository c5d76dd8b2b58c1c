// Certificates of every relevant kind, with deterministic keys. Only RSA keys are new in every run.
import {
  createECDH,
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  sign,
} from 'node:crypto'
import { bits, boolean, explicit, integer, octets, oid, sequence, setOf, text, time } from './der.mjs'

/** The time of all validations. */
export const NOW_MS = Date.UTC(2026, 5, 1)
export const DAY_MS = 86_400_000

export const CLIENT_AUTH = '1.3.6.1.5.5.7.3.2'
export const SERVER_AUTH = '1.3.6.1.5.5.7.3.1'
export const ANY_USAGE = '2.5.29.37.0'

/** The key pair of a name. @param kind `Ed25519`, `P-256` or `RSA`. */
export function keyFor(name, kind = 'Ed25519') {
  const privateKey = privateKeyFor(name, kind)
  const publicKey = createPublicKey(privateKey)
  return { kind, privateKey, publicKey, spki: publicKey.export({ type: 'spki', format: 'der' }) }
}

/** Signs a TBSCertificate. */
export function signed(tbs, { kind, privateKey }) {
  const signature = sign(kind === 'Ed25519' ? null : 'sha256', tbs, privateKey)
  return sequence(tbs, signatureAlgorithm(kind), bits(0, signature))
}

/** The content of a certificate, in a form for the reference. */
export function certificate(options) {
  const {
    subject,
    issuer,
    key,
    signer = issuer?.key ?? key,
    notBeforeMs = NOW_MS - DAY_MS,
    notAfterMs = NOW_MS + DAY_MS,
    isAuthority = false,
    pathLength,
    usages = isAuthority ? 'keyCertSign' : 'digitalSignature',
    purposes,
    critical,
    serial = 1,
  } = options
  const issuerName = issuer?.name ?? nameOf(subject)
  const extension = (id, isCritical, value) =>
    sequence(oid(id), ...(isCritical ? [boolean(true)] : []), octets(value))
  const constraints = [
    ...(isAuthority ? [boolean(true)] : []),
    ...(pathLength === undefined ? [] : [integer(pathLength)]),
  ]
  const extensions = [
    extension('2.5.29.19', true, sequence(...constraints)),
    extension(
      '2.5.29.15',
      true,
      usages === 'keyCertSign' ? bits(2, Buffer.from([4])) : bits(7, Buffer.from([0x80])),
    ),
    extension('2.5.29.14', false, octets(keyIdentifier(key))),
    extension('2.5.29.35', false, sequence(Buffer.concat([Buffer.from([0x80, 20]), keyIdentifier(signer)]))),
    ...(purposes === undefined ? [] : [extension('2.5.29.37', false, sequence(...purposes.map(oid)))]),
    ...(critical === undefined ? [] : [extension(critical, true, octets(Buffer.from('x')))]),
  ]
  const tbs = sequence(
    explicit(0, integer(2)),
    integer(serial),
    signatureAlgorithm(signer.kind),
    issuerName,
    sequence(time(notBeforeMs), time(notAfterMs)),
    nameOf(subject),
    key.spki,
    explicit(3, sequence(...extensions)),
  )
  return {
    ...options,
    name: nameOf(subject),
    signer,
    tbs,
    der: signed(tbs, signer),
    purposes,
    critical,
    pathLength,
  }
}

export function pemOf(der) {
  return `-----BEGIN CERTIFICATE-----\n${Buffer.from(der)
    .toString('base64')
    .replaceAll(/.{64}(?!$)/g, '$&\n')}\n-----END CERTIFICATE-----\n`
}

const ATTRIBUTES = { CN: '2.5.4.3', O: '2.5.4.10', OU: '2.5.4.11', UID: '1.3.6.1.4.1.57683.2' }

function nameOf(attributes) {
  return sequence(
    ...attributes.map(([type, value, tag]) => setOf(sequence(oid(ATTRIBUTES[type]), text(value, tag)))),
  )
}

function signatureAlgorithm(kind) {
  if (kind === 'Ed25519') return sequence(oid('1.3.101.112'))
  if (kind === 'P-256') return sequence(oid('1.2.840.10045.4.3.2'))
  return sequence(oid('1.2.840.113549.1.1.11'), Buffer.from([5, 0]))
}

function keyIdentifier({ spki }) {
  return createHash('sha1').update(spki).digest()
}

function privateKeyFor(name, kind) {
  const secret = createHash('sha256').update(`fuzz ${name}`).digest()
  if (kind === 'Ed25519') {
    const der = sequence(integer(0), sequence(oid('1.3.101.112')), octets(octets(secret)))
    return createPrivateKey({ key: der, format: 'der', type: 'pkcs8' })
  }
  if (kind === 'P-256') {
    const ecdh = createECDH('prime256v1')
    ecdh.setPrivateKey(secret)
    const point = ecdh.getPublicKey()
    const jwk = {
      kty: 'EC',
      crv: 'P-256',
      d: secret.toString('base64url'),
      x: point.subarray(1, 33).toString('base64url'),
      y: point.subarray(33).toString('base64url'),
    }
    return createPrivateKey({ key: jwk, format: 'jwk' })
  }
  return generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey
}
