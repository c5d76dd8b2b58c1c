import type { IncomingMessage } from 'node:http'
import type { Http2ServerRequest } from 'node:http2'
import type { UserInfo } from '@kube-authn/core'
import {
  aFunction,
  clientContext,
  incomingMessageBody,
  incomingMessageRequest,
} from '@kube-authn/core/adapter'
import { isStatusError, knownRequest, memberOf, refuseProblems } from '@kube-authn/core/internal'
import type { KubernetesApi } from '../api/kubernetes-api.ts'
import { internalError } from '../registry/status-errors.ts'
import { compressed } from './compressed-answer.ts'
import { type NodeResponse, writeAnswer } from './write-answer.ts'

/** A request of `node:http`, `node:https` or `node:http2`. */
export type NodeMessage = IncomingMessage | Http2ServerRequest

/** A handler for Express, Connect, and servers of Node. */
export type NodeHandler<Req extends NodeMessage = NodeMessage> = (
  req: Req,
  res: NodeResponse,
  next?: (error?: unknown) => void,
) => void

/** What is used of a context of Koa. */
export interface KoaContext {
  readonly req: IncomingMessage
  readonly res: NodeResponse
  respond?: boolean | undefined
}

/**
 * The API in Express, Connect, and servers of Node. It answers every request that it gets, so mount it last, behind authentication, impersonation and authorization.
 *
 * The path is the one that these decided about, also below a mount point. Watches flow at the pace of the client and end when it disconnects; bodies are refused as soon as
 * they exceed 3 MiB; warnings of earlier middlewares are kept.
 *
 * @param userOf the user of a request: `getUser` of the adapter. Default: unknown, which an API with an authorizer refuses.
 * @throws {ConfigurationError} if an argument is no function.
 * @example
 * app.use(authentication(authenticator), impersonation(policy), authorization(policy))
 * app.use(nodeHandler(api, getUser))
 */
export function nodeHandler<Req extends NodeMessage = NodeMessage>(
  api: KubernetesApi,
  userOf?: (req: Req) => UserInfo,
): NodeHandler<Req> {
  refuseProblems(aFunction(api, 'api'), userOf === undefined ? [] : aFunction(userOf, 'userOf'))
  return function kubernetesHandler(req, res, next = (error) => refuse(error, req, res)) {
    serve(api, req, res, req, userOf && (() => userOf(req))).catch(next)
  }
}

/**
 * The API in Koa, as {@link nodeHandler}.
 *
 * @param userOf the user of a request: `getUser` of the adapter.
 * @throws {ConfigurationError} if an argument is no function.
 * @example
 * app.use(authentication(authenticator)).use(impersonation(policy)).use(authorization(policy))
 * app.use(koaHandler(api, getUser))
 */
export function koaHandler<Ctx = KoaContext>(
  api: KubernetesApi,
  userOf?: (ctx: Ctx) => UserInfo,
): (ctx: Ctx & KoaContext) => Promise<void> {
  refuseProblems(aFunction(api, 'api'), userOf === undefined ? [] : aFunction(userOf, 'userOf'))
  return async function kubernetesHandler(ctx) {
    await serve(api, ctx.req, ctx.res, memberOf(ctx, 'request'), userOf && (() => userOf(ctx)), () => {
      ctx.respond = false
    })
  }
}

/**
 * Answers a request.
 *
 * @param parsed has the result of a body parser as its `body`, if one ran before.
 * @param take called before the answer is written.
 * @throws whatever `userOf` throws.
 */
async function serve(
  api: KubernetesApi,
  req: NodeMessage,
  res: NodeResponse,
  parsed: unknown,
  userOf: (() => UserInfo) | undefined,
  take: () => void = () => {},
): Promise<void> {
  const target = memberOf(req, 'originalUrl')
  const request =
    knownRequest(req) ?? incomingMessageRequest(req, typeof target === 'string' ? target : req.url)
  const user = userOf?.()
  const { signal } = clientContext(req, res)
  const answer = await api.answer({
    request,
    body: incomingMessageBody(req, memberOf(parsed, 'body')),
    signal,
    caller: user && { user },
  })
  take()
  await writeAnswer(compressed(answer, request), res, request.method === 'HEAD')
}

/** Without a framework: what `userOf` threw is the answer. */
function refuse(error: unknown, req: NodeMessage, res: NodeResponse): void {
  void writeAnswer(isStatusError(error) ? error : internalError(error), res, req.method === 'HEAD')
}
