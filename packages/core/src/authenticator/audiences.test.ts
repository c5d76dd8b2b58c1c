import { describe, expect, it } from 'vitest'
import {
  type Answer,
  fails,
  jane,
  knows,
  later,
  noOpinion,
  passwords,
  request,
  requests,
  thrownBy,
  tokens,
} from '../../test/fakes.ts'
import { audienceAgnostic, intersectAudiences } from './audiences.ts'
import { emptyContext } from './context.ts'
import { rejected } from './errors.ts'

describe('intersectAudiences', () => {
  it.each([
    [
      ['a', 'b'],
      ['b', 'a', 'b'],
      ['b', 'a', 'b'],
    ],
    [['a'], ['b'], []],
    [[], ['a'], []],
    [['a'], [], []],
    [['A'], ['a'], []],
  ])('of %j and %j is %j', (first, second, expected) => {
    expect(intersectAudiences(first, second)).toEqual(expected)
  })
})

describe.each([
  ['at once', <T>(answer: T): T => answer],
  ['later', later],
])('audienceAgnostic, with a delegate that answers %s', (_, when) => {
  const ask = (answer: Answer, audiences?: readonly string[]) => {
    const delegate = tokens(when(answer))
    const wrapped = audienceAgnostic(['api', 'other'], delegate)
    const result = async () =>
      wrapped.authenticateToken('t', audiences === undefined ? emptyContext : { audiences })
    return { delegate, result }
  }

  it.each([
    ['changes nothing without a restriction', knows(jane), undefined, { user: jane }],
    [
      'answers with the audiences in common, in the order asked for',
      knows(jane),
      ['other', 'x', 'api'],
      { user: jane, audiences: ['other', 'api'] },
    ],
    [
      'fills in an empty list of audiences',
      knows(jane, { audiences: [] }),
      ['api'],
      { user: jane, audiences: ['api'] },
    ],
    ['has no opinion when the delegate has none', noOpinion, ['api'], undefined],
    [
      'leaves alone what the delegate says where nothing is restricted',
      knows(jane, { audiences: ['x'] }),
      undefined,
      { user: jane, audiences: ['x'] },
    ],
  ])('%s', async (_name, answer, audiences, expected) => {
    expect(await ask(answer, audiences).result()).toEqual(expected)
  })

  it.each([[['x']], [[]], [['API']]])('does not even ask when %j is asked for', async (audiences) => {
    const { delegate, result } = ask(knows(jane), audiences)
    expect(await result()).toBeUndefined()
    expect(delegate.calls).toEqual([])
  })

  it('hands on an error', async () => {
    expect(await thrownBy(ask(fails(rejected('bad')), ['api']).result)).toMatchObject({
      message: 'bad',
    })
  })

  it('fails when the delegate is aware of audiences after all', async () => {
    expect(await thrownBy(ask(knows(jane, { audiences: ['api'] }), ['api']).result)).toMatchObject({
      code: 'unavailable',
      message: 'tokens is not audience agnostic: it set audiences by itself',
    })
  })

  it('keeps what else is known of the user', async () => {
    const answer = knows(jane, { expiresAtMs: 5, consumed: { remove: ['x'] } })
    expect(await ask(answer, ['api']).result()).toEqual({
      user: jane,
      expiresAtMs: 5,
      consumed: { remove: ['x'] },
      audiences: ['api'],
    })
  })
})

describe('audienceAgnostic', () => {
  it('wraps every kind', async () => {
    const context = { audiences: ['api'] }
    const expected = { user: jane, audiences: ['api'] }
    expect(await audienceAgnostic(['api'], requests(knows(jane))).authenticate(request(), context)).toEqual(
      expected,
    )
    expect(
      await audienceAgnostic(['api'], passwords(knows(jane))).authenticatePassword('u', 'p', context),
    ).toEqual(expected)
  })

  it('keeps the name and what the delegate looks for', () => {
    const credentials = { schemes: ['Basic'] as const }
    const wrapped = audienceAgnostic(['api'], { ...requests(noOpinion, 'mine'), credentials })
    expect(wrapped.name).toBe('mine')
    expect(wrapped.credentials?.schemes).toEqual(['Basic'])
  })
})
