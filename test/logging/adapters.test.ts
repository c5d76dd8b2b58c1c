import 'reflect-metadata'
import { serve } from '@hono/node-server'
import { Controller, Get, Module } from '@nestjs/common'
import { NestFactory } from '@nestjs/core'
import type { NestExpressApplication } from '@nestjs/platform-express'
import express from 'express'
import fastify from 'fastify'
import { Hono } from 'hono'
import Koa from 'koa'
import type { AddressInfo } from 'node:net'
import { createServer } from 'node:http'
import { describe, expect, it, onTestFinished } from 'vitest'
import { type Authenticator, authenticatorChain, type Log, type LogEntry } from '@kube-authn/core'
import { parseRbac, rbac } from '@kube-authn/core/authorization'
import { tokenFile } from '@kube-authn/core/token-file'
import * as forExpress from '@kube-authn/express'
import * as forFastify from '@kube-authn/fastify'
import * as forFetch from '@kube-authn/fetch'
import * as forHono from '@kube-authn/hono'
import * as forKoa from '@kube-authn/koa'
import * as forNest from '@kube-authn/nest'
import { createAuthenticator } from '@kube-authn/node'

const policy = rbac(parseRbac(''))

/** An app behind one trusted proxy, with authentication, impersonation and authorization. */
type Start = (authenticator: Authenticator, options: { readonly log?: Log }) => Promise<number>

function port(server: { address(): unknown }): number {
  return (server.address() as AddressInfo).port
}

async function listening(server: ReturnType<typeof createServer>): Promise<number> {
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.close().closeAllConnections()
  })
  return port(server)
}

class Orders {
  orders(): string {
    return 'orders'
  }
}

// oxlint-disable-next-line typescript/no-extraneous-class -- a module of Nest is a class with a decorator
class App {}

// The decorators by hand: those of the language, which our build has, are others.
const descriptor = Object.getOwnPropertyDescriptor(Orders.prototype, 'orders') ?? {}
Get('/orders')(Orders.prototype, 'orders', descriptor)
Controller()(Orders)
Module({ controllers: [Orders] })(App)

const starts: Readonly<Record<string, Start>> = {
  async express(authenticator, options) {
    const app = express()
    app.set('trust proxy', 1)
    app.use(forExpress.authentication(authenticator, options))
    app.use(forExpress.impersonation(policy, options))
    app.use(forExpress.authorization(policy, options))
    return listening(createServer(app))
  },
  async koa(authenticator, options) {
    const app = new Koa({ proxy: true, maxIpsCount: 1 })
    app.use(forKoa.authentication(authenticator, options))
    app.use(forKoa.impersonation(policy, options))
    app.use(forKoa.authorization(policy, options))
    const answer = app.callback()
    return listening(createServer((req, res) => void answer(req, res)))
  },
  async fastify(authenticator, options) {
    const app = fastify({ trustProxy: '127.0.0.1' })
    await app.register(forFastify.authentication(authenticator, options))
    await app.register(forFastify.impersonation(policy, options))
    app.addHook('onRequest', forFastify.authorization(policy, options))
    app.get('/orders', () => 'orders')
    await app.listen({ port: 0, host: '127.0.0.1' })
    onTestFinished(() => void app.close())
    return port(app.server)
  },
  async nest(authenticator, options) {
    const app = await NestFactory.create<NestExpressApplication>(App, { logger: false })
    app.set('trust proxy', 1)
    app.useGlobalGuards(
      forNest.authenticationGuard(authenticator, options),
      forNest.impersonationGuard(policy, options),
      forNest.authorizationGuard(policy, options),
    )
    await app.listen(0, '127.0.0.1')
    onTestFinished(() => void app.close())
    const { port: number } = new URL(await app.getUrl())
    return Number(number)
  },
  async hono(authenticator, options) {
    const app = new Hono()
    app.use(forHono.authentication(authenticator, options))
    app.use(forHono.impersonation(policy, options))
    app.use(forHono.authorization(policy, options))
    const server = await new Promise<ReturnType<typeof serve>>((resolve) => {
      const started = serve({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' }, () => resolve(started))
    })
    onTestFinished(() => void server.close())
    return port(server)
  },
  async fetch(authenticator, options) {
    const handle = forFetch.withAuthentication(
      authenticator,
      forFetch.withImpersonation(
        policy,
        forFetch.withAuthorization(policy, () => new Response('orders'), options),
        options,
      ),
      options,
    )
    const server = await new Promise<ReturnType<typeof serve>>((resolve) => {
      const started = serve(
        { fetch: (request: Request) => handle(request), port: 0, hostname: '127.0.0.1' },
        () => resolve(started),
      )
    })
    onTestFinished(() => void server.close())
    return port(server)
  },
}

const chain = authenticatorChain({ tokens: [tokenFile('t,jane,1')] })

async function ask(at: number, headers: Readonly<Record<string, string>>): Promise<number> {
  const { status } = await fetch(`http://127.0.0.1:${at}/orders?secret=1`, {
    headers: { 'x-forwarded-for': '203.0.113.7', ...headers },
  })
  return status
}

const addresses: Readonly<Record<string, string | undefined>> = {
  express: '203.0.113.7',
  koa: '203.0.113.7',
  fastify: '203.0.113.7',
  nest: '203.0.113.7',
  // It has no proxies to trust: the peer.
  hono: '127.0.0.1',
}

describe.each(Object.entries(starts))('%s', (name, start) => {
  const address = addresses[name]

  it.each([
    ['a wrong token', { authorization: 'Bearer wrong' }, 401, ['bearerToken']],
    ['no credential', {}, 401, undefined],
    ['a user without a permission', { authorization: 'Bearer t' }, 403, ['authorization']],
    [
      'a wish to impersonate',
      { authorization: 'Bearer t', 'impersonate-user': 'superman' },
      403,
      ['impersonation'],
    ],
  ])('writes one line about %s, with the address of the client', async (_, headers, status, refusedBy) => {
    const lines: LogEntry[] = []
    const at = await start(chain, { log: (entry) => lines.push(entry) })
    expect(await ask(at, headers)).toBe(status)
    await expect.poll(() => lines.length).toBe(1)
    const from = address === undefined ? '' : ` from ${address}`
    const begin = `kube-authn: ${status} GET /orders${from}: `
    expect(lines[0]).toMatchObject({
      status,
      method: 'GET',
      path: '/orders',
      ...(refusedBy && { refusedBy }),
    })
    expect(lines[0]?.message.slice(0, begin.length)).toBe(begin)
    expect(lines[0]?.address).toBe(address)
  })

  it('uses the log of the authenticator, unless it has its own', async () => {
    const ofAuthenticator: LogEntry[] = []
    const own: LogEntry[] = []
    const logging = createAuthenticator({
      requests: [chain],
      log: (entry) => ofAuthenticator.push(entry),
    })
    expect(await ask(await start(logging, {}), {})).toBe(401)
    await expect.poll(() => ofAuthenticator.length).toBe(1)
    expect(await ask(await start(logging, { log: (entry) => own.push(entry) }), {})).toBe(401)
    await expect.poll(() => own.length).toBe(1)
    expect(ofAuthenticator).toHaveLength(1)
    logging.close()
  })
})
