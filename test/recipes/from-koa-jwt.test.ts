import { createIssuer, createPki } from '@kube-authn/testing'
import { listen } from '@kube-authn/testing/node'
import type Koa from 'koa'
import { afterAll, describe, expect, it, vi } from 'vitest'
import { type Ask, bearer, recipe, serve } from './recipe.ts'
import { publicKeyOf, wrongTokens } from './wrong-tokens.ts'

const issuer = await createIssuer()
const server = await listen(issuer, { pki: await createPki() })
afterAll(() => server.close())

const { load } = recipe('from-koa-jwt', {
  files: { 'issuer-ca.crt': server.caPem, 'issuer-key.pem': await publicKeyOf(issuer) },
  replace: { "issuer: 'https://issuer.example.com'": `caFile: 'issuer-ca.crt', issuer: '${issuer.url}'` },
})
const { app: old } = await load<{ app: Koa }>('before.ts')
const { app } = await load<{ app: Koa }>('after.ts')
old.silent = true
const before = await serve(old.callback())
const after = await serve(app.callback())
const both: readonly (readonly [string, Ask])[] = [
  ['before', before],
  ['after', after],
]
const tokens = await wrongTokens(issuer)
const right = { aud: 'my-app', sub: 'jane' }

describe.each(both)('%s', (_name, ask) => {
  it('knows the user', async () => {
    const headers = bearer(await issuer.sign(right))
    await vi.waitFor(async () => expect((await ask('/me', { headers })).status).toBe(200))
    await expect((await ask('/me', { headers })).json()).resolves.toEqual({ user: 'jane' })
  })

  it('has a public path', async () => {
    await expect((await ask('/public')).json()).resolves.toEqual({ user: null })
  })

  it.each(tokens)('refuses %s', async (_title, token) => {
    expect((await ask('/me', { headers: bearer(token) })).status).toBe(401)
  })

  it('refuses a request without a token', async () => {
    expect((await ask('/me')).status).toBe(401)
  })
})

describe('what differs', () => {
  const statuses = async (path: string, init?: RequestInit): Promise<readonly number[]> => [
    (await before(path, init)).status,
    (await after(path, init)).status,
  ]

  it('tokens that never expire', async () => {
    const headers = bearer(await issuer.sign({ ...right, exp: undefined }))
    await expect(statuses('/me', { headers })).resolves.toEqual([200, 401])
  })

  it('logout tokens', async () => {
    const token = await issuer.sign({ ...right, events: {} }, { header: { typ: 'logout+jwt' } })
    await expect(statuses('/me', { headers: bearer(token) })).resolves.toEqual([200, 401])
  })

  it('challenges', async () => {
    expect((await before('/me')).headers.has('www-authenticate')).toBe(false)
    expect((await after('/me')).headers.get('www-authenticate')).toMatch(/^Bearer /)
  })
})
