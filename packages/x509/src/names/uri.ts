import { type DomainLabels, domainLabels } from './domain.ts'

/** The part of a URI that name constraints apply to. */
export interface UriHost {
  /** Without user and port; `''` if the URI has no authority. */
  readonly host: string
  /** `undefined` for an IP address, to which constraints on URIs cannot apply. */
  readonly labels: DomainLabels | undefined
}

/**
 * The host of a URI; `undefined` if it is malformed. Accepts what Go's `url.Parse` accepts, so that the same certificates are readable.
 *
 * Source: Go `net/url` (`Parse`), `crypto/x509/parser.go` (`parseSANExtension`).
 */
export function uriHost(uri: string): UriHost | undefined {
  // oxlint-disable-next-line no-control-regex -- it matches control characters
  if (/[\0-\x1f\x7f]/.test(uri) || uri.startsWith(':') || /%(?![0-9A-Fa-f]{2})/.test(uri)) return undefined
  const scheme = /^[A-Za-z][A-Za-z0-9+.-]*:/.exec(uri)?.[0] ?? ''
  const [hierarchy = ''] = uri.slice(scheme.length).split(/[?#]/, 1)
  if (!hierarchy.startsWith('//')) {
    const [firstSegment = ''] = hierarchy.split('/', 1)
    // `a:b` without a scheme is not a path.
    return scheme === '' && firstSegment.includes(':') ? undefined : NO_HOST
  }
  const [authority = ''] = hierarchy.slice(2).split('/', 1)
  const at = authority.lastIndexOf('@')
  if (!/^[\w\-.:~!$&'()*+,;=%@]*$/.test(authority.slice(0, Math.max(at, 0)))) return undefined
  return authorityHost(authority.slice(at + 1))
}

const NO_HOST: UriHost = { host: '', labels: [] }

function authorityHost(authority: string): UriHost | undefined {
  const bracketed = /^\[[^[\]]*\](?::\d*)?$/.test(authority)
  if (bracketed) return { host: authority, labels: undefined }
  const [, host = '', port] = /^([^:]*)(:\d*)?$/.exec(authority) ?? []
  if (host + (port ?? '') !== authority || /[ "%<>\\^`{|}[\]]/.test(host)) return undefined
  if (isIpv4Address(host)) return { host, labels: undefined }
  const labels = domainLabels(host)
  return labels && { host, labels }
}

/** Whether a string is an IPv4 address in dotted-decimal notation. */
export function isIpv4Address(text: string): boolean {
  return /^(?:(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(?:\.(?!$)|$)){4}$/.test(text)
}
