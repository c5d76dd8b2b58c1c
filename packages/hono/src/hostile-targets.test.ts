import { get } from 'node:http'
import type { AddressInfo } from 'node:net'
import { serve, type ServerType } from '@hono/node-server'
import { authenticatorChain } from '@kube-authn/core'
import {
  allow,
  allowPaths,
  type Attributes,
  type Authorizer,
  noOpinion,
} from '@kube-authn/core/authorization'
import { tokenFile } from '@kube-authn/core/token-file'
import { Hono } from 'hono'
import { methodOverride } from 'hono/method-override'
import { afterEach, describe, expect, it } from 'vitest'
import { authentication, authorization } from './index.ts'

const servers: ServerType[] = []
afterEach(() => {
  for (const server of servers.splice(0)) server.close()
})

async function listen(app: Hono): Promise<number> {
  const server = await new Promise<ServerType>((resolve) => {
    const starting = serve({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' }, () => resolve(starting))
  })
  servers.push(server)
  return (server.address() as AddressInfo).port
}

/** The response to a target that is sent unchanged: its status, and the path in Hono if it passed. */
async function answerTo(
  app: Hono,
  target: string,
): Promise<readonly [status: number | undefined, text: string]> {
  app.all('*', (c) => c.text(c.req.path))
  const port = await listen(app)
  return new Promise((resolve, reject) => {
    get({ host: '127.0.0.1', port, path: target, agent: false }, (response) => {
      let text = ''
      response.on('data', (data) => (text += String(data)))
      response.on('end', () => resolve([response.statusCode, response.statusCode === 200 ? text : '']))
    }).on('error', reject)
  })
}

describe('a target that is read in two ways, in Hono on Node', () => {
  it.each([
    { target: 'http://h/healthz', answer: [200, '/healthz'] },
    { target: 'http:///healthz', answer: [401, ''] },
    { target: '/a%2Fhealthz', answer: [401, ''] },
  ])('is $answer.0 when only /healthz is public: $target', async ({ target, answer }) => {
    const conditions = [{ path: '/healthz' }, { path: '/a/healthz' }]
    const app = new Hono()
    app.use(authentication(authenticatorChain({ anonymous: { enabled: true, conditions } })))
    expect(await answerTo(app, target)).toEqual(answer)
  })

  it.each([
    { target: 'http://h/public/a', answer: [200, '/public/a'] },
    { target: 'http:///public/admin', answer: [400, ''] },
    { target: '/public/../admin', answer: [400, ''] },
    { target: '/public/%2e%2e/admin', answer: [400, ''] },
  ])('is $answer.0 when only /public/* is public: $target', async ({ target, answer }) => {
    const app = new Hono()
    app.use(authentication(authenticatorChain({ anonymous: true })))
    app.use(authorization(allowPaths(['/public/*'])))
    expect(await answerTo(app, target)).toEqual(answer)
  })
})

it('authorizes the method that Hono goes by, after methodOverride', async () => {
  const onlyPosts: Authorizer = {
    name: 'onlyPosts',
    authorize: ({ verb }: Attributes) => (verb === 'post' ? allow() : noOpinion()),
  }
  const app = new Hono()
  app.use(methodOverride({ app, header: 'x-http-method-override' }))
  app.use(authentication(authenticatorChain({ tokens: [tokenFile('good,jane,1')] })))
  app.use(authorization(onlyPosts))
  app.on(['POST', 'DELETE'], '/things', (c) => c.text(c.req.method))
  const origin = `http://127.0.0.1:${await listen(app)}`
  const ask = (headers: Record<string, string>): Promise<Response> =>
    fetch(`${origin}/things`, { method: 'POST', headers: { authorization: 'Bearer good', ...headers } })
  expect(await (await ask({})).text()).toBe('POST')
  expect((await ask({ 'x-http-method-override': 'DELETE' })).status).toBe(403)
})
