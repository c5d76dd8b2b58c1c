import { bytesOfBase64 } from '@kube-authn/internal/base64'
import { pemBlocks } from '@kube-authn/internal/pem'

/** A block of a PEM file (RFC 7468), decoded. */
export interface PemContent {
  /** As in `CERTIFICATE`. */
  readonly label: string
  readonly hasHeaders: boolean
  readonly der: Uint8Array<ArrayBuffer>
}

/**
 * The blocks that can be decoded. Text around them is skipped, and so are blocks without an end and blocks that are not base64.
 *
 * Source: Go `encoding/pem` Decode.
 */
export function* pemContents(pem: string): Iterable<PemContent> {
  for (const { label, lines, isComplete } of pemBlocks(pem)) {
    if (!isComplete) continue
    const first = lines.findIndex((line) => !line.includes(':'))
    const headers = first === -1 ? lines.length : first
    const body = lines.slice(headers).join('').replaceAll(/\s/g, '')
    const der = body === '' ? new Uint8Array() : bytesOfBase64(body)
    if (der !== undefined) yield { label, hasHeaders: headers > 0, der }
  }
}
