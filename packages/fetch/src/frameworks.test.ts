import { createServer, request as requestHttp, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { authenticatorChain } from '@kube-authn/core'
import { tokenFile } from '@kube-authn/core/token-file'
import { Elysia } from 'elysia'
import { fromWebHandler, H3, withBase } from 'h3'
import { toNodeHandler } from 'h3/node'
import { Hono } from 'hono'
import { afterEach, describe, expect, it } from 'vitest'
import { getUser, withAuthentication } from './index.ts'

const chain = authenticatorChain({ tokens: [tokenFile('good,jane,1\n')] })
const headers = { authorization: 'Bearer good', 'x-remote-user': 'root', 'x-kept': 'yes' }

const servers: Server[] = []
afterEach(() => {
  for (const server of servers.splice(0)) server.close()
})

const report = (request: Request): Response =>
  Response.json([
    getUser(request).username,
    [...request.headers.keys()].filter((name) => name.startsWith('x-')),
  ])

describe('withAuthentication around an app', () => {
  it.each([
    { name: 'Hono', app: new Hono().get('/', (c) => report(c.req.raw)) },
    { name: 'Elysia', app: new Elysia({ aot: false }).get('/', ({ request }) => report(request)) },
    { name: 'H3', app: new H3().get('/', ({ req }) => report(req)) },
  ])('of $name gives its routes the user and no credential', async ({ app }) => {
    const handle = withAuthentication(chain, (request) => app.fetch(request))
    const response = await handle(new Request('http://localhost/', { headers }))
    expect(await response.json()).toEqual(['jane', ['x-kept']])
    expect((await handle(new Request('http://localhost/'))).status).toBe(401)
  })
})

describe('a handler of withAuthentication', () => {
  const handler = withAuthentication(chain, report)

  it('can be mounted in Elysia', async () => {
    const app = new Elysia({ aot: false }).get('/', () => 'public').mount('/api', handler)
    expect(await (await app.handle(new Request('http://localhost/'))).text()).toBe('public')
    expect((await app.handle(new Request('http://localhost/api/a'))).status).toBe(401)
    const response = await app.handle(new Request('http://localhost/api/a', { headers }))
    expect(await response.json()).toEqual(['jane', ['x-kept']])
  })

  it('can be mounted in H3 on Node, where the route and Node’s request show no credential', async () => {
    const seen: unknown[] = []
    const app = new H3()
      .get('/', () => 'public')
      .use(
        '/api/**',
        withBase(
          '/api',
          fromWebHandler(
            withAuthentication(chain, (request) => {
              const { runtime } = request as {
                runtime?: { node?: { req?: { rawHeaders: string[]; headers: object } } }
              }
              seen.push(
                runtime?.node?.req?.rawHeaders.join('\n'),
                JSON.stringify(runtime?.node?.req?.headers),
              )
              return report(request)
            }),
          ),
        ),
      )
    const server = createServer(toNodeHandler(app))
    servers.push(server)
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as AddressInfo
    const ask = (path: string, sent: readonly string[]): Promise<readonly [number | undefined, string]> =>
      new Promise((resolve, reject) => {
        requestHttp({ port, path, agent: false, headers: ['Host', 'a', ...sent] }, (response) => {
          let body = ''
          response.on('data', (data) => (body += String(data)))
          response.on('end', () => resolve([response.statusCode, body]))
        })
          .on('error', reject)
          .end()
      })
    expect(await ask('/', [])).toEqual([200, 'public'])
    expect((await ask('/api/a', []))[0]).toBe(401)
    const good = [
      'Authorization',
      'Bearer good',
      'Authorization',
      'Bearer bad',
      'X-Remote-User',
      'root',
      'X-Kept',
      'y',
    ]
    expect(await ask('/api/a', good)).toEqual([200, '["jane",["x-kept"]]'])
    expect(seen).toHaveLength(2)
    expect(seen.join('\n').toLowerCase()).not.toMatch(/bearer|authorization|x-remote/)
    expect(seen.join('\n').toLowerCase()).toContain('x-kept')
  })
})
