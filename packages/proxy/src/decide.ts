import { validateHeaderValue } from 'node:http'
import { isIP } from 'node:net'
import type { Authentication, AuthenticationRequest, Awaitable } from '@kube-authn/core'
import { incomingMessageRequest, type StatusError } from '@kube-authn/core/adapter'
import { requestInfo } from '@kube-authn/core/authorization'
import { andThen, settle } from '@kube-authn/core/internal'
import { actingHeaders, type ActingRules } from './acting-user.ts'
import { bodyOf, hasContent } from './body.ts'
import { badGateway, forbidden, refusal, unauthorized } from './failures.ts'
import { pairsOf, valuesOf } from './headers/hop-by-hop.ts'
import { isImpersonation } from './headers/identity-headers.ts'
import { type AddedHeaders, requestHeaders } from './headers/request-headers.ts'
import type { Header, NodeMessage } from './node-types.ts'
import { forwardedTarget } from './target.ts'
import type { UpstreamRequest } from './upstream/upstream.ts'

/** A request of an authenticated client. */
export interface Incoming extends Pick<AddedHeaders, 'auditId' | 'expectsContinue' | 'upgrade'> {
  readonly message: NodeMessage
  /** The target that the client sent, whatever a router made of it. */
  readonly target: string
  /** The request that the middlewares decided about. */
  readonly request: AuthenticationRequest
  readonly authentication: Authentication
  /** The token of the user, for `mode: 'token'`. */
  readonly userToken: string | undefined
}

export interface Outgoing extends UpstreamRequest, Pick<AddedHeaders, 'authorization' | 'auditId' | 'body'> {
  /** Whether it may be cut anywhere without looking complete. */
  readonly isWatch: () => boolean
  /** The path of the request, for logs. */
  readonly path: () => string
}

/** A request as logs have it. */
export function logged({ method, path }: Pick<Outgoing, 'method' | 'path'>): {
  method: string
  path: string
} {
  return { method, path: path() }
}

export interface DecideParts extends Pick<AddedHeaders, 'host' | 'via'>, ActingRules {
  readonly prefix: string
  readonly isIdentity: (name: string) => boolean
  /** The value of `Authorization` for a request; `undefined` if there is none. @param userToken that of the user, for `mode: 'token'`. */
  readonly authorization: (userToken: string | undefined) => Awaitable<string | undefined>
}

/** Decides whether and how a request is forwarded, at once if nothing waits. It never rejects. @returns the refusal of one that is not. */
export function decide(incoming: Incoming, parts: DecideParts): Awaitable<Outgoing | StatusError> {
  const checked = checkedRequest(incoming, parts)
  return isRefusal(checked) ? checked : withCredential(incoming, checked, parts)
}

/** Whether a decision is a refusal, of this or another copy of the class. */
export function isRefusal(decided: object): decided is StatusError {
  return !('target' in decided)
}

/** A request that may be forwarded, as far as it says itself. */
interface CheckedRequest extends Pick<Outgoing, 'body' | 'method' | 'target'> {
  readonly acting: readonly Header[]
}

function checkedRequest(incoming: Incoming, parts: DecideParts): CheckedRequest | StatusError {
  const { message, request, authentication } = incoming
  const incomplete = incompleteRequest(request)
  if (incomplete !== undefined) return incomplete
  const { method = 'GET' } = message
  if (REFUSED_METHODS.has(method)) {
    const why = 'the server does not allow this method on the requested resource'
    return refusal(405, 'MethodNotAllowed', why, { details: {} })
  }
  const target = forwardedTarget(incoming.target, parts.prefix)
  if (typeof target !== 'string') return target
  const body = bodyOf(message)
  if (!('kind' in body)) return body
  if (hasContent(body) && message.readableDidRead) {
    const why = 'the body of the request has already been read: mount the proxy before body parsers'
    return refusal(500, 'InternalError', why)
  }
  if (pairsOf(message.rawHeaders).some(([name]) => isImpersonation(name.toLowerCase()))) {
    return forbidden('no impersonation middleware handled the Impersonate-* headers')
  }
  // Source: RFC 5842 section 7.2; RFC 9110 section 7.6.3.
  if (valuesOf(message.rawHeaders, 'via').some((value) => value.includes(parts.via))) {
    return refusal(508, 'LoopDetected', 'the request has passed this proxy before')
  }
  const acting = actingHeaders(authentication, parts)
  return 'status' in acting ? acting : { method, target, body, acting }
}

function withCredential(
  incoming: Incoming,
  checked: CheckedRequest,
  parts: DecideParts,
): Awaitable<Outgoing | StatusError> {
  return settle(
    () => andThen(parts.authorization(incoming.userToken), sendable),
    (value): Outgoing | StatusError =>
      value === undefined && parts.mode === 'token'
        ? unauthorized()
        : outgoingOf(incoming, checked, parts, value),
    badGateway,
  )
}

/** @throws {TypeError} if a header cannot carry it. */
function sendable(value: string | undefined): string | undefined {
  if (value !== undefined) validateHeaderValue('authorization', value)
  return value
}

function outgoingOf(
  { message, request, auditId, expectsContinue, upgrade }: Incoming,
  { method, target, body, acting }: CheckedRequest,
  { isIdentity, host, via }: DecideParts,
  authorization: string | undefined,
): Outgoing {
  const forwarded = (): AuthenticationRequest => incomingMessageRequest(message, target)
  const added = { host, authorization, acting, body, via, auditId, expectsContinue, upgrade }
  const headers = requestHeaders(message, isIdentity, { ...added, clientAddress: addressOf(request) })
  const sent = { method, target, headers, body, authorization, auditId }
  return {
    ...sent,
    isWatch: () => requestInfo(forwarded()).verb === 'watch',
    path: () => forwarded().path,
  }
}

/** `TRACE` would answer with the credential of the proxy, and `CONNECT` is for tunnels. */
export const REFUSED_METHODS: ReadonlySet<string> = new Set(['CONNECT', 'TRACE', 'TRACK'])

/** Headers that the runtime dropped may be those of an impersonation. */
function incompleteRequest(request: AuthenticationRequest): StatusError | undefined {
  if (request.refusal !== undefined) return request.refusal
  if (request.headers.complete !== false) return undefined
  return refusal(
    505,
    'HTTPVersionNotSupported',
    'This proxy does not take requests over HTTP/2 because this server may drop headers unnoticed: use HTTP/1.1, or create the server with ' +
      'http2ServerOptions or tlsServerOptions of @kube-authn/node on Node 22.17, 24.2 or later',
  )
}

/** An address that a framework reports is text of the client if the framework trusts every proxy. */
function addressOf(request: AuthenticationRequest): string | undefined {
  const address = request.clientAddress?.() ?? request.remoteAddress?.()
  return address !== undefined && isIP(address) !== 0 ? address : undefined
}
