import { type Bytes, contentOf, DerReader, elementsOf, soleElement, Tag } from '../der/reader.ts'
import { ia5Text } from '../der/directory-string.ts'
import { objectIdentifier } from '../der/values.ts'
import { GeneralNameTag } from './subject-alt-name.ts'

/** Checks the syntax of `AuthorityInfoAccessSyntax` (RFC 5280 section 4.2.2.1). Its locations are not used. */
export function checkAuthorityInformationAccess(value: Bytes): void {
  const what = 'authorityInfoAccess'
  for (const description of elementsOf(soleElement(value, Tag.sequence, what), Tag.sequence, what)) {
    const fields = new DerReader(description)
    objectIdentifier(fields.next(what), what)
    const location = fields.next(what)
    if (location.tag === GeneralNameTag.uri) ia5Text(contentOf(location), what)
    fields.finish(what)
  }
}
