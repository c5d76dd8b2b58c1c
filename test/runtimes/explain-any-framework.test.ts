import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { connect as connectHttp2, createServer as createHttp2Server } from 'node:http2'
import type { AddressInfo } from 'node:net'
import { getRequestListener } from '@hono/node-server'
import { authenticatorChain, explain, type Explanation } from '@kube-authn/core'
import { tokenFile } from '@kube-authn/core/token-file'
import * as forExpress from '@kube-authn/express'
import * as forHono from '@kube-authn/hono'
import * as forKoa from '@kube-authn/koa'
import express from 'express'
import { Hono } from 'hono'
import Koa from 'koa'
import { afterEach, describe, expect, it } from 'vitest'

const TOKEN = 'a-token-of-jane'
const chain = authenticatorChain({ tokens: [tokenFile(`${TOKEN},jane,1`)] })

/** The explanations of one request: before authentication, and in the app or in `onFailure`. */
interface Told {
  before?: Explanation
  after?: Explanation
}

type Listener = (request: never, response: never) => unknown

/** Each is mounted below a path if possible, so that its `url` differs from the original. */
const frameworks: readonly {
  readonly name: string
  readonly http: 1 | 2
  readonly makeApp: (told: Told) => Listener
}[] = [
  { name: 'Node', http: 1, makeApp: nodeApp },
  { name: 'Node', http: 2, makeApp: nodeApp },
  { name: 'Express', http: 1, makeApp: expressApp },
  { name: 'Koa', http: 1, makeApp: koaApp },
  { name: 'Hono', http: 1, makeApp: (told) => getRequestListener(honoApp(told).fetch) },
  { name: 'Hono', http: 2, makeApp: (told) => getRequestListener(honoApp(told).fetch) },
  {
    name: 'Hono on Fetch',
    http: 1,
    // Node's objects are not visible.
    makeApp: (told) => getRequestListener((request) => honoApp(told).fetch(new Request(request))),
  },
]

function nodeApp(told: Told) {
  const authenticate = forExpress.authentication(chain, {
    onFailure: async (_, req, res) => {
      told.after = await explain(chain, req)
      res.statusCode = 401
      res.end()
    },
  })
  return async (req: IncomingMessage, res: ServerResponse): Promise<void> => {
    told.before = await explain(chain, req)
    authenticate(req, res, () => {
      void explain(chain, req).then((after) => {
        told.after = after
        res.end()
      })
    })
  }
}

function expressApp(told: Told): Listener {
  return express().use(
    '/admin',
    (req, _res, next) => {
      void explain(chain, req)
        .then((before) => {
          told.before = before
        })
        .then(next, next)
    },
    forExpress.authentication(chain, {
      onFailure: async (error, req, res) => {
        told.after = await explain(chain, req)
        res.statusCode = error.status
        res.end()
      },
    }),
    (req, res, next) => {
      void explain(chain, req).then((after) => {
        told.after = after
        res.end()
      }, next)
    },
  )
}

function koaApp(told: Told): Listener {
  return new Koa()
    .use(async (ctx, next) => {
      told.before = await explain(chain, ctx)
      await next()
    })
    .use(
      forKoa.authentication(chain, {
        onFailure: async (error, ctx) => {
          told.after = await explain(chain, ctx)
          ctx.status = error.status
        },
      }),
    )
    .use(async (ctx) => {
      told.after = await explain(chain, ctx)
      ctx.body = ''
    })
    .callback()
}

function honoApp(told: Told) {
  const app = new Hono()
    .use(async (c, next) => {
      told.before = await explain(chain, c)
      await next()
    })
    .use(
      forHono.authentication(chain, {
        onFailure: async (error, c) => {
          told.after = await explain(chain, c)
          return error.getResponse()
        },
      }),
    )
  app.all('*', async (c) => {
    told.after = await explain(chain, c)
    return c.text('')
  })
  return app
}

const closing: (() => void)[] = []
afterEach(() => {
  for (const close of closing.splice(0)) close()
})

async function ask(http: 1 | 2, listener: Listener, authorization: string): Promise<number> {
  const listen = (request: unknown, response: unknown): void =>
    void listener(request as never, response as never)
  const server = (http === 1 ? createServer(listen) : createHttp2Server(listen)).listen(0, '127.0.0.1')
  closing.push(() => server.close())
  await once(server, 'listening')
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const headers = authorization === '' ? {} : { authorization }
  if (http === 1) return (await fetch(`${origin}/admin/x`, { headers })).status
  const session = connectHttp2(origin)
  closing.push(() => session.destroy())
  const stream = session.request({ ':path': '/admin/x', ...headers }).resume()
  const [sent] = (await once(stream, 'response')) as [Record<string, unknown>]
  return Number(sent[':status'])
}

describe.each(frameworks)('explain, given a request of $name over HTTP/$http', ({ http, makeApp }) => {
  it.each([
    { authorization: `Bearer ${TOKEN}`, status: 200, before: { outcome: 'authenticated' } },
    { authorization: 'Bearer wrong', status: 401, before: { outcome: 'rejected', status: 401 } },
    { authorization: '', status: 401, before: { outcome: 'noOpinion', status: 401 } },
  ])(
    'tells of "$authorization" what its middleware does: $status',
    async ({ authorization, status, before }) => {
      const told: Told = {}
      expect(await ask(http, makeApp(told), authorization)).toBe(status)
      expect(told.before).toMatchObject(before)
      expect(told.after?.outcome).toBe('noOpinion')
      expect(told.after?.advice).toContain('An authentication middleware has already run on this request')
      expect(told.before?.advice).not.toContain('already')
      expect(JSON.stringify(told)).not.toContain(TOKEN)
    },
  )
})
