import { directoryString } from './der/directory-string.ts'
import { type Bytes, type DerElement, DerReader, derOf, sequencesOf, Tag } from './der/reader.ts'
import { objectIdentifier } from './der/values.ts'

/** A distinguished name (RFC 5280 section 4.1.2.4). Two names are equal only if their encodings are. */
export interface Name {
  readonly der: Bytes
  /** In the order of the certificate, also within a multi-valued RDN. */
  readonly attributes: readonly NameAttribute[]
}

/** One part of a name, as in `O=admins`. */
export interface NameAttribute {
  /** An object identifier in dotted form. */
  readonly type: string
  readonly value: string
}

/** Attribute types (RFC 5280 appendix A.1). */
export const AttributeType = { commonName: '2.5.4.3', organization: '2.5.4.10' } as const

export function nameOf(element: DerElement, what: string): Name {
  const attributes: NameAttribute[] = []
  const rdns = new DerReader(element)
  while (!rdns.isAtEnd) {
    for (const pair of sequencesOf(rdns.required(Tag.set, what), what)) {
      const type = objectIdentifier(pair.next(what), what)
      const value = directoryString(pair.next(what), what)
      attributes.push({ type, value })
    }
  }
  return { der: derOf(element), attributes }
}

/** The values of an attribute, in order. */
export function valuesOf(name: Name, type: string): readonly string[] {
  return name.attributes.filter((attribute) => attribute.type === type).map(({ value }) => value)
}
