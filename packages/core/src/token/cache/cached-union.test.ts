import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  bob,
  fails,
  fixedClock,
  jane,
  knows,
  later,
  noOpinion,
  recorder,
  thrownBy,
  tokens,
} from '../../../test/fakes.ts'
import { TOKEN_QUESTION, TOKEN_VARIATIONS } from '../../../test/token-questions.ts'
import { describeTwoQuestions } from '../../../test/two-questions.ts'
import type { Authentication, TokenAuthenticator } from '../../authenticator/authenticator.ts'
import { requireCertificate } from '../../authenticator/bound-certificate.ts'
import { requireKey } from '../../authenticator/bound-key.ts'
import type { Context } from '../../authenticator/context.ts'
import { ConfigurationError, rejected, unavailable } from '../../authenticator/errors.ts'
import type { AuthenticationEvent } from '../../authenticator/events.ts'
import { union } from '../../authenticator/union.ts'
import { userInfo } from '../../authenticator/user.ts'
import { cached } from './cached.ts'
import type { CachedOptions } from './remembered-tokens.ts'
import { cachedUnion, type CachedMember } from './cached-union.ts'

const declining = (authenticator: TokenAuthenticator): TokenAuthenticator => ({
  ...authenticator,
  mayKnow: () => false,
})

describe.each([
  ['who declines by the token alone', () => declining(tokens(noOpinion))],
  ['who may know it', () => tokens(noOpinion)],
])('behind an authenticator %s', (_, before) => {
  describeTwoQuestions('a token that was looked up', {
    base: TOKEN_QUESTION,
    variations: TOKEN_VARIATIONS,
    sharesWork: true,
    create(decide) {
      const knowing = { name: 'd', authenticateToken: later(() => (decide() ? { user: jane } : undefined)) }
      const clock = fixedClock()
      const all = cachedUnion([
        { authenticator: tokens(noOpinion), cache: false },
        { authenticator: before(), cache: { clock, maxEntries: 500 } },
        { authenticator: knowing, cache: { clock, maxEntries: 500 } },
      ])
      return async ({ token, ...context }) => (await all.authenticateToken(token, context)) !== undefined
    },
  })
})

/** What an authenticator of a model says of a token, by its name. */
const OPINIONS = ['user', 'none', 'rejected', 'unavailable', 'final', 'bound', 'ends'] as const
type Opinion = (typeof OPINIONS)[number]

const NAMES = ['a', 'b', 'c', 'd'] as const
const ASKED = ['a1', 'b1', 'c1', 'x1', 'x2'] as const

type Step =
  | {
      readonly do: 'ask'
      readonly token: string
      readonly audience: string | undefined
      readonly isHolder: boolean
      readonly provesKey: boolean
    }
  | { readonly do: 'advance'; readonly ms: number }
  | { readonly do: 'change'; readonly name: string; readonly token: string; readonly opinion: Opinion }

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('ask' as const),
      token: fc.constantFrom(...ASKED),
      audience: fc.constantFrom(undefined, undefined, 'p', 'q'),
      isHolder: fc.boolean(),
      provesKey: fc.boolean(),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('advance' as const), ms: fc.constantFrom(1, 999, 1000, 4000) }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('change' as const),
      name: fc.constantFrom(...NAMES),
      token: fc.constantFrom(...ASKED),
      opinion: fc.constantFrom(...OPINIONS),
    }),
  },
)

/** Four authenticators, of which the first three know tokens that begin with their name, and say so; the last may know any. */
function model(isLate: boolean) {
  const clock = fixedClock()
  const opinions = new Map<string, Opinion>()
  const decide = (name: string, token: string, context: Context): Authentication | undefined => {
    switch (opinions.get(`${name} ${token}`) ?? 'none') {
      case 'user':
      case 'bound':
        return { user: userInfo({ username: name }), audiences: context.audiences ?? [] }
      case 'ends':
        return { user: userInfo({ username: name }), expiresAtMs: clock.now() + 500 }
      case 'rejected':
        throw rejected(`${name} refuses`)
      case 'unavailable':
        throw unavailable(`${name} is down`)
      case 'final':
        throw rejected(`${name} ends it`, { isFinal: true })
      default:
        return undefined
    }
  }
  const authenticators = NAMES.map((name): TokenAuthenticator => {
    const mayKnow = (token: string): boolean => name === 'd' || token.startsWith(name) || token === 'x2'
    const authenticateToken = (token: string, context: Context): Authentication | undefined => {
      if (!mayKnow(token)) return undefined
      const answer = decide(name, token, context)
      if (opinions.get(`${name} ${token}`) === 'bound') {
        void requireCertificate(context, 'hers')
        void requireKey(context, 'hers')
      }
      return answer
    }
    return {
      name,
      mayKnow,
      authenticateToken: (token, context) =>
        isLate ? later(() => authenticateToken(token, context))() : authenticateToken(token, context),
    }
  })
  return { clock, opinions, authenticators }
}

const RULES: fc.Arbitrary<CachedOptions | false> = fc.constantFrom<CachedOptions | false>(
  false,
  { successTtlSeconds: 3 },
  { successTtlSeconds: 5, failureTtlSeconds: 2 },
  { successTtlSeconds: 0, failureTtlSeconds: 4, cacheErrors: true },
  { successTtlSeconds: 5, failureTtlSeconds: 5, cacheErrors: true, maxEntries: 1 },
)

describe('a union behind one cache', () => {
  it.each([
    ['at once', false],
    ['later', true],
  ])('says at any time what a union of caches says, where it is known %s', async (_, isLate) => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(RULES, { minLength: NAMES.length, maxLength: NAMES.length }),
        fc.array(step, { maxLength: 40 }),
        async (rules, steps) => {
          const [one, other] = [model(isLate), model(isLate)]
          const members = one.authenticators.map((authenticator, index): CachedMember => {
            const cache = rules[index] ?? false
            return { authenticator, cache: cache === false ? false : { ...cache, clock: one.clock } }
          })
          const together = cachedUnion(members)
          const apart = union<TokenAuthenticator>(
            ...other.authenticators.map((authenticator, index) => {
              const cache = rules[index] ?? false
              return cache === false ? authenticator : cached(authenticator, { ...cache, clock: other.clock })
            }),
          )
          for (const each of steps) {
            if (each.do === 'advance') for (const { clock } of [one, other]) clock.advance(each.ms)
            else if (each.do === 'change') {
              for (const { opinions } of [one, other])
                opinions.set(`${each.name} ${each.token}`, each.opinion)
            } else {
              const context: Context = {
                ...(each.audience !== undefined && { audiences: [each.audience] }),
                holdsCertificate: () => each.isHolder,
                provesKey: () => each.provesKey,
              }
              const [answer, expected] = await Promise.all(
                [together, apart].map(async (all) => {
                  try {
                    return (await all.authenticateToken(each.token, context)) ?? 'no opinion'
                  } catch (error) {
                    return String(error)
                  }
                }),
              )
              expect(answer).toEqual(expected)
            }
          }
        },
      ),
      { numRuns: 400 },
    )
  })

  const clock = fixedClock()
  const cache = { clock }

  it('asks no authenticator for a cached user if no earlier one may know the token', async () => {
    const before = tokens(noOpinion)
    const knowing = tokens(knows(jane))
    const all = cachedUnion([
      { authenticator: declining(before), cache },
      { authenticator: knowing, cache },
    ])
    expect(await all.authenticateToken('t', {})).toEqual({ user: jane })
    expect(await all.authenticateToken('t', {})).toEqual({ user: jane })
    expect([before.calls.length, knowing.calls.length]).toEqual([1, 1])
  })

  it('asks every authenticator for a cached user if one of the earlier ones may know the token', async () => {
    for (const mayKnow of [
      [true, false],
      [false, true],
    ]) {
      const users = new Map<boolean, Authentication>()
      const earlier = mayKnow.map((may) => ({ ...tokens(() => users.get(may)), mayKnow: () => may }))
      const all = cachedUnion([
        ...earlier.map((authenticator) => ({ authenticator, cache })),
        { authenticator: tokens(knows(jane)), cache },
      ])
      expect(await all.authenticateToken('t', {})).toEqual({ user: jane })
      users.set(true, { user: bob })
      expect(await all.authenticateToken('t', {})).toEqual({ user: bob })
    }
  })

  it.each<[string, TokenAuthenticator['mayKnow']]>([
    ['does not say', undefined],
    ['may know it', () => true],
    ['says neither', () => 1 as unknown as boolean],
    [
      'cannot tell',
      () => {
        throw new Error('secret')
      },
    ],
  ])(
    'asks each time who comes before the user and %s, and what they say counts at once',
    async (_, mayKnow) => {
      let isKnownBefore = false
      const before = tokens(() => (isKnownBefore ? { user: bob } : undefined))
      const all = cachedUnion([
        { authenticator: mayKnow === undefined ? before : { ...before, mayKnow }, cache },
        { authenticator: tokens(knows(jane)), cache },
      ])
      expect(await all.authenticateToken('t', {})).toEqual({ user: jane })
      isKnownBefore = true
      expect(await all.authenticateToken('t', {})).toEqual({ user: bob })
    },
  )

  it('does not keep a token that was taken out of what is not remembered', async () => {
    let isThere = true
    const all = cachedUnion([
      { authenticator: tokens(() => (isThere ? { user: jane } : undefined)), cache: false },
      { authenticator: tokens(noOpinion), cache },
    ])
    expect(await all.authenticateToken('t', {})).toEqual({ user: jane })
    isThere = false
    expect(await all.authenticateToken('t', {})).toBeUndefined()
  })

  it('caches users of each by its own options, and failures of one do not affect others', async () => {
    const users = new Map([
      ['short', tokens((token) => (token === 's' ? { user: jane } : undefined))],
      ['long', tokens((token) => (token === 'l' ? { user: bob } : undefined))],
    ])
    const all = cachedUnion([
      {
        authenticator: users.get('short')!,
        cache: { clock, successTtlSeconds: 1, failureTtlSeconds: 100, maxEntries: 3 },
      },
      { authenticator: users.get('long')!, cache: { clock, successTtlSeconds: 100 } },
    ])
    const calls = (): unknown => [...users.values()].map(({ calls: made }) => made.length)
    await all.authenticateToken('s', {})
    await all.authenticateToken('l', {})
    for (let made = 0; made < 50; made++) await all.authenticateToken(`made up ${made}`, {})
    expect(calls()).toEqual([52, 51])
    await all.authenticateToken('s', {})
    await all.authenticateToken('l', {})
    expect(calls()).toEqual([53, 51])
    clock.advance(1000)
    await all.authenticateToken('s', {})
    await all.authenticateToken('l', {})
    expect(calls()).toEqual([54, 51])
  })

  it('refuses a cached token that is bound to a certificate on another connection, unless another authenticator accepts it', async () => {
    let isKnownBehind = false
    const bound: TokenAuthenticator = {
      name: 'bound',
      authenticateToken(_, context) {
        if (context.holdsCertificate?.('hers') !== true) throw rejected('it is bound')
        return { user: jane }
      },
    }
    const all = cachedUnion([
      { authenticator: bound, cache },
      { authenticator: tokens(() => (isKnownBehind ? { user: bob } : undefined)), cache },
    ])
    const hers: Context = { holdsCertificate: () => true }
    expect(await all.authenticateToken('t', hers)).toEqual({ user: jane })
    expect(await thrownBy(() => all.authenticateToken('t', {}))).toMatchObject({ code: 'rejected' })
    expect(await all.authenticateToken('t', hers)).toEqual({ user: jane })
    isKnownBehind = true
    expect(await all.authenticateToken('t', {})).toEqual({ user: bob })
    expect(await all.authenticateToken('t', hers)).toEqual({ user: jane })
  })

  it('tells an observer who is remembered, once', async () => {
    const all = cachedUnion([
      { authenticator: declining(tokens(noOpinion)), cache },
      { authenticator: { ...tokens(knows(jane)), name: 'second' }, cache },
    ])
    await all.authenticateToken('t', {})
    const { observer, events } = recorder()
    await all.authenticateToken('t', { observer })
    expect(events).toMatchObject([
      { type: 'consulting', authenticator: 'cached(second)' },
      { type: 'tokenCacheRequest', status: 'hit' },
      { type: 'consulted', authenticator: 'cached(second)', outcome: 'authenticated', user: jane },
    ] satisfies Partial<AuthenticationEvent>[])
  })

  it('refuses an empty list of audiences, and asks no cached authenticator', async () => {
    const knowing = tokens(knows(jane))
    const all = cachedUnion([
      { authenticator: tokens(noOpinion), cache: false },
      { authenticator: knowing, cache },
    ])
    expect(await thrownBy(() => all.authenticateToken('t', { audiences: [] }))).toMatchObject({
      code: 'rejected',
    })
    expect(knowing.calls).toHaveLength(0)
  })

  it('may know what one of them may know, and knows of audiences where one does', () => {
    const aware = { ...declining(tokens(noOpinion)), audienceAware: true }
    const only = (mayKnow: boolean): TokenAuthenticator => ({ ...tokens(noOpinion), mayKnow: () => mayKnow })
    const of = (...all: readonly TokenAuthenticator[]) =>
      cachedUnion(all.map((authenticator, index) => ({ authenticator, cache: index > 0 && cache })))
    expect(of(only(false), only(true)).mayKnow?.('t')).toBe(true)
    expect(of(only(false), only(false)).mayKnow?.('t')).toBe(false)
    expect(of(only(false), tokens(noOpinion)).mayKnow?.('t')).toBe(true)
    expect([of(only(true), aware), of(only(true), only(true))].map((each) => each.audienceAware)).toEqual([
      true,
      false,
    ])
  })

  it('is the authenticator itself, or a cache in front of it, where there is one only', async () => {
    const only = tokens(knows(jane))
    expect(cachedUnion([{ authenticator: only, cache: false }])).toBe(only)
    const one = cachedUnion([{ authenticator: only, cache }])
    await one.authenticateToken('t', {})
    await one.authenticateToken('t', {})
    expect([one.name, only.calls.length]).toEqual(['cached(tokens)', 1])
  })

  it.each<[string, unknown, RegExp]>([
    ['an empty list', [], /^members: must not be empty/],
    ['no list', {}, /^members: must be a list/],
    ['no authenticator', [{ cache: false }], /^members\[0\]\.authenticator: is required/],
    [
      'what is none',
      [{ authenticator: {}, cache: false }],
      /^members\[0\]\.authenticator: must be a token authenticator/,
    ],
    ['no rules', [{ authenticator: tokens(noOpinion) }], /^members\[0\]\.cache: is required/],
    [
      'an unknown rule',
      [{ authenticator: tokens(noOpinion), cache: { ttl: 1 } }],
      /^members\[0\]\.cache\.ttl: unknown/,
    ],
    ['true', [{ authenticator: tokens(noOpinion), cache: true }], /^members\[0\]\.cache: must be/],
  ])('is refused with %s', (_, members, problem) => {
    const problems = (): readonly string[] => {
      try {
        cachedUnion(members as readonly CachedMember[])
        return []
      } catch (error) {
        if (!(error instanceof ConfigurationError)) throw error
        return error.problems.map(({ path, message }) => `${path}: ${message}`)
      }
    }
    expect(problems()).toEqual([expect.stringMatching(problem)])
  })

  it('turns a fault of one into an outage, and goes on', async () => {
    const all = cachedUnion([
      { authenticator: tokens(fails(new TypeError('secret'))), cache },
      { authenticator: tokens(noOpinion), cache },
    ])
    const error = await thrownBy(() => all.authenticateToken('t', {}))
    expect(error).toMatchObject({ code: 'unavailable' })
    expect(String(error)).not.toContain('secret')
  })
})

it('watches members without a name, which plain JavaScript may have', async () => {
  const { observer, events } = recorder()
  const nameless = { authenticateToken: () => ({}) } as unknown as TokenAuthenticator
  const all = cachedUnion([
    { authenticator: nameless, cache: false },
    { authenticator: tokens(noOpinion), cache: {} },
  ])
  expect(await thrownBy(() => all.authenticateToken('t', { observer }))).toMatchObject({
    code: 'unavailable',
  })
  expect(events.map(({ type }) => type)).toContain('consulted')
})
