import { createRequire } from 'node:module'
import type { UserInfo } from '@kube-authn/core'
import { adapterContract, type ContractMiddleware, type ContractRequest } from '@kube-authn/testing/node'
import Koa, { type Context, type Middleware } from 'koa'
import { describe, expect, it } from 'vitest'
import {
  authentication,
  authorization,
  getAuthentication,
  impersonation,
  requireGroups,
  requireScopes,
  requireUser,
} from './index.ts'
import type { AuthenticationOptions } from './authentication.ts'

const onFailure: NonNullable<AuthenticationOptions['onFailure']> = async (_error, _ctx, next) => next()

function middlewareOf(given: ContractMiddleware): Middleware {
  if (given.kind === 'authorization') return authorization(given.authorizer)
  if (given.kind === 'requireUser') return requireUser(given.options)
  if (given.kind === 'requireGroups') return requireGroups(given.groups, given.options)
  if (given.kind === 'requireScopes') return requireScopes(given.scopes, given.options)
  const passing = given.passesFailures && { onFailure }
  if (given.kind === 'impersonation') return impersonation(given.authorizer, { ...passing })
  return authentication(given.authenticator, { ...given.options, ...passing })
}

function seen(ctx: Context): ContractRequest {
  const { rawHeaders } = ctx.req
  const raw = rawHeaders.flatMap((name, index) =>
    index % 2 === 0 ? [[name, rawHeaders[index + 1] ?? ''] as const] : [],
  )
  const joined = [ctx.headers, ctx.request.header, ctx.req.headersDistinct ?? {}].flatMap((headers) =>
    Object.entries(headers).map(([name, value]) => [name, String(value)] as const),
  )
  const user: UserInfo | undefined = ctx.state['user']
  return { user, requester: user && getAuthentication(ctx).requester, headers: [...raw, ...joined] }
}

describe.each([
  { version: 3, make: () => new Koa() },
  { version: 2, make: () => new (createRequire(import.meta.url)('koa2') as typeof Koa)() },
])('the contract of adapters, in Koa $version', ({ make }) => {
  const cases = adapterContract({
    protocols: ['http1', 'http2'],
    makeApp({ middlewares, handle }) {
      const app = make()
      app.silent = true
      for (const each of middlewares) app.use(middlewareOf(each))
      app.use(async (ctx) => {
        ctx.body = (await handle(seen(ctx))).body
      })
      const callback = app.callback()
      return (req, res) => void callback(req, res)
    },
  })
  it.each(cases)('$name', async ({ run }) => {
    await expect(run()).resolves.toBeUndefined()
  })
})
