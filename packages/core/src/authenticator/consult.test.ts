import { describe, expect, it, vi } from 'vitest'
import {
  type Answer,
  bob,
  fails,
  jane,
  knows,
  later,
  noOpinion,
  recorder,
  request,
  requests,
  thrownBy,
  tokens,
} from '../../test/fakes.ts'
import { authenticatorChain } from '../chain/chain.ts'
import { bearerToken, orRefuse } from '../request/bearer-token.ts'
import type { Authenticator } from './authenticator.ts'
import { askRequest, attempt, consult } from './consult.ts'
import { type Context, emptyContext } from './context.ts'
import { rejected, unavailable } from './errors.ts'
import { union } from './union.ts'

const opinionOf = (answer: Answer, context: Context = emptyContext) => {
  const authenticator = requests(answer, 'it')
  return attempt(askRequest, authenticator, request(), context)
}

describe('the opinion of an authenticator', () => {
  it.each([
    ['a user', knows(jane), { answer: { user: jane } }],
    ['none', noOpinion, { answer: undefined }],
    ['a rejection', fails(rejected('bad')), { error: { message: 'bad', code: 'rejected' } }],
    ['an outage', fails(unavailable('down')), { error: { message: 'down', code: 'unavailable' } }],
    ['a fault', fails(new TypeError('x')), { error: { code: 'unavailable', cause: new TypeError('x') } }],
    ['what is no error', fails('x'), { error: { code: 'unavailable', cause: 'x' } }],
  ])('is %s, now or later, and is not thrown', async (_, answer, expected) => {
    for (const when of [answer, later(answer)]) {
      const { observer } = recorder()
      expect(await opinionOf(when)).toMatchObject(expected)
      expect(await opinionOf(when, { observer })).toMatchObject(expected)
    }
  })

  it('is there at once when the authenticator answers at once', () => {
    const { observer } = recorder()
    for (const context of [emptyContext, { observer }]) {
      expect(opinionOf(knows(jane), context)).toEqual({ answer: { user: jane } })
      expect(opinionOf(fails(rejected('bad')), context)).toMatchObject({ error: { message: 'bad' } })
    }
  })

  it('is returned with the headers of the credential, or thrown', async () => {
    const unknown = rejected('unknown')
    const userOf = orRefuse(unknown, { remove: ['x-token'] })
    expect(userOf(await opinionOf(knows(jane)))).toEqual({ user: jane, consumed: { remove: ['x-token'] } })
    const refused = await opinionOf(fails(rejected('bad')))
    expect(await thrownBy(() => userOf(refused))).toMatchObject({ message: 'bad' })
    const none = await opinionOf(noOpinion)
    expect(await thrownBy(() => userOf(none))).toBe(unknown)
  })
})

describe('an authenticator that is asked', () => {
  it.each([
    ['at once', (answer: Answer) => answer],
    ['later', later],
  ])('returns or throws what it does, %s', async (_, when) => {
    const { observer } = recorder()
    for (const context of [emptyContext, { observer }]) {
      const asked = (answer: Answer) => {
        const authenticator = requests(when(answer))
        return consult(askRequest, authenticator, request(), context)
      }
      expect(await asked(knows(jane))).toEqual({ user: jane })
      expect(await asked(noOpinion)).toBeUndefined()
      expect(await thrownBy(() => asked(fails(rejected('bad'))))).toMatchObject({ message: 'bad' })
    }
  })
})

describe('an observer', () => {
  it.each([
    ['a user', knows(jane), { outcome: 'authenticated', user: jane }],
    ['no opinion', noOpinion, { outcome: 'noOpinion' }],
    ['a rejection', fails(rejected('bad')), { outcome: 'rejected', error: { message: 'bad' } }],
    ['an outage', fails(unavailable('down')), { outcome: 'unavailable', error: { message: 'down' } }],
    ['a fault', fails(new TypeError('secret')), { outcome: 'unavailable' }],
  ])('is told of the question and of %s', async (_, answer, expected) => {
    for (const when of [answer, later(answer)]) {
      const { observer, events } = recorder()
      await opinionOf(when, { observer })
      expect(events).toMatchObject([
        { type: 'consulting', authenticator: 'it' },
        { type: 'consulted', authenticator: 'it', ...expected },
      ])
      expect(events).toHaveLength(2)
      expect(JSON.stringify(events)).not.toContain('secret')
    }
  })

  it.each([
    ['a user', knows(jane)],
    ['a rejection', fails(rejected('bad'))],
  ])('is told how many seconds it took to find %s', async (_, answer) => {
    const now = vi.spyOn(performance, 'now').mockReturnValue(5000)
    const { observer, events } = recorder()
    const slow: Answer = () => {
      now.mockReturnValue(7000)
      return answer()
    }
    await opinionOf(slow, { observer })
    expect(events).toMatchObject([{ type: 'consulting' }, { durationSeconds: 2 }])
  })

  it.each([
    ['what is no answer', () => null as never],
    ['an answer without a user', () => ({}) as never],
  ])('is told that %s is a fault', async (_, answer: Answer) => {
    const { observer } = recorder()
    expect(await opinionOf(answer, { observer })).toMatchObject({ error: { code: 'unavailable' } })
  })

  it('disturbs nothing when it throws', async () => {
    const observer = (): void => {
      throw new Error('broken')
    }
    expect(await opinionOf(later(knows(jane)), { observer })).toEqual({ answer: { user: jane } })
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
})
