import { describe, expect, it } from 'vitest'
import {
  type Answer,
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
import type { Authenticator } from './authenticator.ts'
import { bearerToken } from '../request/bearer-token/bearer-token.ts'
import { authenticatorChain } from '../chain/chain.ts'
import { emptyContext } from './context.ts'
import { rejected, unavailable } from './errors.ts'
import { opinionOf, opinionOfPassword, opinionOfToken, Refused, throwing } from './opinion.ts'
import { union } from './union/union.ts'

const password = { username: 'jane', password: 'p' }
const kinds = [
  ['request', (answer: Answer) => opinionOf(requests(answer), request(), emptyContext)],
  ['token', (answer: Answer) => opinionOfToken(tokens(answer), 't', emptyContext)],
  ['password', (answer: Answer) => opinionOfPassword(passwords(answer), password, emptyContext)],
] as const

describe.each(kinds)('an opinion of a %s', (_, opinion) => {
  it.each([
    ['a user', knows(jane), { user: jane }],
    ['none', noOpinion, undefined],
    ['a rejection', fails(rejected('bad')), { error: { message: 'bad', code: 'rejected' } }],
    ['an outage', fails(unavailable('down')), { error: { message: 'down', code: 'unavailable' } }],
    ['a fault', fails(new TypeError('x')), { error: { code: 'unavailable', cause: new TypeError('x') } }],
    ['what is no error', fails('x'), { error: { code: 'unavailable', cause: 'x' } }],
  ])('is %s, now or later, and is not thrown', async (_name, answer, expected) => {
    for (const when of [answer, later(answer)]) {
      const found = await opinion(when)
      if (expected === undefined) expect(found).toBeUndefined()
      else expect(found).toMatchObject(expected)
      expect(found instanceof Refused).toBe(expected !== undefined && 'error' in expected)
    }
  })
})

describe('a method that throws what it is told', () => {
  it.each([
    ['now', (value: Refused) => value],
    ['later', async (value: Refused) => value],
  ])('throws a refusal %s', async (_, when) => {
    const method = throwing(() => when(new Refused(rejected('bad'))))
    await expect((async () => method())()).rejects.toMatchObject({ message: 'bad' })
  })

  it('throws what it throws', () => {
    const method = throwing(() => {
      throw rejected('bad')
    })
    expect(() => method()).toThrow('bad')
    const authenticator = { name: 'it', authenticate: method }
    expect(opinionOf(authenticator, request(), emptyContext)).toMatchObject({ error: { message: 'bad' } })
  })

  it('is a value where it rejects', async () => {
    const authenticator = { name: 'it', authenticate: throwing(() => Promise.reject(rejected('bad'))) }
    expect(await opinionOf(authenticator, request(), emptyContext)).toMatchObject({
      error: { message: 'bad' },
    })
  })
})

describe('an authenticator of this package whose method was replaced', () => {
  const withToken = request({ headers: [['authorization', 'Bearer t']] })
  const replaced = { user: bob }

  it.each([
    [
      'in a copy',
      (original: ReturnType<typeof bearerToken>) => ({ ...original, authenticate: () => replaced }),
    ],
    [
      'in place',
      (original: ReturnType<typeof bearerToken>) => Object.assign(original, { authenticate: () => replaced }),
    ],
    [
      'on an object that inherits from it',
      (original: ReturnType<typeof bearerToken>) =>
        Object.assign(Object.create(original) as typeof original, { authenticate: () => replaced }),
    ],
  ])('is asked by the new one, %s', (_, replace) => {
    const authenticator = replace(bearerToken(tokens(knows(jane))))
    expect(opinionOf(authenticator, withToken, emptyContext)).toBe(replaced)
    const chain = union<Authenticator>(requests(noOpinion), authenticator)
    expect(chain.authenticate(withToken, emptyContext)).toBe(replaced)
  })

  it('is asked by the new one when it was replaced after a chain was made of it', () => {
    const authenticator = tokens(knows(jane))
    const chain = authenticatorChain({ tokens: [authenticator] })
    expect(chain.authenticate(withToken, emptyContext)).toMatchObject({ user: { username: 'jane' } })
    Object.assign(authenticator, { authenticateToken: () => replaced })
    expect(chain.authenticate(withToken, emptyContext)).toMatchObject({ user: { username: 'bob' } })
  })

  it('tells an observer the same as before', () => {
    const { observer, events } = recorder()
    const chain = authenticatorChain({ tokens: [tokens(fails(rejected('bad')), 'it')] })
    expect(opinionOf(chain, withToken, { observer })).toMatchObject({ error: { message: 'bad' } })
    expect(events).toContainEqual(
      expect.objectContaining({ type: 'consulted', authenticator: 'it', outcome: 'rejected' }),
    )
  })
})
