import { ConfigurationError } from '@kube-authn/core'
import { cached } from '@kube-authn/core/remote'
import { describe, expect, it } from 'vitest'
import { fixedClock, settled, thrownBy } from '../../core/test/fakes.ts'
import {
  EXPIRES_AT_MS,
  fakeKeystone,
  FERNET,
  FERNET_2,
  groupsAnswer,
  JANES_TOKEN,
  type KeystoneScript,
  refusalAnswer,
  tokenAnswer,
} from '../test/keystone.ts'
import { keystoneToken, type KeystoneTokenOptions } from './keystone-token.ts'

const url = 'https://keystone.example.com:5000'
const JWS = 'eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJqYW5lIn0.c2lnbmF0dXJl'

const jane: KeystoneScript = ({ url: { pathname } }) =>
  pathname.endsWith('/groups') ? groupsAnswer(['developers']) : tokenAnswer()

/** What Keystone says of a token, and then of groups. */
const says =
  (answer: () => Response): KeystoneScript =>
  (call) =>
    call.url.pathname.endsWith('/groups') ? jane(call) : answer()

function tokensOf(script: KeystoneScript, options: Partial<KeystoneTokenOptions> = {}) {
  const { fetch, calls } = fakeKeystone(script)
  const clock = fixedClock(EXPIRES_AT_MS - 3_600_000)
  const tokens = keystoneToken({ url, fetch, clock, ...options })
  return { tokens, ask: async (token = FERNET) => tokens.authenticateToken(token, {}), calls, clock }
}

describe('keystoneToken', () => {
  it('knows whose token it is, and asks with nothing but the token', async () => {
    const { ask, calls } = tokensOf(jane)
    expect(await ask()).toMatchObject({
      user: { username: 'jane', uid: '742b0e6e74e140019f56a6ce2058a6dd', groups: ['developers', 'a94d7f60'] },
      expiresAtMs: EXPIRES_AT_MS,
    })
    expect(
      calls.map(({ url: { href }, headers }) => [href, headers['x-auth-token'], headers['x-subject-token']]),
    ).toEqual([
      [`${url}/v3/auth/tokens?nocatalog`, FERNET, FERNET],
      [`${url}/v3/users/742b0e6e74e140019f56a6ce2058a6dd/groups`, FERNET, undefined],
    ])
    // Only who says that they know access rules gets to see a token that has some.
    expect(calls.flatMap(({ headers }) => Object.keys(headers))).not.toContain(
      'openstack-identity-access-rules',
    )
  })

  it.each([401, 404])('has no opinion on a token that Keystone does not know (%d)', async (status) => {
    expect(await tokensOf(() => refusalAnswer(status)).ask()).toBeUndefined()
  })

  it.each<[string, () => Response | Promise<Response>, string]>([
    ['rejects a token that may not be asked about with itself', () => refusalAnswer(403), 'rejected'],
    ['cannot tell during an outage', () => refusalAnswer(503), 'unavailable'],
    ['cannot tell without a connection', () => Promise.reject(new TypeError('no')), 'unavailable'],
    [
      'cannot tell when something else answers',
      () => new Response('<html>', { status: 404, headers: { 'content-type': 'text/html' } }),
      'unavailable',
    ],
    [
      'rejects a token that has expired by our clock',
      () => tokenAnswer({ expires_at: '2026-11-25T03:18:24Z' }),
      'rejected',
    ],
    ['cannot tell without a user', () => tokenAnswer({ user: null }), 'unavailable'],
    [
      'rejects who acts for the user by a trust',
      () => tokenAnswer({ 'OS-TRUST:trust': { id: 't' } }),
      'rejected',
    ],
    [
      'rejects who acts for the user by OAuth',
      () => tokenAnswer({ 'OS-OAUTH1': { access_token_id: 't' } }),
      'rejected',
    ],
    [
      'rejects a user of another domain with the same name',
      () => tokenAnswer({ user: { ...JANES_TOKEN.user, domain: { id: 'evil', name: 'Default' } } }),
      'rejected',
    ],
  ])('%s', async (_, answer, code) => {
    const thrown = await thrownBy(
      tokensOf(async (call) => (call.url.pathname.endsWith('/groups') ? jane(call) : answer())).ask,
    )
    expect(thrown).toMatchObject({ name: 'AuthenticationError', code })
    expect(String(thrown)).not.toContain('gAAAAA')
  })

  it('has the groups of the owner not for an application credential, and its roles only', async () => {
    const script = says(() =>
      tokenAnswer({
        application_credential: { id: 'a', restricted: true },
        roles: [{ id: 'r', name: 'reader' }],
      }),
    )
    const { ask, calls } = tokensOf(script)
    expect((await ask())?.user).toMatchObject({
      username: 'jane',
      groups: ['a94d7f60'],
      extra: { 'alpha.kubernetes.io/identity/roles': ['reader'] },
    })
    expect(calls).toHaveLength(1)
  })

  it.each([
    ['a Fernet token', 'fernet', FERNET, true],
    ['its padding', 'fernet', `${FERNET}=`, false],
    ['one that is too short', 'fernet', 'gAAAAABrBlOA', false],
    ['one of another version', 'fernet', FERNET.replace('g', 'h'), false],
    ['one with a line end', 'fernet', `${FERNET}\n`, false],
    ['one with a header behind it', 'fernet', `${FERNET}\r\nX-Auth-Token: admin`, false],
    ['one with a comma', 'fernet', `${FERNET},${FERNET}`, false],
    ['one that is too long', 'fernet', `${FERNET}${'x'.repeat(2048)}`, false],
    ['a JWT where tokens are Fernet', 'fernet', JWS, false],
    [
      'a token of a service account',
      'fernet',
      `eyJhbGciOiJSUzI1NiJ9.${'x'.repeat(900)}.${'y'.repeat(340)}`,
      false,
    ],
    ['a bootstrap token', 'fernet', 'abcdef.0123456789abcdef', false],
    ['a UUID', 'fernet', '31ada4fd-adec-460c-809a-9e56ceb75269', false],
    ['nothing', 'fernet', '', false],
    ['a JWT', 'jws', JWS, true],
    ['one without a signature', 'jws', 'eyJhbGciOiJub25lIn0.eyJzdWIiOiJqYW5lIn0.', false],
    ['a JWE', 'jws', `${JWS}.x.y`, false],
    ['a Fernet token where tokens are JWTs', 'jws', FERNET, false],
    ['a Fernet token', 'any', FERNET, true],
    ['a JWT', 'any', JWS, true],
    ['32 digits', 'any', '0123456789abcdef0123456789abcdef', true],
    ['a space', 'any', 'a b', false],
    ['a line end', 'any', 'a\n', false],
    ['U+0000', 'any', 'a\0', false],
    ['another alphabet', 'any', 'töken', false],
    ['more than a header takes', 'any', 'x'.repeat(2049), false],
  ] as const)('%s, with the provider %s: %s is sent: %s', async (_, tokenProvider, token, isSent) => {
    const { tokens, calls } = tokensOf(jane, { tokenProvider })
    const answer = tokens.authenticateToken(token, {})
    // Where there is nothing to ask there is nothing to wait for.
    if (!isSent) expect(answer).toBeUndefined()
    else expect((await answer)?.user.username).toBe('jane')
    expect(calls.length > 0).toBe(isSent)
  })

  it('never mixes tokens up, however many are asked about at once', async () => {
    const { ask, calls } = tokensOf(async ({ url: { pathname }, headers }) => {
      const name = headers['x-auth-token']?.endsWith('x') === true ? 'x' : 'y'
      await settled()
      if (pathname.endsWith('/groups')) return groupsAnswer([`group of ${pathname.split('/')[3]}`])
      return tokenAnswer({ user: { ...JANES_TOKEN.user, id: name, name } })
    })
    const asked = Array.from({ length: 30 }, (_, index) => (index % 2 === 0 ? FERNET : FERNET_2))
    const answers = await Promise.all(asked.map(ask))
    expect(answers.map((answer) => [answer?.user.username, answer?.user.groups[0]])).toEqual(
      asked.map((token) => (token === FERNET ? ['x', 'group of x'] : ['y', 'group of y'])),
    )
    for (const { headers } of calls) {
      expect(headers['x-subject-token'] ?? headers['x-auth-token']).toBe(headers['x-auth-token'])
    }
  })

  it('counts behind a cache for no longer than it lasts', async () => {
    const { tokens, calls, clock } = tokensOf(jane)
    const behind = cached(tokens, { clock, successTtlSeconds: 100_000 })
    await behind.authenticateToken(FERNET, {})
    clock.advance(3_599_999)
    await behind.authenticateToken(FERNET, {})
    expect(calls).toHaveLength(2)
    clock.advance(1)
    expect(await thrownBy(() => behind.authenticateToken(FERNET, {}))).toMatchObject({ code: 'rejected' })
  })

  it('lets go of a Keystone that does not answer', async () => {
    const { ask, clock, calls } = tokensOf(() => new Promise(() => undefined))
    const thrown = thrownBy(ask)
    await settled()
    clock.advance(10_000)
    expect(await thrown).toMatchObject({ code: 'unavailable', message: 'Keystone did not answer in time' })
    expect(calls[0]?.init.signal.aborted).toBe(true)
    expect(clock.pending).toBe(0)
  })

  it('does not ask for a caller who has given up', async () => {
    const { tokens, calls } = tokensOf(jane)
    const signal = AbortSignal.abort()
    expect(await thrownBy(() => tokens.authenticateToken(FERNET, { signal }))).toMatchObject({
      code: 'unavailable',
    })
    expect(calls).toEqual([])
  })
})

describe('keystoneToken in the name of a service', () => {
  it('asks about tokens with the token of the service, and for groups with the one of the user', async () => {
    const { ask, calls } = tokensOf(jane, { serviceToken: 'svc' })
    expect((await ask())?.user.username).toBe('jane')
    expect(calls.map(({ headers }) => [headers['x-auth-token'], headers['x-subject-token']])).toEqual([
      ['svc', FERNET],
      [FERNET, undefined],
    ])
  })

  it('has no opinion on a token that Keystone does not know', async () => {
    expect(await tokensOf(() => refusalAnswer(404), { serviceToken: 'svc' }).ask()).toBeUndefined()
  })

  it.each([401, 403, 500])('cannot tell when the service is refused (%d)', async (status) => {
    const { ask, calls } = tokensOf(() => refusalAnswer(status), { serviceToken: 'svc' })
    expect(await thrownBy(ask)).toMatchObject({ code: 'unavailable' })
    expect(calls).toHaveLength(1)
  })

  it('asks once more with a new token of the service when the old one is refused', async () => {
    const refused: (string | undefined)[] = []
    const { ask, calls } = tokensOf(
      (call) => (call.headers['x-auth-token'] === 'old' ? refusalAnswer(401) : jane(call)),
      {
        serviceToken: async (token) => {
          refused.push(token)
          return token === 'old' ? 'new' : 'old'
        },
      },
    )
    expect((await ask())?.user.username).toBe('jane')
    expect(refused).toEqual([undefined, 'old'])
    expect(calls.map(({ headers }) => headers['x-auth-token'])).toEqual(['old', 'new', FERNET])
  })

  it('asks no third time', async () => {
    const { ask, calls } = tokensOf(() => refusalAnswer(401), { serviceToken: async () => 'svc' })
    expect(await thrownBy(ask)).toMatchObject({ code: 'unavailable' })
    expect(calls).toHaveLength(2)
  })

  it('cannot tell when there is no token of the service', async () => {
    const failure = new Error('no login')
    const { ask } = tokensOf(jane, { serviceToken: () => Promise.reject(failure) })
    expect(await thrownBy(ask)).toBe(failure)
  })
})

describe('options of keystoneToken', () => {
  it('are refused all at once', () => {
    const make = (): unknown =>
      keystoneToken({
        url: '',
        timeoutSeconds: -1,
        projects: [],
        // An operator in plain JavaScript.
        tokenProvider: 'uuid' as never,
        serviceToken: 'a\nb',
      })
    expect(make).toThrow(ConfigurationError)
    for (const path of ['url', 'timeoutSeconds', 'projects', 'tokenProvider', 'serviceToken']) {
      expect(make).toThrow(`${path}: `)
    }
    expect(make).not.toThrow('a\nb')
  })
})
