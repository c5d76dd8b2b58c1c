import { getRequestListener } from '@hono/node-server'
import type { UserInfo } from '@kube-authn/core'
import {
  adapterContract,
  type ContractMiddleware,
  type ContractRequest,
  type ContractSetup,
} from '@kube-authn/testing/node'
import { type Context, Hono, type MiddlewareHandler } from 'hono'
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
import { nodeRequestOf } from './client.ts'

const onFailure: NonNullable<AuthenticationOptions['onFailure']> = async (_error, _c, next) => next()

function middlewareOf(given: ContractMiddleware): MiddlewareHandler {
  if (given.kind === 'authorization') return authorization(given.authorizer)
  if (given.kind === 'requireUser') return requireUser(given.options)
  if (given.kind === 'requireGroups') return requireGroups(given.groups, given.options)
  if (given.kind === 'requireScopes') return requireScopes(given.scopes, given.options)
  const passing = given.passesFailures && { onFailure }
  if (given.kind === 'impersonation') return impersonation(given.authorizer, { ...passing })
  return authentication(given.authenticator, { ...given.options, ...passing })
}

function seen(c: Context): ContractRequest {
  const { rawHeaders = [], headers = {} } = nodeRequestOf(c) ?? {}
  const raw = rawHeaders.flatMap((name, index) =>
    index % 2 === 0 ? [[name, rawHeaders[index + 1] ?? ''] as const] : [],
  )
  const joined = [headers, c.req.header(), Object.fromEntries(c.req.raw.headers)].flatMap((each) =>
    Object.entries(each).map(([name, value]) => [name, String(value)] as const),
  )
  const user: UserInfo | undefined = c.get('user')
  return { user, requester: user && getAuthentication(c).requester, headers: [...raw, ...joined] }
}

function appOf(middlewares: readonly ContractMiddleware[], handle: ContractSetup['handle']): Hono {
  const app = new Hono()
  for (const each of middlewares) app.use(middlewareOf(each))
  app.onError((error, c) => {
    if ('getResponse' in error) return (error as Error & { getResponse(): Response }).getResponse()
    return c.text('failed', 500)
  })
  app.all('*', async (c) => {
    const { body, isRaw } = await handle(seen(c))
    return isRaw ? new Response(body) : c.text(body)
  })
  return app
}

describe('the contract of adapters, in Hono', () => {
  const onFetch = adapterContract({
    protocols: ['fetch'],
    makeApp: ({ middlewares, handle }) => appOf(middlewares, handle),
  })
  const onNode = adapterContract({
    protocols: ['http1', 'http2'],
    makeApp: ({ middlewares, handle }) => {
      const listener = getRequestListener(appOf(middlewares, handle).fetch)
      return (req, res) => void listener(req, res)
    },
  })
  it.each([...onFetch, ...onNode])('$name', async ({ run }) => {
    await expect(run()).resolves.toBeUndefined()
  })
})
