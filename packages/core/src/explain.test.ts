import { describe, expect, it } from 'vitest'
import {
  authorized,
  fails,
  jane,
  knows,
  later,
  noOpinion,
  passwords,
  request,
  requests,
  settled,
  tokens,
} from '../test/fakes.ts'
import type { Authenticator } from './authenticator.ts'
import { bearerToken } from './bearer-token/bearer-token.ts'
import { authenticatorChain } from './chain.ts'
import { rejected, unavailable } from './errors.ts'
import { explain, type ExplainedStep } from './explain.ts'
import { cached } from './token-cache/cached.ts'
import { union } from './union/union.ts'

const SECRET = 'c2VjcmV0'

/** The tree, as text: `name outcome [steps]`. */
function outline({ authenticator, outcome, steps }: ExplainedStep): string {
  return `${authenticator} ${outcome}${steps.length === 0 ? '' : ` [${steps.map(outline).join(', ')}]`}`
}

describe.each([
  ['at once', <T>(answer: T): T => answer],
  ['later', later],
])('explain, of authenticators that answer %s', (_, when) => {
  it.each([
    ['a user', knows(jane), 'requests authenticated'],
    ['no opinion', noOpinion, 'requests noOpinion'],
    ['a bad credential', fails(rejected('bad')), 'requests rejected'],
    ['an outage', fails(unavailable('down')), 'requests unavailable'],
    ['a broken authenticator', fails(new TypeError('secret')), 'requests unavailable'],
  ])('says that there is %s', async (_name, answer, expected) => {
    expect(outline(await explain(requests(when(answer)), request()))).toBe(expected)
  })

  it('says what everybody thought, in the order they were asked', async () => {
    const authenticator = union(
      requests(when(noOpinion), 'certificate'),
      bearerToken(
        union(tokens(when(fails(rejected('expired'))), 'first'), tokens(when(noOpinion), 'second')),
      ),
      requests(when(knows(jane)), 'last'),
    )
    const explanation = await explain(authenticator, authorized('Bearer t'))
    expect(outline(explanation)).toBe(
      'union authenticated [certificate noOpinion, bearerToken rejected [union rejected [first rejected, second noOpinion]], last authenticated]',
    )
    expect(explanation.user).toBe(jane)
    expect(explanation.steps[1]?.message).toBe('expired')
    expect(explanation.steps[1]).not.toHaveProperty('user')
    expect(explanation.steps[0]).not.toHaveProperty('message')
  })
})

describe('explain', () => {
  it('never repeats a credential', async () => {
    const chain = authenticatorChain({
      passwords: [passwords(noOpinion)],
      tokens: [tokens(noOpinion)],
      anonymous: true,
    })
    for (const authorization of [
      `Bearer ${SECRET}`,
      `Basic ${btoa(`jane:${SECRET}`)}`,
      `Bearer  ${SECRET}`,
    ]) {
      const explanation = JSON.stringify(await explain(chain, authorized(authorization)))
      expect(explanation).not.toContain(SECRET)
      expect(explanation).not.toContain(btoa(`jane:${SECRET}`))
    }
  })

  it('does not show what a broken authenticator threw', async () => {
    const explanation = await explain(requests(fails(new Error(SECRET))), request())
    expect(explanation.message).toBe('Internal error occurred: authentication failed unexpectedly')
    expect(JSON.stringify(explanation)).not.toContain(SECRET)
  })

  it.each([[null], [{}], ['jane']])(
    'says so when an authenticator answers with %j, which is no user',
    async (answer) => {
      const broken = requests(() => answer as unknown as undefined, 'broken')
      expect(outline(await explain(union(broken, requests(noOpinion)), request()))).toBe(
        'union unavailable [broken unavailable, requests noOpinion]',
      )
    },
  )

  it('tells the warnings', async () => {
    const { warnings } = await explain(bearerToken(tokens(noOpinion)), authorized('Bearer  t'))
    expect(warnings).toHaveLength(1)
  })

  it('asks for the audiences it is told, else for those of the chain', async () => {
    const asked: unknown[] = []
    const authenticator: Authenticator = {
      name: 'asking',
      audiences: ['api'],
      authenticate: (_, { audiences }) => void asked.push(audiences),
    }
    await explain(authenticator, request(), { audiences: ['other'] })
    await explain(authenticator, request())
    expect(asked).toEqual([['other'], ['api']])
  })

  it('is a tree of its own for each of two requests at the same time', async () => {
    const chain = bearerToken(tokens(later(knows(jane))))
    const both = await Promise.all([explain(chain, authorized('Bearer a')), explain(chain, request())])
    expect(both.map(outline)).toEqual([
      'bearerToken authenticated [tokens authenticated]',
      'bearerToken noOpinion',
    ])
  })

  it('tells who was asked when the caller gives up before they answer', async () => {
    const abort = new AbortController()
    const never = tokens(() => new Promise(() => undefined))
    const explanation = explain(bearerToken(cached(never)), authorized('Bearer t'), { signal: abort.signal })
    await settled()
    abort.abort()
    expect(outline(await explanation)).toBe('bearerToken unavailable [cached(tokens) unavailable]')
  })

  it('measures everybody', async () => {
    const { durationSeconds, steps } = await explain(bearerToken(tokens(noOpinion)), authorized('Bearer t'))
    expect(steps[0]?.durationSeconds).toBeGreaterThanOrEqual(0)
    expect(durationSeconds).toBeGreaterThanOrEqual(steps[0]?.durationSeconds ?? Infinity)
  })
})
