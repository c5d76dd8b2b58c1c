/** The labels of a domain name, the rightmost first, in lower case: `www.Example.com` is `com`, `example`, `www`. */
export type DomainLabels = readonly string[]

/**
 * The labels of a domain name; `undefined` if a label is empty, also at the end, or has characters other than visible ASCII. The empty
 * name has no labels.
 *
 * Source: Go `crypto/x509/verify.go` (`domainToReverseLabels`).
 */
export function domainLabels(domain: string): DomainLabels | undefined {
  if (domain === '') return []
  const labels = domain.toLowerCase().split('.').toReversed()
  return labels.every((label) => /^[!-~]+$/.test(label)) ? labels : undefined
}

/** A subtree of domain names: a domain and all below it or, if the constraint starts with a dot, only those below it. */
export interface DomainSubtree {
  readonly labels: DomainLabels
  readonly onlyBelow: boolean
}

/** The subtree of a name constraint; `undefined` if it is not a domain name. */
export function domainSubtree(constraint: string): DomainSubtree | undefined {
  const onlyBelow = constraint.startsWith('.')
  const labels = domainLabels(onlyBelow ? constraint.slice(1) : constraint)
  return labels && { labels, onlyBelow }
}

export function isInSubtree(domain: DomainLabels, { labels, onlyBelow }: DomainSubtree): boolean {
  const isLongEnough = onlyBelow ? domain.length > labels.length : domain.length >= labels.length
  return isLongEnough && labels.every((label, index) => label === domain[index])
}

/**
 * Whether a domain that matches the wildcard may be in the subtree, as `a.example.com` matches `*.example.com`. Names without
 * a wildcard match only themselves.
 *
 * Deviation: Go up to 1.24 treats the asterisk as an ordinary label (CVE-2025-61727; `docs/deviations.md`, stricter certificates).
 */
export function mayBeInSubtree(domain: DomainLabels, subtree: DomainSubtree): boolean {
  if (isInSubtree(domain, subtree)) return true
  if (domain.at(-1) !== '*' || subtree.onlyBelow || domain.length !== subtree.labels.length) return false
  return subtree.labels.slice(0, -1).every((label, index) => label === domain[index])
}

/** An e-mail address. The local part is case-sensitive, the domain is not. */
export interface Mailbox {
  readonly local: string
  readonly domain: DomainLabels
}

/** One or more atoms, separated by dots (RFC 5322 section 3.2.3). */
const DOT_ATOM = /^[\w!#$%&'*+\-/=?^`{|}~]+(?:\.[\w!#$%&'*+\-/=?^`{|}~]+)*$/
/** RFC 5321 section 4.1.2; a character after a backslash stands for itself. */
const QUOTED = /^"(?:[ !#-[\]-~]|\\[ -~])*"$/

/** Parses an address (RFC 5321 section 4.1.2); `undefined` if it is malformed. */
export function mailboxOf(address: string): Mailbox | undefined {
  const at = address.lastIndexOf('@')
  const local = address.slice(0, at)
  const domain = domainLabels(address.slice(at + 1))
  if (at < 1 || domain === undefined || domain.length === 0) return undefined
  if (DOT_ATOM.test(local)) return { local, domain }
  if (!QUOTED.test(local)) return undefined
  return { local: local.slice(1, -1).replaceAll(/\\(.)/g, '$1'), domain }
}

export function isSameMailbox(one: Mailbox, other: Mailbox): boolean {
  return (
    one.local === other.local &&
    one.domain.length === other.domain.length &&
    one.domain.every((label, index) => label === other.domain[index])
  )
}

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
