import { latin1FromBytes } from '@kube-authn/internal/byte-text'
import { malformed } from '../errors.ts'
import { type Bytes, contentOf, type DerElement } from './reader.ts'

const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/**
 * Decodes a string in a name (RFC 5280 section 4.1.2.4), of any type that Go supports: UTF8, Printable, IA5, Numeric, BMP,
 * and Teletex, which is read as Latin-1. A name with another type, such as a UniversalString or a number, is refused.
 *
 * Source: Go `crypto/x509/parser.go` (`parseASN1String`), including what it tolerates: `*` and `&` in a PrintableString, a trailing zero in
 * a BMPString.
 */
export function directoryString(element: DerElement, what: string): string {
  const content = contentOf(element)
  switch (element.tag) {
    case 0x0c:
      return utf8Text(content, what)
    case 0x13:
      return matching(/^[A-Za-z0-9 '()+,\-./:=?*&]*$/, content, what)
    case 0x16:
      return ia5Text(content, what)
    case 0x12:
      return matching(/^[0-9 ]*$/, content, what)
    case 0x14:
      return latin1FromBytes(content)
    case 0x1e:
      return bmpText(content, what)
    default:
      throw malformed(what, 'unsupported string type')
  }
}

/** Decodes the content of an IA5String, whatever its tag. */
export function ia5Text(content: Bytes, what: string): string {
  for (const octet of content) if (octet >= 0x80) throw malformed(what, 'not ASCII')
  return latin1FromBytes(content)
}

function utf8Text(content: Bytes, what: string): string {
  try {
    return strictUtf8.decode(content)
  } catch {
    throw malformed(what, 'not UTF-8')
  }
}

function matching(allowed: RegExp, content: Bytes, what: string): string {
  const text = latin1FromBytes(content)
  if (!allowed.test(text)) throw malformed(what, 'character that its type does not have')
  return text
}

function bmpText(content: Bytes, what: string): string {
  if (content.length % 2 !== 0) throw malformed(what, 'half a character')
  const units: number[] = []
  for (let index = 0; index < content.length; index += 2) {
    const unit = ((content[index] ?? 0) << 8) | (content[index + 1] ?? 0)
    const isSurrogate = unit >= 0xd800 && unit <= 0xdfff
    if (isSurrogate || unit >= 0xfffe || (unit >= 0xfdd0 && unit <= 0xfdef)) {
      throw malformed(what, 'no character')
    }
    units.push(unit)
  }
  if (units.at(-1) === 0) units.pop()
  return units.map((unit) => String.fromCharCode(unit)).join('')
}
