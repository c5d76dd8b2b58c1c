import type { Authenticator } from '../../authenticator/authenticator.ts'
import type { AuthenticationRequest } from '../../request/request.ts'
import type { RecordedStep } from './record-steps.ts'

/** How a caller becomes known, in a sentence. */
export function wayIn({ name, credentials }: Authenticator): string {
  const schemes = credentials?.schemes ?? []
  const ways = [
    ...schemes.map((scheme) => `send "Authorization: ${scheme} ${VALUES.get(scheme) ?? 'CREDENTIALS'}"`),
    ...(credentials?.peerCertificates === true ? ['present a client certificate in the TLS handshake'] : []),
    ...(credentials?.tlsClientAuth === true ? ['present a client certificate to Cloudflare'] : []),
  ]
  const [first = `send a credential that ${name} looks for`, ...others] = ways
  return `${capitalized([first, ...others].join(', or '))}.`
}

const VALUES: ReadonlyMap<string, string> = new Map([
  ['Bearer', 'TOKEN'],
  ['Basic', 'BASE64-OF-NAME:PASSWORD'],
  ['Negotiate', 'TOKEN'],
])

/** No authenticator had an opinion: there is no credential, or none of a kind that is looked for. */
export function adviceForUnknown(
  authenticator: Authenticator,
  request: AuthenticationRequest,
  asked: RecordedStep | undefined,
): string {
  const unseen = isCertificateUnseen(authenticator, request) ? ` ${UNSEEN}` : ''
  return `${whyUnknown(authenticator, request, asked)} ${wayIn(authenticator)}${unseen}`
}

function isCertificateUnseen({ credentials }: Authenticator, request: AuthenticationRequest): boolean {
  return credentials?.peerCertificates === true && request.requestsCertificate?.() === false
}

const UNSEEN =
  'On this connection none can be seen: it has no TLS, or its server does not ask for one, as a server made with tlsServerOptions(...) of ' +
  '@kube-authn/node does.'

function whyUnknown(
  { credentials }: Authenticator,
  { headers }: AuthenticationRequest,
  asked: RecordedStep | undefined,
): string {
  const names = leavesOf(asked).map(({ authenticator }) => authenticator)
  const among = names.length === 0 ? '' : ` (asked: ${[...new Set(names)].join(', ')})`
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
    return `The Authorization header has the scheme ${scheme}, which no authenticator takes${among}.${only}`
  }
  return `The Authorization header has the scheme ${scheme}, and nothing after it that can be read: ${FORMS.get(scheme) ?? FORM}.${only}`
}

/** Schemes that may be named: any other text may be a credential that was sent without one. */
const SCHEMES = ['Basic', 'Bearer', 'Digest', 'DPoP', 'Negotiate', 'NTLM', 'Token'] as const

const FORM = 'exactly one space comes between the two'
const FORMS: ReadonlyMap<string, string> = new Map([
  ['Basic', 'after exactly one space comes the base64 of NAME:PASSWORD, with its padding'],
  ['Bearer', 'after exactly one space comes the token'],
])

/** The steps that asked no other one. */
export function leavesOf(step: RecordedStep | undefined): readonly RecordedStep[] {
  if (step === undefined) return []
  return step.steps.length === 0 ? [step] : step.steps.flatMap(leavesOf)
}

function capitalized(text: string): string {
  return text.slice(0, 1).toUpperCase() + text.slice(1)
}
