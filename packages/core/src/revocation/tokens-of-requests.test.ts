import { createHash } from 'node:crypto'
import { describe, expect, it, vi } from 'vitest'
import { authorized, fixedClock, jane, knows, request, requests, tokens } from '../../test/fakes.ts'
import { emptyContext } from '../authenticator/context.ts'
import { authenticatorChain } from '../chain/chain.ts'
import { authenticateRequest } from '../handler/authenticate-request.ts'
import { passwordFile } from '../password/file/password-file.ts'
import { cached } from '../token/cache/cached.ts'
import { cachedUnion } from '../token/cache/cached-union.ts'
import { tokenFile } from '../token/file/token-file.ts'
import { revocationList } from './revocation-list.ts'
import type { IsRevoked, UsedCredential } from './revocations.ts'
import { unlessRevoked } from './unless-revoked.ts'

const digestOf = (token: string): string => createHash('sha256').update(token).digest('hex')
const FILE = 'one,jane,1\ntwo,jane,1\n'
const PASSWORD = `Basic ${btoa('jane:secret')}`
const clock = fixedClock()

/** Accepts any token that it is asked for. */
const any = tokens(knows(jane))

const CHAINS = {
  'a token file': () => [tokenFile(FILE)],
  'a cache': () => [cached(any, { clock })],
  'a cache in front of several': () => [
    cachedUnion([
      { authenticator: { ...tokens(() => undefined), mayKnow: () => false }, cache: { clock } },
      { authenticator: any, cache: { clock } },
    ]),
  ],
  'no cache': () => [any],
}

describe.each(Object.entries(CHAINS))('a token of %s', (_, tokensOf) => {
  const setUp = (isRevoked: IsRevoked = () => false) => {
    const asked = vi.fn<IsRevoked>(isRevoked)
    const chain = authenticatorChain({ tokens: tokensOf(), passwords: [passwordFile('secret,jane,1\n')] })
    const authenticate = authenticateRequest(unlessRevoked(asked, chain))
    const ask = async (headers: Parameters<typeof request>[0]): Promise<boolean> => {
      const outcome = await authenticate(request(headers))
      return !('failure' in outcome && outcome.failure !== undefined)
    }
    const digests = (): readonly (string | undefined)[] =>
      asked.mock.calls.map(([{ tokenSha256 }]) => tokenSha256)
    return { ask, asked, digests }
  }
  const bearer = (token: string) => ({ headers: [['Authorization', `Bearer ${token}`] as const] })

  it('is asked about with its own digest each time, in any order', async () => {
    const { ask, digests } = setUp()
    const sent = ['one', 'two', 'one', 'one', 'two']
    for (const token of sent) expect(await ask(bearer(token))).toBe(true)
    expect(digests()).toEqual(sent.map(digestOf))
  })

  it('is asked about with the digests of other tokens of the request', async () => {
    const { ask, digests } = setUp()
    const both = { headers: [['Authorization', 'Bearer one'] as const, ['X-Auth-Token', 'two'] as const] }
    for (const headers of [bearer('one'), both, bearer('one')]) expect(await ask(headers)).toBe(true)
    expect(digests()).toEqual(['one', 'one', 'two', 'one'].map(digestOf))
  })

  it('is not confused with a token that a password is sent with', async () => {
    const { ask, digests } = setUp()
    const basic = ['Authorization', PASSWORD] as const
    for (const more of [[], [['X-Auth-Token', 'two'] as const], []])
      expect(await ask({ headers: [basic, ...more] })).toBe(true)
    expect(digests()).toEqual([undefined, digestOf('two'), undefined])
  })

  it('is refused as soon as it is revoked, and accepted as soon as that is taken back', async () => {
    const list = revocationList()
    const { ask } = setUp(list.isRevoked)
    for (let turn = 0; turn < 3; turn++) {
      expect(await ask(bearer('one'))).toBe(true)
      list.set('one', { tokenSha256: digestOf('one') })
      expect(await ask(bearer('one'))).toBe(false)
      expect(await ask(bearer('two'))).toBe(true)
      list.delete('one')
    }
  })

  it('is refused whenever the answer is not an answer, or comes late', async () => {
    let answer: ReturnType<IsRevoked> = false
    const { ask } = setUp(() => answer)
    expect(await ask(bearer('one'))).toBe(true)
    for (const bad of [true, Promise.resolve(true), Promise.reject(new Error('down')), undefined as never]) {
      answer = bad
      expect(await ask(bearer('one'))).toBe(false)
    }
    answer = Promise.resolve(false)
    expect(await ask(bearer('one'))).toBe(true)
  })
})

describe('the answer to a token', () => {
  it('tells when the token is revoked', async () => {
    const list = revocationList()
    const authenticate = authenticateRequest(
      unlessRevoked(list, authenticatorChain({ tokens: [tokenFile(FILE)] })),
    )
    const outcome = await authenticate(authorized('Bearer one'))
    const ended = vi.fn()
    if ('authentication' in outcome) outcome.authentication.revocation?.watch(ended)
    list.set('one', { tokenSha256: digestOf('one') })
    expect(ended).toHaveBeenCalledOnce()
  })

  it('is of the token of its request, even if it is the same object', () => {
    const seen: UsedCredential[] = []
    const answer = { user: jane }
    const authenticator = unlessRevoked(
      (credential) => {
        seen.push(credential)
        return false
      },
      requests(() => answer),
    )
    for (const token of ['one', 'two'])
      authenticator.authenticate(authorized(`Bearer ${token}`), emptyContext)
    expect(seen.map(({ tokenSha256 }) => tokenSha256)).toEqual(['one', 'two'].map(digestOf))
  })
})

describe('a remembered token', () => {
  const issuedAtMs = 1_000_000
  const expiresAtMs = 4e12
  const list = revocationList({ clockSkewSeconds: 0 })
  const remembered = cached(
    tokens(() => ({ user: jane, issuedAtMs, expiresAtMs })),
    { successTtlSeconds: 3600 },
  )
  const authenticate = authenticateRequest(unlessRevoked(list, authenticatorChain({ tokens: [remembered] })))
  const ask = async () => authenticate(authorized('Bearer one'))

  it('has its times in every answer', async () => {
    for (let turn = 0; turn < 3; turn++) {
      expect(await ask()).toMatchObject({ authentication: { issuedAtMs, expiresAtMs } })
    }
  })

  it.each([
    [issuedAtMs, false],
    [issuedAtMs + 1, true],
  ])('is judged by when it was issued: before %d, %s', async (issuedBeforeMs, isRefused) => {
    for (let turn = 0; turn < 3; turn++) await ask()
    list.set('jane', { user: 'jane', issuedBeforeMs })
    expect('failure' in (await ask())).toBe(isRefused)
    list.delete('jane')
    expect('failure' in (await ask())).toBe(false)
  })
})
