import { unavailable } from '@kube-authn/core'
import { must } from '@kube-authn/core/internal'
import { aBoolean, type OptionsShape } from '@kube-authn/core/adapter'
import { bytesInHeader, cookiePairs, SESSION_BYTES } from '../cookies.ts'

/** The cookie of a session. */
export interface CookieOptions {
  /** The name of the cookie, to which the prefix `__Host-` is added. Apps of one host need different names. Default `session`. */
  readonly cookieName?: string
  /**
   * For development without TLS: the cookies are not `Secure`, and have no prefix. Anyone in the network can read and replace them. Default `false`.
   */
  readonly allowInsecureHttp?: boolean
}

export const cookieShape: OptionsShape<CookieOptions> = {
  cookieName: must(
    'must be a name of 1 to 64 letters, digits, - and _ that does not begin with _',
    (value) => typeof value === 'string' && /^[A-Za-z\d-][\w-]{0,63}$/.test(value),
  ),
  allowInsecureHttp: aBoolean,
}

/** The cookie, or the few cookies, with which a browser keeps a value. */
export interface CookieJar {
  /** The name of the first cookie, with its prefix. */
  readonly name: string
  /** The names of all its cookies. */
  readonly names: readonly string[]
  /** The value in a `Cookie` header; `undefined` if it is absent, incomplete, too long, or there twice. */
  read(header: string | null | undefined): string | undefined
  /**
   * The values of `Set-Cookie` for a value, which has only letters, digits, `.`, `_` and `-`.
   *
   * @throws {AuthenticationError} `unavailable` if it is too long for the cookies.
   */
  write(value: string, remainingMs: number): readonly string[]
  /** The values of `Set-Cookie` that remove the cookies, also those of longer values. */
  clear(): readonly string[]
}

/** How cookies are named and split. */
export interface CookieJarOptions extends Required<CookieOptions> {
  /** At most 9. Up to two hold no more than fits beside the attempts to log in. */
  readonly maxCookies: number
}

/** The most that browsers keep of one cookie: name, value and attributes in bytes. Source: RFC 6265 section 6.1. */
const MAX_COOKIE_BYTES = 4096

/** A longer header is not read. */
const MAX_HEADER_LENGTH = 65_536

const WHOLE_OR_FIRST = /^(?:([2-9])~)?([\w.-]+)$/
const PART = /^[\w.-]+$/

/**
 * The cookies of a session. A value that is too long for one cookie is split: the first part begins with the number of parts and `~`, and the others have the names
 * `NAME.1` and so on. Whether parts belong together is not known here: what reads the value must authenticate it as a whole.
 *
 * The cookies are `Secure`, `HttpOnly`, `SameSite=Lax` and `Path=/` without a domain, and have the prefix `__Host-`, with which browsers accept no other kind: neither
 * another subdomain nor plain HTTP can plant one.
 *
 * Source: draft-ietf-httpbis-rfc6265bis section 4.1.3.
 */
export function cookieJar({ cookieName, allowInsecureHttp, maxCookies }: CookieJarOptions): CookieJar {
  const name = allowInsecureHttp ? cookieName : `__Host-${cookieName}`
  const names = Array.from({ length: maxCookies }, (_, index) => (index === 0 ? name : `${name}.${index}`))
  const attributes = `Path=/; ${allowInsecureHttp ? '' : 'Secure; '}HttpOnly; SameSite=Lax`
  const line = (at: string, value: string, seconds: number): string =>
    `${at}=${value}; Max-Age=${seconds}; ${attributes}`

  const split = (value: string, seconds: number): readonly string[] => {
    if (line(name, value, seconds).length <= MAX_COOKIE_BYTES) return [value]
    const parts: string[] = []
    let room = 0
    let rest = value
    let left = maxCookies > 2 ? Infinity : SESSION_BYTES
    for (const [index, at] of names.entries()) {
      const mark = index === 0 ? '2~' : ''
      const size = Math.min(MAX_COOKIE_BYTES - line(at, mark, seconds).length, left - bytesInHeader(at, mark))
      left -= size + bytesInHeader(at, mark)
      parts.push(rest.slice(0, size))
      rest = rest.slice(size)
      room += size
      if (rest === '') return [`${parts.length}~${parts[0] ?? ''}`, ...parts.slice(1)]
    }
    throw unavailable(
      `the session has ${value.length} bytes and cookies have room for ${room}: keep sessions in a store, or have the provider put less into its tokens`,
    )
  }

  return {
    name,
    names,

    read(header) {
      const values = valuesIn(header ?? '', names)
      const [, count = '1', first] = WHOLE_OR_FIRST.exec(values?.get(name) ?? '') ?? []
      if (values === undefined || first === undefined || Number(count) > maxCookies) return undefined
      const others = names.slice(1, Number(count)).map((at) => values.get(at) ?? '')
      if (!others.every((part) => PART.test(part))) return undefined
      const value = first + others.join('')
      return value.length > Number(count) * MAX_COOKIE_BYTES ? undefined : value
    },

    write(value, remainingMs) {
      const seconds = Math.max(0, Math.ceil(remainingMs / 1000))
      const parts = split(value, seconds)
      return names.map((at, index) => {
        const part = parts[index]
        return part === undefined ? line(at, '', 0) : line(at, part, seconds)
      })
    },

    clear: () => names.map((at) => line(at, '', 0)),
  }
}

/** The values of the cookies with these names; `undefined` if one of them is there twice. */
function valuesIn(header: string, names: readonly string[]): ReadonlyMap<string, string> | undefined {
  const values = new Map<string, string>()
  const [first = ''] = names
  if (header.length > MAX_HEADER_LENGTH || !header.includes(first)) return values
  for (const [name, value] of cookiePairs(header)) {
    if (!names.includes(name)) continue
    if (values.has(name)) return undefined
    values.set(name, value)
  }
  return values
}
