import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http'
import { createRequire } from 'node:module'
import { type AddressInfo, connect } from 'node:net'
import { authenticatorChain } from '@kube-authn/core'
import { auditLog } from '@kube-authn/audit'
import { alwaysAllow } from '@kube-authn/core/authorization'
import { requestHeader } from '@kube-authn/core/client-certificate'
import { tokenFile } from '@kube-authn/core/token-file'
import express from 'express'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { authentication, authorization, getUser, impersonation, type Middleware } from './index.ts'
import { reviews, tokenReviewWebhook } from './reviews.ts'
import type { FailureOptions } from './middleware.ts'

const servers: Server[] = []
afterEach(() => {
  for (const server of servers.splice(0)) server.close()
})

/** Sends lines to a server that keeps 40 headers. Returns the status and the body. */
async function ask(app: RequestListener, ...lines: readonly string[]): Promise<readonly [number, string]> {
  const server = createServer(app)
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

const first: readonly { readonly name: string; readonly make: (options: FailureOptions) => Middleware }[] = [
  { name: 'authentication', make: (options) => authentication(chain, options) },
  { name: 'impersonation', make: (options) => impersonation(alwaysAllow(), { ...user, ...options }) },
  { name: 'authorization', make: (options) => authorization(alwaysAllow(), { ...user, ...options }) },
]

describe.each([
  { version: 5, make: () => express() },
  { version: 4, make: createRequire(import.meta.url)('express4') as () => ReturnType<typeof express> },
])('a request that Node left headers out of, in Express $version', ({ make }) => {
  it.each([
    ...first,
    { name: 'reviews', make: () => reviews(alwaysAllow()) },
    { name: 'tokenReviewWebhook', make: () => tokenReviewWebhook([tokens], { callers: 'anyone' }) },
    { name: 'tokenReviewWebhook with callers', make: () => tokenReviewWebhook([tokens], { callers: chain }) },
  ])('is answered with a Status by $name, and reaches nothing else', async ({ make: middleware }) => {
    const reached = vi.fn()
    const app = make()
      .use(middleware({}))
      .use((_req, res) => void res.end(String(reached())))
    const [status, content] = await ask(app, ...cut)
    expect([status, JSON.parse(content)]).toMatchObject([431, { kind: 'Status', code: 431 }])
    expect(reached).not.toHaveBeenCalled()
  })

  it.each(first)('is told to onFailure of $name, where it stays refused', async ({ make: middleware }) => {
    const onFailure = vi.fn((_error: unknown, _req: unknown, _res: unknown, next: () => void) => next())
    const app = make()
      .use(middleware({ onFailure }))
      .use(authentication(chain))
      .use((_req, res) => void res.end('reached'))
    expect(await ask(app, ...cut)).toEqual([431, expect.stringContaining('"Status"')])
    expect(onFailure.mock.calls[0]?.[0]).toMatchObject({ name: 'StatusError', status: 431 })
  })

  it('is logged', async () => {
    const lines: unknown[] = []
    const observer = auditLog({ write: (event) => lines.push(event) })
    await ask(make().use(authentication(chain, { observer })), ...cut)
    expect(lines).toMatchObject([{ user: { username: '' }, responseStatus: { code: 431 } }])
  })
})

describe('a header in Express', () => {
  const identity = ['X-Remote-User: root', 'X-Remote-Group: system:masters', 'X-Remote-Group: a, b', '']

  it.each([
    { take: [], seen: ['root', 'system:masters', 'a, b', 'system:authenticated'] },
    { take: ['x-remote-group'], seen: ['root', 'system:authenticated'] },
    { take: ['x-remote-user', 'x-remote-group'], seen: ['system:anonymous', 'system:unauthenticated'] },
  ])('does not count where it was taken out before: $take', async ({ take, seen }) => {
    const app = express()
      .use((req, _res, next) => {
        for (const name of take) delete req.headers[name]
        next()
      })
      .use(authentication(chain))
      .use((req, res) => void res.json([getUser(req).username, ...getUser(req).groups]))
    expect(await ask(app, ...identity)).toEqual([200, JSON.stringify(seen)])
  })

  it('of impersonation does not count either where it was taken out between', async () => {
    const app = express()
      .use(authentication(chain))
      .use((req, _res, next) => {
        delete req.headers['impersonate-user']
        next()
      })
      .use(impersonation(alwaysAllow()))
      .use((req, res) => void res.end(getUser(req).username))
    expect(await ask(app, 'Authorization: Bearer deputy', 'Impersonate-User: jane', '')).toEqual([
      200,
      'deputy',
    ])
  })

  it('is no identity when it comes behind the body', async () => {
    const app = express()
      .use(authentication(chain))
      .use((req: IncomingMessage, res: { end(text: string): void }) => {
        req
          .resume()
          .on('end', () => res.end(JSON.stringify([req.trailers, req.rawTrailers, req.trailersDistinct])))
      })
    const trailers = ['X-Sum: 1', 'X-Remote-User: root', 'Impersonate-User: root', 'Authorization: root', '']
    const [, content] = await ask(
      app,
      'Authorization: Bearer deputy',
      'Transfer-Encoding: chunked',
      '',
      '0',
      ...trailers,
    )
    expect(content).toContain('"x-sum":"1"')
    expect(content).not.toMatch(/root|remote|impersonate|authorization/i)
  })
})
