import { createServer, type IncomingMessage, type Server } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { getRequestListener } from '@hono/node-server'
import { authenticatorChain } from '@kube-authn/core'
import { auditLog } from '@kube-authn/audit'
import { alwaysAllow } from '@kube-authn/core/authorization'
import { requestHeader } from '@kube-authn/core/client-certificate'
import { tokenFile } from '@kube-authn/core/token-file'
import { Hono, type MiddlewareHandler } from 'hono'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { authentication, authorization, getUser, impersonation } from './index.ts'
import { reviews, tokenReviewWebhook } from './reviews.ts'
import type { FailureOptions } from './failure.ts'

const servers: Server[] = []
afterEach(() => {
  for (const server of servers.splice(0)) server.close()
})

/** Sends lines to a server that keeps 40 headers. Returns the status and the body. */
async function ask(app: Hono, ...lines: readonly string[]): Promise<readonly [number, string]> {
  const listen = getRequestListener(app.fetch)
  const server = createServer((req, res) => void listen(req, res))
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
  readonly make: (options: FailureOptions) => MiddlewareHandler
}[] = [
  { name: 'authentication', make: (options) => authentication(chain, options) as MiddlewareHandler },
  {
    name: 'impersonation',
    make: (options) => impersonation(alwaysAllow(), { ...user, ...options }) as MiddlewareHandler,
  },
  {
    name: 'authorization',
    make: (options) => authorization(alwaysAllow(), { ...user, ...options }) as MiddlewareHandler,
  },
]

describe('a request that Node left headers out of, in Hono', () => {
  it.each([
    ...first,
    { name: 'reviews', make: () => reviews(alwaysAllow()) as MiddlewareHandler },
    { name: 'tokenReviewWebhook', make: () => tokenReviewWebhook([tokens], { callers: 'anyone' }) },
    { name: 'tokenReviewWebhook with callers', make: () => tokenReviewWebhook([tokens], { callers: chain }) },
  ])('is answered with a Status by $name, and reaches nothing else', async ({ make: middleware }) => {
    const reached = vi.fn()
    const app = new Hono().use(middleware({})).all('*', (c) => c.text(String(reached())))
    const [status, content] = await ask(app, ...cut)
    expect([status, JSON.parse(content)]).toMatchObject([431, { kind: 'Status', code: 431 }])
    expect(reached).not.toHaveBeenCalled()
  })

  it.each(first)('is told to onFailure of $name, where it stays refused', async ({ make: middleware }) => {
    const onFailure = vi.fn((_error: unknown, _c: unknown, next: () => Promise<void>) => next())
    const app = new Hono()
      .use(middleware({ onFailure: onFailure as never }))
      .use(authentication(chain) as MiddlewareHandler)
      .all('*', (c) => c.text('reached'))
    expect(await ask(app, ...cut)).toEqual([431, expect.stringContaining('"Status"')])
    expect(onFailure.mock.calls[0]?.[0]).toMatchObject({ name: 'StatusError', status: 431 })
  })

  it('is logged', async () => {
    const lines: unknown[] = []
    const observer = auditLog({ write: (event) => lines.push(event) })
    await ask(new Hono().use(authentication(chain, { observer }) as MiddlewareHandler), ...cut)
    expect(lines).toMatchObject([{ user: { username: '' }, responseStatus: { code: 431 } }])
  })
})

describe('a header in Hono on Node', () => {
  const identity = ['X-Remote-User: root', 'X-Remote-Group: system:masters', 'X-Remote-Group: a, b', '']
  const ways: readonly {
    readonly how: string
    readonly without: (request: Request, names: readonly string[]) => Request
  }[] = [
    {
      how: 'taken out',
      without: (request, names) => {
        for (const name of names) request.headers.delete(name)
        return request
      },
    },
    {
      how: 'taken out, and read before',
      without: (request, names) => {
        request.headers.get('x-remote-user')
        for (const name of names) request.headers.delete(name)
        return request
      },
    },
    {
      how: 'left out of another request',
      without: (request, names) => {
        const headers = new Headers(request.headers)
        for (const name of names) headers.delete(name)
        return new Request(request, { headers })
      },
    },
  ]

  it.each(
    [
      { take: [], seen: ['root', 'system:masters', 'a, b', 'system:authenticated'] },
      { take: ['x-remote-group'], seen: ['root', 'system:authenticated'] },
      { take: ['x-remote-user', 'x-remote-group'], seen: ['system:anonymous', 'system:unauthenticated'] },
    ].flatMap((each) => ways.map((way) => ({ ...each, ...way }))),
  )('does not count where it was $how before: $take', async ({ take, seen, without }) => {
    const app = new Hono()
      .use((c, next) => {
        c.req.raw = without(c.req.raw, take)
        return next()
      })
      .use(authentication(chain) as MiddlewareHandler)
      .all('*', (c) => c.json([getUser(c).username, ...getUser(c).groups]))
    expect(await ask(app, ...identity)).toEqual([200, JSON.stringify(seen)])
  })

  it('does not count where it was taken out of Node’s request', async () => {
    const app = new Hono()
      .use((c, next) => {
        delete (c.env as { incoming: IncomingMessage }).incoming.headers['x-remote-user']
        return next()
      })
      .use(authentication(chain) as MiddlewareHandler)
      .all('*', (c) => c.text(getUser(c).username))
    expect(await ask(app, ...identity)).toEqual([200, 'system:anonymous'])
  })

  it('of impersonation does not count either where it was taken out between', async () => {
    const app = new Hono()
      .use(authentication(chain) as MiddlewareHandler)
      .use((c, next) => {
        c.req.raw.headers.delete('impersonate-user')
        return next()
      })
      .use(impersonation(alwaysAllow()) as MiddlewareHandler)
      .all('*', (c) => c.text(getUser(c).username))
    const lines = ['Authorization: Bearer deputy', 'Impersonate-User: jane', '']
    expect(await ask(app, ...lines)).toEqual([200, 'deputy'])
  })

  it('is not created by the server before it is read', async () => {
    const made: unknown[] = []
    const app = new Hono().use(authentication(chain) as MiddlewareHandler).all('*', (c) => {
      made.push(...Object.getOwnPropertySymbols(c.req.raw).map(({ description }) => description))
      return c.text(getUser(c).username)
    })
    expect(await ask(app, 'X-Other: 1', '')).toEqual([200, 'system:anonymous'])
    expect(made).toContain('incomingKey')
    expect(made).not.toContain('headersKey')
  })

  it('is no identity when it comes behind the body', async () => {
    const app = new Hono().use(authentication(chain) as MiddlewareHandler).all('*', async (c) => {
      const { incoming } = c.env as { incoming: IncomingMessage }
      await new Promise((resolve) => incoming.resume().on('end', resolve))
      return c.json([incoming.trailers, incoming.rawTrailers, incoming.trailersDistinct])
    })
    const trailers = ['X-Sum: 1', 'X-Remote-User: root', 'Impersonate-User: root', 'Authorization: root', '']
    const lines = ['Authorization: Bearer deputy', 'Transfer-Encoding: chunked', '', '0', ...trailers]
    const [, content] = await ask(app, ...lines)
    expect(content).toContain('"x-sum":"1"')
    expect(content).not.toMatch(/root|remote|impersonate|authorization/i)
  })
})
