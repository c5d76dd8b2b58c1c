import { revocationList } from '@kube-authn/core/revocation'
import { fixedClock } from '@kube-authn/testing'
import { describe, expect, it } from 'vitest'
import { browser, contentOf, keyOf, loggedIn } from '../../test/sessions.ts'
import { cookieSessions, type CookieSessionsOptions } from './cookie-sessions.ts'

const clock = fixedClock()
const keeperOf = (options: Partial<CookieSessionsOptions> = {}) =>
  cookieSessions({ keys: [keyOf(1)], clock, ...options })
const jane = contentOf('jane')
const LARGE = { tokenLength: 4000 }

describe('cookieSessions', () => {
  it.each([
    ['keys', { keys: [] }],
    ['keys', { keys: undefined }],
    ['keys', { keys: ['secret'] }],
    ['application', { application: 7 }],
    ['cookieName', { cookieName: '__Host-session' }],
    ['cookieName', { cookieName: '' }],
    ['cookieName', { cookieName: 'a;b' }],
    ['cookieName', { cookieName: 'a'.repeat(65) }],
    ['maxCookies', { maxCookies: 0 }],
    ['maxCookies', { maxCookies: 4 }],
    ['maxCookies', { maxCookies: 1.5 }],
    ['idleTimeoutSeconds', { idleTimeoutSeconds: 0 }],
    ['idleTimeoutSeconds', { idleTimeoutSeconds: 34_560_001 }],
    ['expirationSeconds', { expirationSeconds: Number.NaN }],
    ['clockSkewSeconds', { clockSkewSeconds: -1 }],
    ['ended', { ended: {} }],
    ['allowInsecureHttp', { allowInsecureHttp: 'false' }],
    ['session', { session: 'x' }],
  ])('refuses a wrong %s', (path, options) => {
    expect(() => keeperOf(options as unknown as CookieSessionsOptions)).toThrow(path)
  })

  it('opens what any of the keys has sealed, and seals with the first', async () => {
    const [before, during, after] = [
      keeperOf({ keys: [keyOf(1)] }),
      keeperOf({ keys: [keyOf(2), keyOf(1)] }),
      keeperOf({ keys: [keyOf(2)] }),
    ]
    const old = await loggedIn(before, jane)
    expect(await during.find(old.header)).toBeDefined()
    expect(await after.find(old.header)).toBeUndefined()
    expect(await after.find((await loggedIn(during, jane)).header)).toBeDefined()
  })

  it('does not open the cookie of another name or application', async () => {
    const { header } = await loggedIn(keeperOf(), jane)
    const renamed = header.replace('__Host-session', '__Host-other')
    expect(await keeperOf({ cookieName: 'other' }).find(renamed)).toBeUndefined()
    expect(await keeperOf({ application: 'other' }).find(header)).toBeUndefined()
    const insecure = header.replace('__Host-session', 'session')
    expect(await keeperOf({ allowInsecureHttp: true }).find(insecure)).toBeUndefined()
    expect(await keeperOf().find(header)).toBeDefined()
  })

  it('is no session after any change of a character', async () => {
    const keeper = keeperOf()
    const { header } = await loggedIn(keeper, contentOf('jane', { tokenLength: 10 }))
    const start = '__Host-session='.length
    for (let index = start; index < header.length; index++) {
      const other = header[index] === 'x' ? 'y' : 'x'
      expect(await keeper.find(header.slice(0, index) + other + header.slice(index + 1))).toBeUndefined()
    }
  })

  it('is no session when it was cut anywhere', async () => {
    const keeper = keeperOf()
    const { header } = await loggedIn(keeper, jane)
    for (let length = 0; length < header.length; length++) {
      expect(await keeper.find(header.slice(0, length))).toBeUndefined()
    }
  })

  describe('with a session in two cookies', () => {
    const keeper = keeperOf()
    const parts = async (username: string) => {
      const { cookies } = await loggedIn(keeper, contentOf(username, LARGE))
      return [cookies.get('__Host-session') ?? '', cookies.get('__Host-session.1') ?? ''] as const
    }
    const headerOf = (first: string, second: string): string =>
      `__Host-session=${first}; __Host-session.1=${second}`

    it('finds it, in any order of the cookies', async () => {
      const [first, second] = await parts('jane')
      expect(first).toMatch(/^2~/)
      expect((await keeper.find(headerOf(first, second)))?.content).toEqual(contentOf('jane', LARGE))
      expect(await keeper.find(`__Host-session.1=${second}; __Host-session=${first}`)).toBeDefined()
    })

    it('finds none in parts of different sessions, of two users or of one', async () => {
      const [jane1, jane2, bob] = [await parts('jane'), await parts('jane'), await parts('bob')]
      expect(await keeper.find(headerOf(jane1[0], jane2[1]))).toBeUndefined()
      expect(await keeper.find(headerOf(jane1[0], bob[1]))).toBeUndefined()
      expect(await keeper.find(headerOf(bob[0], jane1[1]))).toBeUndefined()
    })

    it('finds none in parts that were swapped, cut, moved or left out', async () => {
      const [first, second] = await parts('jane')
      const whole = first.slice(2) + second
      const moved = headerOf(`2~${whole.slice(0, 100)}`, whole.slice(100))
      expect(await keeper.find(headerOf(`2~${second}`, first.slice(2)))).toBeUndefined()
      expect(await keeper.find(headerOf(first, second.slice(1)))).toBeUndefined()
      expect(await keeper.find(headerOf(first.slice(0, -1), second))).toBeUndefined()
      expect(await keeper.find(`__Host-session=${first}`)).toBeUndefined()
      expect(await keeper.find(`__Host-session=${first.slice(2)}`)).toBeUndefined()
      // Where it is split is not secret, and nothing depends on it.
      expect(await keeper.find(moved)).toBeDefined()
    })

    it('forgets the second cookie when it is not needed any more', async () => {
      const one = await loggedIn(keeper, contentOf('jane', LARGE))
      const session = await keeper.find(one.header)
      expect(one.cookies.size).toBe(2)
      if (session !== undefined) one.take((await keeper.replace(session, jane))?.setCookies)
      expect(one.cookies.size).toBe(1)
      expect((await keeper.find(one.header))?.content).toEqual(jane)
    })
  })

  it('refuses a session that is too large, and says what to do', async () => {
    const keeper = keeperOf({ maxCookies: 1 })
    const { session } = await keeper.begin(jane)
    const message = /^the session has \d+ bytes and cookies have room for \d+: keep sessions in a store/
    await expect(keeper.begin(contentOf('jane', LARGE))).rejects.toThrow(message)
    await expect(keeper.replace(session, contentOf('jane', LARGE))).rejects.toThrow(message)
    expect((await keeper.replace(session, jane))?.session.version).toBe(1)
    expect((await keeperOf({ maxCookies: 2 }).begin(contentOf('jane', LARGE))).setCookies).toHaveLength(2)
  })

  it('accepts a copy of a cookie after logout in a process that is not told', async () => {
    // The known weakness: `ended` must be shared.
    const keeper = keeperOf()
    const { header } = await loggedIn(keeper, jane)
    const session = await keeper.find(header)
    await keeper.end(session)
    expect(await keeper.find(header)).toBeUndefined()
    expect(await keeperOf().find(header)).toBeDefined()
  })

  it('tells the list of ended sessions, which other processes may share', async () => {
    const ended = revocationList({ clock })
    const [one, other] = [keeperOf({ ended }), keeperOf({ ended })]
    const { header } = await loggedIn(one, jane)
    await one.end(await one.find(header))
    expect(await other.find(header)).toBeUndefined()
    expect(ended.size).toBe(1)
  })

  it('asks a function about the credential of the session', async () => {
    const { header } = await loggedIn(keeperOf(), jane)
    const asked: unknown[] = []
    const keeper = keeperOf({
      ended: (credential) => {
        asked.push({ ...credential })
        return credential.user.username === 'bob'
      },
    })
    const session = await keeper.find(header)
    expect(asked).toEqual([
      {
        user: {
          username: 'jane',
          uid: '',
          groups: [],
          extra: {
            'authentication.kubernetes.io/credential-id': [`SESSION=${session?.digest}`],
            'login.kube-authn.dev/provider-session': ['[null,"sid-jane"]', '["example","sid-jane"]'],
          },
        },
        issuedAtMs: session?.startedAtMs,
        expiresAtMs: session?.endsAtMs,
        tokenSha256: undefined,
      },
      expect.objectContaining({
        user: expect.objectContaining({ username: 'login.kube-authn.dev/subject ["example","sub-jane"]' }),
      }),
    ])
    await expect(keeper.endWhere({ username: 'jane' })).rejects.toMatchObject({ code: 'unavailable' })
    await expect(keeper.begin(contentOf('bob'))).rejects.toMatchObject({ code: 'unavailable' })
  })

  it.each([
    [
      'throws',
      () => {
        throw new Error('secret')
      },
    ],
    [
      'rejects',
      async () => {
        throw new Error('secret')
      },
    ],
    ['returns no boolean', () => undefined],
  ])('finds no session, and says unavailable, if that function %s', async (_, ended) => {
    const { header } = await loggedIn(keeperOf(), jane)
    const keeper = keeperOf({ ended: ended as never })
    await expect(keeper.find(header)).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.not.stringContaining('secret'),
    })
  })

  it('does not say that a session has ended if that could not be recorded', async () => {
    const set = async (): Promise<void> => {
      throw new Error('away')
    }
    const ended = { ...revocationList({ clock }), set }
    const keeper = keeperOf({ ended })
    const { session } = await keeper.begin(jane)
    await expect(keeper.end(session)).rejects.toMatchObject({ code: 'unavailable' })
    await expect(keeper.begin(jane, session)).rejects.toMatchObject({ code: 'unavailable' })
  })

  it.each([{ subject: 'sub-jane' }, { provider: 'example' }, { provider: 'example', username: 'jane' }])(
    'refuses to end what it cannot find: %j',
    async (selector) => {
      await expect(keeperOf().endWhere(selector)).rejects.toMatchObject({ code: 'invalidConfiguration' })
    },
  )

  it('does not know how many have ended', async () => {
    expect(await keeperOf().endWhere({ username: 'jane-doe' })).toBeUndefined()
  })

  it('remembers replaced content for a minute only, since browsers have the new cookie then', async () => {
    const time = fixedClock()
    const keeper = keeperOf({ clock: time })
    const one = browser()
    const { session, setCookies } = await keeper.begin(jane)
    one.take(setCookies)
    await keeper.replace(session, { ...jane, idToken: 'new' })
    time.advance(59_999)
    expect((await keeper.find(one.header))?.version).toBe(1)
    time.advance(1)
    expect((await keeper.find(one.header))?.version).toBe(0)
  })
})
