import type { Bytes } from '../../internal/x509/der/reader.ts'

/** More text than any file of keys has. */
const MAX_PEM_LENGTH = 1_048_576

/** More blocks than anybody has keys. */
const MAX_BLOCKS = 1000

/** A block of a PEM text. */
export interface PemBlock {
  /** What it is called, as in `PRIVATE KEY`. */
  readonly label: string
  readonly der: Bytes
}

/**
 * Every block of a PEM text (RFC 7468), whatever it is called. Text around the blocks, blocks with headers (which are
 * encrypted) and what is not base64 are skipped. `undefined` when the text is far too long.
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

function bytesOfBase64(text: string): Bytes | undefined {
  if (text.length % 4 !== 0 || !/^[A-Za-z0-9+/]+={0,2}$/.test(text)) return undefined
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0))
}
