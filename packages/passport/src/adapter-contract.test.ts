import type { IncomingMessage, ServerResponse } from 'node:http'
import { createRequire } from 'node:module'
import type { UserInfo } from '@kube-authn/core'
import { adapterContract, type ContractMiddleware, type ContractRequest } from '@kube-authn/testing/node'
import express from 'express'
import passport from 'passport'
import { describe, expect, it } from 'vitest'
import { getAuthentication, Strategy } from './index.ts'
import type { StrategyOptions } from './strategy.ts'

type Handler = (req: IncomingMessage, res: ServerResponse, next: (error?: unknown) => void) => void

function middlewareOf(given: ContractMiddleware): Handler {
  if (given.kind !== 'authentication') throw new Error('Passport only authenticates')
  const strategy = new Strategy(given.authenticator, given.options as StrategyOptions) as passport.Strategy
  const own = new passport.Passport()
  if (!given.passesFailures) return own.authenticate(strategy, { session: false }) as Handler
  return (req, res, next) => {
    const done = (error: unknown): void => next(error ?? undefined)
    const authenticate = own.authenticate(strategy, { session: false }, done) as Handler
    authenticate(req, res, next)
  }
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

describe.each([
  { version: 5, make: () => express() },
  { version: 4, make: createRequire(import.meta.url)('express4') as () => express.Express },
])('the contract of adapters, for the Passport strategy in Express $version', ({ make }) => {
  const cases = adapterContract({
    protocols: ['http1'],
    kinds: ['authentication'],
    leavesAnswers: true,
    makeApp({ middlewares, handle }) {
      const app = make()
      app.set('env', 'test')
      for (const each of middlewares) app.use(middlewareOf(each) as express.Handler)
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

describe('the contract of adapters, for the Passport strategy over HTTP/2', () => {
  const cases = adapterContract({
    protocols: ['http2'],
    kinds: ['authentication'],
    leavesAnswers: true,
    makeApp({ middlewares, handle }) {
      const handlers = middlewares.map(middlewareOf)
      return (req, res) => {
        // Passport finds it where Express puts it.
        Object.assign(req, { res })
        const fail = (error: unknown): void => {
          res.statusCode = (error as { status?: number }).status ?? 500
          res.end()
        }
        const call = (index: number): void => {
          const handler = handlers[index]
          if (handler !== undefined) {
            handler(req, res, (error) => (error === undefined ? call(index + 1) : fail(error)))
            return
          }
          void (async () => handle(seen(req)))()
            .then(({ body }) => res.end(body))
            .catch(fail)
        }
        call(0)
      }
    },
  })
  it.each(cases)('$name', async ({ run }) => {
    await expect(run()).resolves.toBeUndefined()
  })
})
