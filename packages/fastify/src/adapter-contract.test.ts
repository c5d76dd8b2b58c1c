import type { IncomingMessage, ServerResponse } from 'node:http'
import type { StatusError } from '@kube-authn/core/adapter'
import type { UserInfo } from '@kube-authn/core'
import { adapterContract, type ContractMiddleware, type ContractRequest } from '@kube-authn/testing/node'
import {
  fastify,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  type onRequestHookHandler,
} from 'fastify'
import { describe, expect, it } from 'vitest'
import type { Next } from './failure.ts'
import {
  authentication,
  authorization,
  getAuthentication,
  impersonation,
  requireGroups,
  requireScopes,
  requireUser,
} from './index.ts'

const onFailure = (_error: StatusError, _request: FastifyRequest, _reply: FastifyReply, next: Next): void =>
  next()

type ContractHook = Exclude<ContractMiddleware, { readonly kind: 'authentication' | 'impersonation' }>

function hookOf(given: ContractHook): onRequestHookHandler {
  if (given.kind === 'authorization') return authorization(given.authorizer)
  if (given.kind === 'requireUser') return requireUser(given.options)
  if (given.kind === 'requireGroups') return requireGroups(given.groups, given.options)
  return requireScopes(given.scopes, given.options)
}

function add(app: FastifyInstance, given: ContractMiddleware): void {
  if (given.kind !== 'authentication' && given.kind !== 'impersonation') {
    const hook = hookOf(given)
    // In a plugin, since others are registered later than hooks are added.
    void app.register(
      Object.assign(
        (scope: FastifyInstance, _options: object, done: () => void) => {
          scope.addHook('onRequest', hook)
          done()
        },
        { [Symbol.for('skip-override')]: true },
      ),
    )
    return
  }
  const passing = given.passesFailures && { onFailure }
  void app.register(
    given.kind === 'impersonation'
      ? impersonation(given.authorizer, { ...passing })
      : authentication(given.authenticator, { ...given.options, ...passing }),
  )
}

function seen(request: FastifyRequest & { user?: UserInfo }): ContractRequest {
  const { rawHeaders, headersDistinct }: { rawHeaders: string[]; headersDistinct?: object } = request.raw
  const raw = rawHeaders.flatMap((name, index) =>
    index % 2 === 0 ? [[name, rawHeaders[index + 1] ?? ''] as const] : [],
  )
  const joined = [request.headers, request.raw.headers, headersDistinct ?? {}].flatMap((headers) =>
    Object.entries(headers).map(([name, value]) => [name, String(value)] as const),
  )
  const requester = request.user === undefined ? undefined : getAuthentication(request).requester
  return { user: request.user, requester, headers: [...raw, ...joined] }
}

/** Fastify with HTTP/2 has other types of messages, and treats them alike. */
const makeFastify = (protocol: string): FastifyInstance =>
  protocol === 'http2' ? (fastify({ http2: true } as object) as FastifyInstance) : fastify()

describe('the contract of adapters, in Fastify', () => {
  const cases = adapterContract({
    protocols: ['http1', 'http2'],
    async makeApp({ protocol, middlewares, handle }) {
      const app = makeFastify(protocol)
      for (const each of middlewares) add(app, each)
      app.all('*', async (request, reply) => {
        const { body, isRaw } = await handle(seen(request))
        if (!isRaw) return body
        reply.hijack()
        reply.raw.end(body)
        return reply
      })
      await app.ready()
      return (req: IncomingMessage, res: ServerResponse) => app.routing(req, res)
    },
  })
  it.each(cases)('$name', async ({ run }) => {
    await expect(run()).resolves.toBeUndefined()
  })
})
