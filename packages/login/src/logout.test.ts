import { createHash } from 'node:crypto'
import { rejected } from '@kube-authn/core'
import { revocationList, type Revocations } from '@kube-authn/core/revocation'
import type { AuthenticationEnv } from '@kube-authn/hono'
import { memoryObjectStore } from '@kube-authn/store'
import { fixedClock } from '@kube-authn/testing'
import type { Hono } from 'hono'
import { describe, expect, it, vi } from 'vitest'
import { cookieSessions, storedSessions } from './index.ts'
import { browserOf, locationOf } from '../test/browser.ts'
import { logIn } from '../test/log-in.ts'
import { KEYS, loginApp, ORIGIN } from '../test/login-app.ts'
import { MAX_UNSEEN_ENDS } from './sessions/unproven-ends.ts'
import type { LoginProvider } from '../test/login-provider.ts'

async function loggedIn(options: Parameters<typeof loginApp>[0] = {}) {
  const given = await loginApp(options)
  const provider = given.providers[0]!
  const browser = browserOf(given.app, ORIGIN)
  await logIn(provider, browser)
  return { ...given, provider, browser }
}

describe('a logout', () => {
  it('is an outage, and no judgement of an account, if sessions cannot be found for whatever reason', async () => {
    const sessions = { ...cookieSessions({ keys: KEYS }), find: () => Promise.reject(rejected('moved')) }
    const { app, log } = await loginApp({ options: { sessions } })
    const response = await app.request(`${ORIGIN}/logout`, { method: 'POST', headers: { origin: ORIGIN } })
    expect([response.status, response.headers.has('retry-after')]).toEqual([503, true])
    expect(log).toMatchObject([{ level: 'error' }])
  })

  it('ends the session here and then at the provider', async () => {
    const { provider, browser } = await loggedIn()
    const before = new Map(browser.cookies)
    const response = await browser.submit('/logout')
    expect(response.status).toBe(303)
    const url = new URL(locationOf(response))
    expect(url.origin + url.pathname).toBe('https://issuer.example.com/logout')
    expect(Object.fromEntries(url.searchParams)).toEqual({
      client_id: 'my-app',
      post_logout_redirect_uri: `${ORIGIN}/logout/done`,
    })
    expect([...browser.cookies]).toEqual([])
    expect((await browser.open('/logout/done')).status).toBe(200)
    expect((await browser.open('/')).status).toBe(303)
    // Neither a copy of the cookie nor the back button revives it.
    for (const [name, value] of before) browser.cookies.set(name, value)
    expect((await browser.open('/')).status).toBe(303)
    expect(provider.tokenRequests).toHaveLength(1)
  })

  it('by a link only asks', async () => {
    const { browser } = await loggedIn()
    const response = await browser.open('/logout')
    expect(response.headers.get('content-security-policy')).toContain(
      "form-action 'self' https://issuer.example.com;",
    )
    expect(response.headers.get('referrer-policy')).toBe('same-origin')
    expect(await response.text()).toContain(
      '<form method="post" action="/logout"><button>Log out</button></form>',
    )
    expect((await browser.open('/')).status).toBe(200)
  })

  it.each([
    'https://a;sandbox/logout',
    'https://a,b/logout',
    'javascript:alert(1)',
    'http://issuer.example.com/logout',
  ])('by a link asks on a page whose policy has nothing of the endpoint %s', async (endpoint) => {
    const { browser } = await loggedIn({ metadata: { end_session_endpoint: endpoint } })
    const policy = (await browser.open('/logout')).headers.get('content-security-policy')
    expect(policy).toContain("; form-action 'self'; base-uri 'none';")
  })

  it('by a page of another site is refused', async () => {
    const { browser } = await loggedIn()
    const response = await browser.submit('/logout', {
      'sec-fetch-site': 'cross-site',
      origin: 'https://evil.example',
    })
    expect(response.status).toBe(403)
    expect((await browser.open('/')).status).toBe(200)
  })

  // Browsers send no cookie with it, but take what the answer says about cookies.
  it.each<readonly [of: string, headers: Readonly<Record<string, string>>]>([
    ['another site', { 'sec-fetch-site': 'cross-site', origin: 'https://evil.example' }],
    ['another subdomain', { 'sec-fetch-site': 'same-site', origin: 'https://evil.example.com' }],
    ['a sandboxed frame', { 'sec-fetch-site': 'cross-site', origin: 'null' }],
  ])('by a form of %s is refused also if the session did not come along', async (_, headers) => {
    const { app } = await loginApp()
    const response = await browserOf(app, ORIGIN).submit('/logout', headers)
    expect(response.status).toBe(403)
    expect(response.headers.getSetCookie()).toEqual([])
  })

  it('without a session removes the cookies that there may be', async () => {
    const { app } = await loginApp()
    const browser = browserOf(app, ORIGIN)
    browser.cookies.set('__Host-session', 'damaged')
    expect(locationOf(await browser.submit('/logout'))).toBe(`${ORIGIN}/logout/done`)
    expect([...browser.cookies]).toEqual([])
  })

  it.each<readonly [what: string, metadata: Readonly<Record<string, unknown>>]>([
    ['offers no logout', { end_session_endpoint: undefined }],
    ['has one without TLS', { end_session_endpoint: 'http://issuer.example.com/logout' }],
    ['has one that is no URL', { end_session_endpoint: 'javascript:alert(1)' }],
  ])('ends here if the provider %s', async (_, metadata) => {
    const { browser } = await loggedIn({ metadata })
    expect(locationOf(await browser.submit('/logout'))).toBe(`${ORIGIN}/logout/done`)
    expect((await browser.open('/')).status).toBe(303)
  })

  it('ends here while the provider is down, and its metadata is not known', async () => {
    const { browser } = await loggedIn()
    // Another process with the same keys, and its own clock at the same time.
    const { app, providers } = await loginApp()
    providers[0]!.issuer.stop()
    const other = browserOf(app, ORIGIN)
    other.cookies.set('__Host-session', browser.cookies.get('__Host-session') ?? '')
    expect((await other.open('/logout')).status).toBe(200)
    expect(locationOf(await other.submit('/logout'))).toBe(`${ORIGIN}/logout/done`)
    expect([...other.cookies]).toEqual([])
  })
})

describe('the id token of a session that ends', () => {
  const bearerStatus = async (app: Hono<AuthenticationEnv>, token: string): Promise<number> =>
    (await app.request(`${ORIGIN}/`, { headers: { authorization: `Bearer ${token}`, accept: '*/*' } })).status

  const kinds = [
    ['sealed', (options: object) => cookieSessions({ keys: KEYS, ...options })],
    ['stored', (options: object) => storedSessions({ store: memoryObjectStore(), ...options })],
  ] as const

  describe.each(kinds)('with %s sessions', (_, keeper) => {
    /** A login, and the id token of its session. */
    async function withToken(revocations?: object, options: object = {}) {
      const list = revocationList()
      const clock = fixedClock()
      const sessions = keeper({ clock, ...(revocations !== undefined && { revocations }) })
      const given = await loggedIn({
        options: { sessions, clock, ...options },
        revocations: 'isRevoked' in (revocations ?? {}) ? (revocations as Revocations) : list,
      })
      const { browser } = given
      const idToken = (await sessions.find(browser.cookieHeader))?.content.idToken ?? ''
      return { ...given, sessions, idToken, clock }
    }

    it('is revoked before it is in a URL', async () => {
      const { app, browser, idToken } = await withToken(revocationList())
      expect(await bearerStatus(app, idToken)).toBe(200)
      const url = new URL(locationOf(await browser.submit('/logout')))
      expect(url.searchParams.get('id_token_hint')).toBe(idToken)
      expect(await bearerStatus(app, idToken)).toBe(401)
    })

    it('is in no URL where it is not revoked', async () => {
      const { app, browser, idToken } = await withToken()
      expect(locationOf(await browser.submit('/logout'))).not.toContain(idToken)
      expect(await bearerStatus(app, idToken)).toBe(200)
    })

    it.each([
      [true, undefined, true],
      [false, revocationList(), false],
    ])('is in a URL by idTokenHint: %s', async (idTokenHint, revocations, isThere) => {
      const { browser, idToken } = await withToken(revocations, { idTokenHint })
      expect(locationOf(await browser.submit('/logout')).includes(idToken)).toBe(isThere)
    })

    it('is revoked by a logout everywhere', async () => {
      const { app, sessions, idToken } = await withToken(revocationList())
      await sessions.endWhere({ username: 'oidc:jane' })
      expect(await bearerStatus(app, idToken)).toBe(401)
    })

    it('keeps the session if it cannot be revoked', async () => {
      const broken = { set: () => Promise.reject(new Error('the store is away')) }
      const { browser } = await withToken(broken)
      expect((await browser.submit('/logout')).status).toBe(503)
      expect((await browser.open('/')).status).toBe(200)
    })

    it('is revoked until it expires, and no longer', async () => {
      const set = vi.fn()
      const { browser, idToken } = await withToken({ set })
      await browser.submit('/logout')
      const { exp } = JSON.parse(Buffer.from(idToken.split('.')[1] ?? '', 'base64url').toString()) as {
        exp: number
      }
      const signed = idToken.split('.').slice(0, 2).join('.')
      const tokenSha256 = createHash('sha256').update(signed).digest('hex')
      expect(set.mock.calls).toEqual([
        [`id token ${tokenSha256}`, { tokenSha256, expiresAtMs: exp * 1000 + 300_000 }],
      ])
    })
  })

  it('is revoked by a back-channel logout of stored sessions', async () => {
    const revocations = revocationList()
    const clock = fixedClock()
    const sessions = storedSessions({ store: memoryObjectStore(), clock, revocations })
    const { browser, app } = await loggedIn({ options: { sessions, clock }, revocations })
    const idToken = (await sessions.find(browser.cookieHeader))?.content.idToken ?? ''
    await sessions.endWhere({ provider: 'default', subject: 'jane' })
    expect(await bearerStatus(app, idToken)).toBe(401)
  })
})

it.each([[{ revocations: () => false }], [{ revocations: {} }]])('refuses the sessions %j', (options) => {
  expect(() => cookieSessions({ keys: KEYS, ...(options as object) })).toThrow('revocations: must be')
  expect(() => storedSessions({ store: memoryObjectStore(), ...(options as object) })).toThrow(
    'revocations: must be',
  )
})

type Claims = Readonly<Record<string, unknown>>

const EVENTS = { 'http://schemas.openid.net/event/backchannel-logout': {} }

async function logoutToken(
  { issuer }: Pick<LoginProvider, 'issuer'>,
  claims: Readonly<Record<string, unknown>> = {},
  header: Readonly<Record<string, unknown>> = {},
): Promise<string> {
  const usual = { aud: 'my-app', sub: 'jane', jti: crypto.randomUUID(), events: EVENTS }
  return issuer.sign(
    { ...usual, ...claims },
    { expirationSeconds: 120, header: { typ: 'logout+jwt', ...header } },
  )
}

describe('a back-channel logout', () => {
  const send = (
    app: { request(url: string, init: RequestInit): Response | Promise<Response> },
    token: string,
  ) =>
    app.request(`${ORIGIN}/logout/backchannel`, {
      method: 'POST',
      body: new URLSearchParams({ logout_token: token }),
    })

  it.each<readonly [what: string, claims: Readonly<Record<string, unknown>>, ends: boolean]>([
    ['a subject', {}, true],
    ['a session', { sub: undefined, sid: 'sid-jane' }, true],
    ['a session of a subject', { sid: 'sid-jane' }, true],
    ['another subject', { sub: 'joe' }, false],
    ['another session of the subject', { sid: 'sid-other' }, false],
    ['one of several clients', { aud: ['other', 'my-app'] }, true],
  ])('of %s ends the sessions that it names, and no other', async (_, claims, ends) => {
    const { app, provider, browser } = await loggedIn()
    const other = browserOf(app, ORIGIN)
    await logIn(provider, other, 'joe2')
    const response = await send(app, await logoutToken(provider, claims))
    expect([response.status, response.headers.get('cache-control')]).toEqual([200, 'no-store'])
    expect((await browser.open('/')).status).toBe(ends ? 303 : 200)
    expect((await other.open('/')).status).toBe(200)
  })

  it.each<readonly [what: string, claims: Claims]>([
    ['with a nonce', { nonce: 'x' }],
    ['with an empty nonce', { nonce: '' }],
    ['without an event', { events: undefined }],
    [
      'with another event',
      { events: { 'https://schemas.openid.net/secevent/risc/event-type/account-disabled': {} } },
    ],
    [
      'with an event that is not an object',
      { events: { 'http://schemas.openid.net/event/backchannel-logout': true } },
    ],
    ['with inherited events', { events: [] }],
    ['without a subject and a session', { sub: undefined }],
    ['with an empty subject', { sub: '' }],
    ['without an id', { jti: undefined }],
    ['without an audience', { aud: undefined }],
    ['for another client', { aud: 'other' }],
    ['of another issuer', { iss: 'https://evil.example' }],
    ['without an expiry', { exp: undefined }],
    ['that has expired', { exp: 1 }],
    ['without a time', { iat: undefined }],
    ['that is old', { iat: 1 }],
    ['of the future', { iat: 2_000_000_000 }],
  ])('by a token %s is refused', async (_, claims) => {
    const { app, provider, browser, log } = await loggedIn()
    const response = await send(app, await logoutToken(provider, claims))
    expect(response.status).toBe(400)
    expect(await response.json()).toEqual({ error: 'invalid_request' })
    expect((await browser.open('/')).status).toBe(200)
    await vi.waitFor(() => expect(log.length).toBeGreaterThan(0))
  })

  it.each(['at+jwt', '', 1, null])('may not have the type %s', async (typ) => {
    const { app, provider } = await loggedIn()
    expect((await send(app, await logoutToken(provider, {}, { typ }))).status).toBe(400)
  })

  it.each([undefined, 'JWT', 'jwt', 'application/logout+jwt', 'LOGOUT+JWT'])(
    'may have the type %s',
    async (typ) => {
      const { app, provider } = await loggedIn()
      expect((await send(app, await logoutToken(provider, {}, { typ }))).status).toBe(200)
    },
  )

  it.each<readonly [alg: 'ES256' | 'RS256', offered: readonly string[] | undefined, status: number]>([
    ['ES256', ['RS256', 'ES256'], 200],
    ['ES256', ['RS256'], 400],
    ['ES256', ['HS256', 'none'], 400],
    ['ES256', [], 400],
    ['ES256', undefined, 400],
    ['RS256', undefined, 200],
  ])(
    'by a token of the algorithm %s, of a provider that offers %j for id tokens',
    async (alg, offered, status) => {
      const metadata = { id_token_signing_alg_values_supported: offered }
      const { app, providers } = await loginApp({ metadata })
      await providers[0]!.issuer.rotate({ alg })
      expect((await send(app, await logoutToken(providers[0]!))).status).toBe(status)
    },
  )

  it.each<readonly [accepted: readonly string[], status: number]>([
    [['RS256', 'ES256'], 200],
    [['RS256'], 400],
  ])(
    'by a token of ES256, which the provider offers and the app takes %j',
    async (signingAlgorithms, status) => {
      const { app, providers } = await loginApp({ options: { signingAlgorithms } })
      expect((await send(app, await logoutToken(providers[0]!))).status).toBe(status)
    },
  )

  it('by the id token of the session is refused', async () => {
    const { app, browser } = await loggedIn()
    const idToken =
      new URL(locationOf(await browser.submit('/logout'))).searchParams.get('id_token_hint') ?? ''
    expect((await send(app, idToken)).status).toBe(400)
  })

  it('by a token that another key signed is refused', async () => {
    const { app, provider, browser } = await loggedIn()
    const { kid } = await provider.issuer.rotate({ publish: false })
    expect(kid).toBe('key-2')
    expect((await send(app, await logoutToken(provider))).status).toBe(400)
    expect((await browser.open('/')).status).toBe(200)
  })

  it('counts once', async () => {
    const { clock, app, provider, browser } = await loggedIn()
    const token = await logoutToken(provider)
    expect((await send(app, token)).status).toBe(200)
    // A session that begins in the same moment may be the one that the provider ended.
    clock.advance(60_000)
    await logIn(provider, browser)
    expect((await send(app, token)).status).toBe(400)
    expect((await browser.open('/')).status).toBe(200)
  })

  it.each<readonly [what: string, body: string | undefined]>([
    ['without a body', undefined],
    ['without a token', 'x=y'],
    ['with two tokens', 'logout_token=a&logout_token=b'],
    ['with something else', 'logout_token=a'],
    ['with too much', `logout_token=${'a'.repeat(65_536)}`],
    ['with broken JSON', '{"logout_token'],
    ['with JSON of another type', '{"logout_token":1}'],
  ])('%s is refused', async (_, body) => {
    const { app } = await loginApp()
    const response = await app.request(`${ORIGIN}/logout/backchannel`, { method: 'POST', body: body ?? null })
    expect(response.status).toBe(400)
  })

  it('works behind a parser of bodies, which leaves JSON', async () => {
    const { app, provider, browser } = await loggedIn()
    const token = JSON.stringify(await logoutToken(provider))
    // A member that is twice there does not keep the session.
    const body = `{"logout_token":${token},"x":1,"x":2}`
    expect((await app.request(`${ORIGIN}/logout/backchannel`, { method: 'POST', body })).status).toBe(200)
    expect((await browser.open('/')).status).toBe(303)
  })
})

describe('a front-channel logout', () => {
  const at = (query: Readonly<Record<string, string>>): string =>
    `${ORIGIN}/logout/frontchannel?${String(new URLSearchParams(query))}`
  const iss = 'https://issuer.example.com'

  it('ends the session that it names, and may be shown in a frame of the provider', async () => {
    const { app, browser } = await loggedIn()
    const response = await app.request(at({ iss, sid: 'sid-jane' }))
    expect(response.status).toBe(200)
    expect(response.headers.get('content-security-policy')).toContain(`frame-ancestors ${iss}`)
    expect(response.headers.get('cache-control')).toBe('no-store')
    expect((await browser.open('/')).status).toBe(303)
  })

  it('ends the session also after any number of others that are made up', async () => {
    const { app, browser, log } = await loggedIn()
    for (let index = 0; index < MAX_UNSEEN_ENDS; index++) await app.request(at({ iss, sid: String(index) }))
    expect((await app.request(at({ iss, sid: 'one more' }))).status).toBe(503)
    expect((await app.request(at({ iss, sid: '0' }))).status).toBe(200)
    expect((await browser.open('/')).status).toBe(200)
    expect((await app.request(at({ iss, sid: 'sid-jane' }))).status).toBe(200)
    expect((await browser.open('/')).status).toBe(303)
    expect(log.map(({ status }) => status)).toContain(503)
  })

  it.each<Readonly<Record<string, string>>>([
    {},
    { iss },
    { sid: 'sid-jane' },
    { iss, sid: '' },
    { iss: 'https://evil.example', sid: 'sid-jane' },
    { iss: `${iss}/`, sid: 'sid-jane' },
    { iss, sid: 's'.repeat(513) },
  ])('by %j is refused', async (query) => {
    const { app, browser } = await loggedIn()
    expect((await app.request(at(query))).status).toBe(400)
    expect((await browser.open('/')).status).toBe(200)
  })

  it('of another session ends nothing', async () => {
    const { app, browser } = await loggedIn()
    expect((await app.request(at({ iss, sid: 'sid-joe' }))).status).toBe(200)
    expect((await browser.open('/')).status).toBe(200)
  })
})
