import { quoted } from '../../quote.ts'

/** The parts of a URL that are looked at. */
export interface ParsedUrl {
  /** In lower case; empty when there is none. */
  readonly scheme: string
  readonly hasUserinfo: boolean
  /** Whether a host is named behind `//`. */
  readonly hasHost: boolean
  readonly query: string
  readonly fragment: string
}

/** It is no URL. */
export class UrlError extends Error {
  override readonly name = 'UrlError'
}

/**
 * Reads a URL as Go does, which refuses less than the URL standard and changes nothing.
 *
 * Source: Go `net/url` (`Parse`).
 *
 * @throws {UrlError} with Go's text.
 */
export function parseUrl(url: string): ParsedUrl {
  const fail = (reason: string): never => {
    // Where a password may be in pieces all over the URL, what is wrong is not shown.
    const told = isMisplaced(url) ? reason.replace(/ ".*"/s, '') : reason
    throw new UrlError(`parse ${quoted(withoutUserinfo(url))}: ${told}`)
  }
  // Control characters are what is looked for.
  // oxlint-disable-next-line no-control-regex
  if (/[\u0000-\u001F\u007F]/.test(url)) fail('net/url: invalid control character in URL')
  const [beforeFragment = '', fragment = ''] = splitOnce(url, '#')
  if (beforeFragment.startsWith(':')) fail('missing protocol scheme')
  const [, scheme = ''] = /^([A-Za-z][A-Za-z0-9+.-]*):/.exec(beforeFragment) ?? []
  const afterScheme = scheme === '' ? beforeFragment : beforeFragment.slice(scheme.length + 1)
  const [hierarchy = '', query = ''] = splitOnce(afterScheme, '?')
  if (scheme === '' && !hierarchy.startsWith('/') && (hierarchy.split('/')[0] ?? '').includes(':')) {
    fail('first path segment in URL cannot contain colon')
  }
  let hasUserinfo = false
  let hasHost = false
  let path = hierarchy
  if (hierarchy.startsWith('//')) {
    const [authority = ''] = splitOnce(hierarchy.slice(2), '/')
    path = hierarchy.slice(2 + authority.length)
    const at = authority.lastIndexOf('@')
    hasUserinfo = at !== -1
    if (hasUserinfo && !USERINFO.test(authority.slice(0, at))) fail('net/url: invalid userinfo')
    const host = authority.slice(at + 1)
    const reason = hostProblem(host)
    if (reason !== undefined) fail(reason)
    hasHost = !/^(?::|$)/.test(host)
  }
  const escape = badEscape(path) ?? badEscape(fragment)
  if (escape !== undefined) fail(`invalid URL escape ${quoted(escape)}`)
  return { scheme: scheme.toLowerCase(), hasUserinfo, hasHost, query, fragment }
}

/** A URL that can be shown, whatever is in front of its `@`, and wherever that is. */
export function withoutUserinfo(url: string): string {
  return url.replace(isMisplaced(url) ? USERINFO_ANYWHERE : USERINFO_IN_PLACE, '$1<omitted>@')
}

const USERINFO_IN_PLACE = /^((?:[a-z][a-z0-9+.-]*:)?[/\\]*)[^/?#]*@/i
const USERINFO_ANYWHERE = /^((?:[a-z][a-z0-9+.-]*:)?[/\\]*).*@/is

/** Whether there is an `@` behind what ends the place of a password, as when there is a slash in the password. */
function isMisplaced(url: string): boolean {
  return url.includes('@') && !USERINFO_IN_PLACE.test(url)
}

const USERINFO = /^[\w\-.:~!$&'()*+,;=%@]*$/

function hostProblem(host: string): string | undefined {
  if (host.startsWith('[')) {
    const end = host.lastIndexOf(']')
    return end === -1 ? "missing ']' in host" : portProblem(host.slice(end + 1))
  }
  const colon = host.lastIndexOf(':')
  const problem = colon === -1 ? undefined : portProblem(host.slice(colon))
  if (problem !== undefined) return problem
  const escape = badHostEscape(host)
  if (escape !== undefined) return `invalid URL escape ${quoted(escape)}`
  const [character] = /[^\w\-.~!$&'()*+,;=:[\]<>"%\u0080-\uFFFF]/.exec(host) ?? []
  return character === undefined ? undefined : `invalid character ${quoted(character)} in host name`
}

function portProblem(port: string): string | undefined {
  return port === '' || /^:\d*$/.test(port) ? undefined : `invalid port ${quoted(port)} after host`
}

function badEscape(text: string): string | undefined {
  return /%(?![0-9A-Fa-f]{2}).{0,2}/.exec(text)?.[0]
}

/** In a host, only what is not ASCII can be escaped, and the percent sign. */
function badHostEscape(host: string): string | undefined {
  return badEscape(host) ?? /%(?!25)[0-7]./.exec(host)?.[0]
}

function splitOnce(text: string, separator: string): readonly string[] {
  const at = text.indexOf(separator)
  return at === -1 ? [text] : [text.slice(0, at), text.slice(at + 1)]
}
