import { sha256 } from '#sha256'
import { rejected } from '../../authenticator/errors.ts'
import {
  type Certificate,
  type CertificatePool,
  certificatePoolOf,
  parseCertificate,
  CertificateError,
} from '@kube-authn/x509'

const MAX_CERTIFICATES = 10
const MAX_CHAIN_BYTES = 64 * 1024

/** The limit of Go's TLS server for each certificate of a chain. */
const MAX_RSA_BITS = 8192

/** The parsed certificates of a client. */
export interface PresentedChain {
  readonly leaf: Certificate
  readonly intermediates: CertificatePool
}

/**
 * Parses the certificates of a client, leaf first. All must be readable, even those not needed for a chain.
 *
 * Source: Go `crypto/tls/handshake_server.go` (`processCertsFromClient`).
 *
 * @throws {AuthenticationError} `rejected` if one is not a certificate.
 */
export function readPresentedChain(presented: readonly Uint8Array[]): PresentedChain {
  try {
    const certificates = presented.map(parseCertificate)
    if (certificates.some(({ publicKey }) => isTooLarge(publicKey))) {
      throw rejected(`tls: client sent certificate containing RSA key larger than ${MAX_RSA_BITS} bits`)
    }
    const [leaf, ...others] = certificates
    if (leaf === undefined) throw rejected('no certificate')
    return { leaf, intermediates: certificatePoolOf(others) }
  } catch (error) {
    throw error instanceof CertificateError ? rejected(error.message, { cause: error }) : error
  }
}

function isTooLarge(key: Certificate['publicKey']): boolean {
  return key.kind === 'RSA' && key.modulusBits > MAX_RSA_BITS
}

/**
 * The cache key of a presented chain: SHA-256 over all certificates, each after its length.
 *
 * Deviation: longer chains are refused, unread (`docs/deviations.md`, long chains).
 *
 * @throws {AuthenticationError} `rejected` if there are more than 10, or they have more than 64 KiB in total.
 */
export function chainDigest(presented: readonly Uint8Array[]): string {
  const size = presented.reduce((sum, der) => sum + der.length, 0)
  if (presented.length > MAX_CERTIFICATES || size > MAX_CHAIN_BYTES) {
    throw rejected(
      `the client presented more than ${MAX_CERTIFICATES} certificates or ${MAX_CHAIN_BYTES} bytes of them`,
    )
  }
  const message = new Uint8Array(size + 4 * presented.length)
  const view = new DataView(message.buffer)
  let offset = 0
  for (const der of presented) {
    view.setUint32(offset, der.length)
    message.set(der, offset + 4)
    offset += 4 + der.length
  }
  return sha256(message)
}
