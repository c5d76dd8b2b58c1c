import type { Authenticator } from '../authenticator/authenticator.ts'
import type { AuthenticationRequest } from '../request/request.ts'

/** How a caller can authenticate, in one sentence. */
export function wayIn({ name, credentials }: Authenticator): string {
  const schemes = credentials?.schemes ?? []
  const ways = [
    ...schemes.map((scheme) => `send "Authorization: ${scheme} ${VALUES.get(scheme) ?? 'CREDENTIALS'}"`),
    ...(credentials?.peerCertificates === true ? ['present a client certificate in the TLS handshake'] : []),
    ...(credentials?.tlsClientAuth === true ? ['present a client certificate to Cloudflare'] : []),
  ]
  const [first = `send a credential that ${name} looks for`, ...others] = ways
  const text = [first, ...others].join(', or ')
  return `${text.slice(0, 1).toUpperCase()}${text.slice(1)}.`
}

const VALUES: ReadonlyMap<string, string> = new Map([
  ['Bearer', 'TOKEN'],
  ['DPoP', 'TOKEN" and "DPoP: PROOF'],
  ['Basic', 'BASE64-OF-NAME:PASSWORD'],
  ['Negotiate', 'TOKEN'],
])

/**
 * No authenticator had an opinion: the request has no credential of an accepted kind.
 *
 * @param asked the names of the authenticators that were asked, as far as they are known.
 */
export function adviceForUnknown(
  authenticator: Authenticator,
  request: AuthenticationRequest,
  asked: readonly string[],
): string {
  return `${whyUnknown(authenticator, request, asked)} ${waysIn(authenticator, request)}`
}

/** How a caller can authenticate, and whether a certificate cannot be seen on this connection. */
export function waysIn(authenticator: Authenticator, request: AuthenticationRequest): string {
  const { credentials } = authenticator
  const isUnseen = credentials?.peerCertificates === true && request.requestsCertificate?.() === false
  return `${wayIn(authenticator)}${isUnseen ? ` ${UNSEEN}` : ''}`
}

const UNSEEN =
  'This connection cannot have a client certificate: it has no TLS, or its server does not request one, as a server made with ' +
  'tlsServerOptions(...) of @kube-authn/node does.'

function whyUnknown(
  { credentials }: Authenticator,
  { headers }: AuthenticationRequest,
  asked: readonly string[],
): string {
  const among = asked.length === 0 ? '' : ` (asked: ${[...new Set(asked)].join(', ')})`
  const authorization = headers.first('authorization')
  if (authorization === undefined)
    return `The request has no credential that any authenticator knows${among}.`
  const only = headers.all('authorization').length > 1 ? ' Only the first Authorization header counts.' : ''
  const scheme = SCHEMES.find((each) =>
    authorization.trimStart().toLowerCase().startsWith(each.toLowerCase()),
  )
  if (scheme === undefined) {
    return `The Authorization header does not begin with a scheme that any authenticator knows${among}.${only}`
  }
  if (credentials?.schemes.some((each) => each === scheme) !== true) {
    return `The Authorization header has the scheme ${scheme}, which no authenticator accepts${among}.${only}`
  }
  return `The Authorization header has the scheme ${scheme}, but no readable credential: ${FORMS.get(scheme) ?? FORM}.${only}`
}

/** Schemes that a message may name: any other word may be a credential that was sent without a scheme. */
export const SCHEMES: readonly string[] = ['Basic', 'Bearer', 'Digest', 'DPoP', 'Negotiate', 'NTLM', 'Token']

const FORM = 'exactly one space must separate the two'
const FORMS: ReadonlyMap<string, string> = new Map([
  ['Basic', 'exactly one space and the padded base64 of NAME:PASSWORD must follow'],
  ['Bearer', 'exactly one space and the token must follow'],
  ['DPoP', 'exactly one space and the token must follow'],
])
