import { once } from 'node:events'
import { createServer } from 'node:http'
import { connect as connectHttp2, createServer as createHttp2Server } from 'node:http2'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { getRequestListener } from '@hono/node-server'
import {
  type Authenticator,
  authenticatorChain,
  type Context,
  type Observer,
  userInfo,
} from '@kube-authn/core'
import { type AuditEvent, auditLog } from '@kube-authn/audit'
import { allow, alwaysAllow, type Authorizer } from '@kube-authn/core/authorization'
import { tokenFile } from '@kube-authn/core/token-file'
import * as forExpress from '@kube-authn/express'
import * as forHono from '@kube-authn/hono'
import * as forKoa from '@kube-authn/koa'
import { http2ServerOptions } from '@kube-authn/node'
import express from 'express'
import { Hono } from 'hono'
import Koa from 'koa'
import { afterEach, describe, expect, it } from 'vitest'

/*
 * Requests whose client disconnects, over real sockets: the audit log has their end, and no work continues for them.
 */

interface Parts {
  readonly authenticator: Authenticator
  readonly observer?: Observer
  readonly impersonation?: Authorizer
  readonly authorization?: Authorizer
  /** The app's handler. It responds after this resolves. */
  readonly work?: (path: string) => Promise<void>
}

type Listener = (request: never, response: never) => unknown
type MakeApp = (parts: Parts) => Listener

const done = async (): Promise<void> => {}

const expressApp: MakeApp = ({ authenticator, observer, impersonation, authorization, work = done }) => {
  const options = observer === undefined ? {} : { observer }
  const app = express().use(forExpress.authentication(authenticator, options))
  if (impersonation !== undefined) app.use(forExpress.impersonation(impersonation, options))
  if (authorization !== undefined) app.use(forExpress.authorization(authorization, options))
  return app.use((req, res, next) => void work(req.path).then(() => res.send('done'), next))
}

const koaApp: MakeApp = ({ authenticator, observer, impersonation, authorization, work = done }) => {
  const options = observer === undefined ? {} : { observer }
  const app = new Koa().use(forKoa.authentication(authenticator, options))
  if (impersonation !== undefined) app.use(forKoa.impersonation(impersonation, options))
  if (authorization !== undefined) app.use(forKoa.authorization(authorization, options))
  app.silent = true
  return app
    .use(async (ctx) => {
      await work(ctx.path)
      ctx.body = 'done'
    })
    .callback()
}

const honoApp: MakeApp = ({ authenticator, observer, impersonation, authorization, work = done }) => {
  const options = observer === undefined ? {} : { observer }
  const app = new Hono().use(forHono.authentication(authenticator, options))
  if (impersonation !== undefined) app.use(forHono.impersonation(impersonation, options))
  if (authorization !== undefined) app.use(forHono.authorization(authorization, options))
  app.all('*', async (c) => {
    await work(c.req.path)
    return c.text('done')
  })
  return getRequestListener(app.fetch)
}

const frameworks: readonly { readonly name: string; readonly http: 1 | 2; readonly makeApp: MakeApp }[] = [
  { name: 'Express', http: 1, makeApp: expressApp },
  { name: 'Koa', http: 1, makeApp: koaApp },
  { name: 'Koa', http: 2, makeApp: koaApp },
  { name: 'Hono', http: 1, makeApp: honoApp },
  { name: 'Hono', http: 2, makeApp: honoApp },
]

const closing: (() => void)[] = []
afterEach(() => {
  for (const close of closing.splice(0)) close()
})

type Asked = readonly [method: 'GET' | 'POST', path: string]

/** Sends requests over one connection at once; the result closes the connection, and resolves when the server noticed. */
async function send(
  http: 1 | 2,
  listener: Listener,
  requests: readonly Asked[],
  more: Readonly<Record<string, string>> = {},
): Promise<() => Promise<void>> {
  const listen = (request: unknown, response: unknown): void =>
    void listener(request as never, response as never)
  // These clients send no header that could be dropped, so impersonation works on Node 20 too.
  const http2 = http2ServerOptions({ cleanHttp2Fields: true })
  const server = (http === 1 ? createServer(listen) : createHttp2Server(http2, listen)).listen(0, '127.0.0.1')
  closing.push(() => server.close())
  const closed = signalled()
  server.once('connection', (socket: Socket) => void socket.once('close', closed.happen))
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const headers = { authorization: 'Bearer clark-token', ...more }
  if (http === 2) {
    const session = connectHttp2(`http://127.0.0.1:${port}`).on('error', () => {})
    for (const [method, path] of requests) {
      const stream = session.request({ ':path': path, ':method': method, ...headers })
      stream.on('error', () => {}).end()
    }
    closing.push(() => session.destroy())
    return () => {
      session.destroy()
      return closed.happened
    }
  }
  const client = connect(port, '127.0.0.1').on('error', () => {})
  client.resume().write(
    requests
      .map(([method, path]) => {
        const lines = Object.entries({ host: 'x', 'content-length': 0, ...headers })
        return `${method} ${path} HTTP/1.1\r\n${lines.map((line) => `${line.join(': ')}\r\n`).join('')}\r\n`
      })
      .join(''),
  )
  closing.push(() => client.destroy())
  return () => {
    client.resetAndDestroy()
    return closed.happened
  }
}

/** A promise and its resolve function. */
function signalled(): { readonly happened: Promise<void>; readonly happen: () => void } {
  let happen = (): void => {}
  const happened = new Promise<void>((resolve) => {
    happen = resolve
  })
  return { happened, happen }
}

const clark = userInfo({ username: 'clark' })

describe.each(frameworks)('a client of $name that leaves, over HTTP/$http', ({ http, makeApp }) => {
  it('leaves an end of every request in the audit log, with the impersonated user, also of one that waits behind another', async () => {
    const events: AuditEvent[] = []
    const atWork = signalled()
    const ended = signalled()
    const worked: string[] = []
    const observer = auditLog({
      write(event) {
        events.push(event)
        if (events.filter(({ stage }) => stage === 'ResponseComplete').length === 2) ended.happen()
      },
    })
    const listener = makeApp({
      authenticator: authenticatorChain({ tokens: [tokenFile('clark-token,clark,1')] }),
      observer,
      impersonation: alwaysAllow(),
      authorization: alwaysAllow(),
      async work(path) {
        worked.push(path)
        if (worked.length === 2) atWork.happen()
        await ended.happened
      },
    })
    const reset = await send(
      http,
      listener,
      [
        ['GET', '/slow'],
        ['POST', '/wipe'],
      ],
      { 'impersonate-user': 'superman' },
    )
    await atWork.happened
    // Once per request, for any number of decisions, followed by an end.
    expect(events.map(({ stage }) => stage)).toEqual(['RequestReceived', 'RequestReceived'])
    await reset()
    await ended.happened
    const ends = events.filter(({ stage }) => stage === 'ResponseComplete')
    expect(ends.map(({ requestURI }) => requestURI).toSorted()).toEqual(['/slow', '/wipe'])
    for (const end of ends) {
      expect(end).toMatchObject({
        user: { username: 'clark' },
        impersonatedUser: { username: 'superman' },
        responseStatus: { code: 499 },
        annotations: { 'authorization.k8s.io/decision': 'allow' },
      })
    }
  })

  it('ends the signal of the authenticator that is asked about it', async () => {
    const asked = signalled()
    const aborted = signalled()
    const authenticator: Authenticator = {
      name: 'slow',
      authenticate: (_, context) => waitForEnd(context, asked, aborted),
    }
    const reset = await send(http, makeApp({ authenticator }), [['GET', '/']])
    await asked.happened
    await reset()
    await expect(aborted.happened).resolves.toBeUndefined()
  })

  it.each(['impersonation', 'authorization'] as const)(
    'ends the signal of the authorizer of %s',
    async (which) => {
      const asked = signalled()
      const aborted = signalled()
      const authorizer: Authorizer = {
        name: 'slow',
        async authorize(_, context) {
          await waitForEnd(context, asked, aborted)
          return allow()
        },
      }
      const authenticator = { name: 'known', authenticate: () => ({ user: clark }) }
      const reset = await send(
        http,
        makeApp({ authenticator, [which]: authorizer }),
        [['GET', '/']],
        which === 'impersonation' ? { 'impersonate-user': 'superman' } : {},
      )
      await asked.happened
      await reset()
      await expect(aborted.happened).resolves.toBeUndefined()
    },
  )

  it('lets the signal be, once the request was answered', async () => {
    const answered = signalled()
    const signals: AbortSignal[] = []
    const authenticator: Authenticator = {
      name: 'reads',
      authenticate(_, { signal }) {
        if (signal !== undefined) signals.push(signal)
        return { user: clark }
      },
    }
    const observer: Observer = (event) => {
      if (event.type === 'response') answered.happen()
    }
    const reset = await send(http, makeApp({ authenticator, observer }), [['GET', '/']])
    await answered.happened
    await reset()
    expect(signals.map(({ aborted }) => aborted)).toEqual([false])
  })
})

async function waitForEnd(
  { signal }: Context,
  asked: ReturnType<typeof signalled>,
  aborted: ReturnType<typeof signalled>,
): Promise<undefined> {
  if (signal === undefined) throw new Error('there is no signal')
  const ended = once(signal, 'abort')
  asked.happen()
  await ended
  aborted.happen()
  return undefined
}
