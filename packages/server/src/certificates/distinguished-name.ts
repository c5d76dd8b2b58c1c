import { type Bytes, Tag } from '@kube-authn/x509'
import { element, identifier, sequence, StringTag, text } from './der-writer.ts'

/** One part of a name, with its value in DER. */
export interface WrittenAttribute {
  /** An object identifier in dotted form. */
  readonly type: string
  readonly value: Uint8Array
}

/** A name in DER (RFC 5280 section 4.1.2.4). Each attribute is an RDN of its own. */
export function nameOf(attributes: readonly WrittenAttribute[]): Bytes {
  return sequence(...attributes.map(({ type, value }) => element(Tag.set, sequence(identifier(type), value))))
}

/** As Go writes it: a PrintableString if that has all characters. */
export function directoryString(value: string): Bytes {
  return text(/^[A-Za-z0-9 '()+,\-./:=?]*$/.test(value) ? StringTag.printable : StringTag.utf8, value)
}
