import { ia5Text } from '../der/directory-string.ts'
import {
  type Bytes,
  contentOf,
  contextTag,
  type DerElement,
  DerReader,
  elementsOf,
  soleElement,
  Tag,
} from '../der/reader.ts'
import { objectIdentifier } from '../der/values.ts'
import { generalNameKind } from './subject-alt-name.ts'

const WHAT = 'cRLDistributionPoints'

/**
 * Checks the syntax of `CRLDistributionPoints` (RFC 5280 section 4.2.1.13). No list is fetched: kube-apiserver does not check
 * revocation.
 */
export function checkCrlDistributionPoints(value: Bytes): void {
  for (const point of elementsOf(soleElement(value, Tag.sequence, WHAT), Tag.sequence, WHAT)) {
    const fields = new DerReader(point)
    const name = fields.optional(contextTag(0, 'constructed'), WHAT)
    if (name !== undefined) checkFullName(name)
    fields.optional(contextTag(1, 'primitive'), WHAT)
    fields.optional(contextTag(2, 'constructed'), WHAT)
    fields.finish(WHAT)
  }
}

/** The other form, a name relative to the issuer, is refused as in Go. */
function checkFullName(name: DerElement): void {
  const names = new DerReader(soleElement(name, contextTag(0, 'constructed'), WHAT))
  while (!names.isAtEnd) {
    const each = names.next(WHAT)
    if (generalNameKind(each) === 'uri') ia5Text(contentOf(each), WHAT)
  }
}

/** Checks the syntax of `AuthorityInfoAccessSyntax` (RFC 5280 section 4.2.2.1). Its locations are not used. */
export function checkAuthorityInformationAccess(value: Bytes): void {
  const what = 'authorityInfoAccess'
  for (const description of elementsOf(soleElement(value, Tag.sequence, what), Tag.sequence, what)) {
    const fields = new DerReader(description)
    objectIdentifier(fields.next(what), what)
    const location = fields.next(what)
    if (generalNameKind(location) === 'uri') ia5Text(contentOf(location), what)
    fields.finish(what)
  }
}
