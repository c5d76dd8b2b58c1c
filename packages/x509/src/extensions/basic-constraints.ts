import { type Bytes, DerReader, soleElement, Tag } from '../der/reader.ts'
import { booleanOf, smallInteger } from '../der/values.ts'

/** Whether this is a CA certificate (RFC 5280 section 4.2.1.9). */
export interface BasicConstraints {
  readonly isCa: boolean
  /** How many intermediate certificates may follow; absent: any number. */
  readonly pathLength?: number
}

/** Reads `BasicConstraints`. */
export function basicConstraintsOf(value: Bytes): BasicConstraints {
  const what = 'basicConstraints'
  const fields = new DerReader(soleElement(value, Tag.sequence, what))
  const ca = fields.optional(Tag.boolean, what)
  const pathLength = fields.optional(Tag.integer, what)
  fields.finish(what)
  return {
    isCa: ca !== undefined && booleanOf(ca, what),
    ...(pathLength !== undefined && { pathLength: smallInteger(pathLength, what) }),
  }
}
