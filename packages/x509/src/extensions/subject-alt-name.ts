import { ia5Text } from '../der/directory-string.ts'
import { type Bytes, contentOf, type DerElement, DerReader, soleElement, Tag } from '../der/reader.ts'
import { malformed } from '../errors.ts'
import { uriHost } from '../names/domain.ts'

/** The kinds of names for which name constraints are checked. */
export type GeneralNameKind = 'email' | 'dns' | 'uri' | 'ip'

/** The kinds of `GeneralName` by tag (RFC 5280 section 4.2.1.6). */
const KINDS: ReadonlyMap<number, GeneralNameKind> = new Map([
  [0x81, 'email'],
  [0x82, 'dns'],
  [0x86, 'uri'],
  [0x87, 'ip'],
])

/** The alternative names of a subject. They do not identify a user, but must satisfy the constraints of the CAs. */
export interface SubjectAltName {
  /** The value of the extension. */
  readonly der: Bytes
  /** The names of kinds for which constraints are checked. */
  readonly names: readonly GeneralName[]
}

export type GeneralName =
  | { readonly kind: 'email' | 'dns' | 'uri'; readonly text: string }
  | { readonly kind: 'ip'; readonly octets: Bytes }

/** Reads `SubjectAltName`. Names of other kinds are skipped. */
export function subjectAltNameOf(value: Bytes): SubjectAltName {
  const what = 'subjectAltName'
  const names: GeneralName[] = []
  const elements = new DerReader(soleElement(value, Tag.sequence, what))
  while (!elements.isAtEnd) {
    const name = generalNameOf(elements.next(what), what)
    if (name !== undefined) names.push(name)
  }
  return { der: value, names }
}

function generalNameOf(element: DerElement, what: string): GeneralName | undefined {
  const kind = generalNameKind(element)
  if (kind === undefined) return undefined
  const octets = contentOf(element)
  if (kind === 'ip') {
    if (octets.length !== 4 && octets.length !== 16) throw malformed(what, 'IP address of a strange length')
    return { kind, octets }
  }
  const text = ia5Text(octets, what)
  if (kind === 'uri' && uriHost(text) === undefined) throw malformed(what, 'not a URI')
  return { kind, text }
}

/** The kind of a `GeneralName`; `undefined` for unsupported kinds. */
export function generalNameKind({ tag }: DerElement): GeneralNameKind | undefined {
  return KINDS.get(tag)
}
