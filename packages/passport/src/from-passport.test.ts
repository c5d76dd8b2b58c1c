import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { inspect } from 'node:util'
import {
  type Authenticator,
  ConfigurationError,
  emptyContext,
  type PasswordAuthenticator,
  rejected,
  type TokenAuthenticator,
  unavailable,
} from '@kube-authn/core'
import { fakeRequest, fixedClock } from '@kube-authn/testing'
import { describe, expect, expectTypeOf, it, vi } from 'vitest'
import { type Account, user, type Actions, strategy, authorized, outcome } from '../test/strategies.ts'
import { fromPassport } from './index.ts'
import type { PassportStrategy } from './strategy-result.ts'

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
    'unavailable: it failed to check the credential',
  ],
  [
    'fail with an error and 500, as passport-ldapauth',
    function () {
      this.fail(new Error('secret'), 500)
    },
    'unavailable: it failed to check the credential',
  ],
  [
    'fail(503)',
    function () {
      this.fail('secret', 503)
    },
    'unavailable: it failed to check the credential',
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
    'unavailable: it failed to check the credential',
  ],
  [
    'error with a text',
    function () {
      this.error('secret')
    },
    'unavailable: it failed to check the credential',
  ],
  [
    'error with nothing',
    function () {
      this.error(undefined)
    },
    'unavailable: it failed to check the credential',
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
    'unavailable: it failed to check the credential',
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
    'unavailable: it redirects to another page, which an authenticator cannot do: use it in Passport directly, for interactive logins',
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

/** The outcome of a strategy's result for `hunter2`. */
async function errorOf(told: unknown): Promise<Error> {
  const tells = strategy(function () {
    this.error(told)
  })
  try {
    await fromPassport(tells, { user, name: 'it' }).authenticate(authorized('Bearer hunter2'), emptyContext)
    return new Error('it did not fail')
  } catch (error) {
    return error as Error
  }
}

function thrownBy(step: () => unknown): unknown {
  try {
    return step()
  } catch (error) {
    return error
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

  it('is a time limit for `user` too', async () => {
    const clock = fixedClock()
    const known = strategy(function () {
      this.success({ id: 'jane' })
    }, 'slow')
    const one = fromPassport(known, { user: () => new Promise<never>(() => undefined), clock })
    const asked = outcome(one)
    await clock.advanceAsync(10_000)
    expect(await asked).toBe('unavailable: slow did not answer within 10 s')
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
    ['an error that quotes it', () => new Error('Malformed authentication token: hunter2')],
    ['a text that quotes it', () => 'Malformed authentication token: hunter2'],
    ['what JSON.parse throws', () => thrownBy(() => JSON.parse('hunter2'))],
    ['what new URL() throws', () => thrownBy(() => new URL('hunter2'))],
    [
      'the error of an HTTP client, which has the request',
      () => Object.assign(new Error('401'), { config: { headers: { authorization: 'Bearer hunter2' } } }),
    ],
    ['an error whose name quotes it', () => Object.assign(new Error('no'), { name: 'bad: hunter2' })],
    ['an error whose code quotes it', () => Object.assign(new Error('no'), { code: 'hunter2' })],
    ['an error whose cause quotes it', () => new Error('no', { cause: new Error('hunter2') })],
    ['an error whose text was changed', () => Object.assign(new Error('hunter2'), { message: 'no' })],
    ['several', () => new AggregateError([new Error('hunter2')], 'hunter2')],
  ])('never has what the client sent: %s', async (_, tell) => {
    const error = await errorOf(tell())
    expect(error).toMatchObject({ code: 'unavailable', message: 'it failed to check the credential' })
    expect(inspect(error, { depth: 9, showHidden: true })).not.toContain('hunter2')
  })

  it('ends the process where a strategy throws in a callback of its own, as in Passport', async () => {
    const script = `
      import { fromPassport } from './index.js'
      const strategy = { name: 'bearer', authenticate: () => void setTimeout(() => { throw new Error('of its own') }) }
      const tokens = fromPassport(strategy, { as: 'token', user: () => ({ username: 'jane' }) })
      await tokens.authenticateToken('t', {}).catch(() => undefined)
      console.log('still there')
    `
    const cwd = fileURLToPath(new URL('../dist/', import.meta.url))
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      ['--input-type=module', '--eval', script],
      {
        cwd,
        encoding: 'utf8',
      },
    )
    expect([status, stdout]).toEqual([1, ''])
    expect(stderr).toContain('Error: of its own')
  })

  it('has the kind of an error, its code and its place, and the same of its causes', async () => {
    const refused = Object.assign(new Error('connect ::1'), { code: 'ECONNREFUSED' })
    const { cause } = await errorOf(new TypeError('fetch failed', { cause: refused }))
    expect(cause).toMatchObject({ name: 'TypeError', cause: { name: 'Error', message: 'ECONNREFUSED' } })
    expect((cause as Error).stack).toMatch(/^TypeError: the message is not shown.*\n +at .*from-passport/)
    expect((await errorOf(Object.assign(new Error('bind'), { code: 49 }))).cause).toMatchObject({
      message: 'code 49',
    })
    expect((await errorOf('a text')).cause).toBeUndefined()
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

  it('is not called for other requests', async () => {
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
    // @ts-expect-error `headers` is only an option for whole requests
    expect(() => fromPassport(known, { as: 'token', user, headers: ['x'] })).not.toThrow()
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
