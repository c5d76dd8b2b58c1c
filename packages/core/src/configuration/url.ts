import { quoted } from '../quote.ts'

/** The parts of a URL that are looked at. */
export interface ParsedUrl {
  /** In lower case; empty when there is none. */
  readonly scheme: string
  readonly hasUserinfo: boolean
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
    throw new UrlError(`parse ${quoted(withoutUserinfo(url))}: ${reason}`)
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
  let path = hierarchy
  if (hierarchy.startsWith('//')) {
    const [authority = ''] = splitOnce(hierarchy.slice(2), '/')
    path = hierarchy.slice(2 + authority.length)
    const at = authority.lastIndexOf('@')
    hasUserinfo = at !== -1
    if (hasUserinfo && !USERINFO.test(authority.slice(0, at))) fail('net/url: invalid userinfo')
    const reason = hostProblem(authority.slice(at + 1))
    if (reason !== undefined) fail(reason)
  }
  const escape = badEscape(path) ?? badEscape(fragment)
  if (escape !== undefined) fail(`invalid URL escape ${quoted(escape)}`)
  return { scheme: scheme.toLowerCase(), hasUserinfo, query, fragment }
}

/** A URL that can be shown, whatever is in front of its `@`. */
export function withoutUserinfo(url: string): string {
  return url.replace(/^([^/?#]*\/\/)[^/?#]*@/, '$1<omitted>@')
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
  const escape = badEscape(host)
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

function splitOnce(text: string, separator: string): readonly string[] {
  const at = text.indexOf(separator)
  return at === -1 ? [text] : [text.slice(0, at), text.slice(at + 1)]
}
