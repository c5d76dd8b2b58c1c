import { describe, expect, it, vi } from 'vitest'
import {
  authorized,
  bob,
  fails,
  jane,
  knows,
  later,
  noOpinion,
  passwords,
  recorder,
  request,
  requests,
  tokens,
} from '../../test/fakes.ts'
import { authenticatorChain } from '../chain/chain.ts'
import { anonymous } from '../request/anonymous/anonymous.ts'
import type { Authentication, Authenticator } from '../authenticator/authenticator.ts'
import { basic } from '../request/basic.ts'
import { bearerToken } from '../request/bearer-token.ts'
import { aggregate, ConfigurationError, rejected, unavailable } from '../authenticator/errors.ts'
import type { RequestEvent } from '../authenticator/events.ts'
import type { LogEntry } from '../authenticator/log.ts'
import { StatusError } from '../authenticator/status.ts'
import { authenticatedGroup } from '../authenticator/groups.ts'
import { failFast, union } from '../authenticator/union.ts'
import { type UserInfo, userInfo } from '../authenticator/user.ts'
import { tokenFile } from '../token/file/token-file.ts'
import { webSocketProtocol } from '../request/web-socket-protocol.ts'
import { authenticateRequest } from './authenticate-request.ts'
import type { AuthenticatedRequest, RefusedRequest } from './request-outcome.ts'
import type { AuthenticateRequestOptions } from './authenticate-request-options.ts'

async function accepted(
  authenticator: Authenticator,
  options?: AuthenticateRequestOptions,
  asked = request(),
): Promise<AuthenticatedRequest> {
  const outcome = await authenticateRequest(authenticator, options)(asked)
  if ('failure' in outcome) throw new Error('refused', { cause: outcome.failure })
  return outcome
}

async function refused(
  authenticator: Authenticator,
  options?: AuthenticateRequestOptions,
  asked = request(),
): Promise<RefusedRequest> {
  const outcome = await authenticateRequest(authenticator, options)(asked)
  if (!('failure' in outcome)) throw new Error('accepted')
  return outcome
}

const SECRET = 'c2VjcmV0'
const whenever = [
  ['at once', <T>(answer: T): T => answer],
  ['later', later],
] as const

describe.each(whenever)('a refusal that is decided %s', (_, when) => {
  it.each([
    ['no authenticator has an opinion', noOpinion],
    ['a credential is bad', fails(rejected(`bad: ${SECRET}`))],
    ['a check could not be made', fails(unavailable(`down: ${SECRET}`, { cause: new Error(SECRET) }))],
    ['an authenticator is broken', fails(new TypeError(SECRET))],
    ['an authenticator throws what is no error', fails(SECRET)],
    ['an authenticator throws nothing', fails(undefined)],
    ['the user has no name', knows(userInfo({ username: '' }))],
  ])('is one and the same 401 when %s', async (_name, answer) => {
    const { failure } = await refused(requests(when(answer)))
    expect(failure).toBeInstanceOf(StatusError)
    expect(failure.status).toBe(401)
    expect(failure.message).toBe('Unauthorized')
    expect(failure.headers).toEqual({
      'content-type': 'application/json',
      'cache-control': 'no-cache, private',
    })
    expect(failure.body).toEqual({
      kind: 'Status',
      apiVersion: 'v1',
      metadata: {},
      status: 'Failure',
      message: 'Unauthorized',
      reason: 'Unauthorized',
      code: 401,
    })
    expect(JSON.stringify(failure)).not.toContain(SECRET)
    expect(await failure.getResponse().text()).not.toContain(SECRET)
  })

  it.each([
    ['undefined as a user', { user: undefined }],
    ['null as a user', { user: null }],
    ['nothing of an answer', {}],
    ['null as an answer', null],
    ['false as an answer', false],
    ['text as an answer', 'jane'],
    ['a user without a name', { user: {} }],
    ['a frozen user without a name', { user: Object.freeze({ groups: [] }) }],
    ['a name that is not a string', { user: { username: 42 } }],
    ['a name that is an object', { user: { username: { toString: () => 'root' } } }],
    ['groups that are no list', { user: { username: 'jane', groups: 'admins' } }],
    ['groups that are not strings', { user: { username: 'jane', groups: [7] } }],
    ['a uid that is not a string', { user: { username: 'jane', uid: 7 } }],
    [
      'a uid that is not a string, frozen',
      { user: Object.freeze({ ...userInfo({ username: 'a' }), uid: 7 }) },
    ],
    [
      'groups that are not strings, frozen',
      { user: Object.freeze({ ...userInfo({ username: 'a' }), groups: Object.freeze(['a', {}]) }) },
    ],
    ['extra that is not an object', { user: { username: 'jane', extra: { key: 7 } } }],
    ['extra values that are no list', { user: { username: 'jane', extra: { key: 'value' } } }],
    ['extra values that are not strings', { user: { username: 'jane', extra: { key: ['a', 7] } } }],
    [
      'extra values that are not strings, frozen',
      {
        user: Object.freeze({
          ...userInfo({ username: 'a' }),
          extra: Object.freeze({ key: Object.freeze([{}]) }),
        }),
      },
    ],
    [
      'a user that cannot be read',
      {
        get user() {
          throw new Error(SECRET)
        },
      },
    ],
  ])('never throws, whatever an authenticator in JavaScript answers: %s', async (_name, answer) => {
    const { failure } = await refused(requests(when(() => answer as unknown as Authentication)))
    expect(failure.status).toBe(401)
    expect(JSON.stringify(failure)).not.toContain(SECRET)
    const inGroup = await refused(
      authenticatedGroup(requests(when(() => answer as unknown as Authentication))),
    )
    expect(inGroup.failure.status).toBe(401)
  })
})

describe('the cause of a refusal', () => {
  it('is there for logs', async () => {
    const error = rejected('bad')
    expect((await refused(requests(fails(error)))).failure.cause).toBe(error)
  })

  it('is absent when no authenticator had an opinion', async () => {
    expect('cause' in (await refused(requests(noOpinion))).failure).toBe(false)
  })

  it.each([
    ['the name is empty', userInfo({ username: '' }), 'the user has no name'],
    ['the name is missing', { uid: '' } as UserInfo, 'the user has no name'],
  ])('says so when %s', async (_, user, message) => {
    expect((await refused(requests(knows(user)))).failure.cause).toMatchObject({ code: 'rejected', message })
  })
})

describe('unavailableStatus', () => {
  it.each([
    ['an outage by default', unavailable('down'), undefined, 401],
    ['an outage when asked to', unavailable('down'), 503, 503],
    ['a bad credential all the same', rejected('bad'), 503, 401],
  ] as const)('gives %s the right status', async (_, error, unavailableStatus, status) => {
    const options = unavailableStatus === undefined ? {} : { unavailableStatus }
    expect((await refused(requests(fails(error)), options)).failure.status).toBe(status)
  })

  it.each([
    ['by itself', unavailable('busy', { retryAfterSeconds: 2 }), '2'],
    ['in parts of a second', unavailable('busy', { retryAfterSeconds: 1.2 }), '2'],
    ['at once', unavailable('busy', { retryAfterSeconds: 0 }), '1'],
    ['in a time that is none', unavailable('busy', { retryAfterSeconds: Number.NaN }), '1'],
    ['in a negative time', unavailable('busy', { retryAfterSeconds: -5 }), '1'],
    ['never', unavailable('busy', { retryAfterSeconds: Infinity }), '3600'],
    [
      'beside a bad credential',
      aggregate([rejected('bad'), unavailable('busy', { retryAfterSeconds: 3 })]),
      '3',
    ],
    [
      'beside an outage',
      aggregate([unavailable('down'), unavailable('busy', { retryAfterSeconds: 3 })]),
      '3',
    ],
    [
      'beside an outage with the same text',
      aggregate([unavailable('busy'), unavailable('busy', { retryAfterSeconds: 3 }), rejected('busy')]),
      '3',
    ],
    [
      'in the longest of several times',
      aggregate([
        unavailable('busy', { retryAfterSeconds: 7 }),
        unavailable('busier', { retryAfterSeconds: 3 }),
      ]),
      '7',
    ],
  ])('is 503 whatever it says where a check may be asked for again %s', async (_, error, seconds) => {
    for (const unavailableStatus of [401, 503] as const) {
      const authenticator = basic(passwords(fails(error)))
      const { failure } = await refused(authenticator, { unavailableStatus }, authorized('Basic YTpi'))
      expect(failure.status).toBe(503)
      expect(failure.headers['retry-after']).toBe(seconds)
      expect(failure.headers).not.toHaveProperty('www-authenticate')
      expect(failure.body.details).toEqual({ retryAfterSeconds: Number(seconds) })
    }
  })

  it('stays 401 for a bad credential that says when to come again', async () => {
    const { failure } = await refused(requests(fails(rejected('bad', { retryAfterSeconds: 2 }))))
    expect(failure.status).toBe(401)
    expect(failure.headers).not.toHaveProperty('retry-after')
  })

  it('does not turn a missing credential into an outage', async () => {
    expect((await refused(requests(noOpinion), { unavailableStatus: 503 })).failure.status).toBe(401)
  })

  it('sends a fixed text and no challenge', async () => {
    const authenticator = bearerToken(tokens(fails(unavailable(SECRET))))
    const { failure } = await refused(authenticator, { unavailableStatus: 503 }, authorized('Bearer t'))
    expect(failure.body).toMatchObject({
      reason: 'ServiceUnavailable',
      message: 'Authentication is temporarily unavailable',
      code: 503,
    })
    expect(failure.headers).not.toHaveProperty('www-authenticate')
    expect(JSON.stringify(failure.body)).not.toContain(SECRET)
  })
})

describe('challenges', () => {
  const everything = union(
    basic(passwords(noOpinion)),
    bearerToken(tokens(noOpinion)),
    webSocketProtocol(tokens(noOpinion)),
  )
  const challenge = async (
    authenticator: Authenticator,
    options?: AuthenticateRequestOptions,
    asked = request(),
  ) => (await refused(authenticator, options, asked)).failure.headers['www-authenticate']

  it.each([
    ['nothing for a chain that names no scheme', requests(noOpinion), undefined],
    ['Bearer for tokens', bearerToken(tokens(noOpinion)), 'Bearer realm="kubernetes-master"'],
    ['Basic for passwords', basic(passwords(noOpinion)), 'Basic realm="kubernetes-master"'],
    [
      'Negotiate without a realm, as RFC 4559 has it',
      { ...requests(noOpinion), credentials: { schemes: ['Negotiate'] } } satisfies Authenticator,
      'Negotiate',
    ],
    ['each scheme once', everything, ['Basic realm="kubernetes-master"', 'Bearer realm="kubernetes-master"']],
  ])('are %s', async (_, authenticator, expected) => {
    expect(await challenge(authenticator)).toEqual(expected)
  })

  it('say that a token was refused', async () => {
    expect(await challenge(everything, {}, authorized('Bearer t'))).toEqual([
      'Basic realm="kubernetes-master"',
      'Bearer realm="kubernetes-master", error="invalid_token"',
    ])
  })

  it.each([
    ['a password was refused', everything, authorized(`Basic ${btoa('jane:secret')}`)],
    ['a token could not be checked', bearerToken(tokens(fails(unavailable('down')))), authorized('Bearer t')],
    ['there was no token', everything, authorized('Bearer ')],
    ['there was no credential', everything, request()],
  ])('do not say so when %s', async (_, authenticator, asked) => {
    expect(JSON.stringify(await challenge(authenticator, {}, asked))).not.toContain('invalid_token')
  })

  it('are absent when switched off', async () => {
    expect(await challenge(everything, { challenges: 'none' }, authorized('Bearer t'))).toBeUndefined()
  })

  it('quote the realm', async () => {
    expect(await challenge(bearerToken(tokens(noOpinion)), { realm: 'a "b" \\' })).toBe(
      'Bearer realm="a \\"b\\" \\\\"',
    )
  })

  it('are sent as one header each', async () => {
    const { failure } = await refused(everything)
    expect(failure.getResponse().headers.get('www-authenticate')).toBe(
      'Basic realm="kubernetes-master", Bearer realm="kubernetes-master"',
    )
  })
})

describe('audiences', () => {
  it.each([
    ['the credential knows of none', undefined, undefined],
    ['the credential names none', [], undefined],
    ['one of them is asked for', ['x', 'api'], undefined],
    ['another is asked for', ['x'], 'the credential is not valid for the audiences of this server'],
    ['it differs in case', ['API'], 'the credential is not valid for the audiences of this server'],
  ])('are judged when %s', async (_, audiences, problem) => {
    const answer = knows(jane, audiences === undefined ? {} : { audiences })
    const outcome = await authenticateRequest(requests(answer), { audiences: ['api', 'other'] })(request())
    const failure = 'failure' in outcome ? outcome.failure : undefined
    expect((failure?.cause as Error | undefined)?.message).toBe(problem)
  })

  it('of a credential do not matter where none are asked for', async () => {
    expect((await accepted(requests(knows(jane, { audiences: ['x'] })))).authentication.user).toBe(jane)
  })

  it('are those of the authenticator, unless the handler is told otherwise', async () => {
    const authenticator = { ...requests(knows(jane, { audiences: ['api'] })), audiences: ['other'] }
    expect(await refused(authenticator)).toHaveProperty('failure')
    expect(await accepted(authenticator, { audiences: ['api'] })).toHaveProperty('authentication')
  })

  it('are what the authenticator is asked for', async () => {
    const asked: unknown[] = []
    const authenticator: Authenticator = {
      name: 'asking',
      authenticate: (_, context) => {
        asked.push(context.audiences)
        return { user: jane }
      },
    }
    await accepted(authenticator, { audiences: ['api'] })
    await accepted(authenticator)
    expect(asked).toEqual([['api'], undefined])
  })
})

describe('header changes after success', () => {
  const always = {
    remove: ['authorization', 'x-remote-user', 'x-remote-uid', 'x-remote-group'],
    removePrefixes: ['x-remote-extra-'],
    removeTwinsOf: ['impersonate-', 'impersonate-extra-'],
  }

  it('remove credentials and the front proxy headers, whichever authenticator accepted', async () => {
    expect((await accepted(requests(knows(jane)))).headerChanges).toEqual(always)
    expect((await accepted(anonymous())).headerChanges).toEqual(always)
  })

  it('are one object while nothing changes, for speed', async () => {
    const authenticate = authenticateRequest(bearerToken(tokens(knows(jane))))
    const changes = [
      await authenticate(authorized('Bearer a')),
      await authenticate(authorized('Bearer b')),
    ].map((outcome) => 'headerChanges' in outcome && outcome.headerChanges)
    expect(changes[0]).toBe(changes[1])
  })

  it('add what the credential came in', async () => {
    const consumed = { remove: ['x-token'], removePrefixes: ['x-t-'], replace: [['x-r', 'v']] as const }
    expect((await accepted(requests(knows(jane, { consumed })))).headerChanges).toEqual({
      remove: [...always.remove, 'x-token'],
      removePrefixes: ['x-remote-extra-', 'x-t-'],
      removeTwinsOf: always.removeTwinsOf,
      replace: [['x-r', 'v']],
    })
  })

  it('add what is configured, and follow it', async () => {
    let configured = { remove: ['x-user'] }
    const authenticator = {
      ...requests(knows(jane)),
      credentials: { schemes: [], identityHeaders: [() => configured] },
    }
    const authenticate = authenticateRequest(authenticator)
    const removed = async () => {
      const outcome = await authenticate(request())
      return 'headerChanges' in outcome ? outcome.headerChanges.remove : []
    }
    expect(await removed()).toContain('x-user')
    configured = { remove: ['x-other'] }
    expect(await removed()).toContain('x-other')
    expect(await removed()).not.toContain('x-user')
  })

  it('do not carry over from one credential to the next', async () => {
    let consumed = { remove: ['x-once'] }
    const authenticate = authenticateRequest(requests(() => ({ user: jane, consumed })))
    await authenticate(request())
    consumed = { remove: [] }
    const outcome = await authenticate(request())
    expect('headerChanges' in outcome && outcome.headerChanges).toEqual(always)
  })

  it('refuse a request, and do not throw, when what is configured cannot be read', async () => {
    const identityHeaders = [
      () => {
        throw new Error(SECRET)
      },
    ]
    const { failure } = await refused({
      ...requests(knows(jane)),
      credentials: { schemes: [], identityHeaders },
    })
    expect(failure.status).toBe(401)
  })
})

describe('what an authenticator says of its credentials', () => {
  const header = () => [{ type: 'header', name: 'X-API-Key' }] as const
  const broken = () => {
    throw new Error(SECRET)
  }

  it.each([
    ['is told to an observer of a refusal', [header], ['x-api-key']],
    ['decides nothing where it throws', [broken], undefined],
    ['counts where another description throws', [broken, header], ['x-api-key']],
    ['decides nothing where it is not a list', [() => undefined as unknown as []], undefined],
    ['decides nothing where it has no name', [() => [{ type: 'header' }] as unknown as []], undefined],
  ])('%s', async (_, known, expected) => {
    for (const answer of [noOpinion, fails(rejected('bad'))]) {
      const { observer, events } = recorder()
      const authenticator = { ...requests(answer), credentials: { schemes: [], known } }
      const { failure } = await refused(authenticator, { observer })
      expect(failure.status).toBe(401)
      const event = events.find(({ type }) => type === 'request')
      expect(event && 'credentialHeaders' in event ? event.credentialHeaders : undefined).toEqual(expected)
    }
  })
})

describe('warnings', () => {
  const warning = (...warnings: readonly string[]): Authenticator => ({
    name: 'warning',
    authenticate(_, context) {
      for (const text of warnings) context.warn?.(text)
      return { user: jane }
    },
  })

  it('reach the client on success, each text once and in order', async () => {
    expect((await accepted(warning('b', 'a', 'b'))).warnings).toEqual(['b', 'a'])
  })

  it('reach the client on failure, as headers of their own', async () => {
    const { failure } = await refused(bearerToken(tokens(noOpinion)), {}, authorized('Bearer  t'))
    expect(failure.headers['warning']).toEqual([
      '299 - "the provided Authorization header contains extra space before the bearer token, and is ignored"',
    ])
  })

  it('reach the client in an outage too', async () => {
    const authenticator: Authenticator = {
      name: 'warning',
      authenticate(_, context) {
        context.warn?.('a "quoted" ö text')
        throw unavailable('down')
      },
    }
    const { failure } = await refused(authenticator, { unavailableStatus: 503 })
    expect(failure.headers['warning']).toEqual([String.raw`299 - "a \"quoted\" Ã¶ text"`])
  })

  it('of one request are not those of the next', async () => {
    const authenticate = authenticateRequest(bearerToken(tokens(noOpinion)))
    await authenticate(authorized('Bearer  t'))
    const outcome = await authenticate(request())
    expect('failure' in outcome && outcome.failure.headers).not.toHaveProperty('warning')
  })
})

describe('closesConnection', () => {
  const over = (httpVersionMajor: number) => request({ httpVersionMajor })

  it('is off when switched off', async () => {
    const authenticate = authenticateRequest(anonymous(), { closeUnauthenticatedHttp2: false })
    const refuse = authenticateRequest(requests(noOpinion), { closeUnauthenticatedHttp2: false })
    expect((await authenticate(over(2))).closesConnection).toBe(false)
    expect((await refuse(over(2))).closesConnection).toBe(false)
  })

  it.each([
    ['a refused request over HTTP/2', requests(noOpinion), 2, true],
    ['a refused request over HTTP/1', requests(noOpinion), 1, false],
    ['an anonymous request over HTTP/2', anonymous(), 2, true],
    ['an anonymous request over HTTP/1', anonymous(), 1, false],
    ['a user over HTTP/2', requests(knows(jane)), 2, false],
    [
      'a user in system:unauthenticated over HTTP/2',
      requests(knows(userInfo({ username: 'x', groups: ['system:unauthenticated'] }))),
      2,
      true,
    ],
    ['a user over HTTP/1', requests(knows(jane)), 1, false],
  ] as const)('is right for %s', async (_, authenticator, version, expected) => {
    const outcome = await authenticateRequest(authenticator)(over(version))
    expect(outcome.closesConnection).toBe(expected)
  })
})

describe('the user an application gets', () => {
  it('is the same object if it is immutable', async () => {
    expect((await accepted(requests(knows(jane)))).authentication.user).toBe(jane)
  })

  const extra = JSON.parse('{"__proto__":["a"],"key":["b"]}') as Record<string, string[]>

  it.each([
    ['not frozen', { username: 'jane', uid: '1', groups: ['a'], extra }],
    ['frozen on the outside only', Object.freeze({ username: 'jane', uid: '1', groups: ['a'], extra })],
    [
      'frozen but for one list',
      Object.freeze({
        username: 'jane',
        uid: '1',
        groups: Object.freeze(['a']),
        extra: Object.freeze(extra),
      }),
    ],
  ])('is frozen to the bottom when an authenticator gave one that is %s', async (_, user) => {
    const { authentication } = await accepted(requests(knows(user)))
    expect(authentication.user).toEqual(user)
    expect(authentication.user).not.toBe(user)
    expect(Object.isFrozen(authentication.user.groups)).toBe(true)
    expect(Object.getPrototypeOf(authentication.user.extra)).toBeNull()
    expect(Object.keys(authentication.user.extra)).toEqual(['__proto__', 'key'])
    expect(Object.values(authentication.user.extra).every((values) => Object.isFrozen(values))).toBe(true)
    expect({}).not.toHaveProperty('key')
  })

  it('is whole when an authenticator left things out', async () => {
    const { authentication } = await accepted(
      requests(knows(Object.freeze({ username: 'jane' }) as UserInfo)),
    )
    expect(authentication.user).toEqual(userInfo({ username: 'jane' }))
  })

  it('does not follow what an authenticator does to its own later', async () => {
    const groups = ['a']
    const { authentication } = await accepted(
      requests(knows({ username: 'jane', uid: '', groups, extra: {} })),
    )
    groups.push('system:masters')
    expect(authentication.user.groups).toEqual(['a'])
  })

  it('keeps audiences and expiry', async () => {
    const user = { username: 'jane', uid: '', groups: [], extra: {} }
    const { authentication } = await accepted(requests(knows(user, { audiences: ['a'], expiresAtMs: 5 })))
    expect(authentication).toMatchObject({ audiences: ['a'], expiresAtMs: 5 })
  })
})

describe('a request without a credential', () => {
  it.each([
    [undefined, 401],
    [false, 401],
    [true, 'system:anonymous'],
  ])('is anonymous only if it is optional: %s', async (optional, expected) => {
    const options = { log: false, ...(optional !== undefined && { optional }) } as const
    const outcome = await authenticateRequest(requests(noOpinion), options)(request())
    expect('failure' in outcome ? outcome.failure.status : outcome.authentication.user.username).toBe(
      expected,
    )
  })

  it('may be frozen', async () => {
    const asked = Object.freeze(request())
    expect((await refused(requests(noOpinion), { log: false }, asked)).failure.status).toBe(401)
    expect((await accepted(requests(noOpinion), { optional: true }, asked)).isAnonymous).toBe(true)
  })
})

describe('the log', () => {
  const told: [string, LogEntry][] = []
  const log = (name: string) => (entry: LogEntry) => void told.push([name, entry])
  const withLog = (answer: Authenticator['authenticate']) => ({ ...requests(answer), log: log('own') })

  it.each<[string, AuthenticateRequestOptions, readonly string[]]>([
    ['of the authenticator', {}, ['own']],
    ['of the options', { log: log('options') }, ['options']],
    ['of none', { log: false }, []],
  ])('%s has a line for each refused request', async (_, options, expected) => {
    for (const answer of [noOpinion, fails(rejected('bad')), fails(unavailable('down'))]) {
      told.length = 0
      await refused(withLog(answer), options, authorized('Bearer t'))
      expect(told.map(([name]) => name)).toEqual(expected)
      for (const [, entry] of told) expect(entry).toMatchObject({ type: 'refusal', status: 401, path: '/' })
    }
    told.length = 0
    await accepted(withLog(knows(jane)), options)
    expect(told).toEqual([])
  })
})

describe('what an authenticator is told of a request', () => {
  it.each([
    ['192.0.2.1', { remoteAddress: () => '192.0.2.1' }],
    [undefined, {}],
  ])('is the address %s of the client, and the signal of the adapter', async (expected, more) => {
    const { signal } = new AbortController()
    const seen: unknown[] = []
    const looking = requests((_, context) => {
      seen.push(context.remoteAddress, context.signal)
      return { user: jane }
    })
    const asked = Object.defineProperties(request(), Object.getOwnPropertyDescriptors(more))
    await authenticateRequest(looking)(asked, { signal })
    await authenticateRequest(looking)(asked)
    expect(seen).toEqual([expected, signal, expected, undefined])
  })
})

describe('an observer', () => {
  const resultOf = async (authenticator: Authenticator, options: AuthenticateRequestOptions = {}) => {
    const { observer, events } = recorder()
    await authenticateRequest(authenticator, { ...options, observer })(request())
    return events.filter((event): event is RequestEvent => event.type === 'request')
  }

  it.each([
    ['success', requests(knows(jane)), {}],
    ['failure', requests(noOpinion), {}],
    ['error', requests(fails(rejected('bad'))), {}],
    ['error', requests(fails(unavailable('down'))), {}],
    ['error', requests(knows(jane, { audiences: ['x'] })), { audiences: ['api'] }],
    ['error', requests(knows(userInfo({ username: '' }))), {}],
  ] as const)('hears of a request once, as a %s', async (result, authenticator, options) => {
    expect((await resultOf(authenticator, options)).map((event) => event.result)).toEqual([result])
  })

  it('hears why a request is refused, and which headers have credentials', async () => {
    const error = rejected('bad')
    const [failed] = await resultOf(requests(noOpinion), { log: false })
    expect(failed).toMatchObject({ warnings: [], annotations: {} })
    expect(failed).not.toHaveProperty('error')
    expect(failed).not.toHaveProperty('credentialHeaders')
    const known = [() => [{ type: 'header' as const, name: 'X-Auth-Token' }]]
    const ofHeader = { ...requests(fails(error)), credentials: { schemes: [], known } }
    expect(await resultOf(ofHeader, { log: false })).toMatchObject([
      { error, credentialHeaders: ['x-auth-token'] },
    ])
  })

  it('hears of the user, the warnings and the annotations', async () => {
    const now = vi.spyOn(performance, 'now').mockReturnValue(5000)
    const [event] = await resultOf({
      name: 'annotating',
      authenticate(_, context) {
        now.mockReturnValue(7000)
        context.annotate?.('__proto__', 'a')
        context.annotate?.('key', 'b')
        context.warn?.('w')
        return { user: jane }
      },
    })
    expect(event).toMatchObject({ user: jane, warnings: ['w'], durationSeconds: 2 })
    expect(Object.entries(event?.annotations ?? {})).toEqual([
      ['__proto__', 'a'],
      ['key', 'b'],
    ])
  })

  it.each([
    ['throws', fails(new Error('broken'))],
    ['rejects, as an asynchronous function does', later(fails(new Error('broken')))],
  ])('that %s decides nothing, and does not end the process', async (_, broken) => {
    const rejections = vi.fn()
    process.on('unhandledRejection', rejections)
    const observer = broken as () => void
    expect((await accepted(requests(knows(jane)), { observer })).authentication.user).toBe(jane)
    expect((await refused(requests(noOpinion), { observer })).failure.status).toBe(401)
    await new Promise((resolve) => setTimeout(resolve, 5))
    process.off('unhandledRejection', rejections)
    expect(rejections).not.toHaveBeenCalled()
  })
})

describe('authenticateRequest', () => {
  it('answers synchronously when the whole chain does', () => {
    expect(authenticateRequest(requests(knows(jane)))(request())).toMatchObject({
      authentication: { user: jane },
    })
    expect(authenticateRequest(requests(fails(rejected('bad'))))(request())).toHaveProperty('failure')
  })

  it('keeps requests that run at the same time apart', async () => {
    const authenticate = authenticateRequest(
      bearerToken(tokens(async (token) => (token === 'jane' ? { user: jane } : { user: bob }))),
    )
    const outcomes = await Promise.all(
      ['jane', 'bob', 'jane'].map(async (token) => authenticate(authorized(`Bearer ${token}`))),
    )
    expect(outcomes.map((outcome) => 'authentication' in outcome && outcome.authentication.user)).toEqual([
      jane,
      bob,
      jane,
    ])
  })

  it('does not make an anonymous user of a bad credential', async () => {
    const chain = failFast(bearerToken(tokens(noOpinion)), anonymous())
    expect((await refused(chain, {}, authorized('Bearer t'))).failure.status).toBe(401)
    expect((await accepted(chain)).authentication.user.username).toBe('system:anonymous')
  })

  describe('of an answer that only looks like a promise', () => {
    type Answered = ReturnType<Authenticator['authenticate']>
    type Call = (value?: unknown) => void
    const thenable = (then: (resolve: Call, reject: Call) => void): Authenticator =>
      requests(() => new Proxy({}, { has: () => true, get: () => then }) as Answered)

    it.each<[string, Authenticator]>([
      ['refuses and returns nothing', thenable((_, reject) => setTimeout(() => reject(rejected('bad'))))],
      ['refuses at once', thenable((_, reject) => reject(rejected('bad')))],
      [
        'throws',
        thenable(() => {
          throw rejected('bad')
        }),
      ],
      [
        'cannot be read',
        requests(() => new Proxy({}, { has: () => true, get: fails(rejected('bad')) }) as Answered),
      ],
    ])('makes no anonymous user where it %s', async (_, authenticator) => {
      for (const credentials of [authenticator, union(requests(noOpinion), authenticator)]) {
        const chain = failFast(authenticatedGroup(credentials), anonymous())
        expect((await refused(chain)).failure.status).toBe(401)
        expect((await refused(chain, { observer: recorder().observer })).failure.status).toBe(401)
      }
      expect((await refused(authenticator)).failure.cause).toMatchObject({ message: 'bad' })
    })

    it('hears the first call only', async () => {
      const twice = thenable((resolve, reject) => {
        resolve({ user: jane })
        resolve({ user: bob })
        reject(rejected('bad'))
      })
      expect((await accepted(union(requests(noOpinion), twice))).authentication.user).toBe(jane)
    })
  })

  it.each([
    [{ audiences: [] }, 'audiences'],
    [{ unavailableStatus: 500 }, 'unavailableStatus'],
    [{ challenges: 'always' }, 'challenges'],
    [{ realm: 'a\r\nSet-Cookie: a' }, 'realm'],
    [{ realm: 'Zürich' }, 'realm'],
  ])('refuses the options %j', (options, path) => {
    expect(() => authenticateRequest(requests(noOpinion), options as AuthenticateRequestOptions)).toThrow(
      expect.objectContaining({ problems: [expect.objectContaining({ path })] }),
    )
  })

  it.each([undefined, null, {}, tokens(noOpinion)])('refuses %o for an authenticator', (authenticator) => {
    expect(() => authenticateRequest(authenticator as Authenticator)).toThrow(ConfigurationError)
  })

  it.each<[string, object]>([
    ['realm', { realm: 'caf\u00e9' }],
    ['realm', { realm: '\ta' }],
    ['realm', { realm: 5 }],
    ['scopes', { scopes: [] }],
    ['scopes', { scopes: ['a b'] }],
    ['scopes', { scopes: ['"a'] }],
    ['scopes', { scopes: [['a']] }],
    ['resourceMetadataUrl', { resourceMetadataUrl: 'ftp://a.example' }],
    ['resourceMetadataUrl', { resourceMetadataUrl: 'see https://a.example' }],
    ['resourceMetadataUrl', { resourceMetadataUrl: 'https://a.example/"' }],
    ['resourceMetadataUrl', { resourceMetadataUrl: 'https://%' }],
    ['resourceMetadataUrl', { resourceMetadataUrl: ['https://a.example'] }],
    ['unavailableStatus', { unavailableStatus: 500 }],
    ['challenges', { challenges: 'some' }],
    ['impersonationHeaders', { impersonationHeaders: 'maybe' }],
    ['optional', { optional: 1 }],
    ['closeUnauthenticatedHttp2', { closeUnauthenticatedHttp2: 1 }],
    ['observer', { observer: {} }],
    ['log', { log: {} }],
    ['tracing', { tracing: {} }],
  ])('refuses a bad option: %s, %j', (path, options) => {
    expect(() => authenticateRequest(requests(noOpinion), options)).toThrow(path)
    expect(() => authenticateRequest(requests(noOpinion), options)).toThrow(ConfigurationError)
  })

  it.each<AuthenticateRequestOptions>([
    { realm: 'a "b"~' },
    { scopes: ['!', 'orders:write'] },
    { resourceMetadataUrl: 'http://a.example/~x' },
    { unavailableStatus: 401 },
  ])('accepts %j', (options) => {
    expect(authenticateRequest(requests(noOpinion), options)).toBeTypeOf('function')
  })

  it('names all problems at once', () => {
    const options = { audiences: [], realm: '\n' }
    expect(() => authenticateRequest(undefined as unknown as Authenticator, options)).toThrow(
      /authenticator: .*; audiences: .*; realm: /,
    )
  })
})

describe('requests with the same token', () => {
  const withToken = (method: string, ...headers: (readonly [string, string])[]) => ({
    ...request({ headers: [['authorization', 'Bearer t'], ...headers] }),
    method,
  })

  it('get nothing of one another, or from one handler to another', () => {
    const chain = authenticatorChain({ tokens: [tokenFile('t,jane,1,"ops"')] })
    const warning: Authenticator = {
      ...chain,
      authenticate(asked, context) {
        if (asked.method === 'POST') context.warn?.('deprecated')
        return chain.authenticate(asked, context)
      },
    }
    const [warned, plain] = [authenticateRequest(warning), authenticateRequest(chain)]
    const warningsOf = (outcome: unknown) => (outcome as { readonly warnings: readonly string[] }).warnings
    expect(warningsOf(plain(withToken('POST')))).toEqual([])
    expect(warningsOf(warned(withToken('GET')))).toEqual([])
    expect(warningsOf(warned(withToken('POST')))).toEqual(['deprecated'])
    expect(warningsOf(warned(withToken('GET')))).toEqual([])
    expect(warningsOf(plain(withToken('GET')))).toEqual([])
  })

  it('are refused with impersonation headers each time', () => {
    const authenticate = authenticateRequest(authenticatorChain({ tokens: [tokenFile('t,jane,1')] }))
    for (const _ of [1, 2]) {
      expect(authenticate(withToken('GET'))).toMatchObject({ authentication: { user: { username: 'jane' } } })
      expect(authenticate(withToken('GET', ['impersonate-user', 'root']))).toMatchObject({
        failure: { status: 403 },
      })
    }
  })
})
