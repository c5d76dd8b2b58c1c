import { bytesOfBase64 } from '@kube-authn/internal/base64'
import type { Bytes } from '@kube-authn/x509'

/** Larger than any key file. */
const MAX_PEM_LENGTH = 1_048_576

/** More blocks than any key file has. */
const MAX_BLOCKS = 1000

/** A PEM block. */
export interface PemBlock {
  /** The label, as in `PRIVATE KEY`. */
  readonly label: string
  readonly der: Bytes
}

/**
 * All blocks of a PEM file (RFC 7468), with any label. Text around the blocks, blocks with headers (which are encrypted) and invalid base64
 * are skipped. `undefined` if the file is too large.
 */
export function pemBlocks(pem: string): readonly PemBlock[] | undefined {
  if (pem.length > MAX_PEM_LENGTH) return undefined
  const blocks: PemBlock[] = []
  let label: string | undefined
  let body: string[] = []
  for (const line of pem.split(/\r\n|\r|\n/).map((each) => each.trimEnd())) {
    const begun = /^-----BEGIN (.*)-----$/.exec(line)?.[1]
    if (begun !== undefined) {
      label = begun
      body = []
    } else if (label !== undefined && line === `-----END ${label}-----`) {
      const der = bytesOfBase64(body.join('').replace(/[ \t]/g, ''))
      if (der !== undefined) blocks.push({ label, der })
      if (blocks.length > MAX_BLOCKS) return undefined
      label = undefined
    } else body.push(line)
  }
  return blocks
}
