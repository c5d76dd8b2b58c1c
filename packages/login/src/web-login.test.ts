import { describe, expect, it } from 'vitest'
import { browserOf, locationOf } from '../test/browser.ts'
import { logIn } from '../test/log-in.ts'
import { loginApp, ORIGIN } from '../test/login-app.ts'

describe('a login', () => {
  it('goes to the provider and back to where one was, and the user is that of the id token', async () => {
    const given = await loginApp()
    const { app, providers, log } = given
    const browser = browserOf(app, ORIGIN)
    const refused = await browser.open('/orders?page=2')
    expect([refused.status, locationOf(refused)]).toEqual([
      303,
      `${ORIGIN}/login?returnTo=%2Forders%3Fpage%3D2`,
    ])
    const login = await browser.open(locationOf(refused))
    expect(login.status).toBe(303)
    const url = new URL(locationOf(login))
    expect(url.origin + url.pathname).toBe('https://issuer.example.com/authorize')
    expect(Object.fromEntries(url.searchParams)).toEqual({
      client_id: 'my-app',
      response_type: 'code',
      redirect_uri: `${ORIGIN}/login/callback`,
      scope: 'openid profile email',
      state: expect.stringMatching(/^[\w-]{43}$/),
      nonce: expect.stringMatching(/^[\w-]{43}$/),
      code_challenge: expect.stringMatching(/^[\w-]{43}$/),
      code_challenge_method: 'S256',
    })
    const callback = await browser.open(providers[0]!.logIn(locationOf(login), 'jane'))
    expect([callback.status, locationOf(callback)]).toEqual([303, `${ORIGIN}/orders?page=2`])
    expect([...browser.cookies.keys()]).toEqual(['__Host-session'])
    const page = await browser.open('/orders?page=2')
    expect(page.status).toBe(200)
    expect(await page.json()).toMatchObject({
      user: { username: 'oidc:jane', groups: ['system:authenticated'] },
    })
    expect(log).toEqual([])
  })

  it('leaves the app its own cookies, and not that of the session', async () => {
    const given = await loginApp()
    const browser = browserOf(given.app, ORIGIN)
    await logIn(given.providers[0]!, browser)
    expect(await (await browser.open('/')).json()).toMatchObject({ cookie: null })
    browser.cookies.set('theme', 'dark')
    browser.cookies.set('__Host-session-of-another', '1')
    expect(await (await browser.open('/')).json()).toMatchObject({
      cookie: 'theme=dark; __Host-session-of-another=1',
    })
  })
})

describe('a request that is not logged in', () => {
  const page = { accept: 'text/html,application/xhtml+xml' }
  const script = { accept: 'application/json' }

  it.each<readonly [what: string, init: RequestInit, isRedirected: boolean]>([
    ['a navigation', { headers: { ...page, 'sec-fetch-mode': 'navigate' } }, true],
    ['a navigation of HEAD', { method: 'HEAD', headers: { ...page, 'sec-fetch-mode': 'navigate' } }, true],
    ['an older browser', { headers: page }, true],
    ['a form', { method: 'POST', headers: { ...page, 'sec-fetch-mode': 'navigate' } }, false],
    ['a script', { headers: { ...script, 'sec-fetch-mode': 'cors' } }, false],
    ['a script that accepts pages', { headers: { ...page, 'sec-fetch-mode': 'same-origin' } }, false],
    ['an older script', { headers: { ...page, 'x-requested-with': 'XMLHttpRequest' } }, false],
    ['an older script of JSON', { headers: script }, false],
    ['a client without headers', {}, false],
    ['a WebSocket', { headers: { upgrade: 'websocket', 'sec-fetch-mode': 'websocket' } }, false],
  ])('is sent to the login only if it opens a page: %s', async (_, init, isRedirected) => {
    const { app } = await loginApp()
    const response = await app.request(`${ORIGIN}/orders?page=2`, init)
    const loginUrl = '/login?returnTo=%2Forders%3Fpage%3D2'
    expect(response.headers.get('cache-control')).toBe('no-store')
    if (isRedirected) {
      expect([response.status, locationOf(response)]).toEqual([303, ORIGIN + loginUrl])
      return
    }
    expect([response.status, locationOf(response)]).toEqual([401, ''])
    expect(response.headers.get('www-authenticate')).toBe('Bearer realm="kubernetes-master"')
    expect(await response.json()).toMatchObject({
      kind: 'Status',
      reason: 'Unauthorized',
      code: 401,
      loginUrl,
    })
  })

  it('returns to the start from a path that might be another origin', async () => {
    const { app } = await loginApp()
    const response = await app.request(`${ORIGIN}//evil.example`, { headers: page })
    expect(locationOf(response)).toBe(`${ORIGIN}/login`)
  })

  it('may have a bearer token instead, also beside a session that is over', async () => {
    const { app, providers } = await loginApp()
    const token = await providers[0]!.issuer.sign({ sub: 'jane', aud: 'my-app' })
    const headers = { authorization: `Bearer ${token}`, cookie: '__Host-session=over; a=b' }
    const response = await app.request(`${ORIGIN}/`, { headers })
    expect(await response.json()).toMatchObject({ user: { username: 'oidc:jane' }, cookie: 'a=b' })
  })
})

describe('the user of a session', () => {
  it('is that of the id token as a bearer token, with a further id of the credential', async () => {
    const { app, providers } = await loginApp({ options: {} })
    const provider = providers[0]!
    const browser = browserOf(app, ORIGIN)
    await logIn(provider, browser)
    const token = await provider.issuer.sign({ sub: 'jane', aud: 'my-app' })
    const byToken = await app.request(`${ORIGIN}/`, { headers: { authorization: `Bearer ${token}` } })
    const { user } = (await (await browser.open('/')).json()) as { user: { extra: Record<string, string[]> } }
    const id = 'authentication.kubernetes.io/credential-id'
    expect(user.extra[id]).toEqual([expect.stringMatching(/^SESSION=[\da-f]{64}$/)])
    delete user.extra[id]
    expect(await byToken.json()).toMatchObject({ user })
  })
})

describe('the pages', () => {
  it.each(['/login', '/logout', '/logout/done', '/login/callback', '/logout/frontchannel'])(
    '%s have no scripts, and are neither kept nor framed',
    async (path) => {
      const { app } = await loginApp({ urls: ['https://a.example.com', 'https://b.example.com'] })
      const response = await app.request(ORIGIN + (path === '/login/callback' ? `${path}/p0` : path))
      const { headers } = response
      expect(headers.get('cache-control')).toBe('no-store')
      expect(headers.get('x-content-type-options')).toBe('nosniff')
      expect(headers.get('x-frame-options')).toBe('DENY')
      expect(headers.get('content-security-policy')).toMatch(
        /^default-src 'none'; style-src 'sha256-[\w+/]+=*'; form-action 'self'[^;]*; base-uri 'none'; frame-ancestors 'none'$/,
      )
      const text = await response.text()
      expect(text).toMatch(/^<!doctype html><html lang="en">/)
      expect(text).toContain('color-scheme:light dark')
      expect(text).not.toContain('<script')
    },
  )

  it('let people choose one of several providers, and keep where they were', async () => {
    const { app, providers } = await loginApp({
      urls: ['https://a.example.com', 'https://b.example.com/realm'],
    })
    const browser = browserOf(app, ORIGIN)
    const text = await (await browser.open('/login?returnTo=/a%26b')).text()
    expect([...browser.cookies]).toEqual([])
    const links = [...text.matchAll(/<a class="choice" href="([^"]+)">([^<]+)</g)].map(([, url, label]) => [
      url,
      label,
    ])
    expect(links).toEqual([
      ['/login?provider=p0&amp;returnTo=%2Fa%26b', 'a.example.com'],
      ['/login?provider=p1&amp;returnTo=%2Fa%26b', 'b.example.com'],
    ])
    const url = locationOf(await browser.open('/login?provider=p1&returnTo=%2Fa%26b'))
    expect(locationOf(await browser.open(providers[1]!.logIn(url, 'jane')))).toBe(`${ORIGIN}/a&b`)
  })

  it('ask again if there is no such provider', async () => {
    const { app } = await loginApp({ urls: ['https://a.example.com', 'https://b.example.com'] })
    expect((await app.request(`${ORIGIN}/login?provider=__proto__`)).status).toBe(200)
  })

  it.each([
    ['POST', '/login', 'GET'],
    ['DELETE', '/logout', 'GET, POST'],
    ['GET', '/logout/backchannel', 'POST'],
  ])('refuse %s %s', async (method, path, allowed) => {
    const { app } = await loginApp()
    const response = await app.request(ORIGIN + path, { method })
    expect([response.status, response.headers.get('allow')]).toEqual([405, allowed])
  })
})

describe('handle', () => {
  it('responds to the routes of the login only', async () => {
    const { login } = await loginApp()
    expect((await login.handle(new Request(`${ORIGIN}/login`)))?.status).toBe(303)
    expect(await login.handle(new Request(`${ORIGIN}/login/other`))).toBeUndefined()
    expect(await login.handle(new Request(`${ORIGIN}/`))).toBeUndefined()
  })
})
