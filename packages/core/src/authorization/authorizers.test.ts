import { describe, expect, it, vi } from 'vitest'
import { emptyContext } from '../authenticator/context.ts'
import { ConfigurationError } from '../authenticator/errors.ts'
import type { AuthenticationEvent } from '../authenticator/events.ts'
import { userInfo } from '../authenticator/user.ts'
import { allowPaths } from './allow-paths.ts'
import { alwaysAllow, alwaysDeny } from './always.ts'
import { attributesOf, type RequestAttributes } from './attributes.ts'
import type { Authorizer } from './authorizer.ts'
import { decide } from './decide.ts'
import { allow, type Decision, deny, noOpinion } from './decision.ts'
import { AuthorizationError } from './errors.ts'
import { forbidden } from './forbidden.ts'
import { privilegedGroups } from './privileged-groups.ts'
import { unionAuthorizer } from './union-authorizer.ts'

const jane = userInfo({ username: 'jane', groups: ['developers'] })
const ask = (authorizer: Authorizer, request: RequestAttributes = { verb: 'get', path: '/x' }) =>
  decide(authorizer, attributesOf(jane, request), emptyContext)
const says = (name: string, decision: Decision | Promise<Decision>): Authorizer => ({
  name,
  authorize: () => decision,
})
const throws = (name: string, error: unknown): Authorizer => ({
  name,
  authorize() {
    throw error
  },
})

describe('unionAuthorizer', () => {
  it('gives the reasons of all who had no opinion, a line each', () => {
    const union = unionAuthorizer(
      says('a', noOpinion('one')),
      says('b', noOpinion()),
      says('c', noOpinion('two')),
    )
    expect(ask(union)).toEqual({ verdict: 'noOpinion', reason: 'one\ntwo' })
  })

  it('aggregates distinct errors, and drops them if an authorizer decides', async () => {
    const foo = throws('a', new AuthorizationError('foo'))
    const bar = says('b', Promise.resolve(noOpinion('', new AuthorizationError('bar'))))
    const undecided = await ask(unionAuthorizer(foo, bar, foo))
    expect(undecided.error?.message).toBe('[foo, bar]')
    expect(await ask(unionAuthorizer(foo, bar, says('c', deny('no'))))).toEqual({
      verdict: 'deny',
      reason: 'no',
    })
  })

  it('asks no authorizer after the first that decides, synchronously or not', async () => {
    const never = throws('never', new Error('asked'))
    expect(ask(unionAuthorizer(says('a', allow('yes')), never))).toEqual(allow('yes'))
    expect(await ask(unionAuthorizer(says('a', Promise.resolve(deny('no'))), never))).toEqual(deny('no'))
  })

  it('says which authorizer cannot be one', () => {
    const missing = undefined as unknown as Authorizer
    expect(() => unionAuthorizer(alwaysDeny(), missing)).toThrow(/authorizers\[1\]/)
  })

  it('decides synchronously if all authorizers do', () => {
    expect(ask(unionAuthorizer(alwaysDeny(), alwaysAllow()))).toEqual(allow())
  })
})

describe('decide', () => {
  it('keeps what a fault says from the client', () => {
    const { verdict, reason, error } = ask(throws('a', new Error('password is hunter2'))) as Decision
    expect([verdict, reason, error?.message]).toEqual(['noOpinion', '', 'authorization failed unexpectedly'])
  })

  it.each([undefined, null, true, 'allow', {}, { verdict: 'yes' }, { allowed: true }])(
    'allows nothing on the answer %j',
    (answer) => {
      expect(ask(says('a', answer as unknown as Decision))).toMatchObject({
        verdict: 'noOpinion',
        error: expect.any(AuthorizationError),
      })
    },
  )

  it('tells an observer of every authorizer, the inner one first', () => {
    const names: string[] = []
    const observer = (event: AuthenticationEvent): void => {
      if (event.type === 'authorizerConsulted') names.push(`${event.authorizer} ${event.decision.verdict}`)
    }
    void decide(unionAuthorizer(alwaysDeny(), alwaysAllow()), attributesOf(jane, { verb: 'get' }), {
      observer,
    })
    expect(names).toEqual(['alwaysDeny noOpinion', 'alwaysAllow allow', 'union allow'])
  })

  it('tells an observer how many seconds an authorizer took', () => {
    vi.spyOn(performance, 'now').mockReturnValueOnce(5000).mockReturnValueOnce(7000)
    const durations: number[] = []
    void decide(alwaysAllow(), attributesOf(jane, { verb: 'get' }), {
      observer(event) {
        if (event.type === 'authorizerConsulted') durations.push(event.durationSeconds)
      },
    })
    expect(durations).toEqual([2])
  })
})

describe('a decision', () => {
  it.each([allow('why'), deny('why'), noOpinion('why')])(
    'has no error where none happened: %j',
    (decision) => {
      expect(Object.keys(decision)).toEqual(['verdict', 'reason'])
    },
  )
})

describe('attributesOf', () => {
  it('has no selectors where none are given', () => {
    const keys = Object.keys(attributesOf(jane, { verb: 'list', resource: 'pods' }))
    expect(keys.filter((key) => key.endsWith('Selector'))).toEqual([])
  })
})

describe('privilegedGroups', () => {
  it('lets members do everything and has no opinion on others', () => {
    expect(ask(privilegedGroups('developers'))).toEqual(allow())
    expect(ask(privilegedGroups('system:masters'))).toEqual(noOpinion())
  })
})

describe('allowPaths', () => {
  it('reports every bad path', () => {
    expect(() => allowPaths(['/a*b', '/c', '/d**'])).toThrow(
      new ConfigurationError([
        { path: 'paths[0]', message: 'only trailing * allowed in "a*b"' },
        { path: 'paths[2]', message: 'only trailing * allowed in "d**"' },
      ]),
    )
  })

  it('never allows a resource', () => {
    expect(ask(allowPaths(['*']), { verb: 'get', resource: '', path: '/x' })).toEqual(noOpinion())
  })
})

describe('forbidden', () => {
  it('says what was refused, in words and for machines', () => {
    const attributes = attributesOf(jane, {
      verb: 'get',
      resource: 'pods',
      subresource: 'log',
      apiGroup: 'x.io',
      namespace: 'n',
      name: 'p',
    })
    expect(forbidden(attributes, 'why not').body).toEqual({
      kind: 'Status',
      apiVersion: 'v1',
      metadata: {},
      status: 'Failure',
      message:
        'pods.x.io "p" is forbidden: User "jane" cannot get resource "pods/log" in API group "x.io" in the namespace "n": why not',
      reason: 'Forbidden',
      details: { name: 'p', group: 'x.io', kind: 'pods' },
      code: 403,
    })
  })

  it('ends with the sentence where no reason is given, and is not to be taken for a page', () => {
    const { body, headers } = forbidden(attributesOf(jane, { verb: 'get', path: '/x' }))
    expect(body.message).toBe('forbidden: User "jane" cannot get path "/x"')
    expect(headers['x-content-type-options']).toBe('nosniff')
  })
})
