import { describe, expect, it, vi } from 'vitest'
import { browserOf, locationOf } from '../test/browser.ts'
import { beginLogin, logIn } from '../test/log-in.ts'
import { loginApp, ORIGIN } from '../test/login-app.ts'

async function setUp(options: Parameters<typeof loginApp>[0] = {}) {
  const given = await loginApp(options)
  return { ...given, provider: given.providers[0]!, browser: browserOf(given.app, ORIGIN) }
}

const PUSHES = { pushed_authorization_request_endpoint: 'https://issuer.example.com/par' }

describe('an authorization request', () => {
  it('is pushed where the provider offers it', async () => {
    const { provider, browser } = await setUp({ metadata: PUSHES })
    const url = new URL(await beginLogin(browser))
    expect([...url.searchParams.keys()]).toEqual(['client_id', 'request_uri'])
    expect(provider.pushedRequests).toHaveLength(1)
    expect(provider.pushedRequests[0]!.get('code_challenge_method')).toBe('S256')
    expect((await browser.open(provider.logIn(url.href, 'jane'))).status).toBe(303)
  })

  it('is not pushed if the app says so', async () => {
    const { provider, browser } = await setUp({ metadata: PUSHES, options: { pushedAuthorization: false } })
    expect(new URL(await beginLogin(browser)).searchParams.has('state')).toBe(true)
    expect(provider.pushedRequests).toEqual([])
  })

  it('fails if it must be pushed and the app says no', async () => {
    const metadata = { ...PUSHES, require_pushed_authorization_requests: true }
    const { browser } = await setUp({ metadata, options: { pushedAuthorization: false } })
    expect((await browser.open('/login')).status).toBe(502)
  })

  it('has the parameters that are configured', async () => {
    const options = {
      scopes: ['groups', 'offline_access', 'openid'],
      authenticatedWithinSeconds: 0,
      acrValues: ['gold', 'silver'],
      parameters: { domain_hint: 'example.com' },
    }
    const { browser } = await setUp({ options })
    const { searchParams } = new URL(locationOf(await browser.open('/login?loginHint=jane@example.com')))
    expect(Object.fromEntries(searchParams)).toMatchObject({
      scope: 'openid groups offline_access',
      prompt: 'consent',
      max_age: '0',
      acr_values: 'gold silver',
      domain_hint: 'example.com',
      login_hint: 'jane@example.com',
    })
  })

  it('has no hint that is too long', async () => {
    const { browser } = await setUp()
    const location = locationOf(await browser.open(`/login?loginHint=${'a'.repeat(321)}`))
    expect(new URL(location).searchParams.has('login_hint')).toBe(false)
  })

  it('with a maximal age needs a login that recent', async () => {
    const { clock, provider, browser } = await setUp({ options: { authenticatedWithinSeconds: 100 } })
    const nowSeconds = clock.now() / 1000
    provider.claims = { auth_time: nowSeconds - 200 }
    expect((await logIn(provider, browser)).status).toBe(502)
    provider.claims = { auth_time: undefined }
    expect((await logIn(provider, browser)).status).toBe(502)
    provider.claims = { auth_time: nowSeconds - 100 }
    expect((await logIn(provider, browser)).status).toBe(303)
  })

  it('leads to an id token of an algorithm that the app takes', async () => {
    const refused = await setUp({ options: { signingAlgorithms: ['RS256'] } })
    expect((await logIn(refused.provider, refused.browser)).status).toBe(502)
    const taken = await setUp({ options: { signingAlgorithms: ['ES384', 'ES256'] } })
    expect((await logIn(taken.provider, taken.browser)).status).toBe(303)
    for (const signingAlgorithms of [[], ['HS256'], ['none']])
      await expect(setUp({ options: { signingAlgorithms } })).rejects.toThrow('signingAlgorithms')
  })

  it.each(['http://issuer.example.com/authorize', 'javascript:alert(1)', undefined])(
    'is not sent to %s',
    async (endpoint) => {
      const { browser } = await setUp({ metadata: { authorization_endpoint: endpoint } })
      const response = await browser.open('/login')
      expect([response.status, locationOf(response)]).toEqual([502, ''])
    },
  )
})

describe('the client', () => {
  // Each is encoded as in a form before (RFC 6749 section 2.3.1).
  const secret = `Basic ${btoa('my%2Dapp:client%2Dsecret')}`

  it.each<readonly [methods: readonly string[] | undefined, isBasic: boolean]>([
    [undefined, true],
    [['client_secret_post', 'client_secret_basic'], true],
    [['client_secret_post'], false],
  ])('authenticates by its secret as the provider wants it: %j', async (methods, isBasic) => {
    const metadata = { token_endpoint_auth_methods_supported: methods }
    const { provider, browser } = await setUp({ metadata })
    expect((await logIn(provider, browser)).status).toBe(303)
    const [request] = provider.tokenRequests
    expect(request!.authorization).toBe(isBasic ? secret : null)
    expect(request!.form.get('client_secret')).toBe(isBasic ? null : 'client-secret')
  })

  it('may be public', async () => {
    const { provider, browser } = await setUp({ isPublic: true })
    expect((await logIn(provider, browser)).status).toBe(303)
    const [request] = provider.tokenRequests
    expect([request!.authorization, request!.form.get('client_id')]).toEqual([null, 'my-app'])
  })

  it('may sign, and may change its secret', async () => {
    const { provider, browser } = await setUp({
      isPublic: true,
      options: { clientAssertion: () => 'signed' },
    })
    expect((await logIn(provider, browser)).status).toBe(303)
    const { form, authorization } = provider.tokenRequests[0]!
    expect(authorization).toBeNull()
    expect(Object.fromEntries(form)).toMatchObject({
      client_id: 'my-app',
      client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
      client_assertion: 'signed',
    })
    expect(form.has('client_secret')).toBe(false)
    const secrets = ['one', 'two']
    const changing = {
      clientSecret: async () => secrets.shift() ?? '',
      clientAuthentication: 'post' as const,
    }
    const other = await setUp({ options: changing })
    await logIn(other.provider, other.browser)
    await logIn(other.provider, browserOf(other.app, ORIGIN))
    expect(other.provider.tokenRequests.map((each) => each.form.get('client_secret'))).toEqual(['one', 'two'])
  })
})

describe('an answer of the provider', () => {
  it.each([
    ['access_denied', 403],
    ['login_required', 403],
    ['server_error', 503],
    ['temporarily_unavailable', 503],
    ['invalid_request', 502],
    ['__proto__', 502],
  ])('with the error %s is a page with the status %i', async (error, status) => {
    const { provider, browser } = await setUp()
    const callback = new URL(provider.logIn(await beginLogin(browser), 'jane'))
    callback.searchParams.delete('code')
    callback.searchParams.set('error', error)
    const response = await browser.open(callback.href)
    expect(response.status).toBe(status)
    expect(await response.text()).toContain('href="/login?returnTo=%2Forders%3Fpage%3D2"')
    expect([...browser.cookies]).toEqual([])
  })

  it.each<readonly [what: string, answer: () => Response, status: number]>([
    ['a page', () => new Response('<html>', { headers: { 'content-type': 'text/html' } }), 502],
    ['no JSON', () => new Response('{', { headers: { 'content-type': 'application/json' } }), 502],
    ['a list', () => Response.json([]), 502],
    ['no tokens', () => Response.json({}), 502],
    ['no id token', () => Response.json({ access_token: 'a', token_type: 'Bearer' }), 502],
    ['no client', () => Response.json({ error: 'invalid_client' }, { status: 401 }), 502],
    [
      'a redirect',
      () => new Response(null, { status: 302, headers: { location: 'https://evil.example' } }),
      502,
    ],
    ['an error of the server', () => new Response('stack trace', { status: 500 }), 503],
    ['an outage', () => Response.json({ error: 'temporarily_unavailable' }, { status: 503 }), 503],
    ['more than a mebibyte', () => Response.json({ access_token: 'a'.repeat(1_048_577) }), 503],
  ])('of %s at the token endpoint is a page', async (_, answer, status) => {
    const { provider, browser } = await setUp()
    provider.answerNext(answer)
    const response = await logIn(provider, browser)
    expect(response.status).toBe(status)
    expect(response.headers.get('retry-after')).toBe(status === 503 ? '10' : null)
    expect(await response.text()).not.toMatch(/stack|at .*\.ts|issuer\.example/)
    expect([...browser.cookies]).toEqual([])
  })
})

describe('the words of a provider for its error', () => {
  const REGISTER = `Register ${ORIGIN}/login/callback at the provider as a redirect URI`
  const CLIENT = 'Compare clientId and clientSecret with what the provider has'
  const refusal = (body: object, headers = {}): Response => Response.json(body, { status: 400, headers })

  it.each<readonly [answer: object, line: string]>([
    [
      { error: 'invalid_request', error_description: "redirect_uri did not match any of the client's" },
      `invalid_request: "redirect_uri did not match any of the client's". ${REGISTER} [login]`,
    ],
    [
      { error: 'invalid_request', error_description: 'Invalid parameter: callback URL' },
      `invalid_request: "Invalid parameter: callback URL". ${REGISTER} [login]`,
    ],
    [{ error: 'invalid_request' }, `invalid_request. ${REGISTER} [login]`],
    [{ error: 'invalid_request', error_description: 'no nonce' }, 'invalid_request: "no nonce" [login]'],
    [
      { error: 'invalid_client', error_description: 'wrong secret' },
      `invalid_client: "wrong secret". ${CLIENT} [login]`,
    ],
    [{ error: 'unauthorized_client' }, `unauthorized_client. ${CLIENT} [login]`],
    [
      { error: 'invalid_grant', error_description: 'code 4/0AX4XfWh-0123456789abcdef is used' },
      'invalid_grant: "code 4/... is used" [login]',
    ],
    [
      { error: 'invalid_grant', error_description: 'not client-secret, is it?' },
      'invalid_grant: "not ..., is it?" [login]',
    ],
    [
      { error: 'invalid_grant', error_description: 'x'.repeat(200_000) },
      `invalid_grant: "${'x'.repeat(128)}..." [login]`,
    ],
  ])('%j are in the log, with what to change', async (answer, line) => {
    const { provider, browser, log } = await setUp()
    provider.answerNext(() => refusal(answer))
    const response = await logIn(provider, browser)
    expect(response.status).toBe(502)
    expect(log[0]?.message.endsWith(`: https://issuer.example.com answered with the error ${line}`)).toBe(
      true,
    )
    expect(await response.text()).not.toMatch(/redirect_uri|callback URL|wrong secret|invalid_/)
  })

  it('are in the log for a pushed request, which no page of the provider answers', async () => {
    const { provider, browser, log } = await setUp({ metadata: PUSHES })
    provider.answerNext(() => refusal({ error: 'invalid_request', error_description: 'redirect_uri?' }))
    expect((await browser.open('/login')).status).toBe(502)
    expect(log[0]?.message).toContain(`invalid_request: "redirect_uri?". ${REGISTER}`)
  })

  it('are told of the client that is not accepted', async () => {
    const { provider, browser, log } = await setUp()
    const headers = { 'www-authenticate': 'Basic realm="x"' }
    provider.answerNext(() => Response.json({ error: 'invalid_client' }, { status: 401, headers }))
    expect((await logIn(provider, browser)).status).toBe(502)
    expect(log[0]?.message).toContain(`does not accept the client: HTTP 401. ${CLIENT}`)
  })

  it('are bounded, on one line, and never part of a page', async () => {
    const { provider, browser, log } = await setUp()
    const hostile = `\n<script>alert()</script>\u202e\u0007 ${'x '.repeat(500)}`
    const callback = new URL(provider.logIn(await beginLogin(browser), 'jane'))
    callback.searchParams.delete('code')
    callback.searchParams.set('error', 'access_denied')
    callback.searchParams.set('error_description', hostile)
    const response = await browser.open(callback.href)
    expect(response.status).toBe(403)
    expect(await response.text()).not.toMatch(/script>|alert/)
    const { message = '' } = log[0] ?? {}
    expect(message).toContain('<script>alert()</script>')
    expect(message).not.toMatch(/[\p{Cc}\p{Cf}]/u)
    expect(message.length).toBeLessThan(400)
  })
})

describe('a provider that is down', () => {
  it.each(['reset', { status: 503 }] as const)(
    'is a page at the start of a login, and works later: %j',
    async (outage) => {
      const { provider, browser, log } = await setUp()
      provider.issuer.stop(outage)
      const response = await browser.open('/login?returnTo=/a')
      expect([response.status, response.headers.get('retry-after')]).toEqual([503, '10'])
      expect(await response.text()).toContain('href="/login?returnTo=%2Fa"')
      await vi.waitFor(() => expect(log).toHaveLength(1))
      expect(log[0]).toMatchObject({ level: 'error', status: 503, path: '/login' })
      provider.issuer.start()
      expect((await logIn(provider, browser)).status).toBe(303)
    },
  )

  it.each(['reset', { status: 500 }] as const)('is a page at a pushed request: %j', async (outage) => {
    const { provider, browser } = await setUp({ metadata: PUSHES })
    await browser.open('/login')
    provider.issuer.stop(outage)
    expect((await browser.open('/login')).status).toBe(503)
  })

  it.each(['reset', { status: 500 }] as const)('is a page at the exchange: %j', async (outage) => {
    const { provider, browser } = await setUp()
    const callback = provider.logIn(await beginLogin(browser), 'jane')
    provider.issuer.stop(outage)
    expect((await browser.open(callback)).status).toBe(503)
    provider.issuer.start()
    expect((await logIn(provider, browser)).status).toBe(303)
  })

  it('is a page if only its keys cannot be fetched', async () => {
    const { provider, browser } = await setUp()
    provider.answerNext(async (usual) => {
      const answer = await usual()
      provider.issuer.stop()
      return answer
    })
    expect((await logIn(provider, browser)).status).toBe(503)
    expect([...browser.cookies]).toEqual([])
  })

  it('that hangs is a page after the time limit', async () => {
    const { clock, provider, browser } = await setUp()
    provider.issuer.stop('hang')
    const waiting = browser.open('/login')
    await vi.waitFor(() => expect(clock.pending).toBeGreaterThan(0))
    await clock.advanceAsync(10_000)
    expect((await waiting).status).toBe(503)
  })

  it('does not matter where its metadata is known, and the hour is over', async () => {
    const { clock, provider, browser } = await setUp()
    await logIn(provider, browser)
    clock.advance(3_600_000)
    provider.issuer.stop()
    expect((await browser.open('/login')).status).toBe(303)
    const asked = provider.issuer.requests.length
    expect((await browser.open('/login')).status).toBe(303)
    expect(provider.issuer.requests).toHaveLength(asked)
    clock.advance(30_000)
    await browser.open('/login')
    expect(provider.issuer.requests).toHaveLength(asked + 1)
  })

  it('is asked for its metadata once by many logins', async () => {
    const { app, provider } = await setUp()
    const all = await Promise.all(Array.from({ length: 20 }, async () => app.request(`${ORIGIN}/login`)))
    expect(new Set(all.map(({ status }) => status))).toEqual(new Set([303]))
    expect(provider.issuer.requests).toHaveLength(1)
  })

  it('that says it is another is not used', async () => {
    const { browser } = await setUp({ metadata: { issuer: 'https://evil.example' } })
    expect((await browser.open('/login')).status).toBe(502)
  })
})
