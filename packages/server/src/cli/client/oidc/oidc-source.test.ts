import type { HttpFetch } from '@kube-authn/node'
import { closeable } from '@kube-authn/node/internal'
import type { OidcProvider } from '@kube-authn/node/internal'
import { fixedClock } from '@kube-authn/testing'
import { describe, expect, it } from 'vitest'
import { Failure } from '../../failure.ts'
import { oidcSource, type ProviderTokens, type RefreshedTokens, type TokenStore } from './oidc-source.ts'

const provider: OidcProvider = {
  issuerUrl: 'https://issuer.example.com/',
  clientId: 'cid',
  clientSecret: 's:e c',
  idToken: '',
  refreshToken: 'r1',
}
const clock = fixedClock()
const tokenUntil = (seconds: number): string =>
  `h.${Buffer.from(JSON.stringify({ exp: clock.now() / 1000 + seconds })).toString('base64url')}.s`

interface Answer {
  readonly status?: number
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
}

interface World {
  readonly discovery?: Answer
  readonly tokens?: readonly Answer[]
  readonly kept?: Partial<ProviderTokens>
  readonly write?: (tokens: RefreshedTokens) => Promise<void>
}

const TOKENS = [{ body: { id_token: 'new.e30.s', refresh_token: 'r2' } }]

/** A source with a stubbed issuer and store. */
function sourceOf(more: Partial<OidcProvider> = {}, world: World = {}) {
  const { discovery = {}, tokens = TOKENS, kept = {}, write } = world
  const sent: { readonly url: string; readonly form: string; readonly authorization: string | null }[] = []
  const written: RefreshedTokens[] = []
  const mine = { ...provider, ...more }
  const respond = ({ status = 200, body, headers = {} }: Answer): Response =>
    new Response(typeof body === 'string' ? body : JSON.stringify(body), { status, headers })
  const call = (url: unknown, { body, headers }: Parameters<HttpFetch>[1] = {}): Promise<Response> => {
    const posts = sent.filter(({ form }) => form !== '').length
    const form = typeof body === 'string' ? body : ''
    sent.push({ url: String(url), form, authorization: new Headers(headers).get('authorization') })
    if (form !== '') return Promise.resolve(respond(tokens[Math.min(posts, tokens.length - 1)] ?? {}))
    const document = { token_endpoint: 'https://issuer.example.com/token' }
    return Promise.resolve(respond({ body: document, ...discovery }))
  }
  const store: TokenStore = {
    exclusively: (work) => work({ ...mine, ...written.at(-1), ...kept }),
    write: write ?? ((each) => Promise.resolve(void written.push(each))),
  }
  const fetch = closeable(call, () => undefined)
  return { source: oidcSource({ provider: mine, fetch, store, clock }), sent, written }
}

const messageOf = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'no error',
    (error: unknown) => (error instanceof Error ? error.message : 'no error either'),
  )

describe('oidcSource', () => {
  it('uses a fresh ID token, without a request', async () => {
    const idToken = tokenUntil(11)
    const { source, sent } = sourceOf({ idToken, refreshToken: '' })
    expect(await source.current()).toEqual({ token: idToken })
    expect(sent).toEqual([])
  })

  it('renews a token that expires in ten seconds: discovery, then the token endpoint, without scopes', async () => {
    const { source, sent, written } = sourceOf({ idToken: tokenUntil(10) })
    expect(await source.current()).toEqual({ token: 'new.e30.s' })
    expect(sent).toEqual([
      {
        url: 'https://issuer.example.com/.well-known/openid-configuration',
        form: '',
        authorization: null,
      },
      {
        url: 'https://issuer.example.com/token',
        form: 'refresh_token=r1&grant_type=refresh_token',
        authorization: `Basic ${Buffer.from('cid:s%3Ae+c').toString('base64')}`,
      },
    ])
    expect(written).toEqual([{ idToken: 'new.e30.s', refreshToken: 'r2' }])
  })

  it.each([
    ['none', undefined],
    ['the same', 'r1'],
    ['an empty one', ''],
    ['one that is none', 5],
  ])('keeps the refresh token if the issuer sends %s', async (_, refresh_token) => {
    const { source, sent, written } = sourceOf(
      {},
      { tokens: [{ body: { id_token: tokenUntil(5), refresh_token } }] },
    )
    await source.current()
    expect(written).toEqual([{ idToken: tokenUntil(5) }])
    await source.current()
    expect(sent.at(-1)?.form).toContain('refresh_token=r1')
  })

  it('goes on with the new refresh token', async () => {
    const tokens = [{ body: { id_token: tokenUntil(5), refresh_token: 'r2' } }]
    const { source, sent } = sourceOf({}, { tokens })
    await source.current()
    await source.current()
    const used = sent.flatMap(({ form }) => new URLSearchParams(form).get('refresh_token') ?? [])
    expect(used).toEqual(['r1', 'r2'])
  })

  it.each([
    [
      'in the body if the issuer lists that only',
      ['client_secret_post'],
      's:e c',
      [null],
      'client_secret=s%3Ae+c',
    ],
    ['without a secret', ['client_secret_basic'], '', [null], 'client_id=cid'],
  ])('authenticates the client %s', async (_, methods, clientSecret, expected, inForm) => {
    const body = {
      token_endpoint: 'https://issuer.example.com/token',
      token_endpoint_auth_methods_supported: methods,
    }
    const { source, sent } = sourceOf({ clientSecret }, { discovery: { body } })
    await source.current()
    expect(sent.slice(1).map(({ authorization }) => authorization)).toEqual(expected)
    expect(sent[1]?.form).toContain(inForm)
    expect(sent[1]?.form.includes('client_secret=')).toBe(clientSecret !== '')
  })

  it.each([
    [400, { error: 'invalid_client' }],
    [401, 'no'],
  ])('tries the secret in the body after a %s, as golang.org/x/oauth2 does', async (status, body) => {
    const { source, sent } = sourceOf({}, { tokens: [{ status, body }, ...TOKENS] })
    expect(await source.current()).toEqual({ token: 'new.e30.s' })
    expect(sent.slice(1).map(({ authorization }) => authorization === null)).toEqual([false, true])
  })

  it('shares one refresh among callers at the same time', async () => {
    const { source, sent, written } = sourceOf()
    const all = await Promise.all(Array.from({ length: 10 }, () => source.current()))
    expect(new Set(all.map(({ token }) => token))).toEqual(new Set(['new.e30.s']))
    expect([sent.length, written.length]).toEqual([2, 1])
  })

  it('takes the tokens of another process that was faster', async () => {
    const idToken = tokenUntil(60)
    const { source, sent } = sourceOf({}, { kept: { idToken, refreshToken: 'r9' } })
    expect(await source.current()).toEqual({ token: idToken })
    expect(sent).toEqual([])
  })

  it('uses the refresh token that is kept now', async () => {
    const { source, sent } = sourceOf(
      { idToken: tokenUntil(1) },
      { kept: { idToken: tokenUntil(2), refreshToken: 'r9' } },
    )
    await source.current()
    expect(sent[1]?.form).toContain('refresh_token=r9')
  })

  it('uses no token that could not be written', async () => {
    let isFull = true
    const write = (): Promise<void> => (isFull ? Promise.reject(new Failure('disk full')) : Promise.resolve())
    const { source, sent } = sourceOf({}, { write })
    expect(await messageOf(source.current())).toBe('could not persist new tokens: disk full')
    isFull = false
    expect(await source.current()).toEqual({ token: 'new.e30.s' })
    expect(sent.filter(({ form }) => form.includes('refresh_token=r1'))).toHaveLength(2)
    const unexpected = sourceOf({}, { write: () => Promise.reject(new Error('hunter2')) })
    expect(await messageOf(unexpected.source.current())).toBe('could not persist new tokens')
  })

  it('does nothing about a 401', async () => {
    const { source, sent } = sourceOf({ idToken: tokenUntil(60) })
    await source.refused(await source.current())
    expect(await source.current()).toEqual({ token: tokenUntil(60) })
    expect(sent).toEqual([])
  })

  it.each([
    [
      'no refresh token',
      { refreshToken: '' },
      {},
      'No valid id-token, and cannot refresh without refresh-token',
    ],
    ['a malformed ID token', { idToken: 'a.b' }, {}, 'ID Token is not a valid JWT'],
    ['an issuer without TLS', { issuerUrl: 'http://issuer' }, {}, 'idp-issuer-url: must be an https URL'],
    ['an issuer that is none', { issuerUrl: 'hunter2' }, {}, 'idp-issuer-url: must be an https URL'],
    [
      'a redirect',
      {},
      { discovery: { status: 302, headers: { location: 'https://evil.example.com' } } },
      'oidc: failed to query metadata endpoint 302',
    ],
    [
      'a missing document',
      {},
      { discovery: { status: 404, body: 'hunter2' } },
      'oidc: failed to query metadata endpoint 404',
    ],
    [
      'HTML',
      {},
      { discovery: { body: '<html>hunter2' } },
      'oidc: failed to decode provider discovery object',
    ],
    ['a list', {}, { discovery: { body: ['hunter2'] } }, 'oidc: failed to decode provider discovery object'],
    [
      'another type',
      {},
      { discovery: { body: { token_endpoint: 5 } } },
      'oidc: failed to decode provider discovery object',
    ],
    [
      'no endpoint',
      {},
      { discovery: { body: {} } },
      "oidc: discovery object doesn't contain a token_endpoint",
    ],
    [
      'an endpoint in the prototype',
      {},
      { discovery: { body: '{"__proto__":{"token_endpoint":"https://evil.example.com"}}' } },
      "oidc: discovery object doesn't contain a token_endpoint",
    ],
    [
      'an endpoint without TLS',
      {},
      { discovery: { body: { token_endpoint: 'http://issuer.example.com/token' } } },
      'oidc: the token_endpoint must be an https URL',
    ],
    [
      'a redirected refresh',
      {},
      { tokens: [{ status: 307, body: 'hunter2' }] },
      'failed to refresh token: HTTP 307',
    ],
    [
      'a refresh that ends in HTML',
      {},
      { tokens: [{ status: 503, body: '<html>hunter2' }] },
      'failed to refresh token: HTTP 503',
    ],
    [
      'HTML for tokens',
      {},
      { tokens: [{ body: '<html>hunter2' }] },
      'failed to refresh token: the answer is not JSON',
    ],
    [
      'no ID token',
      {},
      { tokens: [{ body: { access_token: 'hunter2' } }] },
      /^token response did not contain an id_token/,
    ],
    [
      'an ID token that is none',
      {},
      { tokens: [{ body: { id_token: 5 } }] },
      /^token response did not contain an id_token/,
    ],
    [
      'an empty ID token',
      {},
      { tokens: [{ body: { id_token: '' } }] },
      /^token response did not contain an id_token/,
    ],
    [
      'a header in the ID token',
      {},
      { tokens: [{ body: { id_token: 'hunter2\r\nX: y' } }] },
      'failed to refresh token: the id_token contains characters that are not allowed',
    ],
    [
      'a refusal',
      {},
      { tokens: [{ status: 400, body: { error: 'invalid_grant', error_description: 'gone\u001b[31m' } }] },
      'failed to refresh token: invalid_grant (gone\\u{1b}[31m)',
    ],
    [
      'a long refusal',
      {},
      { tokens: [{ status: 400, body: { error: 'e'.repeat(1e6), error_description: 'd'.repeat(1e6) } }] },
      /^failed to refresh token: e{100} \(d{300}\)$/,
    ],
  ] satisfies readonly (readonly [string, Partial<OidcProvider>, World, string | RegExp])[])(
    'refuses %s, and writes nothing',
    async (_, more, world, expected) => {
      const { source, sent, written } = sourceOf(more, world)
      const message = await messageOf(source.current())
      if (typeof expected === 'string') expect(message).toBe(expected)
      else expect(message).toMatch(expected)
      expect(message).not.toContain('hunter2')
      expect(written).toEqual([])
      expect(sent.every(({ url }) => url.startsWith('https://issuer.example.com/'))).toBe(true)
    },
  )

  it('says that the issuer cannot be reached, without its path', async () => {
    const fetch = closeable(
      () => Promise.reject(Object.assign(new Error('hunter2'), { code: 'ECONNREFUSED' })),
      () => undefined,
    )
    const store: TokenStore = { exclusively: (work) => work(provider), write: () => Promise.resolve() }
    const issuerUrl = 'https://issuer.example.com/hunter2'
    const source = oidcSource({ provider: { ...provider, issuerUrl }, fetch, store, clock })
    expect(await messageOf(source.current())).toBe(
      'https://issuer.example.com: cannot be reached (ECONNREFUSED)',
    )
  })
})
