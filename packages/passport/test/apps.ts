import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type Authenticator, authenticatorChain } from '@kube-authn/core'
import { passwordFile } from '@kube-authn/core/password-file'
import { tokenFile } from '@kube-authn/core/token-file'
import { fakeAuthenticator } from '@kube-authn/testing'
import express from 'express'
import passport from 'passport'
import { onTestFinished, vi } from 'vitest'
import type { StrategyActions } from '../src/index.ts'

/** Starts a server for one test. */
export async function listen(app: RequestListener): Promise<string> {
  const server = createServer(app)
  onTestFinished(() => void server.close())
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

export const tokens = tokenFile('good,jane,1,"a,b"\n')
export const chain = authenticatorChain({ tokens: [tokens], passwords: [passwordFile('pw,joe,2\n')] })
export const withAnonymous = authenticatorChain({ tokens: [tokens], anonymous: true })
export const later = (authenticator: Authenticator): Authenticator => ({
  ...authenticator,
  authenticate: async (request, context) => {
    await Promise.resolve()
    return authenticator.authenticate(request, context)
  },
})
export const fails = (thrown: unknown, when: 'now' | 'later'): Authenticator =>
  fakeAuthenticator(() => {
    if (when === 'later') return Promise.reject(thrown)
    throw thrown
  })

/** Names of strategies, or strategies. */
type Layers = readonly (string | passport.Strategy)[]

/** An app in which these strategies are asked, by name or as they are. What reaches Express' error handling is a 500 here. */
export function appWith(layers: Layers, registered: readonly passport.Strategy[] = []): express.Express {
  const own = new passport.Passport()
  for (const strategy of registered) own.use(strategy)
  const app = express()
  app.set('env', 'test')
  app.use(own.authenticate(layers as never, { session: false }) as express.RequestHandler)
  app.get('/', (req, res) => {
    res.json({ user: req.user, authInfo: req.authInfo, headers: req.headers, raw: req.rawHeaders })
  })
  app.use(((error: unknown, _req, res, _next) => {
    res.status(500).json({ error: String(error) })
  }) satisfies express.ErrorRequestHandler)
  return app
}

export const bearer = (token: string): RequestInit => ({ headers: { authorization: `Bearer ${token}` } })
export const password = (name: string, secret: string): RequestInit => ({
  headers: { authorization: `Basic ${btoa(`${name}:${secret}`)}` },
})

/** One call, without Passport. */
export function actions() {
  return {
    success: vi.fn<StrategyActions['success']>(),
    fail: vi.fn<StrategyActions['fail']>(),
    error: vi.fn<StrategyActions['error']>(),
  }
}
export const called = (given: ReturnType<typeof actions>): unknown =>
  Object.fromEntries(
    Object.entries(given).flatMap(([name, { mock }]) =>
      mock.calls.length === 0 ? [] : [[name, mock.calls]],
    ),
  )
