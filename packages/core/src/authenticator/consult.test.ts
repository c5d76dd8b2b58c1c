import { describe, expect, it } from 'vitest'
import {
  fails,
  jane,
  knows,
  later,
  noOpinion,
  passwords,
  recorder,
  request,
  requests,
  thrownBy,
  tokens,
} from '../../test/fakes.ts'
import type { Answer } from '../../test/fakes.ts'
import { consult, consultPassword, consultToken } from './consult.ts'
import type { Context } from './context.ts'
import { rejected, unavailable } from './errors.ts'

const kinds = [
  ['requests', (answer: Answer, context: Context) => consult(requests(answer, 'it'), request(), context)],
  ['tokens', (answer: Answer, context: Context) => consultToken(tokens(answer, 'it'), 'c2VjcmV0', context)],
  [
    'passwords',
    (answer: Answer, context: Context) =>
      consultPassword(passwords(answer, 'it'), 'jane', 'c2VjcmV0', context),
  ],
] as const

describe.each(kinds)('asking an authenticator of %s', (_, ask) => {
  it.each([
    ['a user', knows(jane), { outcome: 'authenticated', user: jane }],
    ['no opinion', noOpinion, { outcome: 'noOpinion' }],
    ['a rejection', fails(rejected('bad')), { outcome: 'rejected', error: { message: 'bad' } }],
    ['an outage', fails(unavailable('down')), { outcome: 'unavailable', error: { message: 'down' } }],
    ['a fault', fails(new TypeError('secret')), { outcome: 'unavailable' }],
  ])('tells an observer of the question and of %s', async (_name, answer, expected) => {
    for (const when of [answer, later(answer)]) {
      const { observer, events } = recorder()
      await Promise.resolve()
        .then(() => ask(when, { observer }))
        .catch(() => undefined)
      expect(events).toMatchObject([
        { type: 'consulting', authenticator: 'it' },
        { type: 'consulted', authenticator: 'it', ...expected },
      ])
      expect(events).toHaveLength(2)
      expect(JSON.stringify(events)).not.toContain('c2VjcmV0')
    }
  })

  it('hands on what it said', async () => {
    const { observer } = recorder()
    expect(await ask(knows(jane), { observer })).toEqual({ user: jane })
    expect(await ask(knows(jane), {})).toEqual({ user: jane })
    expect(await thrownBy(() => ask(later(fails(rejected('bad'))), { observer }))).toMatchObject({
      message: 'bad',
    })
  })

  it('answers at once when the authenticator does', () => {
    const { observer } = recorder()
    expect(ask(knows(jane), { observer })).toEqual({ user: jane })
    expect(() => ask(fails(rejected('bad')), { observer })).toThrow('bad')
  })

  it('is not disturbed by an observer that throws', async () => {
    const observer = (): void => {
      throw new Error('broken')
    }
    expect(await ask(later(knows(jane)), { observer })).toEqual({ user: jane })
  })
})
