import { rejected } from '../../authenticator/errors.ts'
import { trimmed } from '../../internal/trimmed.ts'
import type { RequestHeaders } from '../request.ts'
import { boundedChain, boundedValue, certificateOfBase64 } from './certificate-bytes.ts'

const LEAF = 'client-cert'
const CHAIN = 'client-cert-chain'

/** The headers of RFC 9440. */
export const CLIENT_CERT_HEADERS: readonly string[] = [LEAF, CHAIN]

/**
 * The certificates in `Client-Cert` and `Client-Cert-Chain`, leaf first; `undefined` without any.
 *
 * `Client-Cert` is a single Byte Sequence. `Client-Cert-Chain` is a List of Byte Sequences, in one header or several, and requires
 * `Client-Cert`. Neither may have parameters, and base64 must be padded.
 *
 * Source: RFC 9440 sections 2.1 to 2.3; RFC 9651 sections 4.2, 4.2.1 and 4.2.7 (strict).
 *
 * @throws {AuthenticationError} `rejected` if they are anything else.
 */
export function readClientCert(headers: RequestHeaders): readonly Uint8Array[] | undefined {
  const leaves = headers.all(LEAF)
  const chains = headers.all(CHAIN)
  const [leaf] = leaves
  if (leaf === undefined) {
    if (chains.length > 0) throw rejected(`${CHAIN} is present without ${LEAF}`)
    return undefined
  }
  if (leaves.length > 1) throw rejected(`${LEAF} is present more than once`)
  return clientCertChain(leaf, chains.join(','))
}

/**
 * The certificates in the two values; an empty `chain` is an empty list.
 *
 * @throws {AuthenticationError} `rejected` if they are anything else.
 */
export function clientCertChain(leaf: string, chain: string): readonly Uint8Array[] {
  const members = /^ *$/.test(boundedValue(CHAIN, chain)) ? [] : chain.split(',')
  boundedChain(CHAIN, [EMPTY, ...members.map(() => EMPTY)])
  return [
    byteSequence(LEAF, trimmed(boundedValue(LEAF, leaf), ' ')),
    ...members.map((member) => byteSequence(CHAIN, trimmed(member, ' \t'))),
  ]
}

const EMPTY = new Uint8Array()

function byteSequence(header: string, item: string): Uint8Array {
  if (item.length < 2 || !item.startsWith(':') || !item.endsWith(':')) {
    throw rejected(`${header} is not a byte sequence`)
  }
  return certificateOfBase64(header, item.slice(1, -1))
}
