import { type Authenticator, ConfigurationError } from '@kube-authn/core'
import { oidc } from '@kube-authn/core/oidc'
import { revocationList } from '@kube-authn/core/revocation'
import { authentication, type AuthenticationEnv, getUser } from '@kube-authn/hono'
import { loginRoutes, requireLogin } from '@kube-authn/login/hono'
import { fixedClock } from '@kube-authn/testing'
import { Hono } from 'hono'
import { describe, expect, it } from 'vitest'
import { browserOf, locationOf } from '../test/browser.ts'
import { logIn } from '../test/log-in.ts'
import { ORIGIN } from '../test/login-app.ts'
import { loginProvider } from '../test/login-provider.ts'
import { keyOf } from '../test/sessions.ts'
import { cookieSessions, type WebLogin, webLogin, type WebLoginOptions } from './index.ts'

const URL_OF_ISSUER = 'https://issuer.example.com'
const options: WebLoginOptions = {
  issuer: URL_OF_ISSUER,
  clientId: 'my-app',
  clientSecret: 'client-secret',
  publicUrl: ORIGIN,
  keys: [keyOf(1)],
}

function appOf(login: WebLogin, chain: Authenticator = login.chain): Hono<AuthenticationEnv> {
  const app = new Hono<AuthenticationEnv>()
  app
    .use(loginRoutes(login))
    .use(authentication(chain, { onFailure: requireLogin(login), log: false }))
    .get('/', (c) => c.json(getUser(c)))
  return app
}

async function setUp(more: Partial<WebLoginOptions> = {}) {
  const clock = fixedClock()
  const provider = await loginProvider({ clock })
  const login = webLogin({ ...options, clock, fetch: provider.fetch, log: false, ...more })
  const app = appOf(login)
  return { clock, provider, login, app, browser: browserOf(app, more.publicUrl ?? ORIGIN) }
}

const bearer = (token: string): RequestInit => ({ headers: { authorization: `Bearer ${token}` } })

describe('a login with a provider, keys and nothing else', () => {
  it('authenticates sessions and bearer tokens alike', async () => {
    const { provider, app, browser } = await setUp()
    await logIn(provider, browser)
    const byCookie = await browser.open('/')
    const byToken = await app.request(
      `${ORIGIN}/`,
      bearer(await provider.issuer.sign({ sub: 'jane', aud: 'my-app' })),
    )
    const username = `${URL_OF_ISSUER}#jane`
    expect(await byCookie.json()).toMatchObject({ username, groups: ['system:authenticated'] })
    expect(await byToken.json()).toMatchObject({ username, groups: ['system:authenticated'] })
  })

  it('refuses tokens for another client, and requests without a credential', async () => {
    const { provider, app } = await setUp()
    const token = await provider.issuer.sign({ sub: 'jane', aud: 'another-app' })
    expect((await app.request(`${ORIGIN}/`, bearer(token))).status).toBe(401)
    expect((await app.request(`${ORIGIN}/`)).status).toBe(401)
  })

  it('takes the options of claims', async () => {
    const { provider, app, browser } = await setUp({
      usernameClaim: 'email',
      groupsClaim: 'teams',
      groupsPrefix: 'oidc:',
      requiredClaims: { hd: 'example.com' },
    })
    provider.claims = { email: 'jane@example.com', email_verified: true, teams: ['dev'], hd: 'example.com' }
    await logIn(provider, browser)
    expect(await (await browser.open('/')).json()).toMatchObject({
      username: 'jane@example.com',
      groups: ['oidc:dev', 'system:authenticated'],
    })
    provider.claims = { ...provider.claims, hd: 'evil.example' }
    expect((await logIn(provider, browserOf(app, ORIGIN))).status).toBe(403)
  })

  it('keeps sessions in cookies that are bound to https, this origin and these keys', async () => {
    const { provider, clock, browser } = await setUp()
    const login = await browser.open('/login')
    const callback = await browser.open(provider.logIn(locationOf(login), 'jane'))
    const cookie = callback.headers.getSetCookie().find((line) => line.startsWith('__Host-session='))
    expect(cookie).toMatch(/; Path=\/; Secure; HttpOnly; SameSite=Lax$/)
    const header = { headers: { cookie: cookie?.split(';')[0] ?? '' } }
    const asked = async (more: Partial<WebLoginOptions>): Promise<number> => {
      const app = appOf(webLogin({ ...options, clock, fetch: provider.fetch, log: false, ...more }))
      return (await app.request(`${more.publicUrl ?? ORIGIN}/`, header)).status
    }
    expect(await asked({})).toBe(200)
    expect(await asked({ keys: [keyOf(2), keyOf(1)] })).toBe(200)
    expect(await asked({ keys: [keyOf(2)] })).toBe(401)
    expect(await asked({ publicUrl: 'https://other.example.com' })).toBe(401)
  })

  it('completes only a login that began at this origin', async () => {
    const { provider, clock, app } = await setUp()
    const publicUrl = 'https://other.example.com'
    const other = appOf(webLogin({ ...options, publicUrl, clock, fetch: provider.fetch, log: false }))
    const attacker = browserOf(other, publicUrl)
    const callback = new URL(provider.logIn(locationOf(await attacker.open('/login')), 'mallory'))
    const headers = { cookie: attacker.cookieHeader }
    expect((await app.request(`${ORIGIN}${callback.pathname}${callback.search}`, { headers })).status).toBe(
      400,
    )
    expect(provider.tokenRequests).toEqual([])
    expect((await attacker.open(callback.href)).status).toBe(303)
  })

  it('works without TLS at localhost only', async () => {
    const publicUrl = 'http://localhost:3000'
    const { provider, browser } = await setUp({ publicUrl })
    await logIn(provider, browser)
    expect([...browser.cookies.keys()]).toEqual(['session'])
    expect((await browser.open('/')).status).toBe(200)
    for (const wrong of [
      'http://app.example.com',
      'https://*.example.com',
      'https://app.example.com/',
      'https://App.example.com',
      'https://app.example.com:443',
      'app.example.com',
      '',
    ]) {
      expect(() => webLogin({ ...options, publicUrl: wrong })).toThrow(/publicUrl/)
    }
  })

  it('revokes the id token of a session that ends', async () => {
    const { provider, app, browser } = await setUp()
    let idToken = ''
    provider.answerNext(async (usual) => {
      const answer = await usual()
      idToken = ((await answer.clone().json()) as { id_token: string }).id_token
      return answer
    })
    await logIn(provider, browser)
    expect((await app.request(`${ORIGIN}/`, bearer(idToken))).status).toBe(200)
    const logout = await browser.submit('/logout')
    expect(new URL(locationOf(logout)).searchParams.get('id_token_hint')).toBe(idToken)
    expect((await app.request(`${ORIGIN}/`, bearer(idToken))).status).toBe(401)
  })

  it('ends the sessions of a user everywhere', async () => {
    const { provider, login, browser } = await setUp()
    await logIn(provider, browser)
    await login.sessions.endWhere({ username: `${URL_OF_ISSUER}#jane` })
    expect((await browser.open('/')).status).not.toBe(200)
  })

  it('asks the revocations of the app', async () => {
    const revocations = revocationList()
    const { provider, browser } = await setUp({ revocations })
    await logIn(provider, browser)
    revocations.set('jane', { user: `${URL_OF_ISSUER}#jane` })
    expect((await browser.open('/')).status).not.toBe(200)
  })

  it('has an authenticator for each of several providers', async () => {
    const providers = ['one', 'two'].map((name) => ({
      name,
      issuer: `https://${name}.example.com`,
      clientId: `client-of-${name}`,
    }))
    const login = webLogin({ publicUrl: ORIGIN, keys: [keyOf(1)], providers })
    expect(login.tokens).toHaveLength(2)
  })
})

describe('a login with tokens and sessions of the app', () => {
  it('has the chain too', async () => {
    const { provider, clock } = await setUp()
    const { fetch } = provider
    const tokens = [oidc({ issuer: URL_OF_ISSUER, audience: 'my-app', usernamePrefix: 'own:', clock, fetch })]
    const sessions = cookieSessions({ keys: [keyOf(2)], clock })
    const login = webLogin({ ...options, clock, fetch, log: false, tokens, sessions })
    expect([login.tokens, login.sessions]).toEqual([tokens, sessions])
    const browser = browserOf(appOf(login), ORIGIN)
    await logIn(provider, browser)
    expect(await (await browser.open('/')).json()).toMatchObject({ username: 'own:jane' })
  })
})

describe('options that contradict each other', () => {
  const tokens = [oidc({ issuer: URL_OF_ISSUER, audience: 'my-app', discoverAtOnce: false })]
  const { issuer: _issuer, clientId: _clientId, clientSecret: _secret, ...shared } = options
  const provider = { name: 'one', issuer: 'https://one.example.com', clientId: 'c' }

  it.each<readonly [what: string, given: WebLoginOptions, paths: readonly string[]]>([
    ['claims beside tokens', { ...options, tokens, usernameClaim: 'email' }, ['usernameClaim']],
    [
      'claims of a provider beside tokens',
      { ...shared, tokens, providers: [{ ...provider, groupsClaim: 'groups' }] },
      ['providers[0].groupsClaim'],
    ],
    [
      'claims beside providers',
      { ...shared, usernameClaim: 'email', providers: [provider] },
      ['usernameClaim'],
    ],
    ['a prefix as of the flag', { ...options, usernamePrefix: '-' }, ['usernamePrefix']],
    [
      'the same of a provider',
      {
        ...shared,
        providers: [
          provider,
          { ...provider, name: 'two', issuer: 'https://two.example.com', usernamePrefix: '-' },
        ],
      },
      ['providers[1].usernamePrefix'],
    ],
    ['no keys', { ...options, keys: [] }, ['keys']],
    ['a key that is too short', { ...options, keys: ['c2hvcnQ='] }, ['keys[0]']],
    ['an issuer without TLS', { ...options, issuer: 'http://issuer.example.com' }, ['issuer']],
    [
      'revocations that cannot be set',
      { ...options, revocations: { isRevoked: () => false } as never },
      ['revocations'],
    ],
  ])('are refused: %s', (_, given, paths) => {
    let thrown: unknown
    try {
      webLogin(given)
    } catch (error) {
      thrown = error
    }
    expect(thrown).toBeInstanceOf(ConfigurationError)
    expect((thrown as ConfigurationError).problems.map(({ path }) => path)).toEqual(paths)
  })
})
