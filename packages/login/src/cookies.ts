import { trimmed } from '@kube-authn/core/internal'

/**
 * The cookies of a request, in the order sent. Of two with the same name the first one counts, which is the one with the longer path.
 *
 * Source: RFC 6265 sections 4.2.1 and 5.4.
 */
export function readCookies(header: string): ReadonlyMap<string, string> {
  const cookies = new Map<string, string>()
  for (const [name, value] of cookiePairs(header)) if (!cookies.has(name)) cookies.set(name, value)
  return cookies
}

/**
 * A `Set-Cookie` line for a cookie that no script reads and no other site sends with a request of its own.
 *
 * Source: RFC 6265bis section 4.1.
 *
 * @param isSecure whether it is sent with `https` only.
 */
export function setCookie(name: string, value: string, maxAgeSeconds: number, isSecure: boolean): string {
  const secure = isSecure ? '; Secure' : ''
  return `${name}=${value}; Path=/; Max-Age=${maxAgeSeconds}; HttpOnly; SameSite=Lax${secure}`
}

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

/**
 * How much of a `Cookie` header the cookies of a login take, in bytes. Node refuses a head of more than 16 KiB, and nginx a line of more than 8 KiB: a browser that has more is
 * locked out until they end. Another site may begin logins, but never so many that this happens.
 */

/** All attempts to log in together: four with short URLs to return to, one with the longest and one of 300 characters. */
export const ATTEMPTS_BYTES = 2048

/** A session in two cookies. With the attempts, and the name of the header, it stays below 8 KiB. */
export const SESSION_BYTES = 6100

/** The size of a cookie in a `Cookie` header, with the `; ` before the next one. */
export function bytesInHeader(name: string, value: string): number {
  return `${name}=${value}; `.length
}
