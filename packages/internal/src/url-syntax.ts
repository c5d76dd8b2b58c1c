import { quoted } from './quote.ts'

/*
 * The syntax checks of Go for the parts of a URL. Each function returns Go's error, or `undefined`.
 *
 * Source: Go `net/url`.
 */

/** The part before the `@`. */
export const USERINFO: RegExp = /^[\w\-.:~!$&'()*+,;=%@]*$/

// oxlint-disable-next-line no-control-regex -- it matches control characters
export const CONTROL_CHARACTER: RegExp = /[\u0000-\u001F\u007F]/

/** `host`, `host:port`, `[address]:port`. */
export function hostProblem(host: string): string | undefined {
  if (!host.startsWith('[')) {
    const colon = host.lastIndexOf(':')
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
