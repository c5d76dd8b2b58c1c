import type { IncomingMessage, ServerResponse } from 'node:http'
import { aRequestAuthenticator, hasState, memberOf, refuseProblems } from '@kube-authn/core/internal'
import {
  fetchBody,
  fetchRequest,
  type HttpAnswer,
  incomingMessageBody,
  incomingMessageRequest,
  responseOf,
} from '@kube-authn/core/adapter'
import type { AuthenticationRequest, Authenticator } from '@kube-authn/core'
import { type ExplainPageOptions, explainPageProblems } from './options.ts'
import { derOf } from './explained-request.ts'
import { pageHandler } from './page-handler.ts'

/** A page for Express, Koa, Hono, and every other framework on Node. */
export interface ExplainPage {
  /** Express, Connect, and servers of Node: `app.use('/admin/explain', page)`. */
  (req: IncomingMessage, res: ServerResponse, next?: (error?: unknown) => void): void
  /**
   * Hono and other handlers of Fetch requests: `app.all('/admin/explain', (c) => page.fetch(c.req.raw, c.env))`.
   *
   * @param env the environment of the server. With that of `@hono/node-server`, client certificates and repeated headers are seen.
   */
  fetch(this: void, request: Request, env?: unknown): Promise<Response>
  /** Koa: `router.all('/admin/explain', page.koa)`. */
  koa(this: void, ctx: KoaContext): Promise<void>
}

/** What is used of Koa's context. */
export interface KoaContext {
  readonly req: IncomingMessage
  status: number
  body: unknown
  set(headers: Readonly<Record<string, string | string[]>>): void
}

/**
 * A page that explains requests: who makes the request, what each authenticator said, what the user may do and by which rule, how it looks
 * as another user, the `curl` command, and the audit event. For the visitor's own request, for a pasted credential, and for prepared ones.
 *
 * It is off by default: a request that `allow` does not admit gets a 401 or a 403. It shows distinctions that clients must not see, so only
 * operators may be admitted. Mount it before `authentication(...)`, at any path; it authenticates its visitors itself, with the same
 * authenticator.
 *
 * A pasted credential is sent in the body of a POST from the page itself, is checked once by the same authenticator, and is neither shown nor
 * logged nor kept; the caches of the authenticator have its keyed digest, as for every credential. No observer of the app learns of it.
 *
 * @throws {ConfigurationError} if an option is invalid.
 * @example
 * app.use('/admin/explain', explainPage(authenticator, { allow: 'admins', authorizer: policy }))
 * app.use(authentication(authenticator))
 */
export function explainPage(authenticator: Authenticator, options: ExplainPageOptions = {}): ExplainPage {
  refuseProblems(aRequestAuthenticator(authenticator, 'authenticator'), explainPageProblems(options))
  for (const { cert } of options.prepared ?? []) if (cert !== undefined) derOf(cert)
  const handle = pageHandler(authenticator, options)

  const answerTo = (
    req: IncomingMessage,
    body = incomingMessageBody(req),
    ctx?: object,
  ): Promise<HttpAnswer> =>
    handle({
      request: requestOf(req),
      body,
      origin: originOf(req),
      isAuthenticated: [req, ctx].some(hasState),
    })

  const forNode: (...given: Parameters<ExplainPage>) => void = (req, res, next = () => res.destroy()) => {
    void answerTo(req)
      .then(({ status, headers, content }) => {
        res.writeHead(status, headers)
        res.end(content)
      })
      // Another handler has already answered.
      .catch(next)
  }
  return Object.assign(forNode, {
    async fetch(request: Request, env?: unknown): Promise<Response> {
      // Hono on Node: the message that Node received, which has certificates and keeps repeated headers separate.
      const incoming = memberOf(env, 'incoming')
      const answer = await handle({
        request: isMessage(incoming) ? requestOf(incoming) : fetchRequest(request),
        body: fetchBody(request),
        origin: new URL(request.url).origin,
        isAuthenticated: [request, incoming].some(hasState),
      })
      return responseOf(answer)
    },
    async koa(ctx: KoaContext): Promise<void> {
      const body = incomingMessageBody(ctx.req, memberOf(memberOf(ctx, 'request'), 'body'))
      const { status, headers, content } = await answerTo(ctx.req, body, ctx)
      ctx.status = status
      ctx.set(headers)
      ctx.body = content
    },
  })
}

/** A parsed environment, which a client may have sent, has no functions. */
function isMessage(value: unknown): value is IncomingMessage {
  return Array.isArray(memberOf(value, 'rawHeaders')) && typeof memberOf(value, 'once') === 'function'
}

function requestOf(req: IncomingMessage): AuthenticationRequest {
  // Express changes `url` below a mount point and keeps the original, as Koa does.
  const target = memberOf(req, 'originalUrl')
  return incomingMessageRequest(req, typeof target === 'string' ? target : req.url)
}

/** What the client sees, unless a proxy changed the host. */
function originOf({ headers, socket }: IncomingMessage): string {
  const scheme = 'encrypted' in socket && socket.encrypted === true ? 'https' : 'http'
  const host = headers[':authority'] ?? headers.host
  const origin = `${scheme}://${typeof host === 'string' ? host : 'localhost'}`
  return URL.canParse(origin) && new URL(origin).origin === origin ? origin : `${scheme}://localhost`
}
