import { readFileSync } from 'node:fs'
import { ConfigurationError } from '@kube-authn/core'
import { cloudflareClientCertificate } from '@kube-authn/core/client-certificate'
import { parseRbac } from '@kube-authn/core/authorization'
import { createIssuer, fetchFrom } from '@kube-authn/testing'
import { describe, expect, it } from 'vitest'
import { type AppOptions, createApp } from './app.ts'
import manifest from './policy.json' with { type: 'json' }
import type { Settings } from './settings.ts'

const provider = await createIssuer({ url: 'https://issuer.example.com', signingAlgorithms: ['ES256'] })
const cluster = await createIssuer({ url: 'https://cluster.example.com', signingAlgorithms: ['ES256'] })
const SETTINGS = {
  TOKENS_CSV: 'janes-token,jane,1,"developers,app1"\nclarks-token,clark,2\n',
  OIDC_ISSUER: provider.url,
  SERVICE_ACCOUNT_ISSUER: cluster.url,
  AUDIENCE: 'app',
}

function ask(
  path: string,
  { token, headers = {}, cf }: { token?: string; headers?: Record<string, string>; cf?: object } = {},
  options: Partial<AppOptions> = {},
): Promise<{ status: number; body: unknown }> {
  const app = createApp({ settings: SETTINGS, manifest, fetch: fetchFrom(provider, cluster), ...options })
  const authorization = token === undefined ? {} : { authorization: `Bearer ${token}` }
  const request = new Request(`http://localhost${path}`, { headers: { ...authorization, ...headers } })
  return Promise.resolve(app.fetch(Object.assign(request, cf && { cf }))).then(async (response) => {
    const text = await response.text()
    return { status: response.status, body: text.startsWith('{') ? JSON.parse(text) : text }
  })
}

describe('hono-edge', () => {
  it('authenticates static tokens, users of the provider and service accounts', async () => {
    const claims = { sub: 'mary', aud: 'app', groups: ['operators'] }
    const cart = { sub: 'system:serviceaccount:shop:cart', aud: 'app' }
    const known = await Promise.all(
      ['janes-token', await provider.sign(claims), await cluster.sign(cart)].map((token) =>
        ask('/whoami', { token }),
      ),
    )
    expect(known.map(({ body }) => body)).toEqual([
      { username: 'jane', groups: ['developers', 'app1', 'system:authenticated'] },
      { username: 'oidc:mary', groups: ['oidc:operators', 'system:authenticated'] },
      {
        username: 'system:serviceaccount:shop:cart',
        groups: ['system:serviceaccounts', 'system:serviceaccounts:shop', 'system:authenticated'],
      },
    ])
  })

  it('accepts only service accounts of the cluster, and prefixes the names of the provider', async () => {
    for (const sub of ['system:admin', 'jane', 'system:serviceaccount:shop', 'system:serviceaccount:a:b:c']) {
      expect(await ask('/whoami', { token: await cluster.sign({ sub, aud: 'app' }) })).toMatchObject({
        status: 401,
      })
    }
    const token = await provider.sign({
      sub: 'system:serviceaccount:shop:cart',
      aud: 'app',
      groups: ['system:masters'],
    })
    expect((await ask('/whoami', { token })).body).toMatchObject({
      username: 'oidc:system:serviceaccount:shop:cart',
      groups: ['oidc:system:masters', 'system:authenticated'],
    })
  })

  it('authenticates client certificates only if it is given an authenticator for them', async () => {
    const tlsClientAuth = {
      certPresented: '1',
      certVerified: 'SUCCESS',
      certRevoked: '0',
      certSubjectDN: 'CN=jbeda',
    }
    const cf = { tlsClientAuth }
    const clientCertificate = cloudflareClientCertificate()
    expect(await ask('/whoami', { cf }, { clientCertificate })).toMatchObject({ body: { username: 'jbeda' } })
    expect(await ask('/whoami', { cf })).toMatchObject({ status: 401 })
  })

  it('lets clark act as superman, and jane as no other user', async () => {
    const headers = { 'impersonate-user': 'superman', 'impersonate-group': 'operators' }
    expect(await ask('/nodes/a', { token: 'clarks-token', headers })).toEqual({
      status: 200,
      body: { node: 'a', user: 'superman', requester: 'clark' },
    })
    expect(await ask('/nodes/a', { token: 'clarks-token' })).toMatchObject({ status: 403 })
    expect(await ask('/nodes/a', { token: 'janes-token', headers })).toMatchObject({ status: 403 })
  })

  it('accepts no user without settings, and serves /healthz', async () => {
    const empty: Settings[] = [{}, { TOKENS_CSV: '', OIDC_ISSUER: '', AUDIENCE: '' }, { TOKENS_CSV: null }]
    for (const settings of empty) {
      expect(await ask('/whoami', { token: 'janes-token' }, { settings })).toMatchObject({ status: 401 })
      expect(await ask('/healthz', {}, { settings })).toEqual({ status: 200, body: 'ok' })
    }
  })

  it.each<[string, Settings]>([
    ['an issuer without an audience', { ...SETTINGS, AUDIENCE: '' }],
    ['an issuer that is not an https URL', { ...SETTINGS, OIDC_ISSUER: 'http://issuer.example.com' }],
    ['tokens that are not CSV', { ...SETTINGS, TOKENS_CSV: 'secret' }],
  ])('is not made with %s, and repeats no token', (_, settings) => {
    expect(() => createApp({ settings, manifest })).toThrow(Error)
    expect(() => createApp({ settings, manifest })).not.toThrow(/secret/)
  })

  it('throws for an invalid policy', () => {
    expect(() => createApp({ settings: SETTINGS, manifest: { kind: 'Role' } })).toThrow(ConfigurationError)
  })
})

describe('what hono-edge is deployed with', () => {
  const file = (path: string): string => readFileSync(new URL(path, import.meta.url), 'utf8')

  it('is a policy that the API server accepts', () => {
    expect(parseRbac(file('policy.json')).advice).toEqual([])
  })

  it('is the same for wrangler and for workerd', () => {
    const [wrangler, workerd] = [file('../wrangler.jsonc'), file('../workerd.capnp')]
    const date = /"compatibility_date": "([\d-]+)"/.exec(wrangler)?.[1]
    expect(/compatibilityDate = "([\d-]+)"/.exec(workerd)?.[1]).toBe(date)
    const bindings = [...workerd.matchAll(/fromEnvironment = "(\w+)"/g)].map(([, name]) => name)
    expect(new Set(bindings)).toEqual(new Set(Object.keys(SETTINGS)))
    for (const name of bindings) expect(wrangler).toContain(name)
  })
})
