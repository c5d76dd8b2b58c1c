import 'reflect-metadata'
import type { UserInfo } from '@kube-authn/core'
import { adapterContract, type ContractMiddleware, type ContractRequest } from '@kube-authn/testing/node'
import { All, type CanActivate, Controller, Module, Req, Res } from '@nestjs/common'
import { NestFactory } from '@nestjs/core'
import { ExpressAdapter } from '@nestjs/platform-express'
import { FastifyAdapter } from '@nestjs/platform-fastify'
import type { FastifyInstance } from 'fastify'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { describe, expect, it } from 'vitest'
import {
  authenticationGuard,
  authorizationGuard,
  getAuthentication,
  impersonationGuard,
  requireGroups,
  requireScopes,
  requireUser,
} from './index.ts'
import { nodeRequestOf } from './messages.ts'

const onFailure = () => true

/** Guards do not see those that follow, so an option declares them. */
function guardOf(given: ContractMiddleware, index: number, all: readonly ContractMiddleware[]): CanActivate {
  if (given.kind === 'authorization') return authorizationGuard(given.authorizer)
  if (given.kind === 'requireUser') return requireUser(given.options)
  if (given.kind === 'requireGroups') return requireGroups(given.groups, given.options)
  if (given.kind === 'requireScopes') return requireScopes(given.scopes, given.options)
  const passing = given.passesFailures && { onFailure }
  if (given.kind === 'impersonation') return impersonationGuard(given.authorizer, { ...passing })
  const impersonates = all.slice(index).some(({ kind }) => kind === 'impersonation')
  const later = impersonates && ({ impersonationHeaders: 'later' } as const)
  return authenticationGuard(given.authenticator, { ...given.options, ...later, ...passing })
}

function seen(shown: { user?: UserInfo; headers: object }): ContractRequest {
  const req = nodeRequestOf(shown)
  if (req === undefined) throw new Error('the platform has no request of Node')
  const { rawHeaders, headersDistinct }: { rawHeaders: string[]; headersDistinct?: object } = req
  const raw = rawHeaders.flatMap((name, index) =>
    index % 2 === 0 ? [[name, rawHeaders[index + 1] ?? ''] as const] : [],
  )
  const joined = [shown.headers, req.headers, headersDistinct ?? {}].flatMap((headers) =>
    Object.entries(headers).map(([name, value]) => [name, String(value)] as const),
  )
  const requester = shown.user === undefined ? undefined : getAuthentication(shown).requester
  return { user: shown.user, requester, headers: [...raw, ...joined] }
}

type Listener = (req: IncomingMessage, res: ServerResponse) => void

const platforms = [
  {
    name: 'Express',
    protocols: ['http1'] as const,
    adapter: () => new ExpressAdapter(),
    listenerOf: async (instance: unknown) => instance as Listener,
  },
  {
    name: 'Fastify',
    protocols: ['http1', 'http2'] as const,
    adapter: (protocol: string) => {
      const adapter = new FastifyAdapter(protocol === 'http2' ? { http2: true } : {})
      // Fastify reads bodies before guards are asked, and answers what it cannot read with a 415.
      adapter.getInstance().addContentTypeParser('*', (_request, _body, done) => done(null))
      return adapter
    },
    listenerOf: async (instance: unknown): Promise<Listener> => {
      const app = instance as FastifyInstance
      await app.ready()
      return (req, res) => app.routing(req, res)
    },
  },
]

describe.each(platforms)(
  'the contract of adapters, in Nest on $name',
  ({ protocols, adapter, listenerOf }) => {
    const cases = adapterContract({
      protocols,
      async makeApp({ protocol, middlewares, handle }) {
        class Everything {
          async answer(
            shown: { user?: UserInfo; headers: object },
            reply: { raw?: ServerResponse; send(body: string): unknown },
          ): Promise<void> {
            const { body, isRaw } = await handle(seen(shown))
            if (isRaw && reply.raw !== undefined) reply.raw.end(body)
            else reply.send(body)
          }
        }
        class Root {
          readonly name = 'root'
        }
        // The sources of this project have no decorators.
        const method = Object.getOwnPropertyDescriptor(Everything.prototype, 'answer') ?? {}
        Req()(Everything.prototype, 'answer', 0)
        Res()(Everything.prototype, 'answer', 1)
        All(['path', 'slow', 'queued', ':one', ':one/:two'])(Everything.prototype, 'answer', method)
        Controller()(Everything)
        Module({ controllers: [Everything] })(Root)
        const app = await NestFactory.create(Root, adapter(protocol), { logger: false, abortOnError: false })
        app.useGlobalGuards(...middlewares.map(guardOf))
        await app.init()
        return listenerOf(app.getHttpAdapter().getInstance())
      },
    })
    it.each(cases)('$name', async ({ run }) => {
      await expect(run()).resolves.toBeUndefined()
    })
  },
)
