/** A block of a PEM file (RFC 7468). */
export interface PemBlock {
  /** As in `CERTIFICATE`. */
  readonly label: string
  /** The lines between the first and the last one, without white space at their ends. */
  readonly lines: readonly string[]
  /** Whether the last line is there. */
  readonly isComplete: boolean
}

/**
 * The blocks of a PEM file, with any label. Text around them is skipped, as are unfinished blocks of other labels than `CERTIFICATE`: what
 * should be trusted must not be left out unnoticed. A byte order mark is skipped too.
 *
 * Source: Go `encoding/pem` `Decode`.
 */
export function* pemBlocks(pem: string): Iterable<PemBlock> {
  let open: { readonly label: string; readonly lines: string[] } | undefined
  for (const whole of pem.replace(/^\uFEFF/, '').split(/\r\n|\r|\n/)) {
    const line = whole.trimEnd()
    const label = /^-----BEGIN (.*)-----$/.exec(line)?.[1]
    if (label !== undefined) {
      if (open?.label === CERTIFICATE) yield { ...open, isComplete: false }
      open = { label, lines: [] }
    } else if (open !== undefined && line === `-----END ${open.label}-----`) {
      yield { ...open, isComplete: true }
      open = undefined
    } else open?.lines.push(line)
  }
  if (open?.label === CERTIFICATE) yield { ...open, isComplete: false }
}

export const CERTIFICATE = 'CERTIFICATE'

/** Whether a block has headers, as in `Proc-Type: 4,ENCRYPTED`; base64 has no colon. Go skips such blocks of certificates. */
export function hasPemHeaders({ lines }: PemBlock): boolean {
  return lines[0]?.includes(':') === true
}

export function base64OfPem({ lines }: PemBlock): string {
  return lines.join('').replaceAll(/\s/g, '')
}
