import { getRequestListener } from '@hono/node-server'
import type { Awaitable } from '@kube-authn/core'
import {
  adapterContract,
  type ContractMiddleware,
  type ContractRequest,
  type ContractSetup,
} from '@kube-authn/testing/node'
import { isStatusError } from '@kube-authn/core/internal'
import { describe, expect, it } from 'vitest'
import {
  type AuthenticationContext,
  getAuthentication,
  requireGroups,
  requireScopes,
  requireUser,
  withAuthentication,
  withAuthorization,
  withImpersonation,
} from './index.ts'
import { nodeConnectionOf } from './node-connection.ts'

type Handler = (request: Request, context: AuthenticationContext, ...env: unknown[]) => Awaitable<Response>

/** Where there is no user, the context is not read. */
const NO_CONTEXT: AuthenticationContext = {
  get user(): never {
    throw new Error('there is no user')
  },
  get authentication(): never {
    throw new Error('there is no authentication')
  },
}

function wrapped(given: ContractMiddleware, next: Handler): Handler {
  if (given.kind === 'authorization') return withAuthorization(given.authorizer, next)
  if (given.kind === 'requireUser') return requireUser(next, given.options)
  if (given.kind === 'requireGroups') return requireGroups(given.groups, next, given.options)
  if (given.kind === 'requireScopes') return requireScopes(given.scopes, next, given.options)
  const onFailure = given.passesFailures && {
    onFailure: (_error: unknown, request: Request, ...env: unknown[]) => next(request, NO_CONTEXT, ...env),
  }
  if (given.kind === 'impersonation') return withImpersonation(given.authorizer, next, { ...onFailure })
  const authenticated = withAuthentication(given.authenticator, next, { ...given.options, ...onFailure })
  // The server's further arguments come first, and the context is made anew.
  return (request, _context, ...env) => authenticated(request, ...env)
}

function seen(request: Request, env: readonly unknown[]): ContractRequest {
  const { rawHeaders = [], headers = {} } = nodeConnectionOf(request, env)?.incoming ?? {}
  const raw = rawHeaders.flatMap((name, index) =>
    index % 2 === 0 ? [[name, rawHeaders[index + 1] ?? ''] as const] : [],
  )
  const joined = [headers, Object.fromEntries(request.headers)].flatMap((each) =>
    Object.entries(each).map(([name, value]) => [name, String(value)] as const),
  )
  const found = (() => {
    try {
      return getAuthentication(request)
    } catch {
      return undefined
    }
  })()
  return { user: found?.user, requester: found?.requester, headers: [...raw, ...joined] }
}

function appOf(middlewares: readonly ContractMiddleware[], handle: ContractSetup['handle']) {
  // As the error handling of a framework, which is inside.
  const last: Handler = async (request, _context, ...env) => {
    try {
      const { body, isRaw } = await handle(seen(request, env))
      return new Response(body, isRaw ? {} : { headers: { 'content-type': 'text/plain' } })
    } catch (error) {
      return isStatusError(error) ? error.getResponse() : new Response('failed', { status: 500 })
    }
  }
  const chain = middlewares.reduceRight<Handler>((next, given) => wrapped(given, next), last)
  return (request: Request, ...env: unknown[]): Promise<Response> =>
    Promise.resolve(chain(request, NO_CONTEXT, ...env))
}

describe('the contract of adapters, in a handler of Fetch requests', () => {
  const onFetch = adapterContract({
    protocols: ['fetch'],
    makeApp: ({ middlewares, handle }) => {
      const app = appOf(middlewares, handle)
      return { fetch: (request) => app(request) }
    },
  })
  const onNode = adapterContract({
    protocols: ['http1', 'http2'],
    makeApp: ({ middlewares, handle }) => {
      const listener = getRequestListener(appOf(middlewares, handle))
      return (req, res) => void listener(req, res)
    },
  })
  it.each([...onFetch, ...onNode])('$name', async ({ run }) => {
    await expect(run()).resolves.toBeUndefined()
  })
})
