import type { IncomingMessage, ServerResponse } from 'node:http'
import { createRequire } from 'node:module'
import type { StatusError } from '@kube-authn/core/adapter'
import type { UserInfo } from '@kube-authn/core'
import {
  adapterContract,
  type ContractMiddleware,
  type ContractRequest,
  type ContractSetup,
} from '@kube-authn/testing/node'
import express from 'express'
import { describe, expect, it } from 'vitest'
import {
  authentication,
  authorization,
  getAuthentication,
  impersonation,
  type Middleware,
  requireGroups,
  requireScopes,
  requireUser,
} from './index.ts'
import type { Next } from './middleware.ts'

const pass = (_error: StatusError, _req: IncomingMessage, _res: ServerResponse, next: Next): void => next()

function middlewareOf(given: ContractMiddleware): Middleware {
  if (given.kind === 'authorization') return authorization(given.authorizer)
  if (given.kind === 'requireUser') return requireUser(given.options)
  if (given.kind === 'requireGroups') return requireGroups(given.groups, given.options)
  if (given.kind === 'requireScopes') return requireScopes(given.scopes, given.options)
  const onFailure = given.passesFailures && { onFailure: pass }
  if (given.kind === 'impersonation') return impersonation(given.authorizer, { ...onFailure })
  return authentication(given.authenticator, { ...given.options, ...onFailure })
}

function seen(req: IncomingMessage & { user?: UserInfo | undefined }): ContractRequest {
  const raw = req.rawHeaders.flatMap((name, index) =>
    index % 2 === 0 ? [[name, req.rawHeaders[index + 1] ?? ''] as const] : [],
  )
  const joined = [req.headers, req.headersDistinct ?? {}].flatMap((headers) =>
    Object.entries(headers).map(([name, value]) => [name, String(value)] as const),
  )
  const requester = req.user === undefined ? undefined : getAuthentication(req).requester
  return { user: req.user, requester, headers: [...raw, ...joined] }
}

/** Express does not support HTTP/2: there its middlewares are called as by Connect. */
function chainOf(middlewares: readonly Middleware[], handle: ContractSetup['handle']) {
  return (req: IncomingMessage, res: ServerResponse): void => {
    const fail = (error: unknown): void => {
      res.statusCode = (error as { status?: number }).status ?? 500
      res.end()
    }
    const call = (index: number): void => {
      const middleware = middlewares[index]
      if (middleware !== undefined) {
        middleware(req, res, (error) => (error === undefined ? call(index + 1) : fail(error)))
        return
      }
      void (async () => handle(seen(req)))()
        .then(({ body }) => res.end(body))
        .catch(fail)
    }
    call(0)
  }
}

describe.each([
  { version: 5, make: () => express() },
  { version: 4, make: createRequire(import.meta.url)('express4') as () => express.Express },
])('the contract of adapters, in Express $version', ({ make }) => {
  const cases = adapterContract({
    protocols: ['http1'],
    makeApp({ middlewares, handle }) {
      const app = make()
      app.set('env', 'test')
      for (const each of middlewares) app.use(middlewareOf(each))
      app.use((req, res, next) => {
        void (async () => handle(seen(req)))()
          .then(({ body }) => res.send(body))
          .catch(next)
      })
      return app
    },
  })
  it.each(cases)('$name', async ({ run }) => {
    await expect(run()).resolves.toBeUndefined()
  })
})

/** If a middleware cannot see the next ones, an option declares them. */
const toldOfImpersonation =
  (all: readonly ContractMiddleware[]) =>
  (given: ContractMiddleware, index: number): ContractMiddleware =>
    given.kind === 'authentication' && all.slice(index).some(({ kind }) => kind === 'impersonation')
      ? { ...given, options: { ...given.options, impersonationHeaders: 'later' } }
      : given

describe('the contract of adapters, in whatever else calls middlewares', () => {
  const cases = adapterContract({
    protocols: ['http2'],
    makeApp: ({ middlewares, handle }) =>
      chainOf(middlewares.map(toldOfImpersonation(middlewares)).map(middlewareOf), handle),
  })
  it.each(cases)('$name', async ({ run }) => {
    await expect(run()).resolves.toBeUndefined()
  })
})
