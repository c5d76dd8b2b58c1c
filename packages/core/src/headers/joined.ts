import type { RequestHeaders } from '../request/request.ts'
import { textFromLatin1 } from './byte-text.ts'

/**
 * Headers from a Fetch `Headers` object. It joined repeated headers already, so this source is not exact, and an
 * authenticator that trusts a header with several values fails closed on a comma unless told how to read it.
 */
export function joinedHeaders(headers: Headers): RequestHeaders {
  const decoded = (value: string): string => (isByteString(value) ? textFromLatin1(value) : value)
  return {
    exact: false,
    first(name) {
      const value = headers.get(name)
      return value === null ? undefined : decoded(value)
    },
    all(name) {
      const value = headers.get(name)
      return value === null ? [] : [decoded(value)]
    },
    *entries() {
      for (const [name, value] of headers) yield [name, decoded(value)]
    },
  }
}

/** Some runtimes decode header values as UTF-8 themselves; what is beyond latin1 is text already. */
function isByteString(value: string): boolean {
  return !/[^\0-\xff]/.test(value)
}
