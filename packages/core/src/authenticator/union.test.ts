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
  request,
  requests,
  thrownBy,
  tokens,
} from '../../test/fakes.ts'
import type { AnyAuthenticator, Authenticator, TokenAuthenticator } from './authenticator.ts'
import { emptyContext } from './context.ts'
import { authenticatedGroup } from './groups.ts'
import { aggregate, ConfigurationError, rejected, unavailable } from './errors.ts'
import { failFast, union } from './union.ts'

const now: (answer: Answer) => Answer = (answer) => answer
const INTERNAL = 'Internal error occurred: authentication failed unexpectedly'

describe.each([
  ['at once', now],
  ['later', later],
])('a union whose elements answer %s', (_, when) => {
  const ask = async (...answers: readonly Answer[]) =>
    union(...answers.map((answer) => tokens(when(answer)))).authenticateToken('t', emptyContext)

  it('returns the first user, and asks no authenticator after it', async () => {
    const last = tokens(knows(bob))
    const first = [tokens(when(noOpinion)), tokens(when(knows(jane)))]
    expect(await union(...first, last).authenticateToken('t', emptyContext)).toEqual({ user: jane })
    expect(last.calls).toEqual([])
  })

  it('discards the errors before a user', async () => {
    expect(await ask(fails(rejected('bad')), fails(unavailable('down')), knows(jane))).toEqual({ user: jane })
  })

  it('has no opinion when no authenticator has one', async () => {
    expect(await ask(noOpinion, noOpinion)).toBeUndefined()
  })

  it.each([
    ['a single error as it is', [rejected('bad')], 'bad', 'rejected'],
    ['several errors in brackets', [rejected('a'), rejected('b')], '[a, b]', 'rejected'],
    ['equal messages once, without brackets', [rejected('a'), rejected('a')], 'a', 'rejected'],
    [
      'equal messages once, in the order of the first',
      [rejected('b'), rejected('a'), rejected('b')],
      '[b, a]',
      'rejected',
    ],
    [
      'an outage as unavailable, whatever else was rejected',
      [rejected('a'), unavailable('b')],
      '[a, b]',
      'unavailable',
    ],
    [
      'an outage as unavailable, also under the text of a rejection',
      [rejected('a'), unavailable('a')],
      'a',
      'unavailable',
    ],
    [
      'an outage as unavailable, also before a rejection of the same text',
      [unavailable('a'), rejected('a')],
      'a',
      'unavailable',
    ],
    ['what is no error of an authenticator as an outage', [new TypeError('secret')], INTERNAL, 'unavailable'],
    ['what is no error at all as an outage', ['secret'], INTERNAL, 'unavailable'],
    [
      'nested errors without their brackets',
      [aggregate([rejected('a'), rejected('b')]), rejected('c')],
      '[a, b, c]',
      'rejected',
    ],
    ['nested errors once', [aggregate([rejected('a'), rejected('b')]), rejected('b')], '[a, b]', 'rejected'],
  ])('throws %s', async (_name, errors, message, code) => {
    expect(await thrownBy(() => ask(...errors.map((error) => fails(error)), noOpinion))).toMatchObject({
      name: 'AuthenticationError',
      message,
      code,
    })
  })

  it('ends with an error that is final, and tells the errors before it', async () => {
    const last = tokens(knows(jane))
    const final = rejected('twins', { isFinal: true })
    const all = union(tokens(when(fails(unavailable('down')))), tokens(when(fails(final))), last)
    expect(await thrownBy(() => all.authenticateToken('t', emptyContext))).toMatchObject({
      code: 'unavailable',
      message: '[down, twins]',
      isFinal: true,
    })
    expect(last.calls).toEqual([])
  })

  it.each([
    ['in another union', (error: unknown) => union(tokens(when(noOpinion)), tokens(when(fails(error))))],
    ['in failFast', (error: unknown) => failFast(tokens(when(noOpinion)), tokens(when(fails(error))))],
    ['below a group adder', (error: unknown) => authenticatedGroup(tokens(when(fails(error))))],
    [
      'among equal messages',
      (error: unknown) => union(tokens(when(fails(rejected('a')))), tokens(when(fails(error)))),
    ],
  ])('ends with an error that is final %s', async (_name, inner) => {
    const last = tokens(knows(jane))
    const all = union(inner(rejected('a', { isFinal: true })), last)
    expect(await thrownBy(() => all.authenticateToken('t', emptyContext))).toMatchObject({
      code: 'rejected',
      message: 'a',
      isFinal: true,
    })
    expect(last.calls).toEqual([])
  })

  it('asks in order, one after the other', async () => {
    const order: string[] = []
    const noting = (name: string) =>
      tokens(
        when(() => {
          order.push(name)
          return undefined
        }),
      )
    await union(noting('a'), noting('b'), noting('c')).authenticateToken('t', emptyContext)
    expect(order).toEqual(['a', 'b', 'c'])
  })

  it('does not take null, which is no answer, for no opinion', async () => {
    const last = tokens(knows(jane))
    const all = union(tokens(when(() => null as unknown as undefined)), last)
    expect(await all.authenticateToken('t', emptyContext)).toBeNull()
    expect(last.calls).toEqual([])
  })

  it('keeps the errors of one credential away from the next', async () => {
    let isBroken = true
    const flaky = tokens(
      when(() => {
        if (isBroken) throw rejected('bad')
        return undefined
      }),
    )
    const both = union(flaky, tokens(when(noOpinion)))
    await thrownBy(() => both.authenticateToken('t', emptyContext))
    isBroken = false
    expect(await both.authenticateToken('t', emptyContext)).toBeUndefined()
  })
})

describe('a union of elements that answer now and later', () => {
  it.each([
    ['a late error and a user at once', [later(fails(rejected('a'))), knows(jane)]],
    ['an error at once and a late user', [fails(rejected('a')), later(knows(jane))]],
  ])('takes %s', async (_, answers) => {
    const all = union(...answers.map((answer) => tokens(answer)))
    expect(await all.authenticateToken('t', emptyContext)).toEqual({ user: jane })
  })

  it('puts late errors in their place among the others', async () => {
    const all = union(
      ...[later(fails(rejected('a'))), fails(rejected('b')), later(fails(rejected('c')))].map((answer) =>
        tokens(answer),
      ),
    )
    expect(await thrownBy(() => all.authenticateToken('t', emptyContext))).toMatchObject({
      message: '[a, b, c]',
    })
  })

  it('stays synchronous while all answer synchronously', () => {
    const all = union(tokens(noOpinion), tokens(knows(jane)))
    expect(all.authenticateToken('t', emptyContext)).toEqual({ user: jane })
  })

  it('throws synchronously when all answer synchronously', () => {
    const all = union(tokens(noOpinion), tokens(fails(rejected('bad'))))
    expect(() => all.authenticateToken('t', emptyContext)).toThrow('bad')
  })
})

describe.each([
  ['at once', now],
  ['later', later],
])('failFast, with elements that answer %s', (_, when) => {
  it('ends with the first error, and asks no authenticator after it', async () => {
    const last = tokens(knows(jane))
    const all = failFast(tokens(when(noOpinion)), tokens(when(fails(rejected('bad')))), last)
    expect(await thrownBy(() => all.authenticateToken('t', emptyContext))).toMatchObject({ message: 'bad' })
    expect(last.calls).toEqual([])
  })

  it('turns what is no error of an authenticator into an outage', async () => {
    const all = failFast(tokens(when(fails(new Error('secret')))), tokens(knows(jane)))
    expect(await thrownBy(() => all.authenticateToken('t', emptyContext))).toMatchObject({
      code: 'unavailable',
      message: INTERNAL,
    })
  })

  it('goes on while there is no opinion', async () => {
    const all = failFast(tokens(when(noOpinion)), tokens(when(knows(jane))))
    expect(await all.authenticateToken('t', emptyContext)).toEqual({ user: jane })
  })
})

describe.each([
  ['union', union<AnyAuthenticator>],
  ['failFast', failFast<AnyAuthenticator>],
])('%s', (_, compose) => {
  it('returns a single authenticator as it is', () => {
    const only = tokens(knows(jane))
    expect(compose(only)).toBe(only)
  })

  it.each([
    ['requests and tokens', [requests(noOpinion), tokens(noOpinion)]],
    ['tokens and passwords', [tokens(noOpinion), passwords(noOpinion)]],
    ['passwords and requests', [passwords(noOpinion), requests(noOpinion)]],
    ['all three', [requests(noOpinion), tokens(noOpinion), passwords(noOpinion)]],
  ])('refuses to mix %s, and says which is of another kind', (_name, authenticators) => {
    expect(() => compose(...authenticators)).toThrow(ConfigurationError)
    expect(() => compose(...authenticators)).toThrow(
      /authenticators\[\d\]: must be a .* authenticator; this is a .* authenticator/,
    )
  })

  it('has no opinion on credentials of any kind without authenticators', async () => {
    const none = compose()
    expect(new Set(Object.keys(none))).toEqual(
      new Set(['authenticate', 'authenticatePassword', 'authenticateToken', 'name']),
    )
  })
})

describe('union of request authenticators', () => {
  it('asks about the request', async () => {
    const second = requests(knows(jane))
    const asked = request()
    await union(requests(noOpinion), second).authenticate(asked, emptyContext)
    expect(second.calls).toEqual([asked])
  })

  it('adds up what its elements look for, each scheme once and in order', () => {
    const headers = () => ({ remove: ['x-user'] })
    const all = union<Authenticator>(
      { ...requests(noOpinion), credentials: { schemes: ['Bearer'] as const, identityHeaders: [headers] } },
      requests(noOpinion),
      { ...requests(noOpinion), credentials: { schemes: ['Basic', 'Bearer'] as const } },
    )
    expect(all.credentials).toEqual({
      known: [],
      schemes: ['Bearer', 'Basic'],
      proofAlgorithms: [],
      identityHeaders: [headers],
      peerCertificates: false,
      tlsClientAuth: false,
      proxyAuthorities: [],
      trustedOrigins: [],
    })
  })
})

describe('union of other kinds', () => {
  it('asks about the password', async () => {
    const second = passwords(knows(jane))
    const all = union(passwords(noOpinion), second)
    expect(await all.authenticatePassword('jane', 'secret', emptyContext)).toEqual({ user: jane })
    expect(second.calls).toEqual([{ username: 'jane', password: 'secret' }])
  })

  it.each([
    [false, [tokens(noOpinion), tokens(noOpinion)]],
    [true, [tokens(noOpinion), { ...tokens(noOpinion), audienceAware: true }]],
  ])('is audience aware (%s) as soon as one of its elements is', (expected, authenticators) => {
    expect(union<TokenAuthenticator>(...authenticators).audienceAware ?? false).toBe(expected)
  })

  it('takes a union of nothing for one of its own kind', async () => {
    const all = union(union<ReturnType<typeof tokens>>(), tokens(knows(jane)))
    expect(await all.authenticateToken('t', emptyContext)).toEqual({ user: jane })
  })

  it('hands on the context unchanged', async () => {
    const second = tokens(noOpinion)
    const context = { audiences: ['a'] }
    await union(tokens(noOpinion), second).authenticateToken('t', context)
    expect(second.calls[0]?.context).toBe(context)
  })
})
