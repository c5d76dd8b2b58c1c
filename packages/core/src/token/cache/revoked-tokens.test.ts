import { describe, expect, it } from 'vitest'
import { bob, fixedClock, jane, noOpinion, tokens } from '../../../test/fakes.ts'
import type { Authentication, TokenAuthenticator } from '../../authenticator/authenticator.ts'
import { rejected, unavailable } from '../../authenticator/errors.ts'
import type { CredentialRevocation } from '../../authenticator/credential-revocation.ts'
import type { Awaitable } from '../../internal/awaitable.ts'
import { cached } from './cached.ts'
import { cachedUnion } from './cached-union.ts'

/** A token that is valid until it is revoked. */
function revocable(isRevoked: () => Awaitable<boolean>) {
  const state = { answer: (): Authentication | undefined => ({ user: jane, revocation }) }
  const revocation: CredentialRevocation = {
    isRevoked,
    watch: () => () => undefined,
    actingAs: () => revocation,
  }
  return { state, delegate: tokens(() => state.answer()) }
}

type Cache = (delegate: TokenAuthenticator) => TokenAuthenticator
const clock = fixedClock()
const other = { ...tokens(noOpinion), mayKnow: () => false }

describe.each<[string, Cache]>([
  ['a cache', (delegate) => cached(delegate, { clock })],
  [
    'a cache in front of several authenticators',
    (delegate) =>
      cachedUnion([
        { authenticator: other, cache: { clock } },
        { authenticator: delegate, cache: { clock } },
      ]),
  ],
  [
    'a cache in which another one may know the token',
    (delegate) =>
      cachedUnion([
        { authenticator: tokens(noOpinion), cache: { clock } },
        { authenticator: delegate, cache: { clock } },
      ]),
  ],
])('%s', (_, cacheOf) => {
  it.each([
    ['at once', <T>(value: T): Awaitable<T> => value],
    ['later', async <T>(value: T): Promise<T> => value],
  ])('looks a token up again that is revoked, known %s', async (__, when) => {
    let isRevoked = false
    const { state, delegate } = revocable(() => when(isRevoked))
    const cache = cacheOf(delegate)
    const ask = async () => (await cache.authenticateToken('t', {}))?.user.username
    expect([await ask(), await ask(), delegate.calls.length]).toEqual(['jane', 'jane', 1])
    isRevoked = true
    state.answer = () => {
      throw rejected('gone')
    }
    await expect(ask()).rejects.toThrow('gone')
    await expect(ask()).rejects.toThrow('gone')
    // It may be valid again, as another user.
    state.answer = () => ({ user: bob })
    expect([await ask(), await ask()]).toEqual(['bob', 'bob'])
    expect(delegate.calls).toHaveLength(4)
  })

  it('refuses a token if it is not known whether it is revoked, and forgets nothing', async () => {
    let check = (): boolean => false
    const { delegate } = revocable(() => check())
    const cache = cacheOf(delegate)
    const ask = async () => (await cache.authenticateToken('t', {}))?.user.username
    expect(await ask()).toBe('jane')
    check = () => {
      throw unavailable('the store is away', { retryAfterSeconds: 2 })
    }
    await expect(ask()).rejects.toMatchObject({ code: 'unavailable', retryAfterSeconds: 2 })
    check = () => false
    expect(await ask()).toBe('jane')
    expect(delegate.calls).toHaveLength(1)
  })

  it.each([undefined, null, 0, '', 'false', {}])('does not take %j for a no', async (answer) => {
    const { delegate } = revocable(() => answer as never)
    const cache = cacheOf(delegate)
    for (let turn = 1; turn <= 3; turn++) {
      await cache.authenticateToken('t', {})
      expect(delegate.calls).toHaveLength(turn)
    }
  })
})
