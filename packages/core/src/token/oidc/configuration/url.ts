import { quoted } from '@kube-authn/internal/quote'
import {
  CONTROL_CHARACTER,
  escapesProblem,
  hostProblem,
  splitOnce,
  USERINFO,
} from '@kube-authn/internal/url-syntax'

/** The parts of a URL that are validated. */
export interface ParsedUrl {
  /** Lower case; empty if the URL has none. */
  readonly scheme: string
  readonly hasUserinfo: boolean
  /** Whether a host follows `//`. */
  readonly hasHost: boolean
  readonly query: string
  readonly fragment: string
}

/** The string is not a URL. */
export class UrlError extends Error {
  override readonly name = 'UrlError'
}

/**
 * Parses a URL as Go does: less strictly than the URL standard, and without normalising.
 *
 * Source: Go `net/url` (`Parse`).
 *
 * @throws {UrlError} with Go's message.
 */
export function parseUrl(url: string): ParsedUrl {
  const fail = (reason: string): never => {
    // Hide the offending part if pieces of a password may be anywhere in the URL.
    const told = isMisplaced(url) ? reason.replace(/ ".*"/s, '') : reason
    throw new UrlError(`parse ${quoted(withoutUserinfo(url))}: ${told}`)
  }
  if (CONTROL_CHARACTER.test(url)) fail('net/url: invalid control character in URL')
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
  const problem = escapesProblem(path) ?? escapesProblem(fragment)
  if (problem !== undefined) fail(problem)
  return { scheme: scheme.toLowerCase(), hasUserinfo, hasHost, query, fragment }
}

/** The URL with everything before its `@` omitted, fit for error messages. */
export function withoutUserinfo(url: string): string {
  return url.replace(isMisplaced(url) ? USERINFO_ANYWHERE : USERINFO_IN_PLACE, '$1<omitted>@')
}

const USERINFO_IN_PLACE = /^((?:[a-z][a-z0-9+.-]*:)?[/\\]*)[^/?#]*@/i
const USERINFO_ANYWHERE = /^((?:[a-z][a-z0-9+.-]*:)?[/\\]*).*@/is

/** Whether the URL has an `@` after the authority, as with an unescaped slash in a password. */
function isMisplaced(url: string): boolean {
  return url.includes('@') && !USERINFO_IN_PLACE.test(url)
}
