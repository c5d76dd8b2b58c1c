import { createServer, type Server } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { authenticatorChain, type Observer } from '@kube-authn/core'
import { isStatusError } from '@kube-authn/core/internal'
import { requestHeader } from '@kube-authn/core/client-certificate'
import { tokenFile } from '@kube-authn/core/token-file'
import { recordEvents } from '@kube-authn/testing'
import express, { type ErrorRequestHandler } from 'express'
import { Passport } from 'passport'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { httpBearer, Strategy } from './index.ts'

const servers: Server[] = []
afterEach(() => {
  for (const server of servers.splice(0)) server.close()
})

/** Sends lines to a server that keeps 40 headers. Returns the status and the body. */
async function ask(app: express.Express, ...lines: readonly string[]): Promise<readonly [number, string]> {
  const server = createServer(app)
  server.maxHeadersCount = 40
  servers.push(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1')
  socket.write(['GET / HTTP/1.1', 'Host: localhost', 'Connection: close', ...lines, ''].join('\r\n'))
  let text = ''
  for await (const part of socket.setEncoding('utf8')) text += part
  return [Number(text.slice(9, 12)), text.slice(text.indexOf('\r\n\r\n') + 4)]
}

const filler = Array.from({ length: 37 }, () => 'B:')
const tokens = tokenFile('deputy,deputy,1')
const chain = authenticatorChain({
  tokens: [tokens],
  requestHeader: requestHeader({ trusts: () => true, usernameHeaders: ['X-Remote-User'] }),
  anonymous: true,
})

/** An app with this strategy, and then one that authenticates every request. */
function appWith(
  strategy: object,
  onError?: ErrorRequestHandler,
): { app: express.Express; next: () => void } {
  const next = vi.fn()
  const passport = new Passport()
  passport.use('ours', strategy as never)
  passport.use('next', {
    authenticate(this: { success(user: object): void }) {
      next()
      this.success({ username: 'everybody' })
    },
  } as never)
  const app = express()
    .use(passport.authenticate(['ours', 'next'], { session: false }))
    .get('/', (req, res) => void res.json(req.user))
  if (onError !== undefined) app.use(onError)
  return { app, next }
}

describe.each([
  { name: 'Strategy', make: (observer: Observer) => new Strategy(chain, { observer }) },
  { name: 'httpBearer', make: (observer: Observer) => httpBearer(tokens, { observer }) },
])('a request that Node left headers out of, in $name', ({ make }) => {
  it.each([
    { what: 'with the token before', lines: ['Authorization: Bearer deputy', ...filler] },
    { what: 'with what may have been a token behind', lines: [...filler, 'B:'] },
  ])('is an error of 431, and no other strategy is asked: $what', async ({ lines }) => {
    const { events, observer } = recordEvents()
    const { app, next } = appWith(make(observer), (error: unknown, _req, res, _next) => {
      if (isStatusError(error)) res.status(error.statusCode).set(error.headers).send(error.content)
      else res.end()
    })
    const [status, content] = await ask(app, ...lines, '')
    expect([status, JSON.parse(content)]).toMatchObject([431, { code: 431 }])
    expect(next).not.toHaveBeenCalled()
    expect(events.filter(({ type }) => type === 'request')).toMatchObject([
      { result: 'error', error: { code: 'rejected' } },
    ])
  })

  it('has the status 431 from Express’ own error handling', async () => {
    const { app } = appWith(make(recordEvents().observer))
    app.set('env', 'production')
    const printed = vi.spyOn(console, 'error').mockImplementation(() => undefined)
    const [status, content] = await ask(app, ...filler, 'Authorization: Bearer deputy', '')
    expect(status).toBe(431)
    await vi.waitFor(() => expect(printed.mock.calls).toMatchObject([[{ code: 'refusedRequest' }]]))
    expect(content).not.toContain('deputy')
  })
})

it('a header that was taken out before does not count', async () => {
  const passport = new Passport().use(new Strategy(chain) as never)
  const app = express()
    .use((req, _res, next) => {
      delete req.headers['x-remote-user']
      next()
    })
    .use(passport.authenticate('kube-authn', { session: false }))
    .get('/', (req, res) => void res.json(req.user))
  const [status, content] = await ask(app, 'X-Remote-User: root', '')
  expect([status, JSON.parse(content)]).toMatchObject([200, { username: 'system:anonymous' }])
})
