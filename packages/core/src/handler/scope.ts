import { type Check, must } from '../internal/options/index.ts'

/** A scope token of RFC 6749 section 3.3. */
export const aScope: Check = must(
  'must be a scope: printable ASCII without spaces, quotation marks and backslashes',
  (value) => typeof value === 'string' && /^[\x21\x23-\x5b\x5d-\x7e]+$/.test(value),
)

/** A URL that can be in the quoted string of a challenge. */
export const aQuotableUrl: Check = must(
  'must be an http or https URL in ASCII',
  (value) => typeof value === 'string' && /^https?:\/\/[!#-[\]-~]+$/.test(value) && URL.canParse(value),
)
