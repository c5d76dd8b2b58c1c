import { createServer } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import { authenticatorChain } from '@kube-authn/core'
import { oidc } from '@kube-authn/core/oidc'
import { loginRoutes } from '@kube-authn/login/express'
import { impersonatingProxy } from '@kube-authn/proxy'
import { memoryObjectStore } from '@kube-authn/store'
import { createPki, fixedClock, type FixedClock } from '@kube-authn/testing'
import express from 'express'
import { describe, expect, it, onTestFinished } from 'vitest'
import { browserOf, locationOf } from '../test/browser.ts'
import { ORIGIN } from '../test/login-app.ts'
import { loginProvider } from '../test/login-provider.ts'
import { listening, opened } from '../test/replicas.ts'
import { keyOf } from '../test/sessions.ts'
import { cookieSessions, storedSessions, webLogin } from './index.ts'

const KEEPERS: readonly (readonly [string, (clock: FixedClock) => ReturnType<typeof cookieSessions>])[] = [
  ['cookies', (clock) => cookieSessions({ keys: [keyOf(1)], clock })],
  ['a store', (clock) => storedSessions({ store: memoryObjectStore({ clock }), clock })],
]

/**
 * A cluster that knows the issuer, behind a proxy that sends it the id tokens of sessions.
 *
 * @param clockOfSessions decides how long sessions last, and not their id tokens. Default: the same for all.
 */
async function setUp(
  sessionsOf: (clock: FixedClock) => ReturnType<typeof cookieSessions>,
  clockOfSessions?: FixedClock,
) {
  const clock = fixedClock()
  const provider = await loginProvider({ clock })
  const { fetch } = provider
  const issuer = provider.issuer.url
  const pki = await createPki()
  const { chainPem, privateKeyPem } = await pki.issueServer({ hosts: ['127.0.0.1'] })
  const received: string[] = []
  const cluster = createTlsServer({ cert: chainPem, key: privateKeyPem }, (message, response) => {
    received.push(message.headers.authorization ?? '')
    if (message.url?.includes('watch=') === true) response.write('begun\n')
    else response.end('ok')
  })
  const upstream = { server: `https://127.0.0.1:${await listening(cluster)}`, ca: pki.caPem }

  const tokens = [oidc({ issuer, audience: 'my-app', clock, fetch, discoverAtOnce: false })]
  const sessions = sessionsOf(clockOfSessions ?? clock)
  const login = webLogin({
    issuer,
    clientId: 'my-app',
    publicUrl: ORIGIN,
    tokens,
    keys: [keyOf(1)],
    sessions,
    clock,
    fetch,
    log: false,
  })
  const proxy = impersonatingProxy({
    authenticator: authenticatorChain({ requests: [login.authenticator], tokens }),
    upstream,
    mode: 'token',
    userToken: async ({ headers }) => (await sessions.find(headers.cookie))?.content.idToken,
    clock,
    log: false,
  })
  onTestFinished(proxy.close)
  const app = express()
  app.use(loginRoutes(login))
  app.use(proxy.express())
  const port = await listening(createServer(app))

  const browser = browserOf(
    { request: async (url, init) => (await login.handle(new Request(url, init))) ?? new Response() },
    ORIGIN,
  )
  await browser.open(provider.logIn(locationOf(await browser.open('/login')), 'jane'))
  const get = (path: string): string =>
    `GET ${path} HTTP/1.1\r\nHost: a\r\nCookie: ${browser.cookieHeader}\r\n\r\n`
  return { clock, received, port, get }
}

describe.each(KEEPERS)('the proxy with the id tokens of sessions in %s', (_, sessionsOf) => {
  it('sends the newest one, also if it is renewed in the same request; a watch ends with the one it began with', async () => {
    const { clock, received, port, get } = await setUp(sessionsOf, fixedClock())
    const watch = await opened(port, get('/api/v1/pods?watch=true'))
    clock.advance(550_000)
    await opened(port, get('/api/v1/pods'))
    await opened(port, get('/api/v1/pods'))
    const [first, second, third] = received
    expect(first).toMatch(/^Bearer eyJ/)
    expect(second).toMatch(/^Bearer eyJ/)
    expect(second).not.toBe(first)
    expect(third).toBe(second)
    clock.advance(49_999)
    expect([watch.isClosed, watch.text.endsWith('\r\n0\r\n\r\n')]).toEqual([false, false])
    clock.advance(1)
    expect(await watch.ended()).toContain('begun\n')
    expect(received).toHaveLength(3)
  })

  it('sends none once the session has ended, and the request is a 401', async () => {
    const { clock, received, port, get } = await setUp(sessionsOf)
    clock.advance(43_200_000)
    expect((await opened(port, get('/api/v1/pods'))).text).toMatch(/^HTTP\/1\.1 401 /)
    expect(received).toEqual([])
  })
})
