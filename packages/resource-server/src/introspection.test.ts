import { describe, expect, it, vi } from 'vitest'
import { type Authentication, AuthenticationError, ConfigurationError, type Context } from '@kube-authn/core'
import type { WebhookFetch } from '@kube-authn/core/internal'
import { fixedClock, thrownBy } from '../../testing/test/fakes.ts'
import { introspection, type IntrospectionOptions } from './introspection.ts'

const NOW = 1_700_000_000
const ISSUER = 'https://issuer.example.com'
const SECRET = 's3cr3t&=+ü-and-longer'
const TOKEN = 'opaque-token-of-jane'
const THUMBPRINT = 'a'.repeat(43)

const OPTIONS: IntrospectionOptions = {
  url: `${ISSUER}/introspect`,
  issuer: ISSUER,
  audience: 'api',
  clientId: 'my api',
  clientSecret: SECRET,
  clock: fixedClock(NOW * 1000),
  maxAttempts: 1,
}

const ACTIVE = { active: true, sub: 'jane', aud: 'api', iss: ISSUER, exp: NOW + 60 }

interface Asked {
  readonly ask: (token?: string, context?: Context) => Promise<Authentication | undefined>
  readonly fetch: ReturnType<typeof vi.fn<WebhookFetch>>
}

function answering(
  answer: () => Response | Promise<Response>,
  options: Partial<IntrospectionOptions> = {},
): Asked {
  const fetch = vi.fn<WebhookFetch>(async () => answer())
  const tokens = introspection({ ...OPTIONS, fetch, ...options })
  return { ask: async (token = TOKEN, context = {}) => tokens.authenticateToken(token, context), fetch }
}

const json =
  (body: unknown): (() => Response) =>
  () =>
    Response.json(body)

describe('introspection', () => {
  it('asks with a form and Basic, and makes a user with scopes and the client', async () => {
    const { ask, fetch } = answering(
      json({ ...ACTIVE, scope: 'read write', client_id: 'cli', jti: 'id', groups: ['a'] }),
      {
        groupsClaim: 'groups',
        groupsPrefix: 'o:',
      },
    )
    expect(await ask()).toEqual({
      user: {
        username: `${ISSUER}#jane`,
        uid: '',
        groups: ['o:a'],
        extra: {
          'authentication.kubernetes.io/credential-id': ['JTI=id'],
          'client-id': ['cli'],
          scopes: ['read', 'write'],
        },
      },
      expiresAtMs: (NOW + 60) * 1000,
    })
    const [url, init] = fetch.mock.calls[0] ?? []
    expect(url).toBe(`${ISSUER}/introspect`)
    expect(init).toMatchObject({ method: 'POST', redirect: 'manual' })
    expect(init?.headers['content-type']).toBe('application/x-www-form-urlencoded')
    expect(atob(init?.headers['authorization']?.slice(6) ?? '')).toBe(
      'my+api:s3cr3t%26%3D%2B%C3%BC-and-longer',
    )
    expect(Object.fromEntries(new URLSearchParams(init?.body))).toEqual({
      token: TOKEN,
      token_type_hint: 'access_token',
    })
  })

  it('makes a user with a name alone where nothing else is configured or known', async () => {
    const { exp, ...untyped } = { ...ACTIVE, token_type: 'Bearer', groups: ['a'] }
    expect(await answering(json(untyped)).ask()).toEqual({
      user: { username: `${ISSUER}#jane`, uid: '', groups: [], extra: {} },
    })
    expect(exp).toBeGreaterThan(NOW)
  })

  it.each([
    [{ iat: NOW }, { issuedAtMs: NOW * 1000 }],
    [{ iat: String(NOW) }, {}],
    [{ iat: null }, {}],
  ])('knows when a token was issued, with %j', async (issued, expected) => {
    const answer = await answering(json({ ...ACTIVE, ...issued })).ask()
    expect(answer).toEqual({ user: answer?.user, expiresAtMs: (NOW + 60) * 1000, ...expected })
  })

  it.each([
    [undefined, 'introspection'],
    ['other', 'other'],
  ])('with the name %s is %s in events, and its cache has the name in its own', (name, expected) => {
    const named = { ...OPTIONS, ...(name !== undefined && { name }) }
    const uncached = { successTtlSeconds: 0, failureTtlSeconds: 0 }
    expect(introspection({ ...named, ...uncached }).name).toBe(expected)
    expect(introspection(named).name).toBe(`cached(${expected})`)
  })

  it.each([
    ['both', ACTIVE, { successTtlSeconds: 0, failureTtlSeconds: 0 }, 2],
    ['users', ACTIVE, { successTtlSeconds: 0 }, 2],
    ['refusals', { active: false }, { failureTtlSeconds: 0 }, 2],
    ['refusals, and knows the user', ACTIVE, { failureTtlSeconds: 0 }, 1],
  ])('does not cache %s if that is said', async (_, body, ttls, calls) => {
    const { ask, fetch } = answering(json(body), ttls)
    await ask()
    await ask()
    expect(fetch).toHaveBeenCalledTimes(calls)
  })

  it.each([
    [429, 2],
    [500, 2],
    [503, 2],
    [400, 1],
    [499, 1],
  ])('asks again after a %d only if it may pass: %d calls', async (status, calls) => {
    const clock = fixedClock(NOW * 1000)
    const answers = [new Response('', { status }), Response.json(ACTIVE)]
    const { ask, fetch } = answering(() => answers.shift()!, { clock, maxAttempts: 2 })
    let outcome: unknown
    ask().then(
      () => (outcome = 'accepted'),
      (error: unknown) => (outcome = (error as AuthenticationError).code),
    )
    await vi.waitFor(() => {
      clock.advance(1000)
      expect(outcome).toBeDefined()
    })
    expect(fetch).toHaveBeenCalledTimes(calls)
    expect(outcome).toBe(calls === 1 ? 'unavailable' : 'accepted')
  })

  it('sends the secret in the body, or an assertion, and asks functions each time', async () => {
    const secrets = ['one', 'two']
    const post = answering(json({ active: false }), {
      clientAuthentication: 'post',
      clientSecret: () => secrets.shift() ?? '',
      failureTtlSeconds: 0,
    })
    await post.ask()
    await post.ask()
    const forms = post.fetch.mock.calls.map(([, { body }]) => new URLSearchParams(body).get('client_secret'))
    expect(forms).toEqual(['one', 'two'])
    expect(post.fetch.mock.calls[0]?.[1].headers).not.toHaveProperty('authorization')

    const { clientSecret, ...rest } = OPTIONS
    const fetch = vi.fn<WebhookFetch>(async () => Response.json({ active: false }))
    const tokens = introspection({ ...rest, fetch, clientAssertion: async () => 'signed' })
    await tokens.authenticateToken(TOKEN, {})
    expect(Object.fromEntries(new URLSearchParams(fetch.mock.calls[0]?.[1].body))).toMatchObject({
      client_id: 'my api',
      client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
      client_assertion: 'signed',
    })
    expect(clientSecret).toBe(SECRET)
  })

  it.each([
    { active: false },
    { active: false, sub: 'jane', aud: 'api' },
    { ...ACTIVE, exp: NOW },
    { ...ACTIVE, exp: 0 },
    { ...ACTIVE, nbf: NOW + 61 },
  ])('has no opinion on %j', async (body) => {
    expect(await answering(json(body)).ask()).toBeUndefined()
  })

  it.each([
    [{ ...ACTIVE, aud: 'other' }, 'not for an audience'],
    [{ ...ACTIVE, aud: [] }, 'not for an audience'],
    [{ ...ACTIVE, aud: 'api2' }, 'not for an audience'],
    [{ ...ACTIVE, aud: ['ap', 'the-api', 'API'] }, 'not for an audience'],
    [{ active: true, sub: 'jane' }, 'not for an audience'],
    [{ ...ACTIVE, exp: undefined }, 'has neither token_type nor exp'],
    [{ ...ACTIVE, exp: undefined, token_type: '', token_use: null }, 'has neither token_type nor exp'],
    [{ ...ACTIVE, token_use: 'refresh_token' }, 'not an access token'],
    [{ ...ACTIVE, token_use: 'id', token_type: 'Bearer' }, 'not an access token'],
    [{ ...ACTIVE, typ: 'Refresh' }, 'not an access token'],
    [{ ...ACTIVE, typ: 'offline', token_type: 'Bearer' }, 'not an access token'],
    [{ ...ACTIVE, typ: 'ID' }, 'not an access token'],
    [{ ...ACTIVE, iss: 'https://other.example.com' }, 'another issuer'],
    [{ ...ACTIVE, iss: `${ISSUER}/` }, 'another issuer'],
    [{ ...ACTIVE, sub: '' }, 'no claim "sub"'],
    [{ ...ACTIVE, sub: null }, 'no claim "sub"'],
    [{ ...ACTIVE, cnf: { jkt: 'a' } }, 'claim cnf is malformed'],
    [{ ...ACTIVE, cnf: { jkt: THUMBPRINT } }, 'no proof of that key'],
    [{ ...ACTIVE, token_type: 'DPoP', cnf: { jkt: THUMBPRINT } }, 'no proof of that key'],
    [{ ...ACTIVE, cnf: { 'x5t#S256': THUMBPRINT } }, 'not the client certificate of this connection'],
    [{ ...ACTIVE, cnf: { jwk: {} } }, '"jwk" of claim cnf'],
    [{ ...ACTIVE, cnf: {} }, 'claim cnf is malformed'],
    [{ ...ACTIVE, cnf: null }, 'claim cnf is malformed'],
    [{ ...ACTIVE, token_type: 'DPoP' }, 'not a bearer token'],
    [{ ...ACTIVE, token_type: 'dpop', cnf: { 'x5t#S256': THUMBPRINT } }, 'not a bearer token'],
    [{ ...ACTIVE, token_type: 'refresh_token' }, 'not a bearer token'],
  ])('refuses %j', async (body, message) => {
    const error = await thrownBy(() => answering(json(body)).ask())
    expect(error).toMatchObject({ code: 'rejected', message: expect.stringContaining(message) })
  })

  it('accepts a bound token from a request that proves its key, or presents its certificate, and asks once', async () => {
    const other = 'b'.repeat(43)
    const both = answering(
      json({ ...ACTIVE, token_type: 'DPoP', cnf: { jkt: THUMBPRINT, 'x5t#S256': other } }),
    )
    const context: Context = {
      provesKey: (thumbprint) => thumbprint === THUMBPRINT,
      holdsCertificate: (thumbprint) => thumbprint === other,
    }
    expect(await both.ask(TOKEN, context)).toMatchObject({ user: { username: `${ISSUER}#jane` } })
    for (const lacking of [
      {},
      { ...context, provesKey: () => false },
      { ...context, holdsCertificate: () => false },
    ]) {
      expect(await thrownBy(() => both.ask(TOKEN, lacking))).toMatchObject({ code: 'rejected' })
    }
    expect(await both.ask(TOKEN, context)).toBeDefined()
    expect(both.fetch).toHaveBeenCalledTimes(1)
    const uncached = answering(json({ ...ACTIVE, cnf: { jkt: THUMBPRINT } }), {
      successTtlSeconds: 0,
      failureTtlSeconds: 0,
    })
    expect(await uncached.ask(TOKEN, context)).toBeDefined()
    expect(await thrownBy(() => uncached.ask(TOKEN, {}))).toMatchObject({ code: 'rejected' })
  })

  it('accepts an audience in a list, a token type in any case, and any audience if that is said', async () => {
    expect(await answering(json({ ...ACTIVE, aud: ['x', 'api'], token_type: 'BEARER' })).ask()).toBeDefined()
    expect(await answering(json({ ...ACTIVE, aud: 'b' }), { audience: ['a', 'b'] }).ask()).toBeDefined()
    const untyped = { active: true, sub: 'jane' }
    expect(await answering(json(untyped), { audience: false, acceptUntyped: true }).ask()).toBeDefined()
    for (const begun of [{ nbf: NOW + 60 }, { nbf: NOW }, { nbf: 0 }]) {
      expect(await answering(json({ ...ACTIVE, ...begun })).ask()).toBeDefined()
    }
    for (const known of [{ token_type: 'Bearer' }, { token_use: 'access_token' }, { exp: NOW + 60 }]) {
      expect(await answering(json({ ...untyped, ...known }), { audience: false }).ask()).toBeDefined()
    }
  })

  it('refuses an email that is not verified', async () => {
    const body = { ...ACTIVE, email: 'jane@example.com' }
    const usernameClaim = 'email'
    expect(await answering(json(body), { usernameClaim }).ask()).toBeDefined()
    const error = await thrownBy(() =>
      answering(json({ ...body, email_verified: false }), { usernameClaim }).ask(),
    )
    expect(error).toMatchObject({ code: 'rejected' })
  })

  it.each([
    ['no JSON', () => new Response('active')],
    ['nothing', () => new Response('')],
    ['a list', json([ACTIVE])],
    ['no active', json({ sub: 'jane' })],
    ['an active that is a string', json({ ...ACTIVE, active: 'true' })],
    ['an active that is inherited', () => new Response('{"__proto__":{"active":true},"sub":"jane"}')],
    ['a repeated member', () => new Response('{"active":false,"active":true,"sub":"jane","aud":"api"}')],
    ['an exp that is a string', json({ ...ACTIVE, exp: '9999999999' })],
    ['an exp beyond all numbers', () => new Response('{"active":true,"sub":"jane","aud":"api","exp":1e400}')],
    ['a list of lists of audiences', json({ ...ACTIVE, aud: [['api']] })],
    ['a sub that is a number', json({ ...ACTIVE, sub: 1 })],
    ['an aud that is an object', json({ ...ACTIVE, aud: {} })],
    [
      'a redirect',
      () => new Response(null, { status: 302, headers: { location: 'https://evil.example.com' } }),
    ],
    ['a 401', () => new Response(`no ${SECRET} ${TOKEN}`, { status: 401 })],
    ['a 500', () => new Response(`no ${SECRET} ${TOKEN}`, { status: 500 })],
    ['a large answer', () => new Response(' '.repeat(2 ** 20 + 1))],
    ['nothing at all', () => Promise.reject(new Error(`fetch of ${TOKEN} with ${SECRET}`))],
  ])('is unavailable for %s, and names no secret', async (_, answer) => {
    const error = await thrownBy(() => answering(answer).ask())
    expect(error).toBeInstanceOf(AuthenticationError)
    expect(error).toMatchObject({ code: 'unavailable' })
    const shown = JSON.stringify(error, Object.getOwnPropertyNames(error))
    for (const secret of [SECRET, TOKEN, encodeURIComponent(SECRET)]) expect(shown).not.toContain(secret)
  })

  it.each(['basic', 'post'] as const)(
    'names nothing of a sent form that an error repeats: %s',
    async (clientAuthentication) => {
      const token = 'opaque+token/of==jane'
      const fetch: WebhookFetch = (_url, { body, headers }) =>
        Promise.reject(new Error(`cannot send ${body} ${headers['authorization']}`))
      const tokens = introspection({ ...OPTIONS, fetch, clientAuthentication })
      const error = await thrownBy(async () => tokens.authenticateToken(token, {}))
      expect(error).toMatchObject({
        code: 'unavailable',
        message: expect.stringContaining('cannot send token='),
      })
      const shown = JSON.stringify(error, Object.getOwnPropertyNames(error))
      for (const part of ['s3cr3t', 'longer', 'opaque', 'jane']) expect(shown).not.toContain(part)
    },
  )

  it('is unavailable if the secret cannot be had, without its error', async () => {
    const clientSecret = (): never => {
      throw new Error(`no ${SECRET}`)
    }
    const error = await thrownBy(() => answering(json(ACTIVE), { clientSecret }).ask())
    expect(error).toMatchObject({
      code: 'unavailable',
      message: 'the introspection endpoint could not be called',
    })
  })

  it('is unavailable for a while if too many calls wait', async () => {
    const { ask } = answering(() => new Promise(() => undefined), { maxConcurrent: 1, maxWaiting: 1 })
    for (const token of ['a', 'b']) void ask(token)
    expect(await thrownBy(() => ask('c'))).toMatchObject({
      code: 'unavailable',
      retryAfterSeconds: expect.any(Number),
    })
  })

  it('is unavailable if the endpoint hangs', async () => {
    const clock = fixedClock(NOW * 1000)
    const { ask } = answering(() => new Promise(() => undefined), { clock, timeoutSeconds: 5 })
    const asking = thrownBy(() => ask())
    await vi.waitFor(() => expect(clock.pending).toBeGreaterThan(1))
    clock.advance(5000)
    clock.advance(1)
    expect(await asking).toMatchObject({
      code: 'unavailable',
      message: expect.stringContaining('did not answer in time'),
    })
  })

  it('shares a call, and caches users until they expire and refusals for a while', async () => {
    const clock = fixedClock(NOW * 1000)
    let body: object = { ...ACTIVE, exp: NOW + 5 }
    const { ask, fetch } = answering(() => Response.json(body), { clock, successTtlSeconds: 60 })
    const both = await Promise.all([ask(), ask()])
    expect(both[0]?.user).toBe(both[1]?.user)
    expect(fetch).toHaveBeenCalledTimes(1)
    body = { active: false }
    clock.advance(4999)
    expect(await ask()).toBeDefined()
    clock.advance(1)
    expect(await ask()).toBeUndefined()
    expect(await ask()).toBeUndefined()
    expect(fetch).toHaveBeenCalledTimes(2)
    clock.advance(10_000)
    expect(await ask()).toBeUndefined()
    expect(fetch).toHaveBeenCalledTimes(3)
  })

  it('does not cache an outage', async () => {
    let isBroken = true
    const { ask } = answering(() => (isBroken ? new Response('', { status: 400 }) : Response.json(ACTIVE)))
    await thrownBy(() => ask())
    isBroken = false
    expect(await ask()).toBeDefined()
  })

  it('asks about no token that a form cannot hold', async () => {
    const { ask, fetch } = answering(json(ACTIVE))
    expect(await ask('a\ud800')).toBeUndefined()
    expect(fetch).not.toHaveBeenCalled()
  })

  it.each([
    [{ url: 'http://issuer.example.com' }, 'url'],
    [{ clientSecret: undefined }, 'clientSecret'],
    [{ clientSecret: '' }, 'clientSecret'],
    [{ clientAssertion: () => 'a' }, 'clientAssertion'],
    [{ audience: [] }, 'audience'],
    [{ audience: true }, 'audience'],
    [{ audience: '' }, 'audience'],
    [{ audience: undefined }, 'audience'],
    [{ issuer: undefined }, 'issuer'],
    [{ clientID: 'a' }, 'clientID'],
  ])('refuses %j', async (options, path) => {
    const error = await thrownBy(() => introspection({ ...OPTIONS, ...options } as never))
    expect(error).toBeInstanceOf(ConfigurationError)
    expect((error as ConfigurationError).problems.map((problem) => problem.path)).toContain(path)
    expect((error as ConfigurationError).message).not.toContain(SECRET)
  })
})
