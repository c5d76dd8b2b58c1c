import { inspect } from 'node:util'
import {
  anonymous,
  type Authenticator,
  authenticatorChain,
  authenticateRequest,
  basic,
  ConfigurationError,
  emptyContext,
  failFast,
  type PasswordAuthenticator,
  rejected,
  type TokenAuthenticator,
  unavailable,
  union,
} from '@kube-authn/core'
import { passwordFile } from '@kube-authn/core/password-file'
import { fakeRequest, fixedClock } from '@kube-authn/testing'
import { BasicStrategy } from 'passport-http'
import { Strategy as BearerStrategy } from 'passport-http-bearer'
import { describe, expect, expectTypeOf, it, vi } from 'vitest'
import { fromPassport, type PassportStrategy, Strategy } from './index.ts'

/** What strategies here call a user. */
interface Account {
  readonly id: string
  readonly teams?: readonly string[]
}

const user = ({ id, teams = [] }: Account) => ({ username: id, groups: teams })

/** What a strategy sees of Passport. */
interface Actions {
  success(user?: unknown, info?: unknown): void
  fail(challenge?: unknown, status?: unknown): void
  pass(): void
  redirect(url: string): void
  error(error: unknown): void
}

/** What of Express' request these look at. */
interface Request {
  readonly method: string
  readonly url: string
  readonly headers: Readonly<Record<string, string | undefined>>
  readonly query: Readonly<Record<string, unknown>>
  readonly body?: Readonly<Record<string, unknown>>
  get(name: string): unknown
}

/** A strategy that does this. */
function strategy(authenticate: (this: Actions, req: Request) => unknown, name?: string): PassportStrategy {
  return { name, authenticate }
}

const authorized = (value: string) => fakeRequest({ headers: [['Authorization', value]] })
const asBasic = (name: string, secret: string) =>
  authorized(`Basic ${Buffer.from(`${name}:${secret}`).toString('base64')}`)

/** How an authenticator comes out: the name, `no opinion`, or the code and message of the error. */
async function outcome(authenticator: Authenticator, request = authorized('Bearer t')): Promise<string> {
  try {
    const answer = await authenticator.authenticate(request, emptyContext)
    return answer?.user.username ?? 'no opinion'
  } catch (error) {
    const { code = 'fault', message } = error as { readonly code?: string; readonly message: string }
    return `${code}: ${message}`
  }
}

const ends: readonly (readonly [string, (this: Actions) => unknown, string])[] = [
  [
    'success',
    function () {
      this.success({ id: 'jane' })
    },
    'jane',
  ],
  [
    'success with info',
    function () {
      this.success({ id: 'jane' }, { scope: 'all' })
    },
    'jane',
  ],
  [
    'fail()',
    function () {
      this.fail()
    },
    'rejected: it refused the credential',
  ],
  [
    'fail(401)',
    function () {
      this.fail(401)
    },
    'rejected: it refused the credential',
  ],
  [
    'fail(400)',
    function () {
      this.fail(400)
    },
    'rejected: it refused the credential',
  ],
  [
    'fail(429)',
    function () {
      this.fail('slow down', 429)
    },
    'rejected: it refused the credential',
  ],
  [
    'fail with a challenge',
    function () {
      this.fail('Bearer realm="secret"')
    },
    'rejected: it refused the credential',
  ],
  [
    'fail with an object',
    function () {
      this.fail({ message: 'secret' })
    },
    'rejected: it refused the credential',
  ],
  [
    'fail with an object and a status',
    function () {
      this.fail({ message: 'secret' }, 403)
    },
    'rejected: it refused the credential',
  ],
  [
    'fail with an array',
    function () {
      this.fail(['Bearer a', 'Basic b'], 401)
    },
    'rejected: it refused the credential',
  ],
  [
    'fail with an error, as passport-jwt',
    function () {
      this.fail(new Error('secret'))
    },
    'rejected: it refused the credential',
  ],
  [
    'fail with null',
    function () {
      this.fail(null)
    },
    'rejected: it refused the credential',
  ],
  [
    'fail(500)',
    function () {
      this.fail(500)
    },
    'unavailable: it could not tell',
  ],
  [
    'fail with an error and 500, as passport-ldapauth',
    function () {
      this.fail(new Error('secret'), 500)
    },
    'unavailable: it could not tell',
  ],
  [
    'fail(503)',
    function () {
      this.fail('secret', 503)
    },
    'unavailable: it could not tell',
  ],
  [
    'pass',
    function () {
      this.pass()
    },
    'no opinion',
  ],
  [
    'error',
    function () {
      this.error(new Error('secret'))
    },
    'unavailable: it could not tell',
  ],
  [
    'error with a text',
    function () {
      this.error('secret')
    },
    'unavailable: it could not tell',
  ],
  [
    'error with nothing',
    function () {
      this.error(undefined)
    },
    'unavailable: it could not tell',
  ],
  [
    'error with one of ours',
    function () {
      this.error(rejected('locked'))
    },
    'rejected: locked',
  ],
  [
    'a throw',
    () => {
      throw new TypeError('secret')
    },
    'unavailable: it could not tell',
  ],
  [
    'a throw of one of ours',
    () => {
      throw unavailable('down')
    },
    'unavailable: down',
  ],
  [
    'success without a user',
    function () {
      this.success()
    },
    'unavailable: it succeeded without a user',
  ],
  [
    'success with false',
    function () {
      this.success(false)
    },
    'unavailable: it succeeded without a user',
  ],
  [
    'success with null',
    function () {
      this.success(null)
    },
    'unavailable: it succeeded without a user',
  ],
  [
    'redirect',
    function () {
      this.redirect('https://login.example.com/?secret')
    },
    'unavailable: it redirects to another page, and an authenticator cannot: keep it in Passport, for people who log in',
  ],
]

describe.each([
  { when: 'at once', delayed: (end: (this: Actions) => unknown) => end },
  {
    when: 'in a callback',
    delayed: (end: (this: Actions) => unknown) =>
      function (this: Actions) {
        setImmediate(() => {
          try {
            end.call(this)
          } catch (error) {
            this.error(error)
          }
        })
      },
  },
  {
    when: 'after a wait',
    delayed: (end: (this: Actions) => unknown) =>
      async function (this: Actions) {
        await new Promise(setImmediate)
        end.call(this)
      },
  },
])('a strategy that ends $when', ({ delayed }) => {
  const shapes = [
    [
      'whole request',
      (one: PassportStrategy) => fromPassport(one, { user, schemes: ['Bearer'], name: 'it' }),
    ],
    ['token', (one: PassportStrategy) => aboutRequests(fromPassport(one, { as: 'token', user, name: 'it' }))],
    [
      'password',
      (one: PassportStrategy) => aboutRequests(fromPassport(one, { as: 'password', user, name: 'it' })),
    ],
  ] as const

  describe.each(shapes)('for a %s', (_, make) => {
    it.each(ends)('with %s', async (_name, end, expected) => {
      const text = await outcome(make(strategy(delayed(end))))
      expect(text).toBe(expected)
      expect(text).not.toContain('secret')
    })
  })
})

/** About any request, with one credential. */
function aboutRequests(one: TokenAuthenticator | PasswordAuthenticator): Authenticator {
  return {
    name: one.name,
    authenticate: (_, context) =>
      'authenticateToken' in one
        ? one.authenticateToken('t', context)
        : one.authenticatePassword('jane', 'pw', context),
  }
}

describe('an end', () => {
  it('is the first of several, whatever comes later', async () => {
    const twice = strategy(function () {
      this.success({ id: 'jane' })
      this.success({ id: 'root' })
      this.error(new Error('too late'))
      throw new Error('too late')
    })
    expect(await outcome(fromPassport(twice, { user }))).toBe('jane')
    const refusesFirst = strategy(async function () {
      await Promise.resolve()
      this.fail()
      this.success({ id: 'root' })
      throw new Error('too late')
    })
    expect(await outcome(fromPassport(refusesFirst, { user, schemes: ['Bearer'] }))).toMatch(/^rejected/)
  })

  it('is a time limit for a strategy that never ends, and nothing counts afterwards', async () => {
    const clock = fixedClock()
    let late: (() => void) | undefined
    const stuck = strategy(function () {
      late = () => this.success({ id: 'root' })
      return Promise.resolve()
    }, 'stuck')
    const asked = outcome(fromPassport(stuck, { user, clock }))
    await clock.advanceAsync(9999)
    expect(clock.pending).toBe(1)
    await clock.advanceAsync(1)
    late?.()
    expect(await asked).toBe('unavailable: stuck did not answer within 10 s')
    expect(clock.pending).toBe(0)
  })

  it('is as soon as it is there, without a timer left', async () => {
    const clock = fixedClock()
    const waits = strategy(function () {
      setImmediate(() => this.success({ id: 'jane' }))
    })
    expect(await outcome(fromPassport(waits, { user, clock, timeoutSeconds: 1 }))).toBe('jane')
    expect(clock.pending).toBe(0)
  })

  it('is there at once for a strategy that does not wait', () => {
    const sync = fromPassport(
      strategy(function () {
        this.success({ id: 'jane' })
      }),
      { user },
    )
    expect(sync.authenticate(fakeRequest(), emptyContext)).toMatchObject({ user: { username: 'jane' } })
  })

  it.each([
    ['its error', new Error('ECONNREFUSED'), true],
    ['no text, which may quote the credential', 'Malformed authentication token: hunter2', false],
  ])('has %s as the cause, and never what the client sent', async (_, told, isCause) => {
    const one = fromPassport(
      strategy(function () {
        this.error(told)
      }),
      { user },
    )
    const error: unknown = await Promise.resolve()
      .then(() => one.authenticate(authorized('Bearer hunter2'), emptyContext))
      .catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({ code: 'unavailable' })
    expect((error as Error).cause).toBe(isCause ? told : undefined)
    expect(inspect(error, { depth: 9 })).not.toContain('hunter2')
  })

  it('belongs to its own request, though the strategy is one and waits', async () => {
    const byName = fromPassport(
      strategy(async function (req) {
        const id = String(req.headers['x-name'])
        await new Promise((resolve) => setTimeout(resolve, Number(req.headers['x-wait'])))
        this.success({ id })
      }),
      { user },
    )
    const asked = [
      ['a', 20],
      ['b', 1],
      ['c', 10],
    ].map(([name, wait]) =>
      outcome(
        byName,
        fakeRequest({
          headers: [
            ['X-Name', String(name)],
            ['X-Wait', String(wait)],
          ],
        }),
      ),
    )
    expect(await Promise.all(asked)).toEqual(['a', 'b', 'c'])
  })

  it('does not reach the strategy itself, which may be frozen', async () => {
    const frozen = Object.freeze(
      strategy(function () {
        this.success({ id: 'jane' })
      }),
    )
    expect(await outcome(fromPassport(frozen, { user }))).toBe('jane')
    expect(Object.keys(frozen)).toEqual(['name', 'authenticate'])
  })
})

describe('user', () => {
  const known = strategy(function () {
    this.success({ id: 'jane', teams: ['a'] }, { scope: 'all' })
  })

  it('says who that is, now or later, with what is told beside it', async () => {
    const seen = vi.fn((account: Account, info: { scope: string }) =>
      Promise.resolve({ username: account.id, groups: account.teams ?? [], extra: { scopes: [info.scope] } }),
    )
    const one = fromPassport(known, { user: seen })
    expect(await one.authenticate(fakeRequest(), emptyContext)).toEqual({
      user: { username: 'jane', uid: '', groups: ['a'], extra: { scopes: ['all'] } },
      consumed: { remove: ['authorization'] },
    })
    expect(seen).toHaveBeenCalledExactlyOnceWith({ id: 'jane', teams: ['a'] }, { scope: 'all' })
  })

  it('is not called for anybody else', async () => {
    const seen = vi.fn(user)
    const refuses = strategy(function () {
      this.fail()
    })
    expect(await outcome(fromPassport(refuses, { user: seen, schemes: ['Bearer'] }))).toMatch(/^rejected/)
    expect(seen).not.toHaveBeenCalled()
  })

  it.each([
    ['a group that is a text, as directories give a single value', { username: 'jane', groups: 'admins' }],
    ['a group that is none', { username: 'jane', groups: ['a', undefined] }],
    ['groups that are none', { username: 'jane', groups: {} }],
    ['no name', {}],
    ['a name that is a number', { username: 7 }],
    ['a uid that is a number', { username: 'jane', uid: 7 }],
    ['extra that is a text', { username: 'jane', extra: { a: 'b' } }],
    ['nothing', undefined],
    ['null', null],
  ])('is a fault when it makes %s', async (_, init) => {
    expect(await outcome(fromPassport(known, { user: () => init as never }))).toMatch(/^fault: /)
    expect(await outcome(fromPassport(known, { user: () => Promise.resolve(init as never) }))).toMatch(
      /^fault: /,
    )
  })

  it('may refuse', async () => {
    const refuses = (): never => {
      throw rejected('not one of ours')
    }
    expect(await outcome(fromPassport(known, { user: refuses }))).toBe('rejected: not one of ours')
  })

  it('decides the types, and `as` what kind it is', () => {
    expectTypeOf(fromPassport(known, { user })).toEqualTypeOf<Authenticator>()
    expectTypeOf(fromPassport(known, { as: 'request', user })).toEqualTypeOf<Authenticator>()
    expectTypeOf(fromPassport(known, { as: 'token', user })).toEqualTypeOf<TokenAuthenticator>()
    expectTypeOf(fromPassport(known, { as: 'password', user })).toEqualTypeOf<PasswordAuthenticator>()
    const untyped = fromPassport(known, { user: (account) => ({ username: String(account['id']) }) })
    expectTypeOf(untyped).toEqualTypeOf<Authenticator>()
    // @ts-expect-error a header of a whole request is not looked for in a token
    expect(() => fromPassport(known, { as: 'token', user, headers: ['x'] })).not.toThrow()
  })
})

describe('passport-http-bearer', () => {
  const verify = vi.fn((token: string, done: (error: unknown, account?: unknown) => void) => {
    if (token === 'down') done(new Error('the database is down'))
    else done(null, token === 'good' ? { id: 'jane' } : false)
  })
  const one = fromPassport(new BearerStrategy(verify), { user })

  it.each([
    ['Bearer good', 'jane'],
    ['bearer good', 'jane'],
    ['Bearer wrong', 'rejected: bearer refused the credential'],
    ['Bearer down', 'unavailable: bearer could not tell'],
    ['Bearer ', 'no opinion'],
    ['Bearer', 'no opinion'],
    ['Basic YTpi', 'no opinion'],
    ['', 'no opinion'],
    ['Bearer \udcff', 'rejected: the token is not UTF-8'],
    [`Bearer ${'x'.repeat(65_537)}`, 'rejected: bearer token is longer than 65536 characters'],
  ])('with %j is %s', async (authorization, expected) => {
    expect(await outcome(one, authorized(authorization))).toBe(expected)
  })

  it('is not asked about a token in the query', async () => {
    expect(await outcome(one, fakeRequest({ url: '/?access_token=good' }))).toBe('no opinion')
    const both = fakeRequest({ url: '/?access_token=good', headers: [['Authorization', 'Bearer good']] })
    expect(await outcome(one, both)).toBe('jane')
  })

  it('is challenged for, and the credential does not reach the app', async () => {
    const authenticate = authenticateRequest(one)
    expect(await authenticate(fakeRequest())).toMatchObject({
      failure: { status: 401, headers: { 'www-authenticate': 'Bearer realm="kubernetes-master"' } },
    })
    expect(await authenticate(authorized('Bearer good'))).toMatchObject({
      headerChanges: { remove: expect.arrayContaining(['authorization']) },
    })
  })

  it('is one of the tokens of a chain', async () => {
    const chain = authenticatorChain({
      tokens: [fromPassport(new BearerStrategy(verify), { as: 'token', user })],
      anonymous: true,
    })
    expect(await outcome(chain, authorized('Bearer good'))).toBe('jane')
    expect(await outcome(chain, authorized('Bearer wrong'))).toMatch(/^rejected/)
    expect(await outcome(chain, fakeRequest())).toBe('system:anonymous')
  })
})

describe('passport-http', () => {
  const passwords = new Map([
    ['jane', 'secret'],
    ['joe', 'a:b'],
    ['jil', 'a'],
  ])
  const one = fromPassport(
    new BasicStrategy((name, secret, done) =>
      done(null, passwords.get(name) === secret ? { id: name } : false),
    ),
    { user },
  )

  it.each([
    ['jane', 'secret', 'jane'],
    ['jane', 'wrong', 'rejected: basic refused the credential'],
    ['nobody', 'secret', 'rejected: basic refused the credential'],
    ['jane', '', 'rejected: the user name or the password is empty'],
    ['', 'secret', 'rejected: the user name or the password is empty'],
    // It would be checked as `a`, which is jil's password.
    ['jil', 'a:b', 'rejected: basic refused the credential'],
    ['joe', 'a:b', 'rejected: basic refused the credential'],
  ])('with %s and %s is %s', async (name, secret, expected) => {
    expect(await outcome(one, asBasic(name, secret))).toBe(expected)
  })

  it('has no opinion without a password', async () => {
    for (const request of [
      fakeRequest(),
      authorized('Bearer t'),
      authorized('Basic'),
      authorized('Basic %'),
    ]) {
      expect(await outcome(one, request)).toBe('no opinion')
    }
  })
})

describe.each(['ldapauth', 'local', 'any name'])('a strategy for a login form, called %s', (name) => {
  const form = strategy(function ({ body, query }) {
    const [username, password] = [
      body?.['username'] ?? query['username'],
      body?.['password'] ?? query['password'],
    ]
    if (username === undefined || password === undefined) this.fail({ message: 'Missing credentials' }, 400)
    else if (username === 'joe' && password === 'a:b') this.success({ id: 'joe' })
    else this.fail({ message: 'Invalid username/password' }, 401)
  }, name)
  const one = basic(fromPassport(form, { as: 'password', user }))

  it.each([
    ['joe', 'a:b', 'joe'],
    ['joe', 'a', `rejected: ${name} refused the credential`],
    ['joe', '', 'rejected: the user name or the password is empty'],
    ["joe$'", 'a:b', 'rejected: the user name has a replacement pattern'],
    ['joe$&', 'a:b', 'rejected: the user name has a replacement pattern'],
    ['joe$`', 'a:b', 'rejected: the user name has a replacement pattern'],
    ['jo$$e', 'a:b', 'rejected: the user name has a replacement pattern'],
    ['machine$', 'a:b', `rejected: ${name} refused the credential`],
    ['*', 'a:b', `rejected: ${name} refused the credential`],
  ])('gets %s and %s: %s', async (username, password, expected) => {
    expect(await outcome(one, asBasic(username, password))).toBe(expected)
    if (name !== 'any name')
      expect(await outcome(fromPassport(form, { user }), asBasic(username, password))).toBe(expected)
  })

  it('is never told what cannot be told apart', async () => {
    const passwords = fromPassport(form, { as: 'password', user })
    const given = [
      ['joe:a', 'b'],
      ['joe', '\udcff'],
      ['\udcff', 'a:b'],
    ] as const
    for (const [username, password] of given) {
      const tell = (): unknown => passwords.authenticatePassword(username, password, emptyContext)
      expect(tell).toThrow(expect.objectContaining({ code: 'rejected' }))
    }
  })
})

describe('a whole request', () => {
  const apiKey = strategy(function (req) {
    if (req.headers['x-api-key'] === 'key') this.success({ id: 'robot' })
    else this.fail('ApiKey')
  }, 'apikey')

  it.each([
    ['the key', [['X-Api-Key', 'key']], 'robot'],
    ['a wrong key', [['X-Api-Key', 'wrong']], 'rejected: apikey refused the credential'],
    ['an empty key', [['X-Api-Key', '']], 'rejected: apikey refused the credential'],
    ['no key', [], 'no opinion'],
    [
      'another credential',
      [
        ['Authorization', 'Bearer t'],
        ['Cookie', 'a=b'],
      ],
      'no opinion',
    ],
  ] as const)('with %s is what the strategy says, or no opinion', async (_, headers, expected) => {
    for (const one of [
      fromPassport(apiKey, { user }),
      fromPassport(apiKey, { user, headers: ['X-Api-Key'] }),
    ]) {
      expect(await outcome(one, fakeRequest({ headers }))).toBe(expected)
    }
  })

  it('loses the headers that the credential is in', async () => {
    const one = fromPassport(apiKey, { user, headers: ['X-Api-Key'] })
    const answer = await one.authenticate(fakeRequest({ headers: [['X-Api-Key', 'key']] }), emptyContext)
    expect(answer?.consumed).toEqual({ remove: ['authorization', 'x-api-key'] })
  })

  it('is asked about only where its credential is, once that is said', async () => {
    const asked = vi.fn(function (this: Actions) {
      this.fail()
    })
    const one = fromPassport(strategy(asked), { user, headers: ['x-api-key'], schemes: ['Negotiate'] })
    for (const request of [fakeRequest(), authorized('Bearer t'), authorized('NegotiateX t')]) {
      expect(await outcome(one, request)).toBe('no opinion')
    }
    expect(asked).not.toHaveBeenCalled()
    expect(await outcome(one, authorized('negotiate t'))).toMatch(/^rejected/)
    expect(await outcome(one, fakeRequest({ headers: [['X-API-KEY', 'k']] }))).toMatch(/^rejected/)
    expect(one.credentials).toEqual({ schemes: ['Negotiate'] })
  })

  it.each([
    ['a header by get()', (req: Request) => req.get('X-Api-Key')],
    ['all headers', (req: Request) => JSON.stringify(req.headers)],
    ['a copy of them', (req: Request) => ({ ...req.headers })],
    ['the query', (req: Request) => req.query['key']],
    ['the URL', (req: Request) => req.url],
  ])('is rejected when a strategy that fails looked at %s', async (_, look) => {
    const looks = strategy(function (req) {
      look(req)
      this.fail()
    })
    const request = fakeRequest({ url: '/?key=k', headers: [['X-Api-Key', 'k']] })
    expect(await outcome(fromPassport(looks, { user }), request)).toMatch(/^rejected/)
    const bare = fakeRequest({
      headers: [
        ['Host', 'x'],
        ['User-Agent', 'y'],
        ['Accept', '*/*'],
      ],
    })
    expect(await outcome(fromPassport(looks, { user }), bare)).toBe('no opinion')
  })

  it('with a bad credential is never anonymous, nor does it hide a good one', async () => {
    const chain = failFast(
      union(fromPassport(apiKey, { user }), authenticatorChain({ passwords: [passwordFile('pw,joe,2\n')] })),
      anonymous(),
    )
    expect(await outcome(chain, fakeRequest())).toBe('system:anonymous')
    expect(await outcome(chain, fakeRequest({ headers: [['X-Api-Key', 'wrong']] }))).toMatch(/^rejected/)
    expect(await outcome(chain, asBasic('joe', 'pw'))).toBe('joe')
  })

  it('lets a strategy that passes, as passport-anonymous does, never win', async () => {
    const passes = fromPassport(
      strategy(function () {
        this.pass()
      }, 'anonymous'),
      { user },
    )
    const chain = union(passes, authenticatorChain({ passwords: [passwordFile('pw,joe,2\n')] }))
    expect(await outcome(chain, asBasic('joe', 'pw'))).toBe('joe')
    expect(await outcome(chain, asBasic('joe', 'wrong'))).toMatch(/^rejected/)
    expect(await outcome(chain, fakeRequest())).toBe('no opinion')
  })

  it('may be one of our own strategies', async () => {
    const inner = new Strategy(authenticatorChain({ passwords: [passwordFile('pw,joe,2\n')] }))
    const one = fromPassport(inner, {
      user: ({ username }: { username: string }) => ({ username }),
    })
    expect(await outcome(one, asBasic('joe', 'pw'))).toBe('joe')
    expect(await outcome(one, asBasic('joe', 'wrong'))).toMatch(/^rejected/)
  })
})

describe('fromPassport', () => {
  it.each([
    ['no strategy', undefined, { user }, ['strategy']],
    ['what is no strategy', {}, { user }, ['strategy']],
    ['no user', strategy(() => undefined), {}, ['user']],
    ['a kind that there is not', strategy(() => undefined), { user, as: 'cookie' }, ['as']],
    [
      'a scheme that there is not',
      strategy(() => undefined),
      { user, schemes: ['Bearer', 'Digest'] },
      ['schemes[1]'],
    ],
    [
      'a header that is none',
      strategy(() => undefined),
      { user, headers: ['x-a', 'x b', ''] },
      ['headers[1]', 'headers[2]'],
    ],
    ['no time', strategy(() => undefined), { user, timeoutSeconds: 0 }, ['timeoutSeconds']],
    ['everything', null, { as: 1, timeoutSeconds: Number.NaN }, ['strategy', 'user', 'as', 'timeoutSeconds']],
  ])('refuses %s at construction, with every problem', (_, one, options, paths) => {
    expect.assertions(1)
    try {
      fromPassport(one as never, options as never)
    } catch (error) {
      expect(error instanceof ConfigurationError && error.problems.map(({ path }) => path)).toEqual(paths)
    }
  })
})
