import { MAX_KEY_BYTES, MAX_VALUE_BYTES } from '@kube-authn/store/internal'

/** What the first line of an export says that it is. */
export const FORMAT = 'kube-authn store export'
/** Of the format. */
export const FORMAT_VERSION = 1

/** The first line. */
export interface ExportHeader {
  readonly format: typeof FORMAT
  readonly version: typeof FORMAT_VERSION
  /** Of the store that was exported. */
  readonly revision: number
  /** How many objects follow. */
  readonly count: number
  /** What their keys begin with. */
  readonly prefix: string
}

/** The line of an object. */
export interface ExportedObject {
  readonly key: string
  readonly value: string
  /** When it expires, in milliseconds since the epoch; absent if it does not. */
  readonly expiresAtMs?: number
}

/** The last line. */
export interface ExportTrailer {
  /** In hexadecimal, of the bytes of all lines before. */
  readonly sha256: string
}

/** A line, with its end. */
export function lineOf(content: ExportHeader | ExportedObject | ExportTrailer): string {
  return `${JSON.stringify(content)}\n`
}

/** No line of an export is longer: JSON escapes a byte with at most six. */
export const MAX_LINE_BYTES: number = 6 * (MAX_KEY_BYTES + MAX_VALUE_BYTES) + 256
