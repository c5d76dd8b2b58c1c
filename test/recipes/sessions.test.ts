import type { RequestListener } from 'node:http'
import { serve as serveHono } from '@hono/node-server'
import type { Hono } from 'hono'
import type Koa from 'koa'
import { afterAll, describe, expect, it, vi } from 'vitest'
import type { AddressInfo } from 'node:net'
import { type Ask, basic, bearer, recipe, serve } from './recipe.ts'

const ROLES = `
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: { name: readers }
rules:
  - { apiGroups: [shop.example.com], resources: [invoices], verbs: [get], resourceNames: ['17'] }
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: { name: accountants-read }
subjects: [{ kind: Group, name: accountants, apiGroup: rbac.authorization.k8s.io }]
roleRef: { kind: ClusterRole, name: readers, apiGroup: rbac.authorization.k8s.io }
`
vi.stubEnv('SESSION_SECRET', 'signs cookies')
const OF_AN_HOUR = `{
  name: 'hour',
  authenticateToken: (token: string) =>
    token === 'hour' ? { user: { username: 'bob', uid: '', groups: [], extra: {} }, expiresAtMs: Date.now() + 3600_000 } : undefined,
}`
const { load } = recipe('sessions', {
  files: {
    'tokens.csv': 'secret,jane,1,accountants\nother,mary,3\n',
    'passwords.csv': 'pw,joe,2\n',
    'roles.yaml': ROLES,
  },
  // And a token that expires in an hour.
  replace: { "tokenFile: 'tokens.csv'": `tokens: [${OF_AN_HOUR}], tokenFile: 'tokens.csv'` },
})
const { app: expressApp } = await load<{ app: RequestListener }>('express.ts')
const { app: koaApp } = await load<{ app: Koa }>('koa.ts')
const { app: honoApp } = await load<{ app: Hono }>('hono.ts')

const honoServer = serveHono({ fetch: honoApp.fetch, port: 0, hostname: '127.0.0.1' })
await new Promise((resolve) => honoServer.once('listening', resolve))
afterAll(() => void honoServer.close())
const { port } = honoServer.address() as AddressInfo
const viaExpress = await serve(expressApp)

const apps: readonly (readonly [string, Ask])[] = [
  ['Express', viaExpress],
  ['Koa', await serve(koaApp.callback())],
  [
    'Hono',
    (path, init) => {
      const headers = new Headers(init?.headers)
      headers.set('origin', `http://127.0.0.1:${port}`)
      return fetch(`http://127.0.0.1:${port}${path}`, { ...init, headers })
    },
  ],
]

/** What a browser sends next. */
function cookiesOf(response: Response): string {
  return response.headers
    .getSetCookie()
    .map((cookie) => cookie.split(';')[0] ?? '')
    .join('; ')
}

async function login(ask: Ask, headers: Record<string, string>): Promise<string> {
  const response = await ask('/login', { method: 'POST', headers })
  expect(response.status).toBe(200)
  return cookiesOf(response)
}

describe.each(apps)('%s', (_name, ask) => {
  const me = async (headers: Record<string, string>): Promise<unknown> => {
    const response = await ask('/me', { headers })
    return response.status === 200 ? response.json() : response.status
  }

  it('knows a user by the cookie after one login, and by a token without any', async () => {
    const cookie = await login(ask, bearer('secret'))
    await expect(me({ cookie })).resolves.toEqual({ user: 'jane' })
    await expect(me(bearer('other'))).resolves.toEqual({ user: 'mary' })
    await expect(me({})).resolves.toBe(401)
  })

  it('sends a cookie that scripts and other sites do not have', async () => {
    const response = await ask('/login', { method: 'POST', headers: bearer('secret') })
    const [cookie = ''] = response.headers.getSetCookie()
    expect(cookie).toMatch(/httponly/i)
    expect(cookie).toMatch(/samesite=strict/i)
    expect(cookie).not.toContain('jane')
  })

  it('refuses a login without a credential, or with a wrong one', async () => {
    for (const headers of [{}, bearer('guess')]) {
      const response = await ask('/login', { method: 'POST', headers })
      expect(response.status).toBe(401)
      expect(response.headers.getSetCookie()).toEqual([])
    }
  })

  it('gives the session another id at login', async () => {
    const planted = await login(ask, bearer('other'))
    const cookie = await login(ask, { ...bearer('secret'), cookie: planted })
    expect(cookie).not.toBe(planted)
    await expect(me({ cookie })).resolves.toEqual({ user: 'jane' })
    await expect(me({ cookie: planted })).resolves.toBe(401)
  })

  it('ends at logout, for every copy of the cookie', async () => {
    const cookie = await login(ask, bearer('secret'))
    const { status } = await ask('/logout', { method: 'POST', headers: { cookie } })
    expect(status).toBe(204)
    await expect(me({ cookie })).resolves.toBe(401)
  })

  it('prefers a credential to the cookie, also a wrong one', async () => {
    const cookie = await login(ask, bearer('secret'))
    await expect(me({ cookie, ...bearer('other') })).resolves.toEqual({ user: 'mary' })
    await expect(me({ cookie, ...bearer('guess') })).resolves.toBe(401)
  })

  it.each(['session=s%3Aguess.x', 'session=', '__Host-session=guess', 'session=__proto__', '='])(
    'does not know the cookie %s',
    async (cookie) => {
      await expect(me({ cookie })).resolves.toBe(401)
    },
  )

  it('ends with the credential that it began with', async () => {
    const cookie = await login(ask, bearer('hour'))
    const other = await login(ask, bearer('secret'))
    await expect(me({ cookie })).resolves.toEqual({ user: 'bob' })
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 3601_000 })
    await expect(me({ cookie })).resolves.toBe(401)
    await expect(me({ cookie: other })).resolves.toEqual({ user: 'jane' })
    vi.useRealTimers()
  })

  it('does not log in by a session', async () => {
    const cookie = await login(ask, bearer('secret'))
    const { status } = await ask('/login', { method: 'POST', headers: { cookie } })
    expect(status).toBe(401)
  })
})

describe('roles', () => {
  it('apply to the user of a session as to that of a token', async () => {
    const cookie = await login(viaExpress, bearer('secret'))
    for (const headers of [{ cookie }, bearer('secret')]) {
      expect((await viaExpress('/invoices/17', { headers })).status).toBe(200)
      expect((await viaExpress('/invoices/18', { headers })).status).toBe(403)
    }
    const joe = await login(viaExpress, basic('joe', 'pw'))
    expect((await viaExpress('/invoices/17', { headers: { cookie: joe } })).status).toBe(403)
  })
})

it('Hono refuses a form of another site', async () => {
  const response = await honoApp.request('http://localhost/logout', {
    method: 'POST',
    headers: { origin: 'https://evil.example', 'content-type': 'application/x-www-form-urlencoded' },
  })
  expect(response.status).toBe(403)
})
