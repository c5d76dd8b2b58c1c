import { type Bytes, contentOf, contextTag, DerReader, soleElement, Tag } from '../der/reader.ts'

/** Reads `SubjectKeyIdentifier` (RFC 5280 section 4.2.1.2). */
export function subjectKeyIdentifierOf(value: Bytes): Bytes {
  return contentOf(soleElement(value, Tag.octetString, 'subjectKeyIdentifier'))
}

/** Reads `AuthorityKeyIdentifier` (RFC 5280 section 4.2.1.1). Only the key identifier is used. */
export function authorityKeyIdentifierOf(value: Bytes): { readonly authorityKeyIdentifier?: Bytes } {
  const what = 'authorityKeyIdentifier'
  const fields = new DerReader(soleElement(value, Tag.sequence, what))
  const keyIdentifier = fields.optional(contextTag(0, 'primitive'), what)
  fields.optional(contextTag(1, 'constructed'), what)
  fields.optional(contextTag(2, 'primitive'), what)
  fields.finish(what)
  return keyIdentifier === undefined ? {} : { authorityKeyIdentifier: contentOf(keyIdentifier) }
}
