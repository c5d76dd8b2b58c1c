import { createIssuer } from '@kube-authn/testing'
import type { Hono } from 'hono'
import { afterAll, describe, expect, it, vi } from 'vitest'
import { bearer, recipe } from './recipe.ts'
import { wrongTokens } from './wrong-tokens.ts'

const issuer = await createIssuer()
const networkFetch = globalThis.fetch
globalThis.fetch = issuer.fetch
afterAll(() => {
  globalThis.fetch = networkFetch
})

const { load } = recipe('from-hono-jwk-and-bearer-auth')
const { app: before } = await load<{ app: Hono }>('before.ts')
const { app: after } = await load<{ app: Hono }>('after.ts')
const tokens = await wrongTokens(issuer)
const right = { aud: 'my-app', sub: 'jane' }

const both: readonly (readonly [string, Hono])[] = [
  ['before', before],
  ['after', after],
]

describe.each(both)('%s', (_name, app) => {
  it('knows the user', async () => {
    const headers = bearer(await issuer.sign(right))
    await vi.waitFor(async () => expect((await app.request('/api/me', { headers })).status).toBe(200))
    await expect((await app.request('/api/me', { headers })).json()).resolves.toEqual({ user: 'jane' })
    const internal = await app.request('/internal/me', { headers: bearer('internal-token') })
    await expect(internal.json()).resolves.toEqual({ user: 'internal' })
  })

  it.each(tokens)('refuses %s', async (_title, token) => {
    expect((await app.request('/api/me', { headers: bearer(token) })).status).toBe(401)
  })

  it('keeps the two kinds of tokens apart', async () => {
    expect((await app.request('/api/me', { headers: bearer('internal-token') })).status).toBe(401)
    const headers = bearer(await issuer.sign(right))
    expect((await app.request('/internal/me', { headers })).status).toBe(401)
    expect((await app.request('/api/me')).status).toBe(401)
    expect((await app.request('/internal/me')).status).toBe(401)
  })
})

describe('what differs', () => {
  const statuses = async (token: string): Promise<readonly number[]> => {
    const headers = bearer(token)
    return [
      (await before.request('/api/me', { headers })).status,
      (await after.request('/api/me', { headers })).status,
    ]
  }

  it('calls to the issuer', async () => {
    const headers = bearer(await issuer.sign(right))
    const callsOf = async (app: Hono): Promise<number> => {
      const start = issuer.requests.length
      for (let count = 0; count < 5; count++) await app.request('/api/me', { headers })
      return issuer.requests.length - start
    }
    await expect(callsOf(before)).resolves.toBe(5)
    await expect(callsOf(after)).resolves.toBe(0)
  })

  it('an outage of the issuer', async () => {
    const token = await issuer.sign(right)
    issuer.stop()
    const [old, now] = await statuses(token)
    issuer.start()
    expect(old).not.toBe(200)
    expect(now).toBe(200)
  })

  it('tokens that never expire', async () => {
    await expect(statuses(await issuer.sign({ ...right, exp: undefined }))).resolves.toEqual([200, 401])
  })

  it('logout tokens', async () => {
    const token = await issuer.sign({ ...right, events: {} })
    await expect(statuses(token)).resolves.toEqual([200, 401])
  })
})
