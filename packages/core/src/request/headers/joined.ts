import type { RequestHeaders } from '../request.ts'
import { textFromLatin1 } from '@kube-authn/internal/byte-text'

/**
 * Headers from a Fetch `Headers` object, which joins repeated headers. This source is therefore not exact, and an authenticator that
 * trusts a header with several values refuses a comma unless configured how to read it.
 */
export function joinedHeaders(headers: Headers): RequestHeaders {
  return {
    exact: false,
    first(name) {
      const value = headers.get(name)
      return value === null ? undefined : textFromLatin1(value)
    },
    all(name) {
      const value = headers.get(name)
      return value === null ? [] : [textFromLatin1(value)]
    },
    hasPrefix(prefix) {
      for (const name of headers.keys()) if (name.startsWith(prefix)) return true
      return false
    },
    *entries() {
      for (const [name, value] of headers) yield [name, textFromLatin1(value)]
    },
  }
}
