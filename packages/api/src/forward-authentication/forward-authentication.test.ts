import { describe, expect, it } from 'vitest'
import {
  type Authenticator,
  type AuthenticationRequest,
  authenticatorChain,
  bearerToken,
  ConfigurationError,
  type LogEntry,
  rejected,
  unavailable,
  userInfo,
} from '@kube-authn/core'
import { type HttpAnswer, StatusError } from '@kube-authn/core/adapter'
import { allow, alwaysAllow, alwaysDeny, type Authorizer, deny } from '@kube-authn/core/authorization'
import { requestHeader } from '@kube-authn/core/client-certificate'
import type { UserInfoInit } from '@kube-authn/core/internal'
import { revocationList, unlessRevoked } from '@kube-authn/core/revocation'
import {
  jane,
  knows,
  later,
  noOpinion,
  passwords,
  recorder,
  request,
  requests,
  tokens,
} from '../../../testing/test/fakes.ts'
import type { ForwardAuthenticationOptions } from './forward-authentication.ts'
import { forwardAuthentication } from './forward-authentication.ts'

const FORWARDED = [
  ['x-forwarded-method', 'GET'],
  ['x-forwarded-uri', '/a/b?c=d'],
] as const

type Headers = readonly (readonly [string, string])[]

const browser: Headers = [...FORWARDED, ['sec-fetch-mode', 'navigate'], ['sec-fetch-dest', 'document']]

function asked(headers: Headers = FORWARDED, init: object = {}): AuthenticationRequest {
  return request({ url: '/authenticate', headers, ...init })
}

const janes = requests(knows(jane))
const unknown = requests(noOpinion)

function answerOf(
  headers: Headers,
  options: ForwardAuthenticationOptions = {},
  authenticator: Authenticator = janes,
): Promise<HttpAnswer> {
  return forwardAuthentication(authenticator, { log: false, ...options })(asked(headers))
}

function answerFor(user: UserInfoInit, options: ForwardAuthenticationOptions = {}): Promise<HttpAnswer> {
  return answerOf(FORWARDED, options, requests(knows(userInfo(user))))
}

describe('forward authentication', () => {
  it('answers with the headers of an authenticating proxy, each value on its own', async () => {
    const user = {
      username: 'jané',
      uid: '7',
      groups: ['a', 'b, c', 'a'],
      extra: { 'example.com/Team': ['red', 'blue'], one: ['1'], empty: [] },
    }
    expect(await answerFor(user)).toEqual({
      status: 200,
      headers: {
        'cache-control': 'no-store',
        'x-remote-user': 'jan\u00c3\u00a9',
        'x-remote-uid': '7',
        'x-remote-group': ['a', 'b, c', 'a'],
        'x-remote-extra-example.com%2f%54eam': ['red', 'blue'],
        'x-remote-extra-one': '1',
      },
      content: '',
    })
  })

  it.each([
    ['a plain user', { username: 'jane' }],
    [
      'many values',
      {
        username: 'j',
        uid: '0',
        groups: ['ä', 'b,c', '*'],
        extra: { 'A b': ['', 'x', ''], __proto__x: ['x'] },
      },
    ],
  ])('is read back as the same user: %s', async (_, init) => {
    const user = userInfo(init)
    const { headers } = await answerFor(init)
    const lines = Object.entries(headers).flatMap(([name, values]) =>
      [values].flat().map((value) => [name, Buffer.from(value, 'latin1').toString()] as const),
    )
    const names = {
      usernameHeaders: ['X-Remote-User'],
      uidHeaders: ['X-Remote-Uid'],
      groupHeaders: ['X-Remote-Group'],
      extraHeaderPrefixes: ['X-Remote-Extra-'],
    }
    const reader = requestHeader({ ...names, trusts: () => true })
    const read = await reader.authenticate(request({ headers: lines }), {})
    expect(read?.user).toEqual(user)
  })

  it.each<[string, UserInfoInit]>([
    ['a line break in the name', { username: 'jane\r\nx-remote-group: system:masters' }],
    ['a line break in a group', { username: 'jane', groups: ['a\nb'] }],
    ['NUL in the uid', { username: 'jane', uid: '\0' }],
    ['a blank at the end of a value', { username: 'jane', extra: { a: ['b '] } }],
    ['half of a surrogate pair', { username: '\ud800' }],
  ])('refuses a user if headers cannot tell everything about the user: %s', async (_, user) => {
    expect(await answerFor(user)).toMatchObject({ status: 403 })
  })

  it('numbers groups for proxies that copy no repeated headers, up to a limit', async () => {
    const user = { username: 'jane', groups: ['a', '', 'b, c'] }
    expect((await answerFor(user, { maxNumberedGroups: 2 })).headers).toMatchObject({
      'x-remote-group': ['a', 'b, c'],
      'x-remote-group-1': 'a',
      'x-remote-group-2': 'b, c',
    })
    // A header that is missing would be one of the client, or the name of a placeholder.
    expect((await answerFor(user, { maxNumberedGroups: 3 })).headers).toMatchObject({
      'x-remote-group-3': '',
      'x-remote-uid': '',
    })
    expect(await answerFor(user, { maxNumberedGroups: 1 })).toMatchObject({
      status: 403,
      content: expect.stringContaining('the user has 2 groups, and the proxy takes 1'),
    })
    expect((await answerFor(user)).headers).not.toHaveProperty('x-remote-group-1')
  })

  describe('of proxies that copy headers by their names', () => {
    const own = 'authentication.kubernetes.io/credential-id'
    const scoped = { username: 'jane', extra: { scopes: ['read'], [own]: ['JTI=1', 'x'] } }

    it.each<[string, ForwardAuthenticationOptions, number]>([
      ['all fields by default', {}, 200],
      ['none with numbered groups', { maxNumberedGroups: 1 }, 403],
      ['none of an empty list', { extraKeys: [] }, 403],
      ['those of the list', { extraKeys: ['scopes'], maxNumberedGroups: 1 }, 200],
      ['no others', { extraKeys: ['scope', 'Scopes', '__proto__'] }, 403],
      [
        'those of the list, also where another user could be impersonated',
        { extraKeys: ['scopes'], impersonation: alwaysAllow() },
        200,
      ],
    ])('a user with fields is told: %s', async (_, options, status) => {
      expect(await answerFor(scoped, options)).toMatchObject({ status })
    })

    it('several values of a field are refused, which would be joined', async () => {
      const user = { username: 'jane', extra: { scopes: ['read', 'write'] } }
      expect(await answerFor(user, { extraKeys: ['scopes'] })).toMatchObject({ status: 403 })
    })

    it('a field that the user has not is empty, and is not one of the client', async () => {
      const { headers } = await answerFor({ username: 'jane' }, { extraKeys: ['scopes', 'a/B'] })
      expect(headers).toMatchObject({ 'x-remote-extra-scopes': '', 'x-remote-extra-a%2f%42': '' })
    })

    it.each([
      ['scopes', {}, 200],
      ['scopes', { extraKeys: [] }, 403],
      ['scopes', { maxNumberedGroups: 3 }, 403],
      ['scopes', { extraKeys: ['scopes'] }, 200],
      [encodeURIComponent(own), { maxNumberedGroups: 3 }, 403],
    ] as const)('a field %s that is impersonated counts, with %j: %i', async (key, options, status) => {
      const impersonation: Authorizer = { name: 'all', authorize: () => allow('yes') }
      const asking: Headers = [...FORWARDED, ['impersonate-user', 'bob'], [`impersonate-extra-${key}`, 'x']]
      expect(await answerOf(asking, { impersonation, ...options })).toMatchObject({ status })
    })
  })

  it('shows the authenticator what the proxy was asked for, and no certificate of the proxy', async () => {
    const seen: unknown[] = []
    const authenticator = requests(later(knows(jane)))
    const looking = {
      ...authenticator,
      authenticate(found: AuthenticationRequest, context: object) {
        seen.push([
          found.method,
          found.path,
          found.query,
          found.peerCertificates?.(),
          found.tlsClientAuth?.(),
        ])
        seen.push(found.headers.first('authorization'), found.remoteAddress?.())
        return authenticator.authenticate(found, context)
      },
    }
    const received = {
      ...asked([...FORWARDED, ['authorization', 'Bearer x']]),
      peerCertificates: () => [new Uint8Array([1])],
      tlsClientAuth: () => ({ certPresented: '1' }),
      remoteAddress: () => '192.0.2.1',
    }
    await forwardAuthentication(looking)(received)
    expect(seen).toEqual([['GET', '/a/b', 'c=d', [], undefined], 'Bearer x', '192.0.2.1'])
  })

  it('gives the signal of a context to every decision, and reads it only if one of them does', async () => {
    const { signal } = new AbortController()
    let reads = 0
    // As that of adapters, which makes the signal when it is read.
    class Context {
      get signal(): AbortSignal {
        reads++
        return signal
      }
    }
    const seen: unknown[] = []
    const authorizer: Authorizer = {
      name: 'looks',
      authorize(_, context) {
        seen.push(context.signal)
        return allow()
      },
    }
    const looking: Authenticator = {
      ...janes,
      authenticate(found, context) {
        seen.push(context.signal)
        return janes.authenticate(found, context)
      },
    }
    const impersonated = asked([...FORWARDED, ['impersonate-user', 'bob']])
    const options = { log: false, authorizer, impersonation: authorizer } as const
    await forwardAuthentication(looking, options)(impersonated, new Context())
    expect(seen.length).toBeGreaterThan(2)
    expect(new Set(seen)).toEqual(new Set([signal]))
    reads = 0
    await forwardAuthentication(janes, { log: false })(asked(), new Context())
    expect(reads).toBe(0)
  })

  it.each<[string, Headers]>([
    ['none', []],
    ['no method', FORWARDED.slice(1)],
    ['no target', FORWARDED.slice(0, 1)],
    ['two targets', [...FORWARDED, ['x-forwarded-uri', '/other']]],
    ['two methods', [...FORWARDED, ['x-forwarded-method', 'POST']]],
    ['an empty method', [['x-forwarded-method', ''], FORWARDED[1]]],
    ['a method after a blank', [['x-forwarded-method', ' GET'], FORWARDED[1]]],
    ['joined targets', [FORWARDED[0], ['x-forwarded-uri', '/a, /b']]],
    ['a URL', [FORWARDED[0], ['x-forwarded-uri', 'https://example.com/']]],
    ['an empty target', [FORWARDED[0], ['x-forwarded-uri', '']]],
    ['a method with a blank', [['x-forwarded-method', 'GET, POST'], FORWARDED[1]]],
    [
      'those of nginx',
      [
        ['x-original-method', 'GET'],
        ['x-original-uri', '/'],
      ],
    ],
  ])('refuses a request of which the proxy does not say what it is: %s', async (_, headers) => {
    const content = expect.stringMatching(
      /the proxy must send one x-forwarded-method and one x-forwarded-uri, of a method and a path/i,
    )
    for (const options of [{}, { original: 'x-forwarded' as const }])
      expect(await answerOf(headers, options)).toMatchObject({ status: 400, content })
  })

  it('returns the refusal of a request that is incomplete', async () => {
    const refusal = new StatusError({ status: 431, reason: 'TooLarge', message: 'too many headers' })
    for (const headers of [FORWARDED, []])
      expect(await forwardAuthentication(janes)({ ...asked(headers), refusal })).toBe(refusal)
  })

  it('reads the headers of nginx, and the path of Envoy', async () => {
    const paths: string[] = []
    const authorizer: Authorizer = {
      name: 'rules',
      authorize({ verb, path }) {
        paths.push(`${verb} ${path}`)
        return allow('so')
      },
    }
    const headers: Headers = [
      ['x-original-method', 'POST'],
      ['x-original-uri', '/x'],
    ]
    await answerOf(headers, { original: 'x-original', authorizer })
    const envoy = forwardAuthentication(janes, { original: 'path', authorizer, pathPrefix: '/auth' })
    await envoy({ ...request({ headers: FORWARDED }), method: 'DELETE', path: '/auth/y' })
    expect(paths).toEqual(['post /x', 'delete /y'])
    for (const path of ['/auth', '/authx', '/authx/y', '/y', '/'])
      expect(await envoy(request({ url: path, headers: FORWARDED }))).toMatchObject({ status: 400 })
    const anyone = forwardAuthentication(janes, { original: 'path', pathPrefix: '/auth' })
    expect(await anyone(request({ url: '/auth/y', headers: FORWARDED }))).toMatchObject({ status: 200 })
    expect(await anyone(request({ url: '/authx/y', headers: FORWARDED }))).toMatchObject({ status: 400 })
  })

  it('answers with the refusal of the authorizer', async () => {
    const authorizer: Authorizer = {
      name: 'rules',
      authorize: ({ path }) => (path === '/a/b' ? deny('no') : allow('yes')),
    }
    expect(await answerOf(FORWARDED, { authorizer })).toMatchObject({ status: 403 })
    expect(await answerOf([FORWARDED[0], ['x-forwarded-uri', '/b']], { authorizer })).toMatchObject({
      status: 200,
    })
  })

  it.each(['/api/v1/x/../y', '/reports/..;/secret', '/reports/..;a=b/secret', '/reports/.%2e%3B/secret'])(
    'refuses a path that the app may read as another one than the authorizer: %s',
    async (path) => {
      const authorizer: Authorizer = { name: 'rules', authorize: () => allow('yes') }
      expect(await answerOf([FORWARDED[0], ['x-forwarded-uri', path]], { authorizer })).toMatchObject({
        status: 400,
      })
    },
  )

  describe('impersonation', () => {
    const headers: Headers = [...FORWARDED, ['impersonate-user', 'bob']]

    it('is refused without an authorizer for it', async () => {
      expect(await answerOf(headers)).toMatchObject({ status: 403 })
    })

    it('tells of the other user if it is allowed', async () => {
      const options = (decision: Authorizer['authorize']) => ({
        impersonation: { name: 'rules', authorize: decision },
      })
      expect(
        await answerOf(
          headers,
          options(() => allow('may')),
        ),
      ).toMatchObject({
        status: 200,
        headers: { 'x-remote-user': 'bob' },
      })
      expect(
        await answerOf(
          headers,
          options(() => deny('no')),
        ),
      ).toMatchObject({ status: 403 })
    })
  })

  it('refuses to impersonate a user that is revoked', async () => {
    const list = revocationList()
    const headers: Headers = [...FORWARDED, ['impersonate-user', 'bob']]
    const asking = () =>
      answerOf(headers, { impersonation: alwaysAllow() }, unlessRevoked(list, requests(knows(jane))))
    expect(await asking()).toMatchObject({ status: 200, headers: { 'x-remote-user': 'bob' } })
    list.set('one', { user: 'bob' })
    expect(await asking()).toMatchObject({ status: 403 })
  })

  describe('with a login', () => {
    const options = { loginUrl: '/login' }
    const location = '/login?returnTo=%2Fa%2Fb%3Fc%3Dd'

    it('sends a browser there that opens a page without a user', async () => {
      expect(await answerOf(browser, options, unknown)).toMatchObject({ status: 302, headers: { location } })
      for (const accept of ['text/html', 'image/png, text/html', 'application/xhtml+xml,text/html;q=0.9']) {
        const old: Headers = [...FORWARDED, ['accept', accept]]
        expect(await answerOf(old, options, unknown)).toMatchObject({ status: 302, headers: { location } })
      }
      const challenging = bearerToken(tokens(noOpinion))
      expect((await answerOf(FORWARDED, options, challenging)).headers).toHaveProperty('www-authenticate')
      expect((await answerOf(browser, options, challenging)).headers).not.toHaveProperty('www-authenticate')
      const expired = requests(() => Promise.reject(rejected('the session has ended')))
      const { headers } = await answerOf(browser, options, expired)
      expect(headers).toMatchObject({ location })
    })

    it('tells nginx where it is, which understands a 401 only', async () => {
      const headers: Headers = [
        ['x-original-method', 'GET'],
        ['x-original-uri', '/a/b?c=d'],
        ['sec-fetch-mode', 'navigate'],
        ['sec-fetch-dest', 'document'],
      ]
      const answer = await answerOf(headers, { ...options, original: 'x-original' }, unknown)
      expect(answer).toMatchObject({ status: 401, headers: { location } })
    })

    it('keeps the parameters of its URL, and escapes the target', async () => {
      const headers: Headers = [
        ...browser.filter(([name]) => name !== 'x-forwarded-uri'),
        ['x-forwarded-uri', "//evil.example/&x=1#'"],
      ]
      const { headers: found } = await answerOf(
        headers,
        { loginUrl: 'https://login.example.com/?app=1', returnParameter: 'rd' },
        unknown,
      )
      expect(found['location']).toBe("https://login.example.com/?app=1&rd=%2F%2Fevil.example%2F%26x%3D1%23'")
    })

    it.each<[string, Headers]>([
      [
        'a script',
        [...FORWARDED, ['sec-fetch-mode', 'cors'], ['sec-fetch-dest', 'empty'], ['accept', 'text/html']],
      ],
      ['a frame', [...FORWARDED, ['sec-fetch-mode', 'navigate'], ['sec-fetch-dest', 'iframe']]],
      ['curl', [...FORWARDED, ['accept', '*/*']]],
      ['a client that asks for something like HTML', [...FORWARDED, ['accept', 'x-text/html']]],
      ['XMLHttpRequest', [...FORWARDED, ['accept', 'text/html'], ['x-requested-with', 'XMLHttpRequest']]],
      ['a form', [['x-forwarded-method', 'POST'], ...browser.slice(1)]],
      ['a credential of its own', [...browser, ['authorization', 'Bearer wrong']]],
    ])('answers others with the 401: %s', async (_, headers) => {
      const answer = await answerOf(headers, options, unknown)
      expect(answer.status).toBe(401)
      expect(answer.headers).not.toHaveProperty('location')
    })

    it('sends no browser there that is forbidden, or whose user cannot be checked now', async () => {
      const away = requests(() => Promise.reject(unavailable('the store is away')))
      const answer = await answerOf(browser, { ...options, unavailableStatus: 503 }, away)
      expect(answer).toMatchObject({ status: 503 })
      const authorizer: Authorizer = { name: 'rules', authorize: () => deny('no') }
      expect(await answerOf(browser, { ...options, authorizer })).toMatchObject({ status: 403 })
    })
  })

  describe('of a request without a credential, which the authenticator calls anonymous', () => {
    const conditions = [{ path: '/healthz' }]
    const chain = authenticatorChain({
      requests: [requests(noOpinion)],
      anonymous: { enabled: true, conditions },
    })
    const health: Headers = [FORWARDED[0], ['x-forwarded-uri', '/healthz']]

    it('answers 401, since the paths of the server are not those of the app', async () => {
      expect(await answerOf(health, {}, chain)).toMatchObject({ status: 401 })
      const page: Headers = [...browser.filter(([name]) => name !== 'x-forwarded-uri'), ...health.slice(1)]
      expect(await answerOf(page, { loginUrl: '/login' }, chain)).toMatchObject({ status: 302 })
    })

    it('answers what an authorizer says, or that it is anonymous where that is wanted', async () => {
      const anonymous = { status: 200, headers: { 'x-remote-user': 'system:anonymous' } }
      const authorizer = (decision: Authorizer['authorize']) => ({
        authorizer: { name: 'rules', authorize: decision },
      })
      expect(
        await answerOf(
          health,
          authorizer(() => allow('may')),
          chain,
        ),
      ).toMatchObject(anonymous)
      expect(
        await answerOf(
          health,
          authorizer(() => deny('no')),
          chain,
        ),
      ).toMatchObject({ status: 403 })
      expect(await answerOf(FORWARDED, { optional: true }, chain)).toMatchObject(anonymous)
    })
  })

  it('observes every decision about the request of the client', async () => {
    const { observer, events } = recorder()
    const all = { observer, impersonation: alwaysAllow(), authorizer: alwaysAllow() }
    await answerOf([...FORWARDED, ['impersonate-user', 'bob']], all)
    const types = events.map(({ type }) => type)
    expect(types).toEqual(expect.arrayContaining(['request', 'impersonation', 'authorization']))
  })

  it('logs where the authenticator does, or where the options say', async () => {
    const lines: string[] = []
    const log = ({ message }: LogEntry): void => void lines.push(message)
    const authorizer = alwaysDeny()
    await forwardAuthentication({ ...janes, log }, { authorizer })(asked())
    expect(lines).toHaveLength(1)
    await forwardAuthentication({ ...janes, log }, { authorizer, log: false })(asked())
    expect(lines).toHaveLength(1)
  })

  it('answers 500 where the headers cannot be read', async () => {
    const headers: AuthenticationRequest['headers'] = {
      ...asked().headers,
      all() {
        throw new Error('no headers')
      },
    }
    expect(await forwardAuthentication(janes)({ ...asked(), headers })).toMatchObject({
      status: 500,
      body: { reason: 'InternalError', message: 'Internal error' },
      cause: { message: 'no headers' },
    })
  })

  it.each<[string, object]>([
    ['original', { original: 'x' }],
    ['authorizer', { authorizer: {} }],
    ['impersonation', { impersonation: {} }],
    ['pathPrefix', { pathPrefix: '/a/' }],
    ['pathPrefix', { pathPrefix: 'a/b' }],
    ['pathPrefix', { pathPrefix: ['/a'] }],
    ['loginUrl', { loginUrl: ['/a'] }],
    ['loginUrl', { loginUrl: 'https://%' }],
    ['loginUrl', { loginUrl: ' /a' }],
    ['loginUrl', { loginUrl: '//evil.example' }],
    ['loginUrl', { loginUrl: 'http://example.com/' }],
    ['loginUrl', { loginUrl: '/a\r\nb' }],
    ['loginUrl', { loginUrl: 'javascript:alert(1)' }],
    ['returnParameter', { returnParameter: 'a&b' }],
    ['returnParameter', { returnParameter: ['a'] }],
    ['extraKeys', { extraKeys: [''] }],
    ['maxNumberedGroups', { maxNumberedGroups: 1.5 }],
    ['maxNumberedGroups', { maxNumberedGroups: 257 }],
    ['maxNumberedGroups', { maxNumberedGroups: -1 }],
    ['impersonationHeaders', { impersonationHeaders: 'pass' }],
  ])('refuses a bad option: %s', (path, options) => {
    const make = (): unknown => forwardAuthentication(janes, options)
    expect(make).toThrow(ConfigurationError)
    expect(make).toThrow(path)
  })

  it.each<ForwardAuthenticationOptions>([
    { maxNumberedGroups: 0 },
    { maxNumberedGroups: 256 },
    { pathPrefix: '/a/b' },
    { loginUrl: 'https://login.example.com/?app=1', returnParameter: 'return_to' },
  ])('accepts %j', (options) => {
    expect(forwardAuthentication(janes, options)).toBeTypeOf('function')
  })
})

describe('a request of another site, with what browsers send by themselves', () => {
  const chain = authenticatorChain({ passwords: [passwords(knows(jane))], tokens: [tokens(knows(jane))] })
  const basic = ['authorization', `Basic ${btoa('jane:secret')}`] as const
  const ORIGIN = ['origin', 'https://app.example.com'] as const

  it.each<[string, Headers, number]>([
    ['POST', [['sec-fetch-site', 'cross-site']], 403],
    ['DELETE', [['origin', 'https://evil.example']], 403],
    ['GET', [['sec-fetch-site', 'cross-site']], 200],
    // nginx removes Upgrade from its question.
    [
      'GET',
      [
        ['sec-fetch-site', 'cross-site'],
        ['sec-websocket-version', '13'],
      ],
      403,
    ],
    ['POST', [['sec-fetch-site', 'same-origin']], 200],
    ['POST', [], 200],
    // The question has the host of the server.
    ['POST', [ORIGIN], 403],
    ['POST', [ORIGIN, ['x-forwarded-host', 'app.example.com']], 200],
    ['POST', [ORIGIN, ['x-forwarded-host', 'other.example.com']], 403],
    ['POST', [ORIGIN, ['host', 'app.example.com']], 200],
  ])('is judged by the method of the client: %s with %j', async (method, headers, status) => {
    const forwarded: Headers = [
      ['x-forwarded-method', method],
      ['x-forwarded-uri', '/'],
    ]
    expect((await answerOf([...forwarded, basic, ...headers], {}, chain)).status).toBe(status)
    const bearer = ['authorization', 'Bearer t'] as const
    expect((await answerOf([...forwarded, bearer, ...headers], {}, chain)).status).toBe(200)
  })
})
