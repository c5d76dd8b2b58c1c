import { describe, expect, it, vi } from 'vitest'
import {
  authorized,
  bob,
  fails,
  fixedClock,
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
import { closeAtExpiry } from '../authenticator/close-at-expiry.ts'
import { emptyContext } from '../authenticator/context.ts'
import { rejected, unavailable } from '../authenticator/errors.ts'
import { untilExpiry } from '../authenticator/until-expiry.ts'
import type { Authentication } from '../authenticator/authenticator.ts'
import { failFast, union } from '../authenticator/union.ts'
import { userInfo } from '../authenticator/user.ts'
import { authenticatorChain } from '../chain/chain.ts'
import { authenticateRequest } from '../handler/authenticate-request.ts'
import { impersonateRequest } from '../impersonation/impersonate-request.ts'
import { alwaysAllow } from '../authorization/always.ts'
import { anonymous } from '../request/anonymous/anonymous.ts'
import { cached } from '../token/cache/cached.ts'
import { tokenFile } from '../token/file/token-file.ts'
import { revocationList } from './revocation-list.ts'
import type { IsRevoked } from './revocations.ts'
import { unlessRevoked } from './unless-revoked.ts'

const REVOKED = { code: 'rejected', message: 'the credential has been revoked', isFinal: true }

const listOf = (user: string): ReturnType<typeof revocationList> => {
  const list = revocationList()
  list.set('one', { user })
  return list
}

const asRequest = unlessRevoked(listOf('jane'), requests(knows(jane)))

describe('unlessRevoked', () => {
  it.each([
    [
      'a request',
      (answer: typeof noOpinion) =>
        unlessRevoked(listOf('jane'), requests(answer)).authenticate(request(), {}),
    ],
    [
      'a token',
      (answer: typeof noOpinion) => unlessRevoked(listOf('jane'), tokens(answer)).authenticateToken('t', {}),
    ],
    [
      'a password',
      (answer: typeof noOpinion) =>
        unlessRevoked(listOf('jane'), passwords(answer)).authenticatePassword('u', 'p', {}),
    ],
  ])('refuses the revoked user of %s, and no other', async (_, ask) => {
    for (const answer of [knows(jane), later(knows(jane))]) {
      expect(await thrownBy(() => ask(answer))).toMatchObject(REVOKED)
    }
    expect(await ask(knows(bob))).toMatchObject({ user: bob })
    expect(await ask(later(knows(bob)))).toMatchObject({ user: bob })
    expect(await ask(noOpinion)).toBeUndefined()
    const error = rejected('bad')
    expect(await thrownBy(() => ask(fails(error)))).toBe(error)
  })

  it('decides synchronously, and as soon as a revocation is added or taken back', () => {
    const list = revocationList()
    const authenticator = unlessRevoked(list, requests(knows(jane)))
    expect(authenticator.authenticate(request(), {})).toMatchObject({ user: jane })
    list.set('one', { user: 'jane' })
    expect(() => authenticator.authenticate(request(), {})).toThrow('revoked')
    list.delete('one')
    expect(authenticator.authenticate(request(), {})).toMatchObject({ user: jane })
  })

  it('lets nothing else make up for it: no other authenticator, and no anonymous', async () => {
    const other = requests(knows(bob))
    const both = union(asRequest, other)
    expect(await thrownBy(() => both.authenticate(request(), {}))).toMatchObject(REVOKED)
    expect(other.calls).toHaveLength(0)
    const open = failFast(asRequest, anonymous())
    expect(await thrownBy(() => open.authenticate(request(), {}))).toMatchObject(REVOKED)
  })

  it('leaves anonymous alone, since there is no credential', () => {
    const authenticator = unlessRevoked(listOf('system:anonymous'), anonymous())
    expect(authenticator.authenticate(request(), {})).toMatchObject({
      user: { username: 'system:anonymous' },
    })
  })

  it.each<[string, IsRevoked, object]>([
    [
      'throws',
      () => {
        throw new Error('down')
      },
      { code: 'unavailable', cause: { message: 'down' } },
    ],
    ['rejects', () => Promise.reject(unavailable('down')), { code: 'unavailable', message: 'down' }],
    ['resolves to nothing', () => Promise.resolve(undefined as never), { code: 'unavailable' }],
    ['returns nothing', () => undefined as never, { code: 'unavailable' }],
    ['returns a string', () => 'no' as never, { code: 'unavailable' }],
    ['returns null', () => null as never, { code: 'unavailable' }],
    ['resolves to true', () => Promise.resolve(true), REVOKED],
  ])('refuses if the function %s', async (_, isRevoked, error) => {
    const authenticator = unlessRevoked(isRevoked, requests(knows(jane)))
    expect(await thrownBy(() => authenticator.authenticate(request(), {}))).toMatchObject(error)
  })

  it('gives the function what is known, with the digest of the token', async () => {
    const isRevoked = vi.fn<IsRevoked>(() => false)
    const known = { issuedAtMs: 5, expiresAtMs: 7 }
    const authenticator = unlessRevoked(isRevoked, requests(knows(jane, known)))
    await authenticator.authenticate(authorized('Bearer abc'), emptyContext)
    const [credential] = isRevoked.mock.calls[0] ?? []
    expect(credential).toMatchObject({ user: jane, ...known })
    const digest = 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'
    expect(credential?.tokenSha256).toBe(digest)
    expect(credential?.tokenSha256).toBe(digest)
    expect(JSON.stringify(credential)).not.toContain('abc')
    await authenticator.authenticate(authorized('Basic abc'), emptyContext)
    expect(isRevoked.mock.calls[1]?.[0].tokenSha256).toBeUndefined()
  })

  it.each([
    ['of a WebSocket', 'Sec-WebSocket-Protocol', `base64url.bearer.authorization.k8s.io.${btoa('abc')},chat`],
    ['of X-Auth-Token', 'X-Auth-Token', ' abc '],
    ['in Authorization', 'Authorization', 'Bearer abc'],
  ])('finds a revoked token %s, whatever other tokens are sent with it', async (_, name, value) => {
    const list = revocationList()
    list.set('abc', { tokenSha256: 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad' })
    const others = [
      ['Authorization', 'Bearer other'],
      ['Sec-WebSocket-Protocol', `base64url.bearer.authorization.k8s.io.${btoa('others')},chat`],
      ['X-Auth-Token', 'other'],
    ] as const
    const upgrade = [['Upgrade', 'websocket'] as const, ['Connection', 'Upgrade'] as const]
    const headers = [...upgrade, [name, value] as const, ...others.filter(([other]) => other !== name)]
    for (const answer of [knows(bob), later(knows(bob))]) {
      const refusing = unlessRevoked(list, requests(answer))
      expect(await thrownBy(() => refusing.authenticate(request({ headers }), {}))).toMatchObject(REVOKED)
      expect(await refusing.authenticate(request({ headers: [...upgrade, ...others] }), {})).toMatchObject({
        user: bob,
      })
    }
  })

  it('finds the token of a WebSocket', () => {
    const list = revocationList()
    list.set('one', { tokenSha256: 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad' })
    const authenticator = unlessRevoked(list, authenticatorChain({ tokens: [tokens(knows(jane))] }))
    const upgrade = (token: string): ReturnType<typeof request> =>
      request({
        headers: [
          ['Upgrade', 'websocket'],
          ['Connection', 'Upgrade'],
          ['Sec-WebSocket-Protocol', `base64url.bearer.authorization.k8s.io.${btoa(token)},chat`],
        ],
      })
    expect(() => authenticator.authenticate(upgrade('abc'), {})).toThrow('revoked')
    expect(authenticator.authenticate(upgrade('abd'), {})).toMatchObject({ user: { username: 'jane' } })
  })

  it.each([
    ['that is not base64', 'base64url.bearer.authorization.k8s.io.w,chat'],
    ['alone', `base64url.bearer.authorization.k8s.io.${btoa('no')}`],
    ['twice', 'base64url.bearer.authorization.k8s.io.YQ,base64url.bearer.authorization.k8s.io.YQ,chat'],
  ])('leaves a user of another credential who sends a token of a WebSocket %s', (_, protocols) => {
    const headers = [
      ['Upgrade', 'websocket'],
      ['Connection', 'Upgrade'],
      ['Sec-WebSocket-Protocol', protocols],
      ['Authorization', 'Bearer abc'],
    ] as const
    const list = revocationList()
    const authenticator = unlessRevoked(list, authenticatorChain({ tokens: [tokens(knows(jane))] }))
    expect(authenticator.authenticate(request({ headers }), {})).toMatchObject({ user: { username: 'jane' } })
    list.set('abc', { tokenSha256: 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad' })
    expect(() => authenticator.authenticate(request({ headers }), {})).toThrow('revoked')
  })

  it('tells two tokens of one user apart, also those of a file', () => {
    const list = revocationList()
    const chain = authenticatorChain({ tokens: [tokenFile('abc,jane,1\nabd,jane,1\n')] })
    const authenticator = unlessRevoked(list, chain)
    const ask = (token: string): unknown => authenticator.authenticate(authorized(`Bearer ${token}`), {})
    ask('abc')
    ask('abd')
    list.set('one', { tokenSha256: 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad' })
    expect(() => ask('abc')).toThrow('revoked')
    expect(ask('abd')).toMatchObject({ user: { username: 'jane' } })
  })

  it('refuses a token that a cache remembers, at once', async () => {
    const list = revocationList()
    const delegate = tokens(later(knows(jane)))
    const chain = authenticatorChain({ tokens: [cached(delegate, { successTtlSeconds: 100 })] })
    const authenticator = unlessRevoked(list, chain)
    expect(await authenticator.authenticate(authorized('Bearer abc'), {})).toMatchObject({
      user: { username: 'jane' },
    })
    list.set('one', { user: 'jane' })
    expect(await thrownBy(() => authenticator.authenticate(authorized('Bearer abc'), {}))).toMatchObject(
      REVOKED,
    )
    expect(delegate.calls).toHaveLength(1)
  })

  it('refuses what is revoked while it is being checked', async () => {
    const list = revocationList()
    const authenticator = unlessRevoked(list, requests(later(knows(jane))))
    const asked = Promise.resolve(authenticator.authenticate(request(), {}))
    list.set('one', { user: 'jane' })
    await expect(asked).rejects.toMatchObject(REVOKED)
  })

  it('is a 401 that does not say why, and an event that does', async () => {
    const { observer, events } = recorder()
    const authenticate = authenticateRequest(asRequest, { observer, log: false })
    const outcome = await authenticate(request())
    expect('failure' in outcome && outcome.failure).toMatchObject({ status: 401, message: 'Unauthorized' })
    expect('failure' in outcome && JSON.stringify(outcome.failure.body)).not.toContain('revoked')
    expect(events).toContainEqual({ type: 'revokedCredential', user: jane })
    expect(events.at(-1)).toMatchObject({ type: 'request', result: 'error', error: REVOKED })
  })

  it('keeps what handlers read of the authenticator', () => {
    const log = (): void => undefined
    const chain = { ...authenticatorChain({ tokens: [tokens(noOpinion)], audiences: ['a'] }), log }
    const authenticator = unlessRevoked(revocationList(), chain)
    expect(authenticator).toMatchObject({ credentials: chain.credentials, audiences: ['a'], log })
    const one = { ...tokens(noOpinion), audienceAware: true, mayKnow: (token: string) => token === 'abc' }
    const ofTokens = unlessRevoked(revocationList(), one)
    expect(ofTokens.audienceAware).toBe(true)
    expect(ofTokens.mayKnow?.('abd')).toBe(false)
    expect(ofTokens.known?.()).toEqual([{ type: 'token' }])
  })

  it('refuses arguments of other types', () => {
    expect(() => unlessRevoked({} as never, requests(noOpinion))).toThrow(/revocations: must be a function/)
    expect(() => unlessRevoked(revocationList(), {} as never)).toThrow(/delegate: must be an authenticator/)
  })

  it('refuses a user of plain JavaScript that cannot be read', async () => {
    const authenticator = unlessRevoked(
      revocationList(),
      requests(() => ({ user: { username: 'x', extra: { a: 1 } } }) as never),
    )
    expect(await thrownBy(() => authenticator.authenticate(request(), {}))).toMatchObject({
      code: 'unavailable',
    })
  })
})

async function accepted(
  list: ReturnType<typeof revocationList>,
  answer = knows(jane),
): Promise<Authentication> {
  const found = await unlessRevoked(list, requests(answer)).authenticate(authorized('Bearer abc'), {})
  if (found === undefined) throw new Error('no user')
  return found
}

describe('connections', () => {
  it.each([
    { user: 'jane' },
    { tokenSha256: 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad' },
  ])('end when their credential is revoked by %j', async (revocation) => {
    const list = revocationList()
    const authentication = await accepted(list)
    const signal = untilExpiry(authentication, { clock: fixedClock() })
    const socket = { close: vi.fn<(code: number, reason: string) => void>() }
    closeAtExpiry(socket, authentication)
    list.set('other', { user: 'bob' })
    expect(signal.aborted).toBe(false)
    list.set('one', revocation)
    expect(signal.aborted).toBe(true)
    expect(signal.reason).toMatchObject({ code: 'rejected', message: 'the credential has been revoked' })
    expect(socket.close).toHaveBeenCalledExactlyOnceWith(4401, 'credential expired')
  })

  it('end at once if it was revoked since the request', async () => {
    const list = revocationList()
    const authentication = await accepted(list)
    list.set('one', { user: 'jane' })
    expect(untilExpiry(authentication).aborted).toBe(true)
  })

  it('wait for nothing after they are closed, or have expired', async () => {
    const clock = fixedClock()
    const list = revocationList({ clock })
    const stopped = vi.fn<() => void>()
    const revocations = { ...list, isRevoked: list.isRevoked, watch: () => stopped }
    const authenticator = unlessRevoked(
      revocations,
      requests(knows(jane, { expiresAtMs: clock.now() + 1000 })),
    )
    const authentication = await authenticator.authenticate(request(), {})
    const closed = new AbortController()
    untilExpiry(authentication ?? {}, { clock, signal: closed.signal })
    closed.abort()
    expect(stopped).toHaveBeenCalledTimes(1)
    const signal = untilExpiry(authentication ?? {}, { clock })
    clock.advance(1000)
    expect(signal.reason).toMatchObject({ message: 'the credential has expired' })
    expect(stopped).toHaveBeenCalledTimes(2)
    expect(clock.pending).toBe(0)
  })

  it('end for each of two lists', async () => {
    for (const which of [0, 1]) {
      const lists = [revocationList(), revocationList()] as const
      const authenticator = unlessRevoked(lists[0], unlessRevoked(lists[1], requests(knows(jane))))
      const signal = untilExpiry((await authenticator.authenticate(request(), {})) ?? {})
      lists[which]?.set('one', { user: 'jane' })
      expect(signal.aborted).toBe(true)
    }
  })
})

describe('a credential that something else ends, too', () => {
  it('is revoked with it', async () => {
    const inner = revocationList()
    const found = await unlessRevoked(
      revocationList(),
      unlessRevoked(inner, requests(knows(jane))),
    ).authenticate(request(), {})
    expect(await found?.revocation?.isRevoked()).toBe(false)
    inner.set('one', { user: 'jane' })
    expect(await found?.revocation?.isRevoked()).toBe(true)
  })

  it('is revoked for the user that it acts as', async () => {
    const list = revocationList()
    const acting = (await accepted(list)).revocation?.actingAs(bob)
    expect(await acting?.isRevoked()).toBe(false)
    list.set('one', { user: 'jane' })
    expect(await acting?.isRevoked()).toBe(true)
  })
})

describe('impersonation', () => {
  const impersonate = impersonateRequest(alwaysAllow(), { log: false })
  const asks = request({ headers: [['Impersonate-User', 'bob']] })

  it('of a revoked user is a 403 that does not say why', async () => {
    const list = listOf('bob')
    const { user, revocation } = await accepted(list)
    const outcome = await impersonate(asks, user, { revocation })
    expect('failure' in outcome && outcome.failure).toMatchObject({ status: 403, message: 'Forbidden' })
    expect('failure' in outcome && JSON.stringify(outcome.failure.body)).not.toContain('revoked')
  })

  it('of a user with earlier credentials revoked is allowed: none of them is used', async () => {
    const list = revocationList()
    const { user, revocation } = await accepted(list)
    list.set('one', { user: 'bob', issuedBeforeMs: 5 })
    expect(await impersonate(asks, user, { revocation })).toMatchObject({ user: { username: 'bob' } })
  })

  it.each(['jane', 'bob'])('ends when %s is revoked', async (revoked) => {
    const list = revocationList()
    const { user, revocation } = await accepted(list)
    const outcome = await impersonate(asks, user, { revocation })
    const signal = untilExpiry('failure' in outcome ? {} : outcome)
    expect(signal.aborted).toBe(false)
    list.set('one', { user: revoked })
    expect(signal.aborted).toBe(true)
  })

  it('is a 500 if it is not known whether the user is revoked', async () => {
    const isRevoked: IsRevoked = ({ user }) => {
      if (user.username === 'bob') throw unavailable('down')
      return false
    }
    const found = await unlessRevoked(isRevoked, requests(knows(jane))).authenticate(request(), {})
    const outcome = await impersonate(asks, jane, { revocation: found?.revocation })
    expect('failure' in outcome && outcome.failure).toMatchObject({ status: 500 })
  })

  it('needs nothing of it for a requester without revocations', async () => {
    expect(await impersonate(asks, userInfo({ username: 'x' }))).not.toHaveProperty('revocation')
  })
})
