import { describe, expect, it } from 'vitest'
import { request } from '../../../test/fakes.ts'
import type { AuthenticationEvent } from '../../authenticator/events.ts'
import { ConfigurationError } from '../../authenticator/errors.ts'
import { type UserInfo, userInfo } from '../../authenticator/user.ts'
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
