import { ConfigurationError } from '@kube-authn/core'
import { describe, expect, it } from 'vitest'
import { fixedClock, settled, thrownBy } from '../../core/test/fakes.ts'
import {
  EXPIRES_AT_MS,
  fakeKeystone,
  FERNET,
  groupsAnswer,
  JANES_TOKEN,
  type KeystoneScript,
  loginAnswer,
  refusalAnswer,
} from '../test/keystone.ts'
import { keystonePassword, type KeystonePasswordOptions } from './keystone-password.ts'

const url = 'https://keystone.example.com:5000'
const WRONG = { code: 'rejected', message: 'invalid username/password combination' }

const jane: KeystoneScript = ({ method }) =>
  method === 'POST' ? loginAnswer() : groupsAnswer(['developers', 'ops, at night'])

function passwordsOf(script: KeystoneScript, options: Partial<KeystonePasswordOptions> = {}) {
  const { fetch, calls } = fakeKeystone(script)
  const clock = fixedClock(EXPIRES_AT_MS - 3_600_000)
  const passwords = keystonePassword({ url, fetch, clock, ...options })
  const ask = async (username = 'jane', password = 'pw', signal?: AbortSignal) =>
    passwords.authenticatePassword(username, password, signal === undefined ? {} : { signal })
  const logins = (): number => calls.filter(({ method }) => method === 'POST').length
  return { ask, calls, clock, logins }
}

describe('keystonePassword', () => {
  it('knows who it is by a login, and their groups by the token of that', async () => {
    const { ask, calls } = passwordsOf(jane)
    const answer = await ask()
    expect(answer?.user).toEqual({
      username: 'jane',
      uid: '742b0e6e74e140019f56a6ce2058a6dd',
      groups: ['developers', 'ops, at night', 'a94d7f60'],
      extra: {
        'alpha.kubernetes.io/identity/roles': ['reader', 'member'],
        'alpha.kubernetes.io/identity/project/id': ['a94d7f60'],
        'alpha.kubernetes.io/identity/project/name': ['app'],
        'alpha.kubernetes.io/identity/user/domain/id': ['default'],
        'alpha.kubernetes.io/identity/user/domain/name': ['Default'],
      },
    })
    expect(answer?.expiresAtMs).toBe(EXPIRES_AT_MS)
    expect(
      calls.map(({ method, url: { pathname }, headers }) => [method, pathname, headers['x-auth-token']]),
    ).toEqual([
      ['POST', '/v3/auth/tokens', undefined],
      ['GET', '/v3/users/742b0e6e74e140019f56a6ce2058a6dd/groups', FERNET],
    ])
    expect(calls[0]?.body).toEqual({
      auth: {
        identity: {
          methods: ['password'],
          password: { user: { name: 'jane', domain: { id: 'default' }, password: 'pw' } },
        },
      },
    })
  })

  it.each<[string, Partial<KeystonePasswordOptions>, string, object]>([
    [
      'in the domain of the options',
      { domain: { name: 'Sales' } },
      'jane',
      { name: 'jane', domain: { name: 'Sales' } },
    ],
    ['whatever is in the name', {}, 'jane@Sales', { name: 'jane@Sales', domain: { id: 'default' } }],
    [
      'in a domain of their own',
      { userAtDomain: true },
      'jane@Sales',
      { name: 'jane', domain: { name: 'Sales' } },
    ],
    [
      'with an address',
      { userAtDomain: true },
      'jane@example.com@Sales',
      { name: 'jane@example.com', domain: { name: 'Sales' } },
    ],
    [
      'without a domain of their own',
      { userAtDomain: true },
      'jane',
      { name: 'jane', domain: { id: 'default' } },
    ],
    [
      'called __proto__',
      { userAtDomain: true },
      '__proto__@__proto__',
      { name: '__proto__', domain: { name: '__proto__' } },
    ],
    ['with quotes', {}, '","password":"x', { name: '","password":"x', domain: { id: 'default' } }],
  ])('asks for a user %s', async (_, options, typed, user) => {
    const { ask, calls } = passwordsOf(() => refusalAnswer(401), options)
    expect(await thrownBy(() => ask(typed))).toMatchObject(WRONG)
    expect(calls[0]?.body).toMatchObject({
      auth: { identity: { password: { user: { ...user, password: 'pw' } } } },
    })
  })

  it.each([
    ['an empty password', 'jane', ''],
    ['an empty name', '', 'pw'],
    ['no name before the domain', '@Sales', 'pw'],
    ['no domain after the name', 'jane@', 'pw'],
    ['bytes that are no text in the name', 'jane\udc80', 'pw'],
    ['bytes that are no text in the password', 'jane', 'pw\udcff'],
    ['U+0000 in the name', 'ja\0ne', 'pw'],
    ['U+0000 in the password', 'jane', 'p\0w'],
    ['a name that is too long', 'x'.repeat(512), 'pw'],
    ['a password that is too long', 'jane', 'x'.repeat(4097)],
  ])('refuses %s without asking', async (_, username, password) => {
    const { ask, calls } = passwordsOf(jane, { userAtDomain: true })
    expect(await thrownBy(() => ask(username, password))).toMatchObject(WRONG)
    expect(calls).toEqual([])
  })

  it.each<[string, KeystoneScript, object]>([
    ['rejects a wrong password', () => refusalAnswer(401), WRONG],
    [
      'rejects a login that needs another factor',
      () => refusalAnswer(401, { 'openstack-auth-receipt': 'r' }),
      {
        code: 'rejected',
        message: 'Keystone requires another factor, which Basic authentication cannot send',
      },
    ],
    ['cannot tell when logins are forbidden', () => refusalAnswer(403), { code: 'unavailable' }],
    ['cannot tell when there is no such API', () => refusalAnswer(404), { code: 'unavailable' }],
    ['cannot tell during an outage', () => refusalAnswer(503), { code: 'unavailable' }],
    [
      'cannot tell without a connection',
      () => Promise.reject(new TypeError('refused')),
      { code: 'unavailable' },
    ],
    [
      'cannot tell when a proxy refuses',
      () => new Response('<html>', { status: 401, headers: { 'content-type': 'text/html' } }),
      { code: 'unavailable' },
    ],
    [
      'cannot tell when groups are out of reach',
      ({ method }) => (method === 'POST' ? loginAnswer() : refusalAnswer(503)),
      { code: 'unavailable' },
    ],
    [
      'cannot tell when the new token is no longer good',
      ({ method }) => (method === 'POST' ? loginAnswer() : refusalAnswer(401)),
      { code: 'unavailable' },
    ],
    [
      'rejects who may not see their own groups',
      ({ method }) => (method === 'POST' ? loginAnswer() : refusalAnswer(403)),
      { code: 'rejected' },
    ],
    [
      'rejects a user of another domain',
      () => loginAnswer({ user: { ...JANES_TOKEN.user, domain: { id: 'd2', name: 'Default' } } }),
      { code: 'rejected', message: 'the Keystone user is in a domain that is not accepted' },
    ],
  ])('%s', async (_, script, error) => {
    const { ask } = passwordsOf(script)
    const thrown = await thrownBy(ask)
    expect(thrown).toMatchObject({ name: 'AuthenticationError', ...error })
    expect(JSON.stringify(thrown, Object.getOwnPropertyNames(thrown))).not.toMatch(/gAAAAA|"pw"/)
  })

  it('does not ask for the groups of a user who does not count', async () => {
    const { ask, calls } = passwordsOf(() => loginAnswer(), { domain: { id: 'other' } })
    await thrownBy(ask)
    expect(calls).toHaveLength(1)
  })

  it('leaves groups alone where they are not wanted', async () => {
    const { ask, calls } = passwordsOf(jane, { requestGroups: false })
    expect((await ask())?.user.groups).toEqual(['a94d7f60'])
    expect(calls).toHaveLength(1)
  })
})

describe('what keystonePassword remembers', () => {
  it('is a right password for ten seconds', async () => {
    const { ask, clock, logins } = passwordsOf(jane)
    await ask()
    clock.advance(9999)
    await ask()
    expect(logins()).toBe(1)
    clock.advance(1)
    await ask()
    expect(logins()).toBe(2)
  })

  it('ends with the token', async () => {
    const { ask, clock, logins } = passwordsOf(jane, { successTtlSeconds: 100_000 })
    await ask()
    clock.advance(3_599_999)
    await ask()
    expect(logins()).toBe(1)
    clock.advance(1)
    await ask()
    expect(logins()).toBe(2)
  })

  it('is a wrong password for ten seconds, and not what is right by then', async () => {
    let isRight = false
    const { ask, clock, logins } = passwordsOf((call) => (isRight ? jane(call) : refusalAnswer(401)))
    expect(await thrownBy(ask)).toMatchObject(WRONG)
    isRight = true
    clock.advance(9999)
    expect(await thrownBy(ask)).toMatchObject(WRONG)
    expect(logins()).toBe(1)
    clock.advance(1)
    expect((await ask())?.user.username).toBe('jane')
  })

  it('is nothing of another name, of another password, or of both in another way', async () => {
    const { ask, logins } = passwordsOf(() => refusalAnswer(401))
    for (const [username, password] of [
      ['jane', 'pw'],
      ['jan', 'epw'],
      ['jane1', ':pw'],
      ['jane', 'pW'],
      ['Jane', 'pw'],
      ['4:jane', 'pw'],
      ['jane:', 'pw'],
      ['jane', ':pw'],
    ] as const) {
      await thrownBy(() => ask(username, password))
    }
    expect(logins()).toBe(8)
  })

  it('is nothing of an outage', async () => {
    let isOut = true
    const { ask } = passwordsOf((call) => (isOut ? refusalAnswer(503) : jane(call)))
    expect(await thrownBy(ask)).toMatchObject({ code: 'unavailable' })
    isOut = false
    expect((await ask())?.user.username).toBe('jane')
  })

  it('can be nothing at all', async () => {
    const options = { successTtlSeconds: 0, failureTtlSeconds: 0 }
    const known = passwordsOf(jane, options)
    await known.ask()
    await known.ask()
    expect(known.logins()).toBe(2)
    const unknown = passwordsOf(() => refusalAnswer(401), options)
    await thrownBy(unknown.ask)
    await thrownBy(unknown.ask)
    expect(unknown.logins()).toBe(2)
  })

  it('is one login for all who come with the same password at once', async () => {
    const { ask, logins } = passwordsOf(jane)
    const answers = await Promise.all([ask(), ask(), ask()])
    expect(answers.map((answer) => answer?.user.username)).toEqual(['jane', 'jane', 'jane'])
    expect(logins()).toBe(1)
  })
})

describe('limits of keystonePassword', () => {
  /** Answers when it is told to. */
  function slowKeystone() {
    const waiting: (() => void)[] = []
    const script: KeystoneScript = async (call) => {
      await new Promise<void>((resolve) => waiting.push(resolve))
      return jane(call)
    }
    return { script, waiting }
  }

  it('give up a Keystone that does not answer, and say so', async () => {
    const { ask, clock, calls } = passwordsOf(() => new Promise(() => undefined), { timeoutSeconds: 3 })
    const thrown = thrownBy(ask)
    await settled()
    clock.advance(3000)
    expect(await thrown).toMatchObject({ code: 'unavailable', message: 'Keystone did not answer in time' })
    expect(calls[0]?.init.signal.aborted).toBe(true)
  })

  it('are for the login and the groups together', async () => {
    const { ask, clock } = passwordsOf(
      async ({ method }) => {
        if (method !== 'POST') return new Promise(() => undefined)
        clock.advance(2000)
        return loginAnswer()
      },
      { timeoutSeconds: 3 },
    )
    const thrown = thrownBy(ask)
    await settled()
    clock.advance(1000)
    expect(await thrown).toMatchObject({ message: 'Keystone did not answer in time' })
  })

  it('let so many wait, each as long as a check may take, and turn away the others at once', async () => {
    const { script, waiting } = slowKeystone()
    const limits = { maxConcurrent: 2, maxWaiting: 1, timeoutSeconds: 3 }
    const { ask, calls, clock } = passwordsOf(script, limits)
    const asked = ['a', 'b', 'c'].map((name) => thrownBy(() => ask(name)))
    await settled()
    expect(await thrownBy(() => ask('d'))).toMatchObject({
      code: 'unavailable',
      message: 'too many checks are waiting for Keystone',
    })
    expect([calls.length, waiting.length]).toEqual([2, 2])
    clock.advance(3000)
    expect(await Promise.all(asked)).toMatchObject([
      { code: 'unavailable', message: 'Keystone did not answer in time' },
      { code: 'unavailable', message: 'Keystone did not answer in time' },
      { code: 'unavailable', message: 'aborted while waiting for its turn' },
    ])
    expect(calls).toHaveLength(2)
  })

  it('are 32 checks at once, 256 that wait and ten seconds where nothing else is said', async () => {
    const { script, waiting } = slowKeystone()
    const { ask, clock } = passwordsOf(script)
    const asked = Array.from({ length: 32 + 256 }, (_, index) => thrownBy(() => ask(`user${index}`)))
    await settled()
    expect(waiting).toHaveLength(32)
    expect(await thrownBy(() => ask('one more'))).toMatchObject({
      code: 'unavailable',
      message: 'too many checks are waiting for Keystone',
      retryAfterSeconds: 2,
    })
    clock.advance(9999)
    await settled()
    expect(clock.pending).toBeGreaterThan(0)
    clock.advance(1)
    const messages = new Set((await Promise.all(asked)).map((error) => (error as Error).message))
    expect(messages).toEqual(
      new Set(['Keystone did not answer in time', 'aborted while waiting for its turn']),
    )
  })

  it('do not hold back who is remembered', async () => {
    const { script, waiting } = slowKeystone()
    let isSlow = false
    const { ask } = passwordsOf((call) => (isSlow ? script(call) : jane(call)), {
      maxConcurrent: 1,
      maxWaiting: 0,
    })
    await ask('jane')
    isSlow = true
    const joe = thrownBy(() => ask('joe'))
    await settled()
    expect(waiting).toHaveLength(1)
    expect((await ask('jane'))?.user.username).toBe('jane')
    expect(await thrownBy(() => ask('jim'))).toMatchObject({
      message: 'too many checks are waiting for Keystone',
    })
    isSlow = false
    for (const answer of waiting) answer()
    await expect(joe).rejects.toThrow('nothing was thrown')
  })

  it('let a caller give up, and the check go on for others', async () => {
    const { script, waiting } = slowKeystone()
    let isSlow = true
    const { ask, logins } = passwordsOf((call) => (isSlow ? script(call) : jane(call)))
    const abort = new AbortController()
    const first = thrownBy(() => ask('jane', 'pw', abort.signal))
    const second = ask('jane', 'pw')
    await settled()
    abort.abort()
    expect(await first).toMatchObject({ code: 'unavailable', message: 'the caller gave up' })
    isSlow = false
    for (const answer of waiting) answer()
    expect((await second)?.user.username).toBe('jane')
    expect(logins()).toBe(1)
  })

  it('leave no timer behind', async () => {
    const { ask, clock } = passwordsOf(jane)
    await ask()
    expect(clock.pending).toBe(0)
  })
})

describe('options of keystonePassword', () => {
  it('are refused all at once', () => {
    const make = (): unknown =>
      keystonePassword({
        url: 'http://keystone',
        domain: { id: '' },
        // An operator in plain JavaScript.
        scope: { realm: { id: 'x' } } as never,
        timeoutSeconds: 0,
        maxConcurrent: 0,
        maxWaiting: -1,
        maxBytes: 0,
        successTtlSeconds: -1,
        failureTtlSeconds: Number.NaN,
        domains: 'all',
      })
    expect(make).toThrow(ConfigurationError)
    try {
      make()
    } catch (error) {
      expect(error instanceof ConfigurationError && error.problems.map(({ path }) => path)).toEqual([
        'url',
        'maxBytes',
        'timeoutSeconds',
        'maxConcurrent',
        'maxWaiting',
        'domain',
        'scope',
        'successTtlSeconds',
        'failureTtlSeconds',
        'usernameFormat',
        'groupsFormat',
      ])
    }
  })

  it.each([
    null,
    {},
    [],
    'project',
    { project: { id: 'p' }, domain: { id: 'd' } },
    { project: 'p' },
    { project: null },
  ])('have no scope %j', (scope) => {
    expect(() => keystonePassword({ url, scope: scope as never })).toThrow('scope: must name a project')
  })

  it.each([31, Infinity, Number.NaN, -1])('have no time limit of %d seconds', (timeoutSeconds) => {
    expect(() => keystonePassword({ url, timeoutSeconds })).toThrow(
      'timeoutSeconds: must be above 0 and at most 30',
    )
  })
})
