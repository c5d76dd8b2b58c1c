import { trimmed } from '@kube-authn/core/internal/login'

/**
 * The names and values in a `Cookie` header, in the order sent.
 *
 * Only spaces and tabs around them are ignored. Other white space is part of a name: browsers do not count a name as one with the prefix `__Host-` if U+2000 is in front of it, so
 * a subdomain may set such a cookie, and it must not be read as the one without.
 *
 * Source: RFC 6265 sections 4.2.1 and 5.2; draft-ietf-httpbis-rfc6265bis section 4.1.3.
 */
export function* cookiePairs(header: string): Generator<readonly [name: string, value: string], void> {
  for (const pair of header.split(';')) {
    const equals = pair.indexOf('=')
    if (equals === -1) continue
    yield [trimmed(pair.slice(0, equals), BLANKS), trimmed(pair.slice(equals + 1), BLANKS)]
  }
}

const BLANKS = ' \t'
