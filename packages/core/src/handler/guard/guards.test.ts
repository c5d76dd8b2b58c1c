import { describe, expect, it } from 'vitest'
import { noOpinion, request, tokens } from '../../../test/fakes.ts'
import type { AuthenticationEvent } from '../../authenticator/events.ts'
import { ConfigurationError } from '../../authenticator/errors.ts'
import type { LogEntry } from '../../authenticator/log.ts'
import { StatusError } from '../../authenticator/status.ts'
import { type UserInfo, userInfo } from '../../authenticator/user.ts'
import { bearerToken } from '../../request/bearer-token.ts'
import { authenticateRequest } from '../authenticate-request.ts'
import type { UserGuardOptions } from './guard.ts'
import { groupsGuard, scopesGuard, userGuard } from './guards.ts'
import type { RequiredValues } from './requirement.ts'

const jane = (more: Partial<UserInfo> = {}): { user: UserInfo } => ({
  user: userInfo({ username: 'jane', ...more }),
})

async function statusOf(outcome: ReturnType<ReturnType<typeof userGuard>>): Promise<number> {
  const settled = await outcome
  return 'failure' in settled ? settled.failure.status : 200
}

describe('guards', () => {
  it.each([
    [{ username: 'jane' }, 200],
    [{ username: 'system:anonymous' }, 403],
    [{ username: 'jane', groups: ['system:unauthenticated'] }, 403],
  ])('requireUser answers %j with %d where no authentication was tried', async (user, status) => {
    expect(await statusOf(userGuard({})(request(), { user: userInfo(user) }))).toBe(status)
  })

  it('have no user without an authentication: 500', async () => {
    expect(await statusOf(userGuard({})(request(), undefined))).toBe(500)
  })

  it.each<[RequiredValues, readonly string[], number]>([
    ['read', ['read'], 200],
    ['read', ['write read'], 200],
    ['read', ['reads', 'READ', ' '], 403],
    [{ anyOf: ['read', 'write'] }, ['write'], 200],
    [{ allOf: ['read', 'write'] }, ['write'], 403],
  ])('requireScopes(%j) answers scopes %j with %d', async (scopes, given, status) => {
    const guard = scopesGuard(scopes, { extraKey: 'example.com/scope' })
    expect(await statusOf(guard(request(), jane({ extra: { 'example.com/scope': given } })))).toBe(status)
    expect(await statusOf(guard(request(), jane({ extra: { scopes: given } })))).toBe(403)
  })

  it.each<[RequiredValues, readonly string[], number]>([
    ['admins', ['users', 'admins'], 200],
    ['admins', ['Admins', 'admin', 'admins '], 403],
    ['admins', [], 403],
    [{ anyOf: ['admins', 'ops'] }, ['ops'], 200],
    [{ anyOf: ['admins', 'ops'] }, ['users'], 403],
    [{ allOf: ['admins', 'ops'] }, ['ops', 'admins'], 200],
    [{ allOf: ['admins', 'ops'] }, ['ops'], 403],
  ])('requireGroups(%j) answers groups %j with %d', async (required, groups, status) => {
    expect(await statusOf(groupsGuard(required, {})(request(), jane({ groups })))).toBe(status)
  })

  it.each([
    [userGuard({}), 'an authenticated user', undefined],
    [groupsGuard('a', {}), 'the group "a"', undefined],
    [groupsGuard({ anyOf: ['a', 'b'] }, {}), 'one of the groups "a", "b"', undefined],
    [groupsGuard({ allOf: ['a', 'b'] }, {}), 'all of the groups "a", "b"', undefined],
    [scopesGuard('a', {}), 'the scope "a"', 'Bearer error="insufficient_scope", scope="a"'],
    [
      scopesGuard({ allOf: ['a', 'b'] }, { resourceMetadataUrl: 'https://a.example/m' }),
      'all of the scopes "a", "b"',
      'Bearer error="insufficient_scope", scope="a b", resource_metadata="https://a.example/m"',
    ],
  ])('a refusal says what is required, and challenges for scopes: %#', async (guard, required, challenge) => {
    const outcome = await guard(request(), { user: userInfo({ username: 'system:anonymous' }) })
    const failure = 'failure' in outcome ? outcome.failure : undefined
    expect(failure?.message.endsWith(`: requires ${required}`)).toBe(true)
    expect(failure?.headers['www-authenticate']).toBe(challenge)
  })

  it.each(['__proto__', 'constructor', 'toString'])(
    'find no scopes under an inherited name: %s',
    async (key) => {
      const guard = scopesGuard('read', { extraKey: key })
      expect(await statusOf(guard(request(), jane()))).toBe(403)
      const plain = { user: { ...jane().user, extra: {} } }
      expect(await statusOf(guard(request(), plain))).toBe(403)
    },
  )

  it('do not change with the list that they were given', async () => {
    const anyOf = ['admins']
    const guard = groupsGuard({ anyOf }, {})
    anyOf.push('users')
    expect(await statusOf(guard(request(), jane({ groups: ['users'] })))).toBe(403)
  })

  it.each([
    undefined,
    null,
    '',
    [],
    ['a'],
    {},
    { anyOf: [] },
    { allOf: [''] },
    { anyOf: 'a' },
    { anyOf: ['a'], allOf: ['a'] },
    { oneOf: ['a'] },
    Promise.resolve('a'),
  ])('refuse a requirement that is not one: %j', (groups) => {
    const wrong = groups as RequiredValues
    expect(() => groupsGuard(wrong, {})).toThrow(ConfigurationError)
    expect(() => scopesGuard(wrong, {})).toThrow(ConfigurationError)
  })

  it.each(['a b', 'a"', 'a\\', 'a\n', 'ä'])('refuse what cannot be a scope: %j', (scope) => {
    expect(() => scopesGuard(scope, {})).toThrow('scopes: must be a scope')
  })

  it('tell an observer what they decided, and name the requirement', async () => {
    const events: AuthenticationEvent[] = []
    const guard = groupsGuard({ anyOf: ['admins', 'ops'] }, { observer: (event) => events.push(event) })
    await guard(request(), jane())
    expect(events).toMatchObject([
      { type: 'authorizerConsulted', authorizer: 'requireGroups', decision: { verdict: 'noOpinion' } },
      {
        type: 'authorization',
        result: 'forbid',
        reason: 'requires one of the groups "admins", "ops"',
        failure: { status: 403 },
      },
    ])
  })

  it('refuse an incomplete request with its own answer', async () => {
    const guard = userGuard({})
    const refusal = await guard(request(), undefined)
    if (!('failure' in refusal)) throw new Error('it passed')
    const incomplete = { ...request(), refusal: refusal.failure }
    expect(await guard(incomplete, jane())).toEqual({ failure: refusal.failure })
  })
})

describe('guards after a request without a credential', () => {
  /** What authentication knows of it: it is anonymous, or refused. */
  const authenticated = async (optional: boolean) => {
    const asked = request()
    const outcome = await authenticateRequest(bearerToken(tokens(noOpinion)), { optional, log: false })(asked)
    return { asked, caller: 'failure' in outcome ? undefined : outcome.authentication }
  }
  const refusal = {
    failure: {
      status: 401,
      headers: { 'www-authenticate': expect.stringMatching(/^Bearer realm="kubernetes-master"/) },
    },
  }

  it.each([userGuard, (options: UserGuardOptions) => groupsGuard('admins', options)])(
    'refuse an anonymous user, and a request without one, with the challenges: %#',
    async (guardWith) => {
      for (const optional of [true, false]) {
        const entries: LogEntry[] = []
        const events: AuthenticationEvent[] = []
        const { asked, caller } = await authenticated(optional)
        const guard = guardWith({
          log: (entry) => void entries.push(entry),
          observer: (event) => void (event.type === 'authorization' && events.push(event)),
        })
        expect(caller?.user.username).toBe(optional ? 'system:anonymous' : undefined)
        const outcome = await guard(asked, caller)
        expect(outcome).toMatchObject(refusal)
        expect(entries).toMatchObject([{ type: 'refusal', status: 401 }])
        expect(events).toMatchObject([
          {
            request: asked,
            result: 'forbid',
            reason: expect.stringMatching(/^requires /),
            failure: 'failure' in outcome && outcome.failure,
          },
        ])
        if (!optional) expect(events).toMatchObject([{ durationSeconds: 0 }])
      }
    },
  )

  it('forbid what a user does who impersonates an anonymous one', async () => {
    const { asked, caller } = await authenticated(true)
    if (caller === undefined) throw new Error('refused')
    expect(await statusOf(userGuard({})(asked, { ...caller, requester: jane().user }))).toBe(403)
  })

  it('let a user pass that the app found', async () => {
    for (const optional of [true, false]) {
      const { asked } = await authenticated(optional)
      expect(await statusOf(userGuard({})(asked, jane()))).toBe(200)
      expect(await statusOf(groupsGuard('admins', {})(asked, jane()))).toBe(403)
    }
  })

  it('refuse an incomplete request with its own answer', async () => {
    const { asked } = await authenticated(true)
    const failure = new StatusError({ status: 431, reason: 'TooLarge', message: 'too many headers' })
    Object.defineProperty(asked, 'refusal', { value: failure })
    expect(await userGuard({})(asked, undefined)).toEqual({ failure })
  })
})
