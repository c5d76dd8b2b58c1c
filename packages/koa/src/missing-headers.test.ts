import { createServer, type Server } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { authenticatorChain } from '@kube-authn/core'
import { auditLog } from '@kube-authn/audit'
import { alwaysAllow } from '@kube-authn/core/authorization'
import { requestHeader } from '@kube-authn/core/client-certificate'
import { tokenFile } from '@kube-authn/core/token-file'
import Koa from 'koa'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { authentication, authorization, getUser, impersonation } from './index.ts'
import { reviews, tokenReviewWebhook } from './reviews.ts'
import type { FailureOptions } from './failure.ts'

const servers: Server[] = []
afterEach(() => {
  for (const server of servers.splice(0)) server.close()
})

/** Sends lines to a server that keeps 40 headers. Returns the status and the body. */
async function ask(app: Koa, ...lines: readonly string[]): Promise<readonly [number, string]> {
  const handle = app.callback()
  const server = createServer((req, res) => void handle(req, res))
  server.maxHeadersCount = 40
  servers.push(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1')
  socket.write(['POST / HTTP/1.1', 'Host: localhost', 'Connection: close', ...lines, ''].join('\r\n'))
  let text = ''
  for await (const part of socket.setEncoding('utf8')) text += part
  return [Number(text.slice(9, 12)), text.slice(text.indexOf('\r\n\r\n') + 4)]
}

/** A request of a deputy, whose last header may have been dropped. */
const cut = ['Authorization: Bearer deputy', ...Array.from({ length: 37 }, () => 'B:'), '']

const tokens = tokenFile('deputy,deputy,1,system:masters')
const chain = authenticatorChain({
  tokens: [tokens],
  requestHeader: requestHeader({
    trusts: () => true,
    usernameHeaders: ['X-Remote-User'],
    groupHeaders: ['X-Remote-Group'],
  }),
  anonymous: true,
})
const user = { user: () => ({ username: 'deputy', uid: '', groups: [], extra: {} }) }

const first: readonly {
  readonly name: string
  readonly make: (options: FailureOptions) => Koa.Middleware
}[] = [
  { name: 'authentication', make: (options) => authentication(chain, options) as Koa.Middleware },
  {
    name: 'impersonation',
    make: (options) => impersonation(alwaysAllow(), { ...user, ...options }) as Koa.Middleware,
  },
  {
    name: 'authorization',
    make: (options) => authorization(alwaysAllow(), { ...user, ...options }) as Koa.Middleware,
  },
]

describe('a request that Node left headers out of, in Koa', () => {
  it.each([
    ...first,
    { name: 'reviews', make: () => reviews(alwaysAllow()) },
    { name: 'tokenReviewWebhook', make: () => tokenReviewWebhook([tokens], { callers: 'anyone' }) },
    { name: 'tokenReviewWebhook with callers', make: () => tokenReviewWebhook([tokens], { callers: chain }) },
  ])('is answered with a Status by $name, and reaches nothing else', async ({ make: middleware }) => {
    const reached = vi.fn()
    const app = new Koa().use(middleware({})).use(() => void reached())
    const [status, content] = await ask(app, ...cut)
    expect([status, JSON.parse(content)]).toMatchObject([431, { kind: 'Status', code: 431 }])
    expect(reached).not.toHaveBeenCalled()
  })

  it.each(first)('is told to onFailure of $name, where it stays refused', async ({ make: middleware }) => {
    const onFailure = vi.fn((_error: unknown, _ctx: unknown, next: () => Promise<unknown>) => next())
    const app = new Koa()
      .use(middleware({ onFailure }))
      .use(authentication(chain))
      .use((ctx) => void (ctx.body = 'reached'))
    expect(await ask(app, ...cut)).toEqual([431, expect.stringContaining('"Status"')])
    expect(onFailure.mock.calls[0]?.[0]).toMatchObject({ name: 'StatusError', status: 431 })
  })

  it('is logged', async () => {
    const lines: unknown[] = []
    const observer = auditLog({ write: (event) => lines.push(event) })
    await ask(new Koa().use(authentication(chain, { observer })), ...cut)
    expect(lines).toMatchObject([{ user: { username: '' }, responseStatus: { code: 431 } }])
  })
})

describe('a header in Koa', () => {
  const identity = ['X-Remote-User: root', 'X-Remote-Group: system:masters', 'X-Remote-Group: a, b', '']

  it.each([
    { take: [], seen: ['root', 'system:masters', 'a, b', 'system:authenticated'] },
    { take: ['x-remote-group'], seen: ['root', 'system:authenticated'] },
    { take: ['x-remote-user', 'x-remote-group'], seen: ['system:anonymous', 'system:unauthenticated'] },
  ])('does not count where it was taken out before: $take', async ({ take, seen }) => {
    const app = new Koa()
      .use((ctx, next) => {
        for (const name of take) delete ctx.headers[name]
        return next()
      })
      .use(authentication(chain))
      .use((ctx) => void (ctx.body = [getUser(ctx).username, ...getUser(ctx).groups]))
    expect(await ask(app, ...identity)).toEqual([200, JSON.stringify(seen)])
  })

  it('of impersonation does not count either where it was taken out between', async () => {
    const app = new Koa()
      .use(authentication(chain))
      .use((ctx, next) => {
        delete ctx.req.headers['impersonate-user']
        return next()
      })
      .use(impersonation(alwaysAllow()))
      .use((ctx) => void (ctx.body = getUser(ctx).username))
    expect(await ask(app, 'Authorization: Bearer deputy', 'Impersonate-User: jane', '')).toEqual([
      200,
      'deputy',
    ])
  })

  it('is no identity when it comes behind the body', async () => {
    const app = new Koa().use(authentication(chain)).use(async ({ req, response }) => {
      await new Promise((resolve) => req.resume().on('end', resolve))
      response.body = [req.trailers, req.rawTrailers, req.trailersDistinct]
    })
    const trailers = ['X-Sum: 1', 'X-Remote-User: root', 'Impersonate-User: root', 'Authorization: root', '']
    const lines = ['Authorization: Bearer deputy', 'Transfer-Encoding: chunked', '', '0', ...trailers]
    const [, content] = await ask(app, ...lines)
    expect(content).toContain('"x-sum":"1"')
    expect(content).not.toMatch(/root|remote|impersonate|authorization/i)
  })
})
