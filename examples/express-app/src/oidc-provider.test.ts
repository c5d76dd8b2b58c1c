import { createFetch, type HttpFetch } from '@kube-authn/node'
import { type CertificateAuthority, createPki } from '@kube-authn/testing'
import { createRemoteJWKSet, customFetch, decodeProtectedHeader, jwtVerify } from 'jose'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { type RunningOidcProvider, startOidcProvider } from './oidc-provider.ts'

// It warns that it is for development.
vi.hoisted(() => vi.spyOn(console, 'warn').mockImplementation(() => undefined))

let pki: CertificateAuthority
let provider: RunningOidcProvider
let fetch: HttpFetch

beforeAll(async () => {
  pki = await createPki()
  const { chainPem, privateKeyPem } = await pki.issueServer({ hosts: ['localhost'] })
  provider = await startOidcProvider({
    port: 0,
    certificate: chainPem,
    privateKey: privateKeyPem,
    clientId: 'express-app',
    clientSecret: 'secret of the app',
    users: new Map([['jane', { password: 'secret of jane', claims: { groups: ['developers', 'ops'] } }]]),
  })
  fetch = createFetch({ ca: pki.caPem })
}, 20_000)

afterAll(async () => {
  fetch.close()
  await provider.close()
})

interface Metadata {
  readonly issuer: string
  readonly jwks_uri: string
  readonly token_endpoint: string
}

async function discovery(): Promise<Metadata> {
  const response = await fetch(`${provider.issuer}/.well-known/openid-configuration`)
  return (await response.json()) as Metadata
}

interface Login {
  readonly username?: string
  readonly password?: string
  readonly clientSecret?: string
}

/** Requests a token as the printed curl command does. */
async function logIn({
  username = 'jane',
  password = 'secret of jane',
  clientSecret = 'secret of the app',
}: Login = {}): Promise<{ status: number; body: Record<string, unknown> }> {
  const { token_endpoint: endpoint } = await discovery()
  const client = `express-app:${encodeURIComponent(clientSecret)}`
  const response = await fetch(endpoint, {
    method: 'POST',
    headers: {
      authorization: `Basic ${Buffer.from(client).toString('base64')}`,
      'content-type': 'application/x-www-form-urlencoded',
    },
    body: String(new URLSearchParams({ grant_type: 'password', username, password })),
  })
  return { status: response.status, body: (await response.json()) as Record<string, unknown> }
}

describe('the OpenID Connect provider', () => {
  it('serves its discovery document, and only public keys', async () => {
    const { issuer, jwks_uri: uri } = await discovery()
    expect(issuer).toBe(provider.issuer)
    const { keys } = (await (await fetch(uri)).json()) as { keys: readonly Record<string, unknown>[] }
    expect(keys).toHaveLength(1)
    expect(Object.keys(keys[0] ?? {}).toSorted()).toEqual(['alg', 'e', 'kid', 'kty', 'n', 'use'])
  })

  it('issues an ID token with groups, which its keys verify', async () => {
    const { status, body } = await logIn()
    expect(status).toBe(200)
    const token = body['id_token'] as string
    expect(decodeProtectedHeader(token).alg).toBe('RS256')
    const keys = createRemoteJWKSet(new URL((await discovery()).jwks_uri), {
      [customFetch]: (url, { headers }) => fetch(url, { headers }),
    })
    const { payload } = await jwtVerify(token, keys, { issuer: provider.issuer, audience: 'express-app' })
    expect(payload).toMatchObject({ sub: 'jane', groups: ['developers', 'ops'] })
    expect((payload.exp ?? 0) - (payload.iat ?? 0)).toBe(600)
  })

  it.each([
    ['a wrong password', { password: 'secret of jan' }, 400, 'invalid_grant'],
    ['no password', { password: '' }, 400, 'invalid_grant'],
    ['an unknown user', { username: 'bob' }, 400, 'invalid_grant'],
    ['a user called like a property', { username: '__proto__' }, 400, 'invalid_grant'],
    ['a wrong secret of the client', { clientSecret: 'x' }, 401, 'invalid_client'],
  ])('gives nothing for %s', async (_, login, status, error) => {
    const answer = await logIn(login)
    expect(answer).toMatchObject({ status, body: { error } })
    expect(answer.body).not.toHaveProperty('id_token')
  })

  it('is trusted through its own CA only', async () => {
    const stranger = createFetch({ ca: (await createPki()).caPem })
    await expect(stranger(provider.issuer)).rejects.toThrow()
    stranger.close()
  })
})
