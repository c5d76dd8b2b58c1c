import { quoted } from './quote.ts'

export interface WrittenUrl {
  /** Lower case; empty if the URL has none. */
  readonly scheme: string
  /** What follows a scheme without a slash, as in `mailto:jane`. */
  readonly opaque: string
  /** What precedes the last `@` of the authority; `undefined` without one. */
  readonly userinfo: string | undefined
  /** Including the port; IPv6 addresses are in brackets. */
  readonly host: string
  readonly path: string
  /** Empty if nothing follows the question mark, `undefined` if there is none. */
  readonly query: string | undefined
}

/** The string is not a URL. The message is the reason that Go gives. */
export class UrlProblem extends Error {
  override readonly name = 'UrlProblem'
}

/**
 * Splits a URL without its fragment as Go does: less strictly than the URL standard, and without normalising.
 *
 * Source: Go `net/url` (`parse`, `parseAuthority`).
 *
 * @param isRequest whether it must be an absolute URL or an absolute path, as for `ParseRequestURI`.
 * @param mayHaveColons whether a host without brackets may have several colons, as before Go 1.26: the port follows the last one.
 * @throws {UrlProblem} with Go's reason.
 */
export function splitUrl(text: string, isRequest: boolean, mayHaveColons = false): WrittenUrl {
  if (CONTROL_CHARACTER.test(text)) refuse('net/url: invalid control character in URL')
  if (text === '' && isRequest) refuse('empty url')
  if (text === '*') return { ...NONE, path: '*' }
  if (text.startsWith(':')) refuse('missing protocol scheme')
  const [, scheme = ''] = /^([A-Za-z][A-Za-z0-9+.-]*):/.exec(text) ?? []
  const [hierarchy = '', query] = splitOnce(scheme === '' ? text : text.slice(scheme.length + 1), '?')
  const base = { ...NONE, scheme: scheme.toLowerCase(), query }
  if (!hierarchy.startsWith('/')) {
    if (scheme !== '') return { ...base, opaque: hierarchy }
    if (isRequest) refuse('invalid URI for request')
    if (splitOnce(hierarchy, '/')[0]?.includes(':') === true) {
      refuse('first path segment in URL cannot contain colon')
    }
  }
  const hasAuthority =
    hierarchy.startsWith('//') && (scheme !== '' || (!isRequest && !hierarchy.startsWith('///')))
  const [authority = ''] = hasAuthority ? splitOnce(hierarchy.slice(2), '/') : []
  const path = hasAuthority ? hierarchy.slice(2 + authority.length) : hierarchy
  const at = authority.lastIndexOf('@')
  const userinfo = at === -1 ? undefined : authority.slice(0, at)
  const host = authority.slice(at + 1)
  refuse(hostProblem(host, mayHaveColons))
  if (userinfo !== undefined) {
    refuse(USERINFO.test(userinfo) ? escapesProblem(userinfo) : 'net/url: invalid userinfo')
  }
  refuse(escapesProblem(path))
  return { ...base, userinfo, host, path }
}

/** Refuses a fragment with an invalid escape, as Go does. @throws {UrlProblem} with Go's reason. */
export function checkFragment(fragment: string): void {
  refuse(escapesProblem(fragment))
}

const NONE: WrittenUrl = { scheme: '', opaque: '', userinfo: undefined, host: '', path: '', query: undefined }

function refuse(reason: string | undefined): void {
  if (reason !== undefined) throw new UrlProblem(reason)
}

/** The part before the `@`. */
const USERINFO = /^[\w\-.:~!$&'()*+,;=%@]*$/

// oxlint-disable-next-line no-control-regex -- it matches control characters
const CONTROL_CHARACTER = /[\u0000-\u001F\u007F]/

/** `host`, `host:port`, `[address]:port`. */
function hostProblem(host: string, mayHaveColons: boolean): string | undefined {
  if (!host.startsWith('[')) {
    // An address of IPv6 is in brackets, so the first colon is that of the port.
    const colon = mayHaveColons ? host.lastIndexOf(':') : host.indexOf(':')
    return (colon === -1 ? undefined : portProblem(host.slice(colon))) ?? nameProblem(host)
  }
  const end = host.lastIndexOf(']')
  if (end === -1) return "missing ']' in host"
  const problem = portProblem(host.slice(end + 1))
  const zone = host.slice(0, end).indexOf('%25')
  if (problem !== undefined || zone === -1) return problem ?? nameProblem(host)
  const zoneEscape = badEscape(host.slice(zone, end))
  return (
    nameProblem(host.slice(0, zone)) ??
    (zoneEscape === undefined ? undefined : escapeProblem(zoneEscape)) ??
    characterProblem(host.slice(zone, end)) ??
    nameProblem(host.slice(end))
  )
}

/** Checks the percent escapes, as of a path. */
export function escapesProblem(text: string): string | undefined {
  const escape = badEscape(text)
  return escape === undefined ? undefined : escapeProblem(escape)
}

/** The parts before and after the first separator. */
export function splitOnce(text: string, separator: string): readonly string[] {
  const at = text.indexOf(separator)
  return at === -1 ? [text] : [text.slice(0, at), text.slice(at + 1)]
}

function portProblem(port: string): string | undefined {
  return port === '' || /^:\d*$/.test(port) ? undefined : `invalid port ${quoted(port)} after host`
}

/** In a host, only non-ASCII characters and the percent sign may be escaped. */
function nameProblem(host: string): string | undefined {
  const escape = badEscape(host) ?? /%(?!25)[0-7]./.exec(host)?.[0]
  return escape === undefined ? characterProblem(host) : escapeProblem(escape)
}

function characterProblem(host: string): string | undefined {
  const [character] = /[^\w\-.~!$&'()*+,;=:[\]<>"%\u0080-\uFFFF]/.exec(host) ?? []
  return character === undefined ? undefined : `invalid character ${quoted(character)} in host name`
}

function badEscape(text: string): string | undefined {
  return /%(?![0-9A-Fa-f]{2}).{0,2}/.exec(text)?.[0]
}

function escapeProblem(escape: string): string {
  return `invalid URL escape ${quoted(escape)}`
}
