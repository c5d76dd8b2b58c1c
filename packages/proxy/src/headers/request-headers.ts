import type { Body } from '../body.ts'
import type { Header, NodeMessage } from '../node-types.ts'
import { hopByHop, pairsOf, tokensOf } from './hop-by-hop.ts'

/** What a proxied request has besides the headers of the client. */
export interface AddedHeaders {
  /** That of the upstream. */
  readonly host: string
  readonly authorization: string | undefined
  /** Who the request is made as. */
  readonly acting: readonly Header[]
  readonly body: Body
  /** The name of this proxy in `Via`. */
  readonly via: string
  readonly clientAddress: string | undefined
  readonly auditId: string
  /** Whether the client waits for `100 Continue`. */
  readonly expectsContinue: boolean
  /** The protocol to switch to, as the client spells it. */
  readonly upgrade: string | undefined
}

/** Set by this proxy, whatever the client sent. */
export const OWN_HEADERS: ReadonlySet<string> = new Set([
  'audit-id',
  'content-length',
  'expect',
  'host',
  'via',
])

/**
 * The headers of a request to the upstream, flat: name, value, name, value. Those of the client keep their order, repetitions and spelling. What identifies the client is
 * left out first, and what identifies the user is added last, so that no header of the client, such as `Connection`, can take it away.
 *
 * Source: RFC 9110 sections 7.6.1 and 7.6.3.
 */
export function requestHeaders(
  { rawHeaders, httpVersionMajor }: NodeMessage,
  isIdentity: (name: string) => boolean,
  added: AddedHeaders,
): string[] {
  const { host, authorization, acting, body, via, clientAddress, auditId, upgrade } = added
  const isHopByHop = hopByHop(rawHeaders)
  const vias: string[] = []
  const trailers: string[] = []
  const headers = ['Host', host]
  for (const [name, value] of pairsOf(rawHeaders)) {
    const lowerCase = name.toLowerCase()
    if (lowerCase === 'via') vias.push(value)
    if (lowerCase === 'trailer') trailers.push(...tokensOf(value))
    if (
      lowerCase.startsWith(':') ||
      OWN_HEADERS.has(lowerCase) ||
      isHopByHop(lowerCase) ||
      isIdentity(lowerCase)
    )
      continue
    if (lowerCase === 'sec-websocket-protocol') {
      const others = withoutToken(value)
      if (others !== undefined) headers.push(name, others)
    } else headers.push(name, value)
  }
  const version = httpVersionMajor === 2 ? '2' : '1.1'
  headers.push('Via', [...vias, `${version} ${via}`].join(', '), 'Audit-ID', auditId)
  if (clientAddress !== undefined) headers.push('X-Forwarded-For', clientAddress)
  if (added.expectsContinue) headers.push('Expect', '100-continue')
  if (upgrade !== undefined) headers.push('Connection', 'Upgrade', 'Upgrade', upgrade)
  if (body.kind === 'sized') headers.push('Content-Length', body.length)
  else if (body.kind === 'chunked') {
    headers.push('Transfer-Encoding', 'chunked')
    const announced = trailers.filter((each) => !isRefusedTrailer(each, isIdentity))
    if (announced.length > 0) headers.push('Trailer', announced.join(', '))
  }
  if (authorization !== undefined) headers.push('Authorization', authorization)
  for (const [name, value] of acting) headers.push(name, value)
  return headers
}

/** Source: RFC 9110 section 6.5.1: no framing, routing and authentication in trailers. */
function isRefusedTrailer(name: string, isIdentity: (name: string) => boolean): boolean {
  return OWN_HEADERS.has(name) || isIdentity(name) || isFraming(name)
}

const isFraming = hopByHop([])

/** The trailers of a request that may be forwarded. */
export function requestTrailers(
  raw: readonly string[],
  isIdentity: (name: string) => boolean,
): readonly Header[] {
  return pairsOf(raw).filter(([name]) => !isRefusedTrailer(name.toLowerCase(), isIdentity))
}

const TOKEN_PREFIX = 'base64url.bearer.authorization.k8s.io.'

/**
 * The WebSocket subprotocols of a header without the one that is a bearer token; `undefined` if there are no others.
 *
 * Source: apiserver `pkg/authentication/request/websocket/protocol.go`.
 */
export function withoutToken(value: string): string | undefined {
  if (!value.toLowerCase().includes(TOKEN_PREFIX)) return value
  const others = value
    .split(',')
    .map((each) => each.trim())
    .filter((each) => each !== '' && !each.toLowerCase().startsWith(TOKEN_PREFIX))
  return others.length === 0 ? undefined : others.join(', ')
}
