import { once } from 'node:events'
import { createServer, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { ImpersonatingProxy } from '@kube-authn/proxy'
import { fakeUser } from '@kube-authn/testing'
import { expect, it, onTestFinished } from 'vitest'
import { handleRequests } from './requests.ts'

it('a request whose handling fails ends its connection, and the next one is handled', async () => {
  const paths: unknown[] = []
  const proxy: Pick<ImpersonatingProxy, 'express' | 'upgrade'> = {
    express: () => (message, response) => {
      paths.push(message.url)
      if (message.url === '/fails') throw new Error('as an error in a program')
      response.end('ok')
    },
    upgrade: () => Promise.resolve(),
  }
  const server = createServer()
  handleRequests(server, proxy, {
    authenticator: {
      name: 'jane',
      authenticate: () => ({ user: fakeUser({ username: 'jane' }) }),
    },
    observer: () => {},
    log: () => {},
  })
  server.listen(0, '127.0.0.1')
  onTestFinished(() => void server.close())
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const ask = (path: string): Promise<unknown> =>
    new Promise((resolve) => {
      request({ port, path, agent: false }, (response) => resolve(response.resume().statusCode))
        .on('error', ({ code }: NodeJS.ErrnoException) => resolve(code))
        .end()
    })
  expect(await ask('/fails')).toBe('ECONNRESET')
  expect(await ask('/works')).toBe(200)
  expect(paths).toEqual(['/fails', '/works'])
})
