import { latin1FromBytes, textFromLatin1 } from '@kube-authn/internal/byte-text'

/** Some whole lines of a file. */
export interface Lines {
  readonly text: string
  /** Decodes a part of the text, which may have one character per byte. */
  readonly decode: (part: string) => string
  /** The size of a part of the text, in the units of the whole: characters or bytes. */
  readonly sizeOf: (part: string) => number
  /** The position of the next line. */
  readonly end: number
}

/** The lines from `start` on: at least `size` characters or bytes, up to the end of a line. */
export function linesOf(csv: string | Uint8Array, start: number, size: number): Lines {
  if (typeof csv !== 'string') return linesOfBytes(csv, start, size)
  const newline = csv.indexOf('\n', start + size - 1)
  const end = newline === -1 ? csv.length : newline + 1
  return { text: csv.slice(start, end).toWellFormed(), decode: asItIs, sizeOf: lengthOf, end }
}

/** Bytes that are not UTF-8 stay distinguishable, by the rules of `textFromLatin1`. */
function linesOfBytes(csv: Uint8Array, start: number, size: number): Lines {
  const newline = csv.indexOf(0x0a, start + size - 1)
  const end = newline === -1 ? csv.length : newline + 1
  const bytes = csv.subarray(start, end)
  try {
    return { text: strictUtf8.decode(bytes), decode: asItIs, sizeOf: utf8Length, end }
  } catch {
    return { text: latin1FromBytes(bytes), decode: textFromLatin1, sizeOf: lengthOf, end }
  }
}

const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
const utf8 = new TextEncoder()

const asItIs = (part: string): string => part
const lengthOf = (part: string): number => part.length
const utf8Length = (part: string): number => utf8.encode(part).length
