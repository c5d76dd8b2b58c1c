import { fakeRequest } from '@kube-authn/testing'
import { describe, expect, it, vi } from 'vitest'
import { browserOf, locationOf } from '../test/browser.ts'
import { beginLogin, logIn } from '../test/log-in.ts'
import { type LoginApp, loginApp, ORIGIN } from '../test/login-app.ts'

const isSession = (name: string): boolean => name.startsWith('__Host-session')
const transactionsIn = (cookies: ReadonlyMap<string, string>): readonly string[] =>
  [...cookies.keys()].filter((name) => name.startsWith('__Host-kube-authn-login-'))

async function setUp(options: Parameters<typeof loginApp>[0] = {}) {
  const given = await loginApp(options)
  return { ...given, provider: given.providers[0]!, browser: browserOf(given.app, ORIGIN) }
}

describe('login CSRF', () => {
  it('fails: the callback of another browser begins no session, and its code is not used', async () => {
    const { app, provider, log } = await setUp()
    const attacker = browserOf(app, ORIGIN)
    const callback = provider.logIn(await beginLogin(attacker), 'mallory')
    const victim = browserOf(app, ORIGIN)
    const response = await victim.open(callback, { 'sec-fetch-site': 'cross-site' })
    expect(response.status).toBe(400)
    expect([...victim.cookies]).toEqual([])
    expect(provider.tokenRequests).toEqual([])
    await vi.waitFor(() => expect(log).toHaveLength(1))
    expect(log).toMatchObject([{ level: 'warn', status: 400, path: '/login/callback' }])
  })

  it('fails also if the victim has begun a login too', async () => {
    const { app, provider, browser: victim } = await setUp()
    const callback = provider.logIn(await beginLogin(browserOf(app, ORIGIN)), 'mallory')
    await beginLogin(victim)
    expect((await victim.open(callback)).status).toBe(400)
    expect([...victim.cookies.keys()].some(isSession)).toBe(false)
  })
})

describe('a callback', () => {
  it('counts once: the state and its cookie are used up, also if the cookie is put back', async () => {
    const { provider, browser } = await setUp()
    const callback = provider.logIn(await beginLogin(browser), 'jane')
    const before = new Map(browser.cookies)
    expect((await browser.open(callback)).status).toBe(303)
    expect((await browser.open(callback)).status).toBe(400)
    for (const [name, value] of before) browser.cookies.set(name, value)
    expect((await browser.open(callback)).status).toBe(400)
    expect(provider.tokenRequests).toHaveLength(1)
  })

  it('counts once in parallel', async () => {
    const { provider, browser } = await setUp()
    const callback = provider.logIn(await beginLogin(browser), 'jane')
    const responses = await Promise.all([1, 2, 3].map(() => browser.open(callback)))
    expect(responses.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([303, 400, 400])
    expect(provider.tokenRequests).toHaveLength(1)
  })

  it('with the code of another login fails, since its code verifier is another', async () => {
    const { app, provider, browser, log } = await setUp()
    const stolen = new URL(provider.logIn(await beginLogin(browserOf(app, ORIGIN)), 'victim'))
    const own = new URL(provider.logIn(await beginLogin(browser), 'mallory'))
    own.searchParams.set('code', stolen.searchParams.get('code') ?? '')
    expect((await browser.open(own.href)).status).toBe(502)
    expect([...browser.cookies.keys()]).toEqual([])
    await vi.waitFor(() => expect(log).toHaveLength(1))
    expect(log).toMatchObject([{ level: 'error', message: expect.stringContaining('invalid_grant') }])
  })

  it.each<readonly [what: string, change: (query: URLSearchParams) => void]>([
    ['another state', (query) => query.set('state', 'x'.repeat(43))],
    ['no state', (query) => query.delete('state')],
    ['an empty state', (query) => query.set('state', '')],
    ['two states', (query) => query.append('state', query.get('state') ?? '')],
    ['a huge query', (query) => query.set('x', 'y'.repeat(8192))],
  ])('with %s is no login', async (_, change) => {
    const { provider, browser } = await setUp()
    const callback = new URL(provider.logIn(await beginLogin(browser), 'jane'))
    change(callback.searchParams)
    expect((await browser.open(callback.href)).status).toBe(400)
    expect(provider.tokenRequests).toEqual([])
  })

  it.each<readonly [what: string, change: (query: URLSearchParams) => void]>([
    ['of another issuer', (query) => query.set('iss', 'https://evil.example')],
    ['without the issuer that the provider promises', (query) => query.delete('iss')],
    ['with two issuers', (query) => query.append('iss', 'https://issuer.example.com')],
    ['without a code', (query) => query.delete('code')],
    ['with two codes', (query) => query.append('code', 'x')],
    ['with an id token', (query) => query.set('id_token', 'x')],
    ['with a signed response', (query) => query.set('response', 'x')],
  ])('%s is not used', async (_, change) => {
    const { provider, browser } = await setUp()
    const callback = new URL(provider.logIn(await beginLogin(browser), 'jane'))
    change(callback.searchParams)
    expect((await browser.open(callback.href)).status).toBe(502)
    expect(provider.tokenRequests).toEqual([])
    expect([...browser.cookies.keys()]).toEqual([])
  })

  it('after fifteen minutes is too late', async () => {
    const { clock, provider, browser } = await setUp()
    const late = provider.logIn(await beginLogin(browser), 'jane')
    clock.advance(900_000)
    expect((await browser.open(late)).status).toBe(400)
    const early = provider.logIn(await beginLogin(browser), 'jane')
    clock.advance(899_999)
    expect((await browser.open(early)).status).toBe(303)
  })
})

describe('an id token', () => {
  it.each<readonly [what: string, claims: Readonly<Record<string, unknown>>, status: number]>([
    ['with another nonce', { nonce: 'another' }, 502],
    ['without a nonce', { nonce: undefined }, 502],
    ['for another client', { aud: 'other-app' }, 502],
    ['for several clients, issued to another', { aud: ['my-app', 'other-app'], azp: 'other-app' }, 502],
    ['of another issuer', { iss: 'https://evil.example' }, 502],
    ['that has expired', { exp: 1 }, 502],
    ['without a subject', { sub: undefined }, 502],
    ['that the chain does not accept', { events: {} }, 403],
    ['that is bound to a key', { cnf: { jkt: 'x' } }, 403],
  ])('%s begins no session', async (_, claims, status) => {
    const { provider, browser } = await setUp()
    provider.claims = claims
    const response = await logIn(provider, browser)
    expect(response.status).toBe(status)
    expect([...browser.cookies.keys()]).toEqual([])
  })

  it('that another key signed begins no session', async () => {
    const { provider, browser } = await setUp()
    const { kid } = await provider.issuer.rotate()
    provider.issuer.withdraw(kid)
    expect((await logIn(provider, browser)).status).toBe(403)
    expect([...browser.cookies.keys()]).toEqual([])
  })
})

describe('a mix-up of providers', () => {
  const urls = ['https://honest.example.com', 'https://evil.example.com']

  it('fails: an answer counts at the redirect URI of the provider at which the login began only', async () => {
    const { app, providers, browser } = await setUp({ urls })
    const [honest, evil] = providers
    const begun = locationOf(await browser.open('/login?provider=p1'))
    expect(new URL(begun).searchParams.get('redirect_uri')).toBe(`${ORIGIN}/login/callback/p1`)
    // The evil provider sends the browser on to the honest one, with the state of its own login.
    const own = new URL(locationOf(await browserOf(app, ORIGIN).open('/login?provider=p0')))
    own.searchParams.set('state', new URL(begun).searchParams.get('state') ?? '')
    const callback = honest!.logIn(own.href, 'jane')
    expect(new URL(callback).pathname).toBe('/login/callback/p0')
    expect((await browser.open(callback)).status).toBe(502)
    expect(honest!.tokenRequests).toEqual([])
    expect(evil!.tokenRequests).toEqual([])
  })

  it('fails even if no provider says who answers (RFC 9207)', async () => {
    const metadata = { authorization_response_iss_parameter_supported: false }
    const { providers, browser } = await setUp({ urls, metadata })
    const [honest, evil] = providers
    const begun = new URL(locationOf(await browser.open('/login?provider=p1')))
    begun.searchParams.set('redirect_uri', `${ORIGIN}/login/callback/p0`)
    const callback = new URL(honest!.logIn(begun.href, 'jane'))
    callback.searchParams.delete('iss')
    const response = await browser.open(callback.href)
    expect(response.status).toBe(502)
    expect([...browser.cookies.keys()].some(isSession)).toBe(false)
    expect([...honest!.tokenRequests, ...evil!.tokenRequests]).toEqual([])
  })

  it('fails at the other redirect URI too, by the issuer of the answer', async () => {
    const { app, providers, browser } = await setUp({ urls })
    const [honest, evil] = providers
    const begun = new URL(locationOf(await browser.open('/login?provider=p1')))
    const own = new URL(locationOf(await browserOf(app, ORIGIN).open('/login?provider=p0')))
    own.searchParams.set('state', begun.searchParams.get('state') ?? '')
    const callback = new URL(honest!.logIn(own.href, 'jane'))
    callback.pathname = '/login/callback/p1'
    expect((await browser.open(callback.href)).status).toBe(502)
    expect([...honest!.tokenRequests, ...evil!.tokenRequests]).toEqual([])
  })

  it('does not happen where each answers for itself', async () => {
    const { providers, browser } = await setUp({ urls })
    for (const [index, provider] of providers.entries()) {
      const begun = locationOf(await browser.open(`/login?provider=p${index}`))
      expect((await browser.open(provider.logIn(begun, 'jane'))).status).toBe(303)
    }
  })
})

describe('a cookie that a subdomain has set', () => {
  const userOf = async ({ login }: LoginApp, cookie: string): Promise<string | undefined> => {
    const known = await login.authenticator.authenticate(fakeRequest({ headers: [['cookie', cookie]] }), {})
    return known?.user.username
  }

  // Browsers let every site of the domain set it, since its name does not begin with `__Host-`.
  it.each(['\u00a0', '\u2000', '\u3000', '\ufeff'])(
    'is no session with %j before its name',
    async (space) => {
      const { provider, browser: attacker, ...given } = await setUp()
      await logIn(provider, attacker, 'mallory')
      const victim = browserOf(given.app, ORIGIN)
      await logIn(provider, victim)
      const planted = `${space}${attacker.cookieHeader}`
      expect(await userOf(given, attacker.cookieHeader)).toBe('oidc:mallory')
      expect(await userOf(given, planted)).toBeUndefined()
      expect(await userOf(given, `${planted}; ${victim.cookieHeader}`)).toBe('oidc:jane')
    },
  )

  it('completes no login', async () => {
    const { app, provider, browser: attacker } = await setUp()
    const callback = provider.logIn(await beginLogin(attacker), 'mallory')
    const { login } = await loginApp()
    const readBody = async (): Promise<undefined> => undefined
    const cookie = `\u2000${attacker.cookieHeader}`
    const { pathname, search } = new URL(callback)
    const before = await login.before(
      fakeRequest({ url: pathname + search, headers: [['cookie', cookie]] }),
      readBody,
    )
    expect(before).toMatchObject({ answer: { status: 400 } })
    expect((await app.request('/logout/done')).status).toBe(200)
  })
})

describe('several attempts', () => {
  it('in two tabs both succeed, each where it began', async () => {
    const { provider, browser } = await setUp()
    const [one, other] = [await beginLogin(browser, '/one'), await beginLogin(browser, '/other')]
    expect(transactionsIn(browser.cookies)).toHaveLength(2)
    expect(locationOf(await browser.open(provider.logIn(one, 'jane')))).toBe(`${ORIGIN}/one`)
    expect(locationOf(await browser.open(provider.logIn(other, 'jane')))).toBe(`${ORIGIN}/other`)
    expect([...browser.cookies.keys()]).toEqual(['__Host-session'])
  })

  it('do not take the cookie of each other', async () => {
    const { provider, browser } = await setUp()
    const [one, other] = [await beginLogin(browser, '/one'), await beginLogin(browser, '/other')]
    const [first = '', second = ''] = transactionsIn(browser.cookies)
    const [a = '', b = ''] = [browser.cookies.get(first), browser.cookies.get(second)]
    browser.cookies.set(first, b).set(second, a)
    expect((await browser.open(provider.logIn(one, 'jane'))).status).toBe(400)
    expect((await browser.open(provider.logIn(other, 'jane'))).status).toBe(400)
    expect(provider.tokenRequests).toEqual([])
  })

  it('do not fill up the browser: the oldest is forgotten', async () => {
    const { provider, browser } = await setUp()
    const begun: string[] = []
    for (let attempt = 0; attempt < 7; attempt++) begun.push(await beginLogin(browser, `/${attempt}`))
    expect(transactionsIn(browser.cookies)).toHaveLength(4)
    expect((await browser.open(provider.logIn(begun[2]!, 'jane'))).status).toBe(400)
    expect((await browser.open(provider.logIn(begun[3]!, 'jane'))).status).toBe(303)
  })

  it('write no name back that is not one of theirs, and not many', async () => {
    const { browser } = await setUp()
    const foreign = ['\u00ff', 'a', 'a\tb', `${'a'.repeat(22)}"`]
    for (const [index, end] of foreign.entries())
      browser.cookies.set(`__Host-kube-authn-login-${end}`, `${index}`)
    for (let index = 100; index < 200; index++)
      browser.cookies.set(`__Host-kube-authn-login-${'a'.repeat(19)}${index}`, 'x')
    const lines = (await browser.open('/login')).headers.getSetCookie()
    expect(lines).toHaveLength(21)
    for (const line of lines) expect(line).toMatch(/^__Host-kube-authn-login-[\w-]{22}=/)
  })

  it.each(['changed', 'cut', 'of the session'])(
    'have cookies that do not count if they are %s',
    async (how) => {
      const { provider, browser } = await setUp()
      if (how === 'of the session') await logIn(provider, browser)
      const callback = provider.logIn(locationOf(await browser.open('/login')), 'jane')
      const [name = ''] = transactionsIn(browser.cookies)
      const value = browser.cookies.get(name) ?? ''
      const session = browser.cookies.get('__Host-session') ?? ''
      const changed = `${value.slice(0, 100)}${value.at(100) === 'A' ? 'B' : 'A'}${value.slice(101)}`
      browser.cookies.set(name, how === 'changed' ? changed : how === 'cut' ? value.slice(0, -1) : session)
      expect((await browser.open(callback)).status).toBe(400)
    },
  )

  it('are not begun by images and frames of other sites', async () => {
    const { browser } = await setUp()
    const image = { 'sec-fetch-mode': 'no-cors', 'sec-fetch-dest': 'image', 'sec-fetch-site': 'cross-site' }
    expect((await browser.open('/login', image)).status).toBe(403)
    expect((await browser.open('/login', { 'sec-fetch-dest': 'iframe' })).status).toBe(403)
    expect([...browser.cookies]).toEqual([])
  })
})

describe('what a request says', () => {
  it.each([
    ['/login?returnTo=//evil.example', '/'],
    ['/login?returnTo=https://evil.example', '/'],
    ['/login?returnTo=/a%0d%0aSet-Cookie:%20a=b', '/'],
    ['/login?returnTo=/login', '/'],
    ['/login?returnTo=/logout', '/'],
    ['/login?returnTo=/login/callback?x', '/'],
    ['/login?returnTo=/loginfo', '/loginfo'],
    ['/login?returnTo=/a&returnTo=//evil.example', '/a'],
  ])('leads from %s to %s', async (path, expected) => {
    const { provider, browser } = await setUp()
    const response = await browser.open(provider.logIn(locationOf(await browser.open(path)), 'jane'))
    expect(locationOf(response)).toBe(ORIGIN + expected)
    expect(response.headers.getSetCookie().join()).not.toContain('a=b')
  })

  it('is on no page', async () => {
    const { provider, browser } = await setUp()
    const evil = '<script>alert(1)</script>'
    const callback = new URL(provider.logIn(await beginLogin(browser), 'jane'))
    callback.searchParams.delete('code')
    callback.searchParams.set('error', evil)
    callback.searchParams.set('error_description', evil)
    const responses = [
      await browser.open(callback.href),
      await browser.open(`/login/callback?error=${evil}&state=${evil}`),
      await browser.open(`/logout?x=${evil}`),
      await browser.open(`/logout/frontchannel?iss=${evil}&sid=${evil}`),
    ]
    expect(responses.map(({ status }) => status)).toEqual([502, 400, 200, 400])
    const bodies = await Promise.all(responses.map((response) => response.text()))
    expect(bodies.join()).not.toMatch(/alert|script/)
  })
})

describe('tokens and secrets', () => {
  it('are in no log, no URL and no cookie in clear, whatever goes wrong', async () => {
    const { clock, provider, browser, log, app } = await setUp()
    const seen: string[] = []
    const answers: string[] = []
    const keep = (response: Response): void => {
      seen.push(locationOf(response), ...response.headers.getSetCookie())
    }
    const watch = async (usual: () => Promise<Response>): Promise<Response> => {
      const answer = await usual()
      answers.push(await answer.clone().text())
      return answer
    }
    provider.answerNext(watch)
    keep(await logIn(provider, browser))
    keep(await browser.open('/'))
    clock.advance(550_000)
    provider.answerNext(watch)
    keep(await browser.open('/'))
    provider.answerNext(async (usual) =>
      Response.json(
        { error: 'invalid_request', error_description: await (await usual()).text() },
        { status: 400 },
      ),
    )
    clock.advance(550_000)
    keep(await browser.open('/'))
    const other = browserOf(app, ORIGIN)
    provider.answerNext(async (usual) => Response.json([await (await usual()).json()]))
    keep(await logIn(provider, other))
    const tokens = answers.flatMap((answer) => {
      const {
        id_token: idToken,
        access_token: accessToken,
        refresh_token: refreshToken,
      } = JSON.parse(answer) as Record<string, string>
      return [idToken, accessToken, refreshToken]
    })
    expect(tokens).toHaveLength(6)
    await vi.waitFor(() => expect(log).toHaveLength(2))
    const everything = [...seen, JSON.stringify(log)].join('\n')
    for (const secret of [...tokens, 'client-secret', 'code-', 'refresh-', 'access-'])
      expect(everything).not.toContain(secret)
  })
})
