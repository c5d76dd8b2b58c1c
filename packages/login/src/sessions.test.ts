import { authenticatorChain } from '@kube-authn/core'
import { revocationList, unlessRevoked } from '@kube-authn/core/revocation'
import { isAuthenticationError } from '@kube-authn/core/internal'
import { memoryObjectStore } from '@kube-authn/store'
import { createPki, fakeRequest, fixedClock } from '@kube-authn/testing'
import { describe, expect, it, vi } from 'vitest'
import { type Browser, browserOf, locationOf } from '../test/browser.ts'
import { logIn } from '../test/log-in.ts'
import { KEYS, loginApp, ORIGIN } from '../test/login-app.ts'
import { cookieSessions, storedSessions } from './index.ts'

/** Logged in, with an id token of ten minutes. */
async function loggedIn(options: Parameters<typeof loginApp>[0] = {}) {
  const given = await loginApp(options)
  const provider = given.providers[0]!
  const browser = browserOf(given.app, ORIGIN)
  await logIn(provider, browser)
  return { ...given, provider, browser }
}

const refreshes = (provider: {
  readonly tokenRequests: readonly { readonly form: URLSearchParams }[]
}): readonly string[] => provider.tokenRequests.flatMap(({ form }) => form.get('refresh_token') ?? [])

const status = async (browser: Browser): Promise<number> => (await browser.open('/')).status

describe('a session whose user was revoked', () => {
  it('does not come back with a new id token', async () => {
    const { clock, provider, browser, login } = await loggedIn()
    const revoked = revocationList({ clock })
    const chain = unlessRevoked(revoked, authenticatorChain({ requests: [login.authenticator] }))
    const asked = async () => {
      const known = await chain.authenticate(fakeRequest({ headers: [['cookie', browser.cookieHeader]] }), {})
      return known?.user.username
    }
    clock.advance(60_000)
    expect(await asked()).toBe('oidc:jane')
    revoked.set('all before now', { user: 'oidc:jane', issuedBeforeMs: clock.now() })
    await expect(asked()).rejects.toMatchObject({ code: 'rejected' })
    clock.advance(490_000)
    await browser.open('/')
    expect(refreshes(provider)).toHaveLength(1)
    await expect(asked()).rejects.toMatchObject({ code: 'rejected' })
    await browser.open(provider.logIn(locationOf(await browser.open('/login')), 'jane'))
    expect(await asked()).toBe('oidc:jane')
  })

  it('tells open connections of it, also if only the token authenticators know', async () => {
    const revoked = revocationList()
    const { browser, login } = await loggedIn({ revocations: revoked })
    const known = await login.authenticator.authenticate(
      fakeRequest({ headers: [['cookie', browser.cookieHeader]] }),
      {},
    )
    expect(await known?.revocation?.isRevoked()).toBe(false)
    revoked.set('jane', { user: 'oidc:jane' })
    expect(await known?.revocation?.isRevoked()).toBe(true)
  })
})

describe('an id token', () => {
  it('is renewed a minute before its end, and the browser gets the new session', async () => {
    const { clock, provider, browser } = await loggedIn()
    clock.advance(539_999)
    expect((await browser.open('/')).headers.getSetCookie()).not.toEqual([])
    expect(refreshes(provider)).toEqual([])
    clock.advance(1)
    const before = browser.cookies.get('__Host-session')
    expect(await status(browser)).toBe(200)
    expect(refreshes(provider)).toHaveLength(1)
    expect(browser.cookies.get('__Host-session')).not.toBe(before)
    clock.advance(539_999)
    expect(await status(browser)).toBe(200)
    expect(refreshes(provider)).toHaveLength(1)
  })

  it('is renewed again and again, by the newest refresh token', async () => {
    const { clock, provider, browser } = await loggedIn()
    for (let time = 0; time < 3; time++) {
      clock.advance(550_000)
      expect(await status(browser)).toBe(200)
    }
    expect(new Set(refreshes(provider)).size).toBe(3)
  })

  it('is renewed once by simultaneous requests, also by those that arrive with the old cookie', async () => {
    const { app, clock, provider, browser } = await loggedIn()
    const { cookieHeader: cookie } = browser
    clock.advance(550_000)
    const all = await Promise.all(
      Array.from({ length: 10 }, async () => app.request(`${ORIGIN}/`, { headers: { cookie } })),
    )
    expect(all.map(({ status: each }) => each)).toEqual(Array.from({ length: 10 }, () => 200))
    expect((await app.request(`${ORIGIN}/`, { headers: { cookie } })).status).toBe(200)
    expect(refreshes(provider)).toHaveLength(1)
  })

  it('that is not renewed ends the session, without a refresh token', async () => {
    const given = await loginApp()
    const provider = given.providers[0]!
    const browser = browserOf(given.app, ORIGIN)
    provider.answerNext(async (usual) => {
      const { refresh_token: _, ...rest } = (await (await usual()).json()) as Record<string, unknown>
      return Response.json(rest)
    })
    await logIn(provider, browser)
    given.clock.advance(599_999)
    expect(await status(browser)).toBe(200)
    given.clock.advance(1)
    expect(locationOf(await browser.open('/'))).toBe(`${ORIGIN}/login?returnTo=%2F`)
    expect([...browser.cookies]).toEqual([])
  })
})

describe('a session', () => {
  it('in a store ends with the session at the provider: its cookie is removed, and the browser logs in again', async () => {
    const own = fixedClock()
    const sessions = storedSessions({ store: memoryObjectStore({ clock: own }), clock: own })
    const { clock, provider, browser, log } = await loggedIn({ options: { sessions } })
    const before = new Map(browser.cookies)
    provider.endSessions()
    for (const each of [own, clock]) each.advance(550_000)
    expect(locationOf(await browser.open('/a'))).toBe(`${ORIGIN}/login?returnTo=%2Fa`)
    expect([...browser.cookies]).toEqual([])
    await vi.waitFor(() => expect(log).toHaveLength(1))
    expect(log[0]?.message).toContain('is over')
    // Also if the cookie is put back before the id token ends.
    for (const [name, value] of before) browser.cookies.set(name, value)
    expect(await status(browser)).toBe(303)
  })

  it('in cookies, which the provider does not renew, ends with its id token, and the provider is asked once', async () => {
    const { clock, provider, browser, log } = await loggedIn()
    provider.endSessions()
    clock.advance(540_000)
    expect(await status(browser)).toBe(200)
    await vi.waitFor(() => expect(log).toHaveLength(1))
    expect(log[0]?.message).toContain('a session ends with its id token')
    clock.advance(59_999)
    expect(await status(browser)).toBe(200)
    clock.advance(1)
    expect(locationOf(await browser.open('/a'))).toBe(`${ORIGIN}/login?returnTo=%2Fa`)
    const script = await browser.fetch('/a')
    expect([script.status, await script.json()]).toMatchObject([401, { loginUrl: expect.any(String) }])
    expect(refreshes(provider)).toHaveLength(1)
    await logIn(provider, browser)
    expect(await status(browser)).toBe(200)
  })

  it.each([
    ['before the id token ends', 550_000],
    ['after the id token has ended', 650_000],
  ])('in cookies survives a lost race of two replicas %s, whichever answers last', async (_, ms) => {
    const first = await loggedIn()
    const { clock, provider, browser, app } = first
    const { fetch } = provider
    const { app: replica } = await loginApp({
      options: { clock, fetch, sessions: cookieSessions({ keys: KEYS, clock }), tokens: first.tokens },
    })
    clock.advance(ms)
    const { cookieHeader: cookie } = browser
    expect(await status(browser)).toBe(200)
    const late = await replica.request(`${ORIGIN}/`, { headers: { cookie } })
    // The provider takes each refresh token once, so the second replica is refused. The browser keeps what it got from the first.
    expect(refreshes(provider)).toHaveLength(2)
    expect(late.headers.getSetCookie()).toEqual([])
    for (const each of [app, replica]) {
      const { status: answered } = await each.request(`${ORIGIN}/`, {
        headers: { cookie: browser.cookieHeader },
      })
      expect(answered).toBe(200)
    }
    expect(refreshes(provider)).toHaveLength(2)
  })

  it.each<readonly [what: string, claims: Readonly<Record<string, unknown>>]>([
    ['is of another subject', { sub: 'mallory' }],
    ['is not accepted by the chain', { events: {} }],
  ])('ends if the new id token %s', async (_, claims) => {
    const { clock, provider, browser } = await loggedIn()
    provider.claims = claims
    clock.advance(550_000)
    expect(await status(browser)).toBe(303)
    expect([...browser.cookies]).toEqual([])
  })

  it('stays while the provider is down, until its id token ends; then that is an outage and no refusal', async () => {
    const { clock, provider, browser } = await loggedIn()
    provider.issuer.stop()
    clock.advance(550_000)
    expect(await status(browser)).toBe(200)
    clock.advance(49_999)
    expect(await status(browser)).toBe(200)
    clock.advance(1)
    const page = await browser.open('/a?b')
    expect([page.status, page.headers.get('retry-after')]).toEqual([503, '10'])
    expect(await page.text()).toContain('href="/a?b"')
    const script = await browser.fetch('/a')
    expect(script.status).toBe(401)
    expect(await script.json()).not.toHaveProperty('loginUrl')
    provider.issuer.start()
    expect(await status(browser)).toBe(200)
  })

  it('stays if the provider answers a refresh with another error', async () => {
    const { clock, provider, browser } = await loggedIn()
    provider.answerNext(() => Response.json({ error: 'invalid_client' }, { status: 401 }))
    clock.advance(550_000)
    expect(await status(browser)).toBe(200)
    expect(await status(browser)).toBe(200)
    expect(refreshes(provider)).toHaveLength(2)
  })

  it('does not count for requests of other sites, and does for those of the app', async () => {
    const { browser } = await loggedIn()
    const send = async (headers: Readonly<Record<string, string>>, method = 'POST') =>
      (await browser.fetch('/', { method, headers })).status
    expect(await send({})).toBe(200)
    expect(await send({ 'sec-fetch-site': 'cross-site', origin: 'https://evil.example' })).toBe(403)
    expect(await send({ 'sec-fetch-site': 'same-site', origin: 'https://other.example.com' })).toBe(403)
    expect(await send({ 'sec-fetch-site': 'cross-site' }, 'GET')).toBe(200)
  })

  it('of another site does not stand in the way of a bearer token', async () => {
    const { provider, browser } = await loggedIn()
    const token = await provider.issuer.sign({ sub: 'joe', aud: 'my-app' })
    const headers = {
      authorization: `Bearer ${token}`,
      'sec-fetch-site': 'cross-site',
      origin: 'https://evil.example',
    }
    const response = await browser.fetch('/', { method: 'POST', headers })
    expect(await response.json()).toMatchObject({ user: { username: 'oidc:joe' }, cookie: null })
  })

  it('is new after every login, and the one before ends', async () => {
    const { provider, browser } = await loggedIn()
    const before = browser.cookies.get('__Host-session') ?? ''
    const begun = locationOf(await browser.open('/login'))
    await browser.open(provider.logIn(begun, 'jane'))
    expect(browser.cookies.get('__Host-session')).not.toBe(before)
    browser.cookies.set('__Host-session', before)
    expect(await status(browser)).toBe(303)
  })
})

describe('a session of a client certificate', () => {
  it('is refused with another one or none, and is not renewed there', async () => {
    const { login, provider, browser, clock, app } = await loginWithCertificates()
    const cookie = browser.cookieHeader
    const ask = async (certificates: readonly Uint8Array[]): Promise<unknown> => {
      const request = fakeRequest({ headers: [['cookie', cookie]], peerCertificates: certificates })
      try {
        return (await login.authenticator.authenticate(request, {}))?.user.username
      } catch (error) {
        return isAuthenticationError(error) ? error.code : error
      }
    }
    expect(await ask([app.own])).toBe('oidc:jane')
    expect(await ask([app.other, app.own])).toBe('rejected')
    expect(await ask([])).toBe('rejected')
    clock.advance(550_000)
    const thief = fakeRequest({ headers: [['cookie', cookie]], peerCertificates: [app.other] })
    expect(await login.before(thief, () => Promise.resolve(undefined))).toEqual({ setCookies: [] })
    expect(refreshes(provider)).toEqual([])
  })

  async function loginWithCertificates() {
    const given = await loginApp()
    const provider = given.providers[0]!
    const pki = await createPki()
    const [own, other] = await Promise.all(
      ['own', 'other'].map(async (commonName) => (await pki.issueClient({ commonName })).chainDer[0]),
    )
    const browser = browserOf(
      {
        // The certificate is known to adapters of Node only, so the callback goes to the login itself.
        async request(url, init) {
          if (!url.includes('/login/callback')) return given.app.request(url, init)
          const { pathname, search } = new URL(url)
          const headers = [...new Headers(init.headers)]
          const request = fakeRequest({ url: pathname + search, headers, peerCertificates: [own!] })
          const before = await given.login.before(request, () => Promise.resolve(undefined))
          if (!('answer' in before)) throw new Error('it is not a route')
          const { status: code, headers: sent } = before.answer
          return new Response(null, {
            status: code,
            headers: Object.entries(sent).flatMap(([name, value]) =>
              [value].flat().map((each): [string, string] => [name, each]),
            ),
          })
        },
      },
      ORIGIN,
    )
    await logIn(provider, browser)
    return { ...given, provider, browser, app: { own: own!, other: other! } }
  }
})
