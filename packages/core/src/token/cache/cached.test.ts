import { describe, expect, it, vi } from 'vitest'
import {
  type Answer,
  bob,
  fails,
  fixedClock,
  jane,
  knows,
  later,
  noOpinion,
  recorder,
  settled,
  thrownBy,
  tokens,
} from '../../../test/fakes.ts'
import type { Authentication, TokenAuthenticator } from '../../authenticator/authenticator.ts'
import type { Context } from '../../authenticator/context.ts'
import { ConfigurationError, rejected, unavailable } from '../../authenticator/errors.ts'
import { cached } from './cached.ts'
import type { CachedOptions } from './remembered-tokens.ts'

/** A cache in front of a delegate that counts what it is asked. */
function cacheOf(answer: TokenAuthenticator['authenticateToken'], options: CachedOptions = {}) {
  const clock = fixedClock()
  const delegate = tokens(answer)
  const cache = cached(delegate, { clock, ...options })
  const ask = async (token = 't', context: Context = {}) => cache.authenticateToken(token, context)
  return { clock, delegate, cache, ask }
}

/** Lookups that end when they are told to. */
function held() {
  const open: {
    readonly context: Context
    readonly end: (answer?: Authentication) => void
    readonly fail: (error: unknown) => void
  }[] = []
  const answer: TokenAuthenticator['authenticateToken'] = (_, context) =>
    new Promise((resolve, reject) => open.push({ context, end: resolve, fail: reject }))
  return { answer, open }
}

describe.each([
  ['at once', <T>(answer: T): T => answer],
  ['later', later],
])('a cache in front of tokens that are known %s', (_, when: (answer: Answer) => Answer) => {
  it.each([
    ['a user for ten seconds', knows(jane), {}, 10_000],
    ['a user as long as it is told', knows(jane), { successTtlSeconds: 0.5 }, 500],
    ['no opinion as long as it is told', noOpinion, { failureTtlSeconds: 5 }, 5000],
    [
      'errors as failures where it is told to keep them',
      fails(unavailable('down')),
      { failureTtlSeconds: 5, cacheErrors: true },
      5000,
    ],
    ['rejections likewise', fails(rejected('bad')), { failureTtlSeconds: 5, cacheErrors: true }, 5000],
  ])('keeps %s, to the millisecond', async (_name, answer, options, ttlMs) => {
    const { clock, delegate, ask } = cacheOf(when(answer), options)
    const outcome = () => ask().catch((error: unknown) => error)
    const first = await outcome()
    clock.advance(ttlMs - 1)
    expect(await outcome()).toBe(first)
    expect(delegate.calls).toHaveLength(1)
    clock.advance(1)
    expect(await outcome()).toEqual(first)
    expect(delegate.calls).toHaveLength(2)
  })

  it.each([
    ['no opinion by default', noOpinion, {}],
    ['errors by default', fails(unavailable('down')), { failureTtlSeconds: 60 }],
    ['rejections by default', fails(rejected('bad')), { failureTtlSeconds: 60 }],
    ['errors without a time for failures', fails(unavailable('down')), { cacheErrors: true }],
    [
      'users when it is told to keep them no time',
      knows(jane),
      { successTtlSeconds: 0, failureTtlSeconds: 60 },
    ],
    ['users whose token is over', knows(jane, { expiresAtMs: 1_000_000 }), {}],
    ['users whose token has been over for long', knows(jane, { expiresAtMs: 0 }), {}],
    ['users whose token ends at no time', knows(jane, { expiresAtMs: Number.NaN }), {}],
  ])('does not keep %s', async (_name, answer, options) => {
    const { delegate, ask } = cacheOf(when(answer), options)
    const outcome = () => ask().catch((error: unknown) => error)
    const first = await outcome()
    expect(await outcome()).toEqual(first)
    expect(delegate.calls).toHaveLength(2)
  })

  it('keeps a user no longer than the token says it is valid', async () => {
    const { clock, delegate, ask } = cacheOf(when(knows(jane, { expiresAtMs: 1_003_000 })))
    await ask()
    clock.advance(2999)
    await ask()
    expect(delegate.calls).toHaveLength(1)
    clock.advance(1)
    await ask()
    expect(delegate.calls).toHaveLength(2)
  })

  it('keeps a user no longer than its own time where the token is valid for longer', async () => {
    const { clock, delegate, ask } = cacheOf(when(knows(jane, { expiresAtMs: 2_000_000 })))
    await ask()
    clock.advance(10_000)
    await ask()
    expect(delegate.calls).toHaveLength(2)
  })

  it('does not keep a user for longer where the clock was set back', async () => {
    const { clock, delegate, ask } = cacheOf(when(knows(jane)))
    await ask()
    clock.advance(-3_600_000)
    await ask()
    clock.advance(9999)
    await ask()
    expect(delegate.calls).toHaveLength(2)
  })

  it('does not keep a user for longer because it is asked for', async () => {
    const { clock, delegate, ask } = cacheOf(when(knows(jane)))
    for (let second = 0; second < 20; second++) {
      await ask()
      clock.advance(1000)
    }
    expect(delegate.calls).toHaveLength(2)
  })

  it('takes the newer answer when the old one is over', async () => {
    let user = jane
    const { clock, ask } = cacheOf(when(() => ({ user })))
    await ask()
    user = bob
    expect((await ask())?.user).toBe(jane)
    clock.advance(10_000)
    expect((await ask())?.user).toBe(bob)
  })

  it('forgets a user who is unknown by now', async () => {
    let answer: Answer = knows(jane)
    const { clock, ask } = cacheOf(when(() => answer()))
    await ask()
    answer = noOpinion
    clock.advance(10_000)
    expect(await ask()).toBeUndefined()
    expect(await ask()).toBeUndefined()
  })

  it.each<[string, [string, Context], [string, Context]]>([
    ['tokens', ['a', {}], ['b', {}]],
    ['tokens in another case', ['a', {}], ['A', {}]],
    ['audiences', ['t', { audiences: ['a'] }], ['t', { audiences: ['b'] }]],
    ['the order of audiences', ['t', { audiences: ['a', 'b'] }], ['t', { audiences: ['b', 'a'] }]],
    ['some audiences from none', ['t', {}], ['t', { audiences: ['a'] }]],
    ['where a token ends', ['ta', { audiences: ['b'] }], ['t', { audiences: ['ab'] }]],
  ])('tells apart: %s', async (_name, one, other) => {
    const { delegate, ask } = cacheOf(when(knows(jane)))
    await Promise.all([ask(...one), ask(...other)])
    await ask(...one)
    await ask(...other)
    expect(delegate.calls).toHaveLength(2)
  })

  it('refuses an empty list of audiences, and does not ask', async () => {
    const { delegate, ask } = cacheOf(when(knows(jane)))
    await ask()
    expect(await thrownBy(() => ask('t', { audiences: [] }))).toMatchObject({ code: 'rejected' })
    expect(delegate.calls).toHaveLength(1)
  })

  it('turns what is no error of an authenticator into an outage that says nothing', async () => {
    const { ask } = cacheOf(when(fails(new TypeError('secret'))))
    expect(await thrownBy(() => ask())).toMatchObject({
      code: 'unavailable',
      message: 'Internal error occurred: authentication failed unexpectedly',
    })
  })

  it('accepts a user for a caller without warnings and annotations', async () => {
    const { ask } = cacheOf((_token, context) => {
      context.warn?.('a')
      context.annotate?.('key', '2')
      return when(knows(jane))()
    })
    for (let round = 0; round < 3; round++) expect((await ask('t', {}))?.user).toBe(jane)
  })

  it('repeats warnings and annotations for a user who is remembered, in order', async () => {
    const { ask } = cacheOf((_token, context) => {
      context.warn?.('a')
      context.warn?.('b')
      context.annotate?.('__proto__', '1')
      context.annotate?.('key', '2')
      return when(knows(jane))()
    })
    for (let round = 0; round < 3; round++) {
      const said: unknown[] = []
      await ask('t', { warn: (text) => said.push(text), annotate: (key, value) => said.push([key, value]) })
      expect(said).toEqual(['a', 'b', ['__proto__', '1'], ['key', '2']])
    }
  })

  it.each([
    ['no opinion', noOpinion],
    ['an error', fails(rejected('bad'))],
  ])('keeps warnings and annotations to itself for %s', async (_name, answer) => {
    const options = { failureTtlSeconds: 60, cacheErrors: true }
    const { ask } = cacheOf((_token, context) => {
      context.warn?.('a')
      context.annotate?.('b', 'c')
      return when(answer)()
    }, options)
    for (let round = 0; round < 2; round++) {
      const said: unknown[] = []
      const context = { warn: (text: string) => said.push(text), annotate: (key: string) => said.push(key) }
      await ask('t', context).catch(() => undefined)
      expect(said).toEqual([])
    }
  })

  it('leaves no timer behind', async () => {
    const { clock, ask } = cacheOf(when(knows(jane)))
    await ask()
    await ask('u')
    expect(clock.pending).toBe(0)
  })
})

describe('a token that is known at once', () => {
  it('is answered at once, first and again, without a timer or a signal', () => {
    const { clock, cache } = cacheOf(knows(jane))
    const [after, controller] = [vi.spyOn(clock, 'after'), vi.spyOn(globalThis, 'AbortController')]
    expect(cache.authenticateToken('t', {})).toEqual({ user: jane })
    expect(cache.authenticateToken('t', {})).toEqual({ user: jane })
    expect(after).not.toHaveBeenCalled()
    expect(controller).not.toHaveBeenCalled()
  })

  it('is refused at once where it is bad', () => {
    const { cache } = cacheOf(fails(rejected('bad')))
    expect(() => cache.authenticateToken('t', {})).toThrow('bad')
  })

  it('is looked up anew by the authenticator itself, and does not wait for itself', () => {
    const inner = cacheOf((token, context) =>
      token === 'a' ? inner.cache.authenticateToken('b', context) : { user: jane },
    )
    expect(inner.cache.authenticateToken('a', {})).toEqual({ user: jane })
  })
})

describe('a cache that is made outside of a request', () => {
  it('needs nothing random before it is asked, and the same key after that', async () => {
    const random = vi.spyOn(crypto, 'getRandomValues')
    const { delegate, ask } = cacheOf(knows(jane))
    expect(random).not.toHaveBeenCalled()
    await ask()
    await ask()
    expect(delegate.calls).toHaveLength(1)
    expect(random).toHaveBeenCalledOnce()
  })
})

describe('callers who ask for the same token at the same time', () => {
  it.each([
    [
      'a user',
      (lookup: ReturnType<typeof held>['open'][number]) => lookup.end({ user: jane }),
      { user: jane },
    ],
    ['no opinion', (lookup: ReturnType<typeof held>['open'][number]) => lookup.end(), undefined],
  ])('share one lookup, and %s', async (_, end, expected) => {
    const { answer, open } = held()
    const { delegate, ask } = cacheOf(answer, { successTtlSeconds: 0 })
    const all = [ask(), ask(), ask()]
    await settled()
    expect(delegate.calls).toHaveLength(1)
    end(open[0]!)
    expect(await Promise.all(all)).toEqual([expected, expected, expected])
  })

  it('share its error too', async () => {
    const { answer, open } = held()
    const { ask } = cacheOf(answer)
    const all = [ask(), ask()].map((each) => each.catch((error: unknown) => error))
    await settled()
    open[0]!.fail(rejected('bad'))
    expect(await Promise.all(all)).toMatchObject([{ message: 'bad' }, { message: 'bad' }])
  })

  it('start another lookup when it is over and nothing was kept', async () => {
    const { answer, open } = held()
    const { delegate, ask } = cacheOf(answer)
    const first = ask()
    await settled()
    open[0]!.end()
    await first
    const second = ask()
    await settled()
    expect(delegate.calls).toHaveLength(2)
    open[1]!.end({ user: jane })
    expect(await second).toEqual({ user: jane })
  })

  it('each hear its warnings', async () => {
    const { answer, open } = held()
    const { ask } = cacheOf(answer)
    const said: string[] = []
    const all = ['a', 'b'].map((name) => ask('t', { warn: (text) => said.push(`${name}: ${text}`) }))
    await settled()
    open[0]!.context.warn?.('careful')
    open[0]!.end({ user: jane })
    await Promise.all(all)
    expect(new Set(said)).toEqual(new Set(['a: careful', 'b: careful']))
    expect(said).toHaveLength(2)
  })

  it('do not share it when they want other audiences', async () => {
    const { answer, open } = held()
    const { ask } = cacheOf(answer)
    const all = [ask('t', { audiences: ['a'] }), ask('t', { audiences: ['b'] })]
    await settled()
    expect(open.map(({ context }) => context.audiences)).toEqual([['a'], ['b']])
    for (const { end, context } of open) end({ user: jane, audiences: context.audiences! })
    expect((await Promise.all(all)).map((each) => each?.audiences)).toEqual([['a'], ['b']])
  })
})

describe('a caller who gives up', () => {
  it.each([0, 1])('gets an error of their own, and the others get the answer (caller %i)', async (index) => {
    const { answer, open } = held()
    const { delegate, ask } = cacheOf(answer)
    const aborts = [new AbortController(), new AbortController()]
    const all = aborts.map(({ signal }) => ask('t', { signal }).catch((error: unknown) => error))
    await settled()
    aborts[index]!.abort(new Error('client went away'))
    expect(await all[index]).toMatchObject({ code: 'unavailable', message: 'the caller gave up' })
    expect(open[0]!.context.signal?.aborted).toBe(false)
    open[0]!.end({ user: jane })
    expect(await all[1 - index]).toEqual({ user: jane })
    expect(await ask()).toEqual({ user: jane })
    expect(delegate.calls).toHaveLength(1)
  })

  it('does not end the lookup, whose answer is kept', async () => {
    const { answer, open } = held()
    const { delegate, ask } = cacheOf(answer)
    const abort = new AbortController()
    const only = ask('t', { signal: abort.signal }).catch((error: unknown) => error)
    await settled()
    abort.abort()
    await only
    open[0]!.end({ user: jane })
    await settled()
    expect(await ask()).toEqual({ user: jane })
    expect(delegate.calls).toHaveLength(1)
  })

  it('gets nothing when they had given up before they asked', async () => {
    const { answer, open } = held()
    const { ask } = cacheOf(answer)
    expect(await thrownBy(() => ask('t', { signal: AbortSignal.abort() }))).toMatchObject({
      code: 'unavailable',
      message: 'the caller gave up',
    })
    open[0]?.end()
  })

  it('is not listened to any more when the answer is there', async () => {
    const { answer, open } = held()
    const { ask } = cacheOf(answer)
    const { signal } = new AbortController()
    const listeners = {
      add: vi.spyOn(signal, 'addEventListener'),
      remove: vi.spyOn(signal, 'removeEventListener'),
    }
    const asked = ask('t', { signal })
    await settled()
    open[0]!.end({ user: jane })
    await asked
    expect(listeners.add).toHaveBeenCalledOnce()
    expect(listeners.remove.mock.calls[0]?.slice(0, 2)).toEqual(listeners.add.mock.calls[0]?.slice(0, 2))
  })

  it('leaves no unhandled rejection', async () => {
    const { answer, open } = held()
    const { ask } = cacheOf(answer)
    const abort = new AbortController()
    const asked = ask('t', { signal: abort.signal }).catch((error: unknown) => error)
    await settled()
    abort.abort()
    await asked
    open[0]!.fail(new Error('late'))
    await settled()
    expect(open).toHaveLength(1)
  })
})

describe('a lookup that ended together with the request that began it', () => {
  async function begunAgain() {
    const { answer, open } = held()
    const { ask, delegate, clock } = cacheOf(answer)
    const first = ask()
    await settled()
    clock.endRequest()
    const second = ask()
    await settled()
    expect(delegate.calls).toHaveLength(1)
    clock.advance(31_000)
    await settled()
    return { ask, delegate, open, first, second }
  }

  it('is begun again by who waits for it when its time is over', async () => {
    const { ask, delegate, open, first, second } = await begunAgain()
    expect(delegate.calls).toHaveLength(2)
    open[1]!.end({ user: jane })
    expect(await second).toEqual({ user: jane })
    // What it says after all is not listened to.
    open[0]!.end({ user: bob })
    await Promise.all([first, settled()])
    expect(await ask()).toEqual({ user: jane })
  })

  it('counts for nothing while the one that was begun instead goes on', async () => {
    const { ask, delegate, open, first, second } = await begunAgain()
    open[0]!.end({ user: bob })
    await Promise.all([first, settled()])
    const third = ask()
    await settled()
    open[1]!.end({ user: jane })
    expect([await second, await third, await ask()]).toEqual([jane, jane, jane].map((user) => ({ user })))
    expect(delegate.calls).toHaveLength(2)
  })
})

describe('a lookup', () => {
  it.each([
    ['30 seconds by default', {}, 30_000],
    ['as long as it is told', { timeoutSeconds: 2 }, 2000],
  ])('may take %s, to the millisecond', async (_, options, limitMs) => {
    const { answer, open } = held()
    const { clock, ask } = cacheOf(answer, { failureTtlSeconds: 60, ...options })
    const asked = [ask(), ask()].map((each) => each.catch((error: unknown) => error))
    await settled()
    clock.advance(limitMs - 1)
    expect(open[0]!.context.signal?.aborted).toBe(false)
    clock.advance(1)
    expect(await Promise.all(asked)).toMatchObject([
      { code: 'unavailable', message: 'the token could not be looked up in time' },
      { code: 'unavailable', message: 'the token could not be looked up in time' },
    ])
    expect(open[0]!.context.signal?.aborted).toBe(true)
  })

  it('tells that its time is over also to who asks for that later', async () => {
    const { answer, open } = held()
    const { clock, ask } = cacheOf(answer)
    const asked = ask().catch((error: unknown) => error)
    await settled()
    clock.advance(30_000)
    const error = await asked
    expect(open[0]!.context.signal?.aborted).toBe(true)
    expect(open[0]!.context.signal?.reason).toBe(error)
  })

  it('that is over time counts for nothing when it ends after all', async () => {
    const { answer, open } = held()
    const { clock, delegate, ask } = cacheOf(answer)
    const asked = ask().catch((error: unknown) => error)
    await settled()
    clock.advance(30_000)
    await asked
    open[0]!.end({ user: jane })
    await settled()
    const again = ask()
    await settled()
    expect(delegate.calls).toHaveLength(2)
    open[1]!.end({ user: bob })
    expect((await again)?.user).toBe(bob)
  })

  it('counts the time of a user from when it ended', async () => {
    const { answer, open } = held()
    const { clock, delegate, ask } = cacheOf(answer)
    const asked = ask()
    await settled()
    clock.advance(20_000)
    open[0]!.end({ user: jane })
    await asked
    clock.advance(9999)
    await ask()
    expect(delegate.calls).toHaveLength(1)
  })

  it('knows of its callers nothing but the audiences', async () => {
    const { delegate, ask } = cacheOf(knows(jane))
    const { signal } = new AbortController()
    const caller = { audiences: ['api'], signal, warn: vi.fn(), annotate: vi.fn() }
    await ask('t', caller)
    const { context } = delegate.calls[0]!
    expect(context.audiences).toEqual(['api'])
    expect(context.signal).not.toBe(signal)
    expect(context.warn).not.toBe(caller.warn)
    expect(context.annotate).not.toBe(caller.annotate)
    expect(context).not.toHaveProperty('observer')
  })
})

describe('the size of a cache', () => {
  it('is bounded: what was used longest ago goes', async () => {
    const { delegate, ask } = cacheOf(knows(jane), { maxEntries: 2 })
    await ask('a')
    await ask('b')
    await ask('a')
    await ask('c')
    expect(delegate.calls.map(({ token }) => token)).toEqual(['a', 'b', 'c'])
    await ask('a')
    await ask('c')
    expect(delegate.calls).toHaveLength(3)
    await ask('b')
    expect(delegate.calls).toHaveLength(4)
  })

  it.each<[string, (token: string) => Authentication | undefined]>([
    ['users', () => ({ user: jane })],
    ['unknown tokens', () => undefined],
  ])('is 32,768 %s where nothing else is said', async (_, answer) => {
    const { delegate, ask } = cacheOf(answer, { failureTtlSeconds: 60, successTtlSeconds: 60 })
    for (let index = 0; index < 32_768; index++) await ask(`${index}`)
    await ask('0')
    expect(delegate.calls).toHaveLength(32_768)
    await ask('one more')
    await ask('0')
    expect(delegate.calls).toHaveLength(32_769)
    await ask('1')
    expect(delegate.calls).toHaveLength(32_770)
  })

  it('is bounded for unknown tokens too', async () => {
    const { delegate, ask } = cacheOf(noOpinion, { maxEntries: 2, failureTtlSeconds: 60 })
    for (const token of ['a', 'b', 'c', 'a']) await ask(token)
    expect(delegate.calls).toHaveLength(4)
  })
})

describe('tokens that are made up', () => {
  it('do not push out the users that are remembered', async () => {
    const answer = (token: string) => (token === 'good' ? { user: jane } : undefined)
    const { delegate, ask } = cacheOf(answer, { maxEntries: 4, failureTtlSeconds: 60, successTtlSeconds: 60 })
    await ask('good')
    for (let index = 0; index < 100; index++) await ask(`made up ${index}`)
    expect(delegate.calls).toHaveLength(101)
    expect(await ask('good')).toEqual({ user: jane })
    await ask('made up 99')
    expect(delegate.calls).toHaveLength(101)
  })

  it('do not push out users where errors are kept', async () => {
    const answer = (token: string) => {
      if (token === 'good') return { user: jane }
      throw rejected('bad')
    }
    const { delegate, ask } = cacheOf(answer, { maxEntries: 4, failureTtlSeconds: 60, cacheErrors: true })
    await ask('good')
    for (let index = 0; index < 100; index++) await thrownBy(() => ask(`made up ${index}`))
    await ask('good')
    expect(delegate.calls).toHaveLength(101)
  })

  it('are looked up so many at a time, and beyond that may be asked for again', async () => {
    const { answer, open } = held()
    const { ask, delegate } = cacheOf(answer, { maxConcurrent: 2 })
    const lookups = ['a', 'b', 'b', 'a'].map((token) => ask(token))
    await settled()
    expect(delegate.calls).toHaveLength(2)
    expect(await thrownBy(() => ask('c'))).toMatchObject({ code: 'unavailable', retryAfterSeconds: 2 })
    open[0]!.end({ user: jane })
    await settled()
    const third = ask('c')
    await settled()
    open[1]!.end()
    open[2]!.end({ user: bob })
    expect(await Promise.all([...lookups, third])).toEqual([
      { user: jane },
      undefined,
      undefined,
      { user: jane },
      { user: bob },
    ])
  })

  it('are looked up 1,024 at a time where nothing else is said', async () => {
    const { answer, open } = held()
    const { ask } = cacheOf(answer)
    const lookups = Array.from({ length: 1024 }, (_, index) => ask(`${index}`))
    expect(await thrownBy(() => ask('one more'))).toMatchObject({ code: 'unavailable', retryAfterSeconds: 2 })
    expect(open).toHaveLength(1024)
    for (const { end } of open) end()
    await Promise.all(lookups)
  })

  it('leave users that are remembered their answers', async () => {
    const { answer, open } = held()
    const { ask } = cacheOf(answer, { maxConcurrent: 1 })
    const first = ask('good')
    await settled()
    open[0]!.end({ user: jane })
    await first
    void ask('made up')
    expect(await ask('good')).toEqual({ user: jane })
    open[1]?.end()
  })
})

describe('cached', () => {
  it('answers at once when it remembers', async () => {
    const { cache, ask } = cacheOf(later(knows(jane)))
    const asked = await ask()
    expect(cache.authenticateToken('t', {})).toBe(asked)
  })

  it.each([[true], [false], [undefined]])(
    'is as aware of audiences as what is behind it: %s',
    (audienceAware) => {
      const delegate = { ...tokens(noOpinion, 'mine'), ...(audienceAware !== undefined && { audienceAware }) }
      expect(cached(delegate)).toMatchObject({ name: 'cached(mine)', audienceAware: audienceAware ?? false })
    },
  )

  it('keeps caches apart from each other', async () => {
    const delegate = tokens(knows(jane))
    await cached(delegate).authenticateToken('t', {})
    await cached(delegate).authenticateToken('t', {})
    expect(delegate.calls).toHaveLength(2)
  })

  it.each([
    [{ successTtlSeconds: -1 }, ['successTtlSeconds']],
    [{ failureTtlSeconds: Number.NaN }, ['failureTtlSeconds']],
    [{ timeoutSeconds: -0.1 }, ['timeoutSeconds']],
    [{ timeoutSeconds: 0 }, ['timeoutSeconds']],
    [{ maxEntries: 0 }, ['maxEntries']],
    [{ maxEntries: 1.5 }, ['maxEntries']],
    [{ maxEntries: Infinity }, ['maxEntries']],
    [{ maxConcurrent: 0 }, ['maxConcurrent']],
    [{ maxConcurrent: Infinity }, ['maxConcurrent']],
    [{ maxEntries: -1, successTtlSeconds: -1 }, ['successTtlSeconds', 'maxEntries']],
  ])('refuses the options %o', async (options, paths) => {
    const error = await thrownBy(() => cached(tokens(noOpinion), options))
    expect(error).toBeInstanceOf(ConfigurationError)
    expect((error as ConfigurationError).problems.map(({ path }) => path)).toEqual(paths)
  })

  it('tells an observer of hits, misses and lookups', async () => {
    const { ask } = cacheOf(later(knows(jane)))
    const { observer, events } = recorder()
    await ask('t', { observer })
    await settled()
    const outline = () =>
      events.map(
        (event) =>
          `${event.type}${'status' in event ? ` ${event.status}` : ''}${'change' in event ? ` ${event.change}` : ''}`,
      )
    expect(outline()).toEqual([
      'tokenCacheRequest miss',
      'tokenCacheActiveFetch inFlight 1',
      'consulting',
      'tokenCacheActiveFetch blocked 1',
      'consulted',
      'tokenCacheActiveFetch inFlight -1',
      'tokenCacheFetch ok',
      'tokenCacheActiveFetch blocked -1',
    ])
    events.length = 0
    await ask('t', { observer })
    expect(outline()).toEqual(['tokenCacheRequest hit'])
  })

  it('tells an observer of no token', async () => {
    const { ask } = cacheOf(fails(rejected('bad')))
    const { observer, events } = recorder()
    await ask('c2VjcmV0', { observer }).catch(() => undefined)
    await settled()
    expect(events.length).toBeGreaterThan(0)
    expect(JSON.stringify(events)).not.toContain('c2VjcmV0')
  })
})

describe('a token that is bound to a certificate', () => {
  /** A delegate whose token `t` is jane's, for who holds the certificate `hers`. */
  const bound: TokenAuthenticator['authenticateToken'] = async (_, context) => {
    await Promise.resolve()
    if ((await context.holdsCertificate?.('hers')) !== true) throw rejected('it is bound')
    return { user: jane }
  }
  const hers: Context = { holdsCertificate: (thumbprint) => Promise.resolve(thumbprint === 'hers') }
  const others: readonly (readonly [string, Context])[] = [
    ['has none', { holdsCertificate: () => false }],
    ['has another', { holdsCertificate: (thumbprint) => thumbprint === 'mine' }],
    ['answers with what is not true', { holdsCertificate: () => 1 as unknown as boolean }],
    ['is not known', {}],
  ]

  it.each(others)('is remembered for its connection, and refused on one that %s', async (_, other) => {
    const { ask, delegate } = cacheOf(bound)
    for (const context of [other, hers, other, hers, hers, other]) {
      const answer = await ask('t', context).catch((error: unknown) => error)
      expect(answer).toMatchObject(context === hers ? { user: jane } : { code: 'rejected' })
    }
    expect(delegate.calls).toHaveLength(1)
  })

  it.each(others)('is not given to a connection that waits for the same lookup and %s', async (_, other) => {
    const { ask, delegate } = cacheOf(bound)
    const answers = await Promise.allSettled([ask('t', other), ask('t', hers), ask('t', other)])
    expect(answers).toMatchObject([
      { reason: { code: 'rejected' } },
      { value: { user: jane } },
      { reason: { code: 'rejected' } },
    ])
    expect(delegate.calls).toHaveLength(1)
  })

  it('is not remembered as bad for its own connection when it was sent on another', async () => {
    const { ask } = cacheOf(bound, { failureTtlSeconds: 60, cacheErrors: true })
    await thrownBy(() => ask('t', {}))
    expect(await ask('t', hers)).toEqual({ user: jane })
  })

  it('says nothing of the lookup to a connection that is not its own', async () => {
    const { ask } = cacheOf(async (token, context) => {
      context.warn?.('for jane')
      context.annotate?.('of', 'jane')
      return bound(token, context)
    })
    const said: string[] = []
    const listening = { warn: (text: string) => said.push(text), annotate: (key: string) => said.push(key) }
    await thrownBy(() => ask('t', listening))
    await thrownBy(() => ask('t', listening))
    expect(said).toEqual([])
    await ask('t', { ...hers, ...listening })
    expect(said).toEqual(['for jane', 'of'])
  })

  it('is an outage where the certificate of the connection cannot be read, also when it is remembered', async () => {
    const { ask } = cacheOf(bound)
    await ask('t', hers)
    const gone: Context = {
      holdsCertificate() {
        throw unavailable('the connection is gone')
      },
    }
    expect(await thrownBy(() => ask('t', gone))).toMatchObject({ code: 'unavailable' })
  })
})
