import { get, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { authenticatorChain } from '@kube-authn/core'
import { allowPaths } from '@kube-authn/core/authorization'
import Koa from 'koa'
import { afterEach, describe, expect, it } from 'vitest'
import { authentication, authorization } from './index.ts'

const servers: Server[] = []
afterEach(() => {
  for (const server of servers.splice(0)) server.close()
})

/** The response to a target that is sent unchanged: its status, and the path in Koa if it passed. */
async function answerTo(
  app: Koa,
  target: string,
): Promise<readonly [status: number | undefined, text: string]> {
  const server = app.use((ctx) => void (ctx.body = ctx.path)).listen(0, '127.0.0.1')
  servers.push(server)
  await new Promise((resolve) => server.once('listening', resolve))
  const { port } = server.address() as AddressInfo
  return new Promise((resolve, reject) => {
    get({ host: '127.0.0.1', port, path: target, agent: false }, (response) => {
      let text = ''
      response.on('data', (data) => (text += String(data)))
      response.on('end', () => resolve([response.statusCode, response.statusCode === 200 ? text : '']))
    }).on('error', reject)
  })
}

describe('a target that is read in two ways, in Koa', () => {
  it.each([
    { target: 'http://h/healthz', answer: [200, '/healthz'] },
    { target: 'http://h:a/healthz', answer: [401, ''] },
    { target: '/a%2Fhealthz', answer: [401, ''] },
  ])('is $answer.0 when only /healthz is public: $target', async ({ target, answer }) => {
    const conditions = [{ path: '/healthz' }, { path: '/a/healthz' }]
    const app = new Koa().use(
      authentication(authenticatorChain({ anonymous: { enabled: true, conditions } })),
    )
    expect(await answerTo(app, target)).toEqual(answer)
  })

  it.each([
    { target: 'http://h/public/a', answer: [200, '/public/a'] },
    { target: 'http://h:a/public/a', answer: [400, ''] },
    { target: '//a@h/public/a#', answer: [400, ''] },
    { target: '/Api/v1/pods', answer: [400, ''] },
  ])('is $answer.0 when only /public/* and /Api/* are public: $target', async ({ target, answer }) => {
    const app = new Koa()
      .use(authentication(authenticatorChain({ anonymous: true })))
      .use(authorization(allowPaths(['/public/*', '/Api/*'])))
    expect(await answerTo(app, target)).toEqual(answer)
  })
})
