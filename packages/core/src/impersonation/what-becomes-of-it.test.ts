import { describe, expect, it, vi } from 'vitest'
import { alwaysAllow, alwaysDeny } from '../authorization/always.ts'
import type { Attributes } from '../authorization/attributes.ts'
import type { Authorizer } from '../authorization/authorizer.ts'
import { allow, type Decision, noOpinion } from '../authorization/decision.ts'
import { AuthorizationError } from '../authorization/errors.ts'
import type { ImpersonationCheckEvent } from '../authenticator/authorization-events.ts'
import type { CredentialRevocation } from '../authenticator/credential-revocation.ts'
import type { ImpersonationEvent } from '../authenticator/events.ts'
import { exactHeaders } from '../request/headers/exact.ts'
import { userInfo, type UserInfo } from '../authenticator/user.ts'
import { impersonateRequest } from './impersonate-request.ts'
import type { ImpersonateRequestOptions } from './impersonate-request-options.ts'

const clark = userInfo({ username: 'clark' })

const request = (...headers: readonly string[]) => ({
  method: 'GET',
  path: '/x',
  query: '',
  headers: exactHeaders(headers.map((each, index) => (index % 2 === 0 ? `Impersonate-${each}` : each))),
})

describe.each(['legacy', 'constrained'] as const)('the user of %s impersonation', (mode) => {
  const userOf = async (...headers: readonly string[]): Promise<UserInfo | undefined> => {
    const outcome = await impersonateRequest(alwaysAllow(), { mode })(request(...headers), clark)
    return 'failure' in outcome ? undefined : outcome.user
  }

  it.each<[string, readonly string[], readonly string[]]>([
    ['jane', [], ['system:authenticated']],
    ['jane', ['a', 'b'], ['a', 'b', 'system:authenticated']],
    ['jane', ['system:authenticated', 'a'], ['system:authenticated', 'a']],
    ['jane', ['system:unauthenticated'], ['system:unauthenticated']],
    ['system:anonymous', [], ['system:unauthenticated']],
    ['system:anonymous', ['a'], ['a', 'system:unauthenticated']],
    ['system:anonymous', ['system:unauthenticated', 'a'], ['system:unauthenticated', 'a']],
    ['system:anonymous', ['system:authenticated'], ['system:authenticated', 'system:unauthenticated']],
    [
      'system:serviceaccount:ns:sa',
      [],
      ['system:serviceaccounts', 'system:serviceaccounts:ns', 'system:authenticated'],
    ],
    ['system:serviceaccount:ns:sa', ['a'], ['a', 'system:authenticated']],
    ['system:serviceaccount:ns:', [], ['system:authenticated']],
    ['system:serviceaccount::sa', [], ['system:authenticated']],
    ['system:serviceaccount:ns', [], ['system:authenticated']],
    ['system:serviceaccount:ns:sa:x', [], ['system:authenticated']],
    ['system:serviceaccount:Ns:sa', [], ['system:authenticated']],
    ['system:serviceaccounts:ns:sa', [], ['system:authenticated']],
  ])('%s with the groups %j has %j', async (username, groups, expected) => {
    const headers = groups.flatMap((group) => ['Group', group])
    expect((await userOf('User', username, ...headers))?.groups).toEqual(expected)
  })
})

it.each<[ImpersonateRequestOptions, string]>([
  [{ kubernetesVersion: '1.35' }, 'legacy'],
  [{ kubernetesVersion: '1.36' }, 'user-info'],
  [{ kubernetesVersion: '1.37' }, 'user-info'],
  [{}, 'user-info'],
  [{ kubernetesVersion: '1.35', mode: 'constrained' }, 'user-info'],
  [{ kubernetesVersion: '1.37', mode: 'legacy' }, 'legacy'],
])('%j impersonates by the mode %s', async (options, mode) => {
  const outcome = await impersonateRequest(alwaysAllow(), options)(request('User', 'bob'), clark)
  expect(outcome).toMatchObject({ mode })
})

describe('a refusal', () => {
  const refusal = async (decision: ReturnType<typeof noOpinion>, options: ImpersonateRequestOptions = {}) => {
    const outcome = await impersonateRequest({ name: 'no', authorize: () => decision }, options)(
      request('User', 'bob'),
      clark,
    )
    return 'failure' in outcome ? outcome.failure : undefined
  }
  const error = new AuthorizationError('half of it')
  const WHAT = 'forbidden: User "clark" cannot impersonate-on:user-info:get path "/x"'

  it.each([
    [noOpinion(''), WHAT],
    [noOpinion('why'), `${WHAT}: why`],
    [noOpinion('', error), `${WHAT}: half of it`],
    [noOpinion('why', error), `${WHAT}: half of it: why`],
  ])('of constrained impersonation says what went wrong, and why: %#', async (decision, message) => {
    expect(await refusal(decision)).toMatchObject({ status: 403, message })
  })

  it('of legacy impersonation says why, and not what went wrong', async () => {
    expect((await refusal(noOpinion('why', error), { mode: 'legacy' }))?.message).toBe(
      'users "bob" is forbidden: User "clark" cannot impersonate resource "users" in API group "" at the cluster scope: why',
    )
  })

  it.each(['Uid', 'Group', 'Extra-a.io/b'])('of %s without a user is a bad request', async (name) => {
    const outcome = await impersonateRequest(alwaysAllow())(request(name, 'x'), clark)
    expect('failure' in outcome ? outcome.failure : undefined).toMatchObject({
      status: 400,
      headers: { 'x-content-type-options': 'nosniff' },
      body: { reason: 'BadRequest' },
    })
  })
})

describe('an impersonation by a credential that can be revoked', () => {
  const asked = request('User', 'bob')

  it.each<[string, () => boolean | Promise<boolean>, Authorizer, object]>([
    ['allowed', () => false, alwaysAllow(), { user: { username: 'bob' }, mode: 'user-info' }],
    [
      'refused by the authorizer',
      () => false,
      alwaysDeny(),
      { failure: { message: expect.stringMatching(/^forbidden: /) } },
    ],
    [
      'refused where the user is revoked',
      () => true,
      alwaysAllow(),
      {
        failure: {
          status: 403,
          message: 'Forbidden',
          body: { reason: 'Forbidden' },
          headers: { 'x-content-type-options': 'nosniff' },
          cause: { code: 'rejected' },
        },
      },
    ],
    [
      'refused where that is not known',
      () => Promise.reject(new Error('down')),
      alwaysAllow(),
      { failure: { status: 500, cause: { message: 'down' } } },
    ],
  ])('is %s', async (_, isRevoked, authorizer, expected) => {
    const acting: UserInfo[] = []
    const revocation: CredentialRevocation = {
      isRevoked,
      watch: () => () => undefined,
      actingAs: (user) => (acting.push(user), revocation),
    }
    const outcome = await impersonateRequest(authorizer)(asked, clark, { revocation })
    expect(outcome).toMatchObject(expected)
    expect(acting.map(({ username }) => username)).toEqual(authorizer.name === 'alwaysDeny' ? [] : ['bob'])
    expect('revocation' in outcome && outcome.revocation === revocation).toBe('user' in outcome)
  })
})

describe('the events of the checks of an impersonation', () => {
  it.each(['legacy', 'constrained'] as const)('say what was asked, and the answer: %s', async (mode) => {
    const events: ImpersonationCheckEvent[] = []
    const asked = request('User', 'bob', 'Uid', '7', 'Group', 'a')
    const now = vi.spyOn(performance, 'now').mockReturnValue(5000)
    const authorize = ({ resource }: Attributes): Decision => {
      now.mockReturnValue(now() + 2000)
      return resource === 'groups' ? noOpinion() : allow()
    }
    await impersonateRequest(
      { name: 'no groups', authorize },
      { mode, observer: (event) => void (event.type === 'impersonationCheck' && events.push(event)) },
    )(asked, clark)
    const check = (by: string, result: string): unknown => ({
      type: 'impersonationCheck',
      request: asked,
      mode: by,
      result,
      durationSeconds: 2,
    })
    expect(events).toStrictEqual(
      mode === 'legacy'
        ? [check('legacy', 'allowed'), check('legacy', 'denied')]
        : [
            ...['allowed', 'allowed', 'allowed', 'denied'].map((each) => check('user-info', each)),
            ...['allowed', 'allowed', 'denied'].map((each) => check('legacy', each)),
          ],
    )
  })
})

describe('the event of an impersonation', () => {
  const eventOf = async (requester: UserInfo | undefined, mode: 'legacy' | 'constrained') => {
    const events: ImpersonationEvent[] = []
    const asked = request('User', 'bob')
    const now = vi.spyOn(performance, 'now').mockReturnValue(5000)
    const authorize = (): Decision => {
      now.mockReturnValue(7000)
      return allow()
    }
    await impersonateRequest(
      { name: 'slow', authorize },
      {
        mode,
        observer: (event) => void (event.type === 'impersonation' && events.push(event)),
      },
    )(asked, requester)
    expect(events).toHaveLength(1)
    return { asked, event: events[0] }
  }

  it.each(['legacy', 'constrained'] as const)(
    'reports the requester, the user, the mode and the duration: %s',
    async (mode) => {
      const { asked, event } = await eventOf(clark, mode)
      expect(event).toStrictEqual({
        type: 'impersonation',
        request: asked,
        durationSeconds: 2,
        requester: clark,
        result: 'allowed',
        impersonated: userInfo({ username: 'bob', groups: ['system:authenticated'] }),
        mode: mode === 'legacy' ? 'legacy' : 'user-info',
      })
    },
  )

  it.each(['legacy', 'constrained'] as const)('has no requester where there is none: %s', async (mode) => {
    const { event } = await eventOf(undefined, mode)
    expect(event).toMatchObject({ result: 'denied', failure: { status: 500 } })
    expect(event).not.toHaveProperty('requester')
  })
})

describe('options that cannot work', () => {
  it.each<[ImpersonateRequestOptions, string]>([
    [{ ttlSeconds: -1 }, 'ttlSeconds: must be 0 or more'],
    [{ ttlSeconds: Number.NaN }, 'ttlSeconds: must be 0 or more'],
    [{ maxValues: 0 }, 'maxValues: must be a whole number above 0'],
    [{ maxValues: 1.5 }, 'maxValues: must be a whole number above 0'],
    [{ maxEntries: 0 }, 'maxEntries: must be a whole number above 0'],
    [{ mode: 'both' as 'legacy' }, "mode: must be 'legacy' or 'constrained'"],
  ])('are refused when it is made: %j', (options, message) => {
    expect(() => impersonateRequest(alwaysAllow(), options)).toThrow(message)
  })

  it('are none at their edges', () => {
    for (const options of [{ ttlSeconds: 0 }, { maxValues: 1 }, { maxEntries: 1 }]) {
      expect(impersonateRequest(alwaysAllow(), options)).toBeTypeOf('function')
    }
  })
})
