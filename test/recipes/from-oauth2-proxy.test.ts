import type { RequestListener } from 'node:http'
import { createIssuer, createPki } from '@kube-authn/testing'
import { listen } from '@kube-authn/testing/node'
import { afterAll, expect, it, vi } from 'vitest'
import { bearer, recipe, serve } from './recipe.ts'
import { wrongTokens } from './wrong-tokens.ts'

const issuer = await createIssuer({ signingAlgorithms: ['ES256'] })
const server = await listen(issuer, { pki: await createPki() })
afterAll(() => server.close())
const { load } = recipe('from-oauth2-proxy', {
  files: { 'issuer-ca.crt': server.caPem },
  replace: { "issuer: 'https://issuer.example.com'": `caFile: 'issuer-ca.crt', issuer: '${issuer.url}'` },
})
const { app: old } = await load<{ app: RequestListener }>('before.ts')
const { app } = await load<{ app: RequestListener }>('after.ts')
const before = await serve(old)
const after = await serve(app)
const tokens = await wrongTokens(issuer)

const jane = { aud: 'my-app', sub: '1', email: 'jane@example.com', email_verified: true, groups: ['ops'] }
const claimed = { 'x-forwarded-email': 'root@example.com', 'x-forwarded-groups': 'admins,ops' }

it('knows the user by the token that the proxy passes, whatever else it passes', async () => {
  const headers = { ...claimed, ...bearer(await issuer.sign(jane)) }
  await vi.waitFor(async () => expect((await after('/me', { headers })).status).toBe(200))
  await expect((await after('/me', { headers })).json()).resolves.toEqual({
    user: 'jane@example.com',
    groups: ['oidc:ops', 'system:authenticated'],
  })
})

it('refuses a user that only headers name, which the app believed before', async () => {
  await expect((await before('/me', { headers: claimed })).json()).resolves.toEqual({
    user: 'root@example.com',
    groups: ['admins', 'ops'],
  })
  expect((await after('/me', { headers: claimed })).status).toBe(401)
})

it('refuses an address that is not verified', async () => {
  const headers = bearer(await issuer.sign({ ...jane, email_verified: false }))
  expect((await after('/me', { headers })).status).toBe(401)
})

it.each(tokens)('refuses %s', async (_title, token) => {
  expect((await after('/me', { headers: { ...claimed, ...bearer(token) } })).status).toBe(401)
})
