import { once } from 'node:events'
import { Agent, request as httpRequest, type IncomingMessage } from 'node:http'
import { serve } from '@hono/node-server'
import { authenticatorChain, userInfo } from '@kube-authn/core'
import { Hono } from 'hono'
import { expect, it, onTestFinished, vi } from 'vitest'
import { portOf, type RunningUpstream, upstreamServer } from '../test/servers.ts'
import { impersonatingProxy } from './index.ts'

const chain = authenticatorChain({
  tokens: [{ name: 'tokens', authenticateToken: () => ({ user: userInfo({ username: 'jane' }) }) }],
})

/** An app as in the README, on a real server. */
async function served({ url, ca }: RunningUpstream, addsHeaders: boolean): Promise<number> {
  const proxy = impersonatingProxy({
    authenticator: chain,
    upstream: { server: url, ca, credential: { type: 'token', token: 'own' } },
    prefix: '/cluster',
    log: false,
  })
  const app = new Hono()
  if (addsHeaders) {
    app.use(async (c, next) => {
      c.header('X-Before', '1')
      await next()
      c.header('X-After', '1')
    })
  }
  app.all('/cluster/*', proxy.hono())
  const before = { Request: globalThis.Request, Response: globalThis.Response }
  const server = serve({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' })
  onTestFinished(() => {
    Object.assign(globalThis, before)
    void proxy.close()
    server.close()
  })
  if (!('closeAllConnections' in server)) throw new Error('not a server of node:http')
  if (!server.listening) await once(server, 'listening')
  return portOf(server)
}

it.each([
  ['of the README', false],
  ['whose middlewares set headers before and after', true],
])('an app %s logs nothing, and its connection can be used again', async (_, addsHeaders) => {
  const written = (['log', 'info', 'warn', 'error'] as const).map((name) =>
    vi.spyOn(console, name).mockImplementation(() => {}),
  )
  onTestFinished(() => {
    for (const each of written) each.mockRestore()
  })
  const upstream = await upstreamServer((message, response) => message.pipe(response))
  const port = await served(upstream, addsHeaders)
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  onTestFinished(() => agent.destroy())
  const reused: boolean[] = []
  for (const method of ['GET', 'POST', 'PUT', 'GET']) {
    const headers = { authorization: 'Bearer t' }
    const request = httpRequest({ port, host: '127.0.0.1', path: '/cluster/api', method, headers, agent })
    request.end(method.startsWith('P') ? method : undefined)
    const [response] = (await once(request, 'response')) as [IncomingMessage]
    reused.push(request.reusedSocket)
    let text = ''
    for await (const part of response) text += String(part)
    expect([response.statusCode, text]).toEqual([200, method.startsWith('P') ? method : ''])
    await new Promise((resolve) => setImmediate(resolve))
  }
  expect(reused).toEqual([false, true, true, true])
  expect(written.flatMap(({ mock }) => mock.calls)).toEqual([])
})
