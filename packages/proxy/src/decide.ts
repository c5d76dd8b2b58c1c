import { validateHeaderValue } from 'node:http'
import { isIP } from 'node:net'
import type { Authentication, AuthenticationRequest, Awaitable } from '@kube-authn/core'
import { incomingMessageRequest, StatusError } from '@kube-authn/core/adapter'
import {
  type AuthorizeRequest,
  isStatusError,
  requestAttributes,
  requestInfo,
} from '@kube-authn/core/internal'
import { type ActingOptions, actingAs, refusedUser } from './acting-user.ts'
import { type Body, bodyOf, hasContent } from './body.ts'
import { badGateway, forbidden, unauthorized } from './failures.ts'
import { isImpersonation } from './headers/identity-headers.ts'
import { requestHeaders } from './headers/request-headers.ts'
import type { Header, NodeMessage } from './node-types.ts'
import { forwardedTarget } from './target.ts'

/** A request of an authenticated client. */
export interface Incoming {
  readonly message: NodeMessage
  /** The target that the client sent, whatever a router made of it. */
  readonly target: string
  /** The request that the middlewares decided about. */
  readonly request: AuthenticationRequest
  readonly authentication: Authentication
  readonly auditId: string
  readonly expectsContinue: boolean
  /** Its signal is aborted if the client disconnects; it is read only if something waits. */
  readonly client: { readonly signal: AbortSignal }
  /** The protocol to switch to. */
  readonly upgrade?: string
}

/** What is sent to the upstream. */
export interface Outgoing {
  readonly method: string
  readonly target: string
  readonly headers: readonly string[]
  readonly body: Body
  /** The value of `Authorization` among the headers. */
  readonly authorization: string | undefined
  /** Whether it may be cut anywhere without looking complete. */
  readonly isWatch: () => boolean
  /** Of the request, for logs. */
  readonly path: string
}

/** What decides about requests. */
export interface DecideParts extends ActingOptions {
  readonly prefix: string
  readonly isIdentity: (name: string) => boolean
  readonly via: string
  readonly host: string
  /** The value of `Authorization` for a request; `undefined` if the user has none. */
  readonly authorization: (message: NodeMessage) => Awaitable<string | undefined>
  readonly mode: 'impersonate' | 'token'
  readonly authorize: AuthorizeRequest | undefined
}

/** Decides whether and how a request is forwarded. It never rejects. @returns the refusal of one that is not. */
export async function decide(incoming: Incoming, parts: DecideParts): Promise<Outgoing | StatusError> {
  const { message, request, authentication } = incoming
  const incomplete = incompleteRequest(request)
  if (incomplete !== undefined) return incomplete
  const { method = 'GET' } = message
  if (REFUSED_METHODS.has(method)) return methodNotAllowed()
  const target = forwardedTarget(incoming.target, parts.prefix)
  if (isStatusError(target)) return target
  const body = bodyOf(message)
  if (isStatusError(body)) return body
  if (hasContent(body) && message.readableDidRead) return bodyIsGone()
  if (hasImpersonation(message))
    return forbidden('no impersonation middleware handled the Impersonate-* headers')
  if (passed(message, parts.via)) return loop()
  const refused = refusedUser(authentication, parts)
  if (refused !== undefined) return refused
  const acting = actingHeaders(authentication, parts.mode)
  if (isStatusError(acting)) return acting

  const forwarded = incomingMessageRequest(message, target)
  if (parts.authorize !== undefined) {
    const attributes = (): ReturnType<typeof requestAttributes> => requestAttributes(forwarded)
    const outcome = await parts.authorize(request, authentication.user, {
      attributes,
      signal: incoming.client.signal,
    })
    if ('failure' in outcome) return outcome.failure
  }
  const authorization = await credentialFor(message, parts)
  if (isStatusError(authorization)) return authorization
  return {
    method,
    target,
    body,
    authorization,
    isWatch: () => requestInfo(forwarded).verb === 'watch',
    path: forwarded.path,
    headers: requestHeaders(message, parts.isIdentity, {
      host: parts.host,
      authorization,
      acting,
      body,
      via: parts.via,
      clientAddress: addressOf(request),
      auditId: incoming.auditId,
      expectsContinue: incoming.expectsContinue,
      ...(incoming.upgrade !== undefined && { upgrade: incoming.upgrade }),
    }),
  }
}

async function credentialFor(
  message: NodeMessage,
  { authorization, mode }: DecideParts,
): Promise<string | undefined | StatusError> {
  try {
    const value = await authorization(message)
    if (value !== undefined) validateHeaderValue('authorization', value)
    return value === undefined && mode === 'token' ? unauthorized() : value
  } catch (cause) {
    return badGateway(cause)
  }
}

/** `TRACE` would answer with the credential of the proxy, and `CONNECT` is for tunnels. */
const REFUSED_METHODS: ReadonlySet<string> = new Set(['CONNECT', 'TRACE', 'TRACK'])

/** With the token of the user, the upstream decides about impersonation by the rights of the user. */
function actingHeaders(
  { user, requester }: Authentication,
  mode: DecideParts['mode'],
): readonly Header[] | StatusError {
  return mode === 'token' && requester === undefined ? [] : actingAs(user)
}

/** Headers that the runtime dropped may be those of an impersonation. */
function incompleteRequest(request: AuthenticationRequest): StatusError | undefined {
  if (request.refusal !== undefined) return request.refusal
  if (request.headers.complete !== false) return undefined
  return new StatusError({
    status: 505,
    reason: 'HTTPVersionNotSupported',
    message:
      'This proxy does not take requests over HTTP/2 because this server may drop headers unnoticed: use HTTP/1.1, or create the server with ' +
      'http2ServerOptions or tlsServerOptions of @kube-authn/node on Node 22.17, 24.2 or later',
  })
}

function hasImpersonation({ rawHeaders }: NodeMessage): boolean {
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index] ?? ''
    if ((name.charCodeAt(0) | 0x20) === FIRST_OF_IMPERSONATION && isImpersonation(name.toLowerCase()))
      return true
  }
  return false
}

const FIRST_OF_IMPERSONATION = 0x69

function passed({ rawHeaders }: NodeMessage, via: string): boolean {
  return rawHeaders.some(
    (name, index) =>
      index % 2 === 0 && name.toLowerCase() === 'via' && rawHeaders[index + 1]?.includes(via) === true,
  )
}

/** An address that a framework reports is text of the client if the framework trusts every proxy. */
function addressOf(request: AuthenticationRequest): string | undefined {
  const address = request.clientAddress?.() ?? request.remoteAddress?.()
  return address !== undefined && isIP(address) !== 0 ? address : undefined
}

function methodNotAllowed(): StatusError {
  return new StatusError({
    status: 405,
    reason: 'MethodNotAllowed',
    message: 'the server does not allow this method on the requested resource',
    details: {},
  })
}

function bodyIsGone(): StatusError {
  return new StatusError({
    status: 500,
    reason: 'InternalError',
    message: 'the body of the request has already been read: mount the proxy before body parsers',
  })
}

/** Source: RFC 5842 section 7.2; RFC 9110 section 7.6.3. */
function loop(): StatusError {
  return new StatusError({
    status: 508,
    reason: 'LoopDetected',
    message: 'the request has passed this proxy before',
  })
}
