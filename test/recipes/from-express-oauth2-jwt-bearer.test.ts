import type { RequestListener } from 'node:http'
import { globalAgent } from 'node:https'
import { createIssuer, createPki } from '@kube-authn/testing'
import { listen } from '@kube-authn/testing/node'
import { afterAll, describe, expect, it, vi } from 'vitest'
import { type Ask, bearer, recipe, serve } from './recipe.ts'
import { wrongTokens } from './wrong-tokens.ts'

const issuer = await createIssuer({ signingAlgorithms: ['ES256'] })
const server = await listen(issuer, { pki: await createPki() })
globalAgent.options.ca = server.caPem
afterAll(() => server.close())

const { load } = recipe('from-express-oauth2-jwt-bearer', {
  files: { 'issuer-ca.crt': server.caPem },
  replace: {
    "issuerBaseURL: 'https://issuer.example.com'": `issuerBaseURL: '${issuer.url}'`,
    "issuer: 'https://issuer.example.com'": `caFile: 'issuer-ca.crt', issuer: '${issuer.url}'`,
  },
})
const { app: old } = await load<{ app: RequestListener }>('before.ts')
const { app } = await load<{ app: RequestListener }>('after.ts')
const before = await serve(old)
const after = await serve(app)
const both: readonly (readonly [string, Ask])[] = [
  ['before', before],
  ['after', after],
]
const tokens = await wrongTokens(issuer)
const right = { aud: 'my-app', sub: 'jane', scope: 'orders:read orders:write' }

describe.each(both)('%s', (_name, ask) => {
  it('knows the user', async () => {
    const headers = bearer(await issuer.sign(right))
    await vi.waitFor(async () => expect((await ask('/me', { headers })).status).toBe(200))
    await expect((await ask('/me', { headers })).json()).resolves.toEqual({ user: 'jane' })
    expect((await ask('/orders', { method: 'POST', headers })).status).toBe(201)
  })

  it('demands the scope', async () => {
    const headers = bearer(await issuer.sign({ ...right, scope: 'orders:read' }))
    const { status, headers: answer } = await ask('/orders', { method: 'POST', headers })
    expect(status).toBe(403)
    expect(answer.get('www-authenticate')).toMatch(
      /^Bearer .*error="insufficient_scope".*scope="orders:write"/,
    )
  })

  it.each(tokens)('refuses %s', async (_title, token) => {
    expect((await ask('/me', { headers: bearer(token) })).status).toBe(401)
  })

  it('refuses a request without a token, with a challenge', async () => {
    const { status, headers } = await ask('/me')
    expect(status).toBe(401)
    expect(headers.get('www-authenticate')).toMatch(/^Bearer /)
  })
})

describe('what differs', () => {
  const statuses = async (path: string, init?: RequestInit): Promise<readonly number[]> => [
    (await before(path, init)).status,
    (await after(path, init)).status,
  ]

  it('tokens in the query', async () => {
    const token = await issuer.sign(right)
    await expect(statuses(`/me?access_token=${token}`)).resolves.toEqual([200, 401])
  })

  it('tokens that have just expired', async () => {
    const headers = bearer(await issuer.sign(right, { expirationSeconds: -2 }))
    await expect(statuses('/me', { headers })).resolves.toEqual([200, 401])
  })

  it('logout tokens', async () => {
    const token = await issuer.sign({ ...right, events: {} }, { header: { typ: 'logout+jwt' } })
    await expect(statuses('/me', { headers: bearer(token) })).resolves.toEqual([200, 401])
  })

  it('tokens that are bound to a key of DPoP: refused in both', async () => {
    const headers = bearer(await issuer.sign({ ...right, cnf: { jkt: 'x' } }))
    await expect(statuses('/me', { headers })).resolves.toEqual([401, 401])
  })
})
