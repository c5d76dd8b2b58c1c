import { bytesOfBase64 } from '@kube-authn/internal/base64'
import { base64OfPem, pemBlocks as blocksIn } from '@kube-authn/internal/pem'
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
  for (const block of blocksIn(pem)) {
    const der = block.isComplete ? bytesOfBase64(base64OfPem(block)) : undefined
    if (der !== undefined) blocks.push({ label: block.label, der })
    if (blocks.length > MAX_BLOCKS) return undefined
  }
  return blocks
}
