// Many certificates of one authority. Issuing each with the test kit takes a millisecond; here one is re-signed with different serial numbers.
import { generateKeyPairSync, sign, X509Certificate } from 'node:crypto'
import { createPki } from '@kube-authn/testing'

/** A bundle of one authority, and `count` certificates of clients that it signed, as DER. */
export async function manyLeaves(count) {
  const pki = await createPki()
  const { certificateDer } = await pki.issueClient({ commonName: 'jane', organizations: ['dev', 'ops'] })
  const keys = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const tbs = Buffer.from(tbsOf(certificateDer))
  // [0] { INTEGER version } INTEGER serialNumber, behind the header of the sequence.
  const serial = headerLength(tbs, 0) + 5
  const lastOfSerial = serial + 2 + tbs[serial + 1] - 4
  const leaves = Array.from({ length: count }, (_, index) => {
    tbs.writeUInt32BE(index, lastOfSerial)
    return certificateOf(tbs, keys.privateKey)
  })
  return { ca: withKey(pki.certificateDer, keys.publicKey), leaves }
}

/** The certificate of an authority, about another key. Its own signature is not checked. */
function withKey(der, publicKey) {
  const old = new X509Certificate(der).publicKey.export({ format: 'der', type: 'spki' })
  const bytes = Buffer.from(der)
  publicKey.export({ format: 'der', type: 'spki' }).copy(bytes, bytes.indexOf(old))
  return `-----BEGIN CERTIFICATE-----\n${bytes.toString('base64')}\n-----END CERTIFICATE-----\n`
}

const ECDSA_WITH_SHA256 = Buffer.from('300a06082a8648ce3d040302', 'hex')

function certificateOf(tbs, key) {
  const signature = sign('sha256', tbs, key)
  const bits = Buffer.concat([Buffer.from([0x03, signature.length + 1, 0]), signature])
  const content = Buffer.concat([tbs, ECDSA_WITH_SHA256, bits])
  return Buffer.concat([Buffer.from([0x30, 0x82, content.length >> 8, content.length & 0xff]), content])
}

/** The first element of a certificate. */
function tbsOf(certificate) {
  const der = Buffer.from(certificate)
  const start = headerLength(der, 0)
  // Between 256 bytes and 64 KiB, so its length has two octets.
  return der.subarray(start, start + 4 + der.readUInt16BE(start + 2))
}

function headerLength(der, offset) {
  return der[offset + 1] < 0x80 ? 2 : 2 + (der[offset + 1] & 0x7f)
}
