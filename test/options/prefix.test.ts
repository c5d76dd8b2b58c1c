import { once } from 'node:events'
import {
  createServer,
  request as requestHttp,
  type IncomingMessage,
  type RequestListener,
  type Server,
} from 'node:http'
import { text } from 'node:stream/consumers'
import { authenticatorChain, type Observer } from '@kube-authn/core'
import { type AuditEvent, auditLog } from '@kube-authn/audit'
import type { Attributes, Authorizer } from '@kube-authn/core/authorization'
import { tokenFile } from '@kube-authn/core/token-file'
import * as onExpress from '@kube-authn/express'
import * as onFastify from '@kube-authn/fastify'
import { withAuthentication, withAuthorization, withImpersonation } from '@kube-authn/fetch'
import * as onHono from '@kube-authn/hono'
import * as onKoa from '@kube-authn/koa'
import { authenticateUpgrade } from '@kube-authn/node'
import { impersonatingProxy } from '@kube-authn/proxy'
import express from 'express'
import { fastify } from 'fastify'
import { Hono } from 'hono'
import Koa from 'koa'
import mount from 'koa-mount'
import { describe, expect, it, onTestFinished } from 'vitest'

const chain = authenticatorChain({ tokens: [tokenFile('secret,jane,1')] })

/** What was decided about, by everything that reads a path. */
interface Decided {
  readonly asked: readonly string[]
  readonly audited: readonly string[]
  readonly status: number
}

/** What an app is made with. */
interface Given {
  readonly policy: Authorizer
  readonly options: { readonly prefix?: string; readonly observer: Observer; readonly log: false }
  readonly telling: { readonly observer: Observer; readonly log: false }
}

/** Sends a request, and returns the status. */
type Send = (path: string, headers: Readonly<Record<string, string>>) => Promise<number>

/** Apps with all three middlewares below `/cluster`, in each way that a framework has for that. */
const APPS: Readonly<Record<string, (given: Given) => Promise<Send>>> = {
  'Express, app.use': async ({ policy, options, telling }) => {
    const app = express()
    app.use(
      '/cluster',
      onExpress.authentication(chain, telling),
      onExpress.impersonation(policy, options),
      onExpress.authorization(policy, options),
      (_req, res) => void res.end(),
    )
    return listening(createServer(app))
  },
  'Express, a router': async ({ policy, options, telling }) => {
    const router = express.Router()
    router.use(
      onExpress.authentication(chain, telling),
      onExpress.impersonation(policy, options),
      onExpress.authorization(policy, options),
      (_req, res) => void res.end(),
    )
    return listening(createServer(express().use('/cluster', router)))
  },
  'koa-mount': async ({ policy, options, telling }) => {
    const inner = new Koa()
      .use(onKoa.authentication(chain, { ...telling, impersonationHeaders: 'later' }))
      .use(onKoa.impersonation(policy, options))
      .use(onKoa.authorization(policy, options))
      .use((ctx) => {
        ctx.body = ''
      })
    const app = new Koa().use(mount('/cluster', inner))
    app.silent = true
    const handle = app.callback()
    return listening(createServer(((req, res) => void handle(req, res)) satisfies RequestListener))
  },
  'Hono, route': async ({ policy, options, telling }) => {
    const inner = new Hono()
      .use(onHono.authentication(chain, telling))
      .use(onHono.impersonation(policy, options))
      .use(onHono.authorization(policy, options))
      .all('*', (c) => c.body(null))
    return asked(new Hono().route('/cluster', inner))
  },
  'Hono, basePath': async ({ policy, options, telling }) =>
    asked(
      new Hono()
        .basePath('/cluster')
        .use(onHono.authentication(chain, telling))
        .use(onHono.impersonation(policy, options))
        .use(onHono.authorization(policy, options))
        .all('*', (c) => c.body(null)),
    ),
  'Fastify, register with a prefix': async ({ policy, options, telling }) => {
    const app = fastify()
    onTestFinished(() => app.close())
    await app.register(
      async (scope) => {
        await scope.register(onFastify.authentication(chain, telling))
        await scope.register(onFastify.impersonation(policy, options))
        scope.addHook('onRequest', onFastify.authorization(policy, options))
        scope.all('/*', async () => '')
      },
      { prefix: '/cluster' },
    )
    return async (path, headers) => (await app.inject({ url: path, headers })).statusCode
  },
  'a Fetch handler': async ({ policy, options, telling }) => {
    const handle = withAuthentication(
      chain,
      withImpersonation(
        policy,
        withAuthorization(policy, () => new Response(null), options),
        options,
      ),
      telling,
    )
    return async (path, headers) =>
      (await handle(new Request(`https://app.example.com${path}`, { headers }))).status
  },
  'an upgrade of Node': async ({ policy, options }) => {
    const server = createServer()
    authenticateUpgrade(
      server,
      chain,
      ({ socket }) => void socket.end('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'),
      { ...options, impersonation: policy, authorization: policy },
    )
    const send = await listening(server)
    return async (path, headers) => send(path, { ...headers, connection: 'Upgrade', upgrade: 'websocket' })
  },
}

async function listening(server: Server): Promise<Send> {
  await once(server.listen(0, '127.0.0.1'), 'listening')
  onTestFinished(() => {
    server.close()
    server.closeAllConnections()
  })
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  return async (path, headers) => {
    const sent = requestHttp({ port, path, headers, agent: false }).end()
    const [response] = (await once(sent, 'response')) as [IncomingMessage]
    await text(response)
    return response.statusCode ?? 0
  }
}

function asked(app: { request(path: string, init: RequestInit): Response | Promise<Response> }): Send {
  return async (path, headers) => (await app.request(path, { headers })).status
}

/** What the app asks its authorizer and writes into its audit log, for a request that acts as another user. */
async function decided(
  make: (given: Given) => Promise<Send>,
  path: string,
  prefix?: string,
  headers: Readonly<Record<string, string>> = { 'impersonate-user': 'ada' },
): Promise<Decided> {
  const about: string[] = []
  const events: AuditEvent[] = []
  const below = prefix === undefined ? {} : { prefix }
  const observer = auditLog({ write: (event) => events.push(event), ...below })
  const policy: Authorizer = {
    name: 'recorder',
    authorize(attributes) {
      about.push(shown(attributes))
      return { verdict: 'allow', reason: '' }
    },
  }
  const telling = { observer, log: false } as const
  const send = await make({ policy, telling, options: { ...telling, ...below } })
  const status = await send(path, { authorization: 'Bearer secret', ...headers })
  const audited = events.map(({ verb, objectRef, requestURI }) =>
    [verb, objectRef?.namespace, objectRef?.resource, requestURI]
      .filter((each) => each !== undefined)
      .join(' '),
  )
  return { status, asked: about, audited: [...new Set(audited)] }
}

function shown({ verb, resourceRequest, namespace, resource, name, path }: Attributes): string {
  return resourceRequest
    ? [verb, namespace, resource, name].filter((part) => part !== '').join(' ')
    : `${verb} ${path}`
}

const PODS = '/api/v1/namespaces/shop/pods?watch=true'
const PATH = '/api/v1/namespaces/shop/pods'
const AS_ADA = 'impersonate:user-info users ada'

describe.each(Object.entries(APPS))('below a mount point in %s', (_, make) => {
  it('with `prefix`, decisions are about the request that is forwarded', async () => {
    expect(await decided(make, `/cluster${PODS}`, '/cluster')).toEqual({
      status: 200,
      asked: ['impersonate-on:user-info:watch shop pods', AS_ADA, 'watch shop pods'],
      audited: [`watch shop pods /cluster${PODS}`],
    })
    expect(await decided(make, '/cluster/healthz?x', '/cluster')).toEqual({
      status: 200,
      asked: ['impersonate-on:user-info:get /healthz', AS_ADA, 'get /healthz'],
      audited: ['get /cluster/healthz?x'],
    })
  })

  it('without it, decisions are about the path that the client sent, which is none of an API', async () => {
    expect(await decided(make, `/cluster${PODS}`)).toEqual({
      status: 200,
      asked: [`impersonate-on:user-info:get /cluster${PATH}`, AS_ADA, `get /cluster${PATH}`],
      audited: [`get /cluster${PODS}`],
    })
  })

  it.each([
    ['another path', `/cluster${PODS}`, '/other'],
    ['a path that only begins alike', `/cluster${PODS}`, '/clu'],
    ['a longer prefix', `/cluster${PODS}`, '/cluster/api/v2'],
  ])(
    'a request below %s than `prefix` is a 404, and the authorizer is not asked',
    async (_what, path, prefix) => {
      expect(await decided(make, path, prefix)).toEqual({ status: 404, asked: [], audited: [`get ${path}`] })
      expect(await decided(make, path, prefix, {})).toEqual({
        status: 404,
        asked: [],
        audited: [`get ${path}`],
      })
    },
  )

  it.each(['/CLUSTER', '/%63luster', '/./cluster', '//cluster', '/x/../cluster'])(
    'another spelling of `prefix` is not below it: %s',
    async (spelling) => {
      const { status, asked: about } = await decided(make, `${spelling}${PODS}`, '/cluster')
      // What a URL parser makes of dots is what the client sent, for runtimes with the Fetch API.
      if (about.length > 0) expect(about).toContain('watch shop pods')
      else expect(status).toBeGreaterThanOrEqual(400)
    },
  )
})

it('an app that Hono mounts sees a path without its prefix, and needs no option', async () => {
  const make = async ({ policy, options, telling }: Given): Promise<Send> => {
    const inner = new Hono()
      .use(onHono.authentication(chain, telling))
      .use(onHono.impersonation(policy, options))
      .use(onHono.authorization(policy, options))
      .all('*', (c) => c.body(null))
    // oxlint-disable-next-line typescript/no-deprecated -- Hono 4 has it from the first version, and hono/mount only lately.
    return asked(new Hono().mount('/cluster', inner.fetch))
  }
  expect(await decided(make, `/cluster${PODS}`)).toMatchObject({
    status: 200,
    asked: ['impersonate-on:user-info:watch shop pods', AS_ADA, 'watch shop pods'],
  })
  expect(await decided(make, `/cluster${PODS}`, '/cluster')).toMatchObject({ status: 404, asked: [] })
})

it('the proxy forwards what it has decided about', async () => {
  let received: string | undefined
  const upstream = createServer((message, response) => {
    received = message.url
    response.end()
  })
  await listening(upstream)
  const address = upstream.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  const make = async ({ policy, options, telling }: Given): Promise<Send> => {
    const proxy = impersonatingProxy({
      authenticator: chain,
      impersonation: policy,
      authorization: policy,
      upstream: { server: `http://127.0.0.1:${port}` },
      allowInsecureHttp: true,
      ...telling,
      ...options,
    })
    onTestFinished(proxy.close)
    const app = express()
    app.use('/cluster', proxy.express())
    return listening(createServer(app))
  }
  expect(await decided(make, `/cluster${PODS}`, '/cluster')).toEqual({
    status: 200,
    asked: ['impersonate-on:user-info:watch shop pods', AS_ADA, 'watch shop pods'],
    audited: [`watch shop pods /cluster${PODS}`],
  })
  expect(received).toBe(PODS)
})
