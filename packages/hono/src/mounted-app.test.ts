import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { getRequestListener } from '@hono/node-server'
import { type Authenticator, userInfo } from '@kube-authn/core'
import { alwaysAllow, alwaysDeny, type Authorizer } from '@kube-authn/core/authorization'
import { Hono } from 'hono'
import { expect, it, onTestFinished } from 'vitest'
import { authentication, getUser, impersonation } from './index.ts'

/** Authenticated by something that stays with the request, such as a client certificate. */
const deputy: Authenticator = {
  name: 'certificate',
  authenticate: () => ({ user: userInfo({ username: 'deputy' }) }),
}

function appWith(authorizer: Authorizer): Pick<Hono, 'fetch'> {
  const inner = new Hono().use(authentication(deputy)).get('*', (c) => c.text(getUser(c).username))
  const app = new Hono()
    .use(authentication(deputy))
    .use(impersonation(authorizer, { onFailure: async (_error, _c, next) => next() }))
  // oxlint-disable-next-line typescript/no-deprecated -- Hono 4 has it from the first version, and hono/mount only lately.
  return app.mount('/inner', inner.fetch)
}

it.each<[string, Authorizer, Record<string, string>, number]>([
  ['that acts as another user', alwaysAllow(), { 'impersonate-user': 'jane' }, 403],
  ['that may not act as another user', alwaysDeny(), { 'impersonate-user': 'jane' }, 403],
  ['that acts in person', alwaysAllow(), {}, 200],
])(
  'authentication in a mounted app never takes a deputy for itself, for a request %s',
  async (_, authorizer, headers, status) => {
    const listener = getRequestListener(appWith(authorizer).fetch)
    const server = createServer((req, res) => void listener(req, res))
    onTestFinished(() => void server.close())
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as AddressInfo
    const response = await fetch(`http://127.0.0.1:${port}/inner/x`, { headers })
    expect(response.status).toBe(status)
    await response.text()
  },
)
