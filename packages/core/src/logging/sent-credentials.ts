import type { AuthenticationRequest } from '../request/request.ts'
import { readIssuedToken } from '../token/jwt/read-jwt.ts'
import { SCHEMES } from './ways-in.ts'
import { shownValue } from '../internal/log/shown-values.ts'

/** The credentials in a request, by their kind only. */
export interface Sent {
  /** As in `bearer token (JWT, iss "https://issuer.example.com")`; empty without any. */
  readonly text: string
  /** The unverified claims of a JWT. */
  readonly token: { readonly issuer: string } | undefined
  readonly isPreflight: boolean
}

/**
 * What a request carries, valid or not: schemes by name, tokens by their form, never a value. Of a JWT it shows the issuer, the audience and
 * the key id, which are no secrets, and which tell most mistakes.
 *
 * @param nowMs to tell an expired token.
 */
export function sentIn(request: AuthenticationRequest, nowMs: number, others: readonly string[]): Sent {
  if (request.refusal !== undefined) return { text: '', token: undefined, isPreflight: false }
  const { headers } = request
  const authorization = (headers.first('authorization') ?? '').trim()
  const [, scheme = '', sent] = /^(bearer|dpop) +(\S+)$/i.exec(authorization) ?? []
  const token = sent === undefined ? undefined : readIssuedToken(sent)
  const protocols = headers.first('sec-websocket-protocol') ?? ''
  const kinds = [
    ...(authorization === ''
      ? []
      : [sent === undefined ? schemeOf(authorization) : formOf(scheme, sent, nowMs)]),
    ...(headers.first('dpop') === undefined ? [] : ['proof (DPoP)']),
    ...(hasCertificate(request) ? ['client certificate'] : []),
    ...(protocols.includes('base64url.bearer.authorization.k8s.io.') ? ['bearer token of a WebSocket'] : []),
    ...others.filter((name) => headers.first(name) !== undefined),
  ]
  return {
    text: kinds.join(' and '),
    token: token === undefined ? undefined : { issuer: token.issuer },
    isPreflight: request.method === 'OPTIONS' && headers.first('access-control-request-method') !== undefined,
  }
}

function schemeOf(authorization: string): string {
  const word = authorization.split(/\s/, 1)[0]?.toLowerCase()
  const scheme = SCHEMES.find((each) => each.toLowerCase() === word)
  if (scheme === 'Basic') return 'Basic credentials'
  return scheme === undefined
    ? 'Authorization header without a known scheme'
    : `Authorization header with the scheme ${scheme}`
}

function formOf(scheme: string, token: string, nowMs: number): string {
  const name = scheme.toLowerCase() === 'dpop' ? 'DPoP token' : 'bearer token'
  if (/^[a-z0-9]{6}\.[a-z0-9]{16}$/.test(token)) return `${name} (in the form of a bootstrap token)`
  const issued = readIssuedToken(token)
  if (issued === undefined) return `${name} (not a JWT)`
  const { issuer, jwt } = issued
  const facts = [
    ...(issuer === '' ? ['without iss'] : [`iss ${shownValue(issuer)}`]),
    ...(jwt === undefined ? ['malformed'] : factsOf(jwt.claims, jwt.keyId, nowMs)),
  ]
  return `${name} (JWT, ${facts.join(', ')})`
}

const MAX_AUDIENCES = 3

function factsOf(claims: Readonly<Record<string, unknown>>, keyId: string, nowMs: number): readonly string[] {
  const audience: unknown = claims['aud']
  const all: readonly unknown[] = Array.isArray(audience) ? audience : [audience]
  const audiences = all.filter((each) => typeof each === 'string')
  const more = audiences.length > MAX_AUDIENCES ? `, and ${audiences.length - MAX_AUDIENCES} more` : ''
  const expiry: unknown = claims['exp']
  return [
    audiences.length === 0
      ? 'without aud'
      : `aud ${audiences.slice(0, MAX_AUDIENCES).map(shownValue).join(', ')}${more}`,
    ...(keyId === '' ? ['without kid'] : [`kid ${shownValue(keyId)}`]),
    ...(typeof expiry === 'number' && expiry * 1000 < nowMs ? ['expired'] : []),
  ]
}

function hasCertificate(request: AuthenticationRequest): boolean {
  try {
    return (request.peerCertificates?.().length ?? 0) > 0
  } catch {
    // The connection is closed.
    return false
  }
}
