import { createServer, get, type RequestListener, type Server } from 'node:http'
import { createRequire } from 'node:module'
import type { AddressInfo } from 'node:net'
import { authenticatorChain } from '@kube-authn/core'
import { allowPaths } from '@kube-authn/core/authorization'
import express from 'express'
import { afterEach, describe, expect, it } from 'vitest'
import { authentication, authorization } from './index.ts'

const servers: Server[] = []
afterEach(() => {
  for (const server of servers.splice(0)) server.close()
})

/** The status of the response to a target that is sent unchanged. */
async function statusOf(app: RequestListener, target: string): Promise<number | undefined> {
  const server = createServer(app)
  servers.push(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return new Promise((resolve, reject) => {
    get({ host: '127.0.0.1', port, path: target, agent: false }, (response) => {
      response.resume()
      resolve(response.statusCode)
    }).on('error', reject)
  })
}

const versions = [
  { version: 5, make: () => express() },
  { version: 4, make: createRequire(import.meta.url)('express4') as () => ReturnType<typeof express> },
]

describe.each(versions)('a target that is read in two ways, in Express $version', ({ make }) => {
  it.each([
    { target: 'http://h/healthz', status: 200 },
    { target: 'http://h:a/healthz', status: 401 },
    { target: 'http://h:/healthz', status: 200 },
    { target: '/a%2Fhealthz', status: 401 },
  ])('is $status when only /healthz is public: $target', async ({ target, status }) => {
    const conditions = [{ path: '/healthz' }, { path: '/a/healthz' }]
    const app = make()
    app.use(authentication(authenticatorChain({ anonymous: { enabled: true, conditions } })))
    app.get('/healthz', (_, res) => void res.end())
    app.get('/:shop', (_, res) => void res.end())
    app.get('/:shop/healthz', (_, res) => void res.end())
    expect(await statusOf(app, target)).toBe(status)
  })

  it.each([
    { target: 'http://h/public/a', status: 200 },
    { target: 'http://h:a/public/a', status: 400 },
    { target: 'http://h;a/public/a', status: 400 },
    { target: '//a@h/public/a#', status: 400 },
    { target: '/public/a#', status: 400 },
    { target: '/API/v1/pods', status: 400 },
    { target: '/api/v1/pods', status: 403 },
  ])('is $status when only /public/* and /API/* are public: $target', async ({ target, status }) => {
    const app = make()
    app.use(authentication(authenticatorChain({ anonymous: true })))
    app.use(authorization(allowPaths(['/public/*', '/API/*'])))
    app.use((_, res) => void res.end())
    expect(await statusOf(app, target)).toBe(status)
  })
})
