import { randomUUID } from 'node:crypto'
import type { ClientRequest, IncomingMessage } from 'node:http'
import { Readable } from 'node:stream'
import type { Authentication, Clock } from '@kube-authn/core'
import {
  defined,
  isStatusError,
  optionProblems,
  refuseProblems,
  systemClock,
} from '@kube-authn/core/internal'
import { endpointConnection } from '@kube-authn/node/internal'
import { actingHeaders, actingRules } from '../acting-user.ts'
import { endOf } from '../connection-ends.ts'
import { REFUSED_METHODS } from '../decide.ts'
import { failureOf, unauthorized } from '../failures.ts'
import { hopByHop, pairsOf } from '../headers/hop-by-hop.ts'
import { identifies } from '../headers/identity-headers.ts'
import type { Header } from '../node-types.ts'
import { OWN_HEADERS } from '../headers/request-headers.ts'
import { type UpstreamOptions, upstreamProblems, upstreamShape } from '../options.ts'
import { forwardedTarget } from '../target.ts'
import { sentCredential } from '../upstream/sent-credential.ts'
import {
  isLostConnection,
  isOwnAnswer,
  isRepeatable,
  limitWaiting,
  type Upstream,
  type UpstreamRequest,
  upstreamOf,
} from '../upstream/upstream.ts'

/** Options of {@link clusterClient}: those of `impersonatingProxy` about the upstream. */
export type ClusterClientOptions = UpstreamOptions

/** The supported part of the Fetch API's request options. */
export interface UserFetchInit {
  /** Default `GET`. */
  readonly method?: string
  /** Headers that say who makes the request, or are for one connection, are a `TypeError`, so that none of another request is passed on. */
  readonly headers?: ConstructorParameters<typeof Headers>[0]
  readonly body?: string | Uint8Array | null | undefined
  /** Ends the request, and its response. */
  readonly signal?: AbortSignal | null | undefined
}

/**
 * Makes a request to the cluster as one user.
 *
 * @param url a path, such as `/api/v1/namespaces`, or a URL of the cluster. Dot segments are refused, so that a name from a client cannot leave its place in a path.
 */
export type UserFetch = (url: string | URL, init?: UserFetchInit) => Promise<Response>

/** Requests to a cluster, as the users of an app. */
export interface ClusterClient {
  /**
   * A `fetch` that makes requests as a user. Responses are not limited, and end with an error once the credential of the user expires or is revoked. No redirect is followed.
   *
   * The `fetch` rejects with a `StatusError`: 401 if the credential has ended, 502 or 504 if the cluster does not answer, 400 for a path that servers read in different ways.
   *
   * @param authentication the result of `getAuthentication(...)`.
   * @param token the user's own token, for `mode: 'token'`.
   * @throws {StatusError} 401 for an anonymous user, or without a token; 403 for a user in a refused group, or one that headers cannot carry.
   */
  asUser(this: void, authentication: Authentication, token?: string): UserFetch
  /** Closes idle connections, and stops reading files. What is in progress goes on. */
  close(this: void): Promise<void>
  /** The same as `close`, for `await using`. */
  [Symbol.asyncDispose](this: void): Promise<void>
}

/**
 * Makes requests to a Kubernetes API server as the users of an app: with the credential of the app and the user in `Impersonate-*` headers, with all groups and extra fields, or with
 * the user's own token. It refuses the users that `impersonatingProxy` refuses.
 *
 * Source: client-go `transport/round_trippers.go`.
 *
 * @throws {ConfigurationError} if an option is invalid, or a file of `upstream` cannot be used.
 * @example
 * const cluster = clusterClient({ upstream: readKubeconfig('app.kubeconfig') })
 * app.get('/pods', async (req, res) => {
 *   const answer = await cluster.asUser(getAuthentication(req))('/api/v1/namespaces/default/pods')
 *   res.status(answer.status).json(await answer.json())
 * })
 */
export function clusterClient(options: ClusterClientOptions): ClusterClient {
  const found = optionProblems(upstreamShape, options)
  refuseProblems(found.length > 0 ? found : upstreamProblems(options))
  const { upstream, credentials, mode = 'impersonate', allowInsecureHttp = false, ...others } = options
  const { connectTimeoutSeconds = 10, responseTimeoutSeconds = 90, maxConnectionSeconds, ...rest } = others
  const { clock = systemClock, ...acting } = rest
  const connection = endpointConnection(upstream, { allowInsecureHttp, clock })
  const server = upstreamOf(connection, { connectTimeoutSeconds, clock })
  const credential = sentCredential(mode, credentials, server.authorization)
  const rules = actingRules(acting, mode)
  const untilEnd = endOf(maxConnectionSeconds, clock)

  const asUser = (authentication: Authentication, token?: string): UserFetch => {
    const headers = actingHeaders(authentication, rules)
    if (isStatusError(headers)) throw headers
    if (mode === 'token' && (token ?? '') === '') throw unauthorized()

    return async function fetchAsUser(url, init = {}) {
      const { body } = init
      const method = (init.method ?? 'GET').toUpperCase()
      if (REFUSED_METHODS.has(method)) throw new TypeError(`the method ${method} is not supported`)
      const content = body === undefined || body === null ? undefined : Buffer.from(body)
      const target = targetOf(url, connection.url)
      const given = givenHeaders(init.headers)
      const authorization = await credential.forRequest(token)
      const added = { Host: server.host, 'Audit-ID': randomUUID(), 'Accept-Encoding': 'identity' }
      const length = content && { 'Content-Length': String(content.length) }
      const own = Object.entries({ ...added, ...length, ...defined({ Authorization: authorization }) })
      const sent = { method, target, headers: [...given, ...own, ...headers].flat() }
      const over = new AbortController()
      const ended = untilEnd(authentication, (listener) => over.signal.addEventListener('abort', listener))
      const signal = AbortSignal.any([ended, init.signal].filter((each) => each instanceof AbortSignal))
      try {
        const parts = { server, signal, auditId: added['Audit-ID'], responseTimeoutSeconds, clock }
        const response = await responseTo(sent, content, parts)
        if (response.statusCode === 401) credential.refused(authorization)
        response.once('close', () => over.abort())
        return asResponse(response)
      } catch (error) {
        over.abort()
        throw ended?.aborted === true ? unauthorized() : error
      }
    }
  }
  const close = (): Promise<void> => {
    server.close()
    return Promise.resolve()
  }
  return { asUser, close, [Symbol.asyncDispose]: close }
}

/** @throws {TypeError} for a URL of another server. @throws {StatusError} 400 for a path that servers read in different ways. */
function targetOf(url: string | URL, { origin, pathname }: URL): string {
  const base = origin + pathname.replace(/\/+$/, '')
  // A string is not parsed, which would resolve its dot segments.
  const text = typeof url === 'string' ? url : url.href
  if (!text.startsWith('/') && !text.startsWith(`${base}/`))
    throw new TypeError(`the URL must be below ${base}`)
  const target = forwardedTarget(text.startsWith('/') ? text : text.slice(base.length), '')
  if (typeof target !== 'string') throw target
  return target
}

const isIdentity = identifies()
const isHopByHop = hopByHop([])

/** @throws {TypeError} for a header that the client of a user must not set. */
function givenHeaders(given: UserFetchInit['headers']): readonly Header[] {
  const headers = new Headers(given)
  headers.delete('accept-encoding')
  for (const name of headers.keys()) {
    if (isIdentity(name) || isHopByHop(name) || OWN_HEADERS.has(name))
      throw new TypeError(
        `the header ${name} must not be set: it is not for the cluster, or not for this user`,
      )
  }
  if (!headers.has('user-agent')) headers.set('user-agent', 'kube-authn')
  return [...headers]
}

interface ResponseParts {
  readonly server: Upstream
  /** Ends the request, and its response. */
  readonly signal: AbortSignal
  readonly auditId: string
  readonly responseTimeoutSeconds: number
  readonly clock: Clock
}

/** Sends a request, once more if its connection was used before and is lost. @throws {StatusError} if there is no response. */
async function responseTo(
  sent: UpstreamRequest,
  content: Buffer | undefined,
  parts: ResponseParts,
): Promise<IncomingMessage> {
  for (let isAlone = false; ; isAlone = true) {
    parts.signal.throwIfAborted()
    const request = parts.server.open(sent, isAlone)
    if (isStatusError(request)) throw request
    try {
      return await answered(request, content, parts)
    } catch (error) {
      if (parts.signal.aborted) throw parts.signal.reason
      const mayRepeat = isLostConnection(error) || error instanceof OtherAnswerError
      const isRepeated = mayRepeat && !isAlone && isRepeatable(request, content !== undefined)
      if (!isRepeated) throw failureOf(error)
    }
  }
}

class OtherAnswerError extends Error {
  override readonly message = 'the response of the upstream has another Audit-ID than the request'
}

function answered(
  request: ClientRequest,
  content: Buffer | undefined,
  { signal, auditId, responseTimeoutSeconds, clock }: ResponseParts,
): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const stopWaiting = limitWaiting(request, responseTimeoutSeconds, clock)
    let received: IncomingMessage | undefined
    const onAbort = (): void => {
      const reason: unknown = signal.reason
      const error = reason instanceof Error ? reason : new Error('the request was aborted')
      for (const each of [received, request]) each?.destroy(error)
    }
    signal.addEventListener('abort', onAbort, { once: true })
    request.on('error', reject)
    // Also if the upstream switches protocols unasked, of which Node has no other event.
    request.once('close', () => {
      stopWaiting()
      signal.removeEventListener('abort', onAbort)
      reject(new Error('the upstream closed the connection'))
    })
    request.once('response', (response) => {
      stopWaiting()
      received = response
      if (isOwnAnswer(request, response, auditId)) resolve(response)
      // The answer to another request, which may be one of another user: nothing of it is read.
      else request.destroy(new OtherAnswerError())
    })
    request.end(content)
  })
}

const BODILESS: ReadonlySet<unknown> = new Set([204, 205, 304])

/** @throws {StatusError} 502 for a response that the Fetch API cannot express. */
function asResponse(response: IncomingMessage): Response {
  const { statusCode: status = 0, statusMessage: statusText = '', rawHeaders } = response
  const isForConnection = hopByHop(rawHeaders)
  try {
    const headers = pairsOf(rawHeaders).filter(([name]) => !isForConnection(name.toLowerCase()))
    const content: unknown = BODILESS.has(status) ? null : Readable.toWeb(response)
    const body = content instanceof ReadableStream ? content : null
    if (body === null) response.resume()
    return new Response(body, { status, statusText, headers: headers.map(([name, value]) => [name, value]) })
  } catch (error) {
    response.destroy()
    throw failureOf(error)
  }
}
