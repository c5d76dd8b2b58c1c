import { createHash } from 'node:crypto'
import { beforeAll, describe, expect, it, vi } from 'vitest'
import { fixedClock, jane, request, thrownBy } from '../../../test/fakes.ts'
import { ecKey, ISSUER, jwksOf, type KeyPair, NOW, rsaKey, signed } from '../../../test/issuer.ts'
import { BASE, clientKey, hashOf, proofOf, type ProofParts, thumbprintOf } from '../../../test/proofs.ts'
import { explain } from '../../adapter/explain/explain.ts'
import type { Authenticator, TokenAuthenticator } from '../../authenticator/authenticator.ts'
import { emptyContext } from '../../authenticator/context.ts'
import type { Log } from '../../authenticator/log.ts'
import { authenticatorChain } from '../../chain/chain.ts'
import { authenticateRequest } from '../../handler/authenticate-request.ts'
import type { AuthenticateRequestOptions } from '../../handler/authenticate-request-options.ts'
import { unlessRevoked } from '../../revocation/unless-revoked.ts'
import { cached } from '../cache/cached.ts'
import { cachedUnion } from '../cache/cached-union.ts'
import { localKeySet } from '../jwt/key-set.ts'
import { oidc } from '../oidc/oidc.ts'
import type { AuthenticationRequest } from '../../request/request.ts'
import { dpop } from './dpop.ts'
import type { DpopOptions } from './dpop-options.ts'
import type { UsedProof } from './used-proofs.ts'

let key: KeyPair
let tokens: TokenAuthenticator
let bound: string
let unbound: string
const clock = fixedClock(NOW * 1000)

const tokenOf = (claims: object): string =>
  signed(
    key,
    { alg: 'RS256', kid: 'key' },
    { iss: ISSUER, aud: 'app', sub: 'jane', exp: NOW + 3600, ...claims },
  )

beforeAll(() => {
  key = rsaKey('key')
  tokens = oidc({
    issuer: ISSUER,
    audience: 'app',
    claimMappings: { username: { claim: 'sub', prefix: '' } },
    keySet: localKeySet(jwksOf(key)),
    clock,
  })
  bound = tokenOf({ cnf: { jkt: thumbprintOf(clientKey) } })
  unbound = tokenOf({})
})

const at = (options: Partial<DpopOptions> = {}): DpopOptions => ({ baseUrls: [BASE], clock, ...options })

/** A request as a client makes it that has this token. */
function withProof(token: string, parts: ProofParts = {}, scheme = 'DPoP'): AuthenticationRequest {
  const proof = proofOf({ ...parts, claims: { ath: hashOf(token), ...parts.claims } })
  return request({
    url: '/orders?page=2',
    headers: [
      ['Authorization', `${scheme} ${token}`],
      ['DPoP', proof],
    ],
  })
}

const nameIn = async (
  authenticator: Authenticator,
  asked: AuthenticationRequest,
): Promise<string | undefined> => (await authenticator.authenticate(asked, emptyContext))?.user.username

const reasonIn = async (authenticator: Authenticator, asked: AuthenticationRequest): Promise<string> =>
  ((await thrownBy(() => authenticator.authenticate(asked, emptyContext))) as Error).message

/** What a client gets: the status, its challenges, and the nonce. */
async function answered(
  authenticator: Authenticator,
  asked: AuthenticationRequest,
  options: AuthenticateRequestOptions = {},
): Promise<{
  readonly status: number
  readonly challenges: readonly string[]
  readonly nonce: string | undefined
}> {
  const outcome = await authenticateRequest(authenticator, { log: false, ...options })(asked)
  if (!('failure' in outcome)) return { status: 200, challenges: [], nonce: undefined }
  const { status, headers } = outcome.failure
  return {
    status,
    challenges: [headers['www-authenticate'] ?? []].flat(),
    nonce: headers['dpop-nonce'] as string | undefined,
  }
}

describe('dpop', () => {
  it('accepts a token with a proof of the key that it is bound to, and removes both headers', async () => {
    const outcome = await dpop(at()).authenticator(tokens).authenticate(withProof(bound), emptyContext)
    expect(outcome).toMatchObject({
      user: { username: 'jane' },
      consumed: { remove: ['authorization', 'dpop'] },
    })
  })

  it.each(['dpop', 'DPOP', 'DPoP', 'DPoP '])('knows its scheme as %j', async (scheme) => {
    expect(await nameIn(dpop(at()).authenticator(tokens), withProof(bound, {}, scheme))).toBe('jane')
  })

  it.each<[string, (token: string) => AuthenticationRequest]>([
    ['no credential', () => request()],
    ['a bearer token', (token) => withProof(token, {}, 'Bearer')],
    ['another scheme', (token) => withProof(token, {}, 'DPoPX')],
    ['a proof alone', () => request({ headers: [['DPoP', proofOf()]] })],
  ])('has no opinion on a request with %s', async (_, make) => {
    expect(await nameIn(dpop(at()).authenticator(tokens), make(bound))).toBeUndefined()
  })

  it.each<[string, () => AuthenticationRequest, RegExp]>([
    ['no token', () => request({ headers: [['Authorization', 'DPoP']] }), /exactly one token/],
    ['an empty token', () => request({ headers: [['Authorization', 'DPoP ']] }), /exactly one token/],
    ['two tokens', () => request({ headers: [['Authorization', 'DPoP a b']] }), /exactly one token/],
    [
      'two headers that were joined',
      () => request({ headers: [['Authorization', 'DPoP a, DPoP b']] }),
      /exactly one token/,
    ],
    [
      'two headers',
      () =>
        request({
          headers: [
            ['Authorization', `DPoP ${bound}`],
            ['Authorization', 'Bearer x'],
          ],
        }),
      /exactly one token/,
    ],
    [
      'a token that is too long',
      () => request({ headers: [['Authorization', `DPoP ${'x'.repeat(65_537)}`]] }),
      /longer/,
    ],
    ['no proof', () => request({ headers: [['Authorization', `DPoP ${bound}`]] }), /no header DPoP/],
    ['a token that is not bound', () => withProof(unbound), /not bound to a key/],
    [
      'a token that is bound to another key',
      () => withProof(tokenOf({ cnf: { jkt: thumbprintOf(ecKey('x')) } })),
      /another key/,
    ],
    [
      'a token that is bound to a certificate',
      () => withProof(tokenOf({ cnf: { 'x5t#S256': 'a'.repeat(43) } })),
      /bound to a certificate/,
    ],
    [
      'a token that is bound to a certificate too',
      () => withProof(tokenOf({ cnf: { jkt: thumbprintOf(clientKey), 'x5t#S256': 'a'.repeat(43) } })),
      /bound to a certificate/,
    ],
    [
      'a token that is bound by an unknown method',
      () => withProof(tokenOf({ cnf: { jkt: thumbprintOf(clientKey), kid: 'x' } })),
      /"kid" of claim cnf/,
    ],
    [
      'a thumbprint of another hash',
      () => withProof(tokenOf({ cnf: { jkt: createHash('sha512').update('x').digest('base64url') } })),
      /malformed/,
    ],
    ['a token that is unknown', () => withProof('unknown'), /invalid bearer token/],
    [
      'a token that has expired',
      () => withProof(tokenOf({ exp: NOW - 1, cnf: { jkt: thumbprintOf(clientKey) } })),
      /expired/,
    ],
    ['a proof of another token', () => withProof(bound, { claims: { ath: hashOf('another') } }), /ath/],
    ['a proof of another method', () => withProof(bound, { claims: { htm: 'POST' } }), /method/],
    ['a proof of another URL', () => withProof(bound, { claims: { htu: `${BASE}/` } }), /path/],
    ['a proof signed by another key', () => withProof(bound, { signer: ecKey('x') }), /signature/],
    ['a proof with another key', () => withProof(bound, { key: ecKey('x') }), /another key/],
  ])('refuses %s', async (_, make, message) => {
    expect(await reasonIn(dpop(at()).authenticator(tokens), make())).toMatch(message)
  })

  it('verifies no signature of a proof unless the token is bound to its key', async () => {
    const used = { use: vi.fn<(proof: UsedProof) => boolean>(() => true) }
    const authenticator = dpop(at({ usedProofs: used })).authenticator(tokens)
    for (const bad of [
      withProof('unknown'),
      withProof(unbound),
      withProof(bound, { key: ecKey('x') }),
      withProof(bound, { signer: ecKey('x') }),
    ]) {
      await thrownBy(() => authenticator.authenticate(bad, emptyContext))
    }
    expect(used.use).not.toHaveBeenCalled()
  })

  it('does not accept a token on the word of an authenticator that does not know what it is bound to', async () => {
    const file: TokenAuthenticator = { name: 'file', authenticateToken: () => ({ user: jane }) }
    expect(await reasonIn(dpop(at()).authenticator(file), withProof('good'))).toMatch(/not bound to a key/)
  })

  it.each(['yes', 1, {}, undefined, null])('does not take %j of a memory for a first use', async (answer) => {
    const usedProofs = { use: (): boolean => answer as boolean }
    expect(await reasonIn(dpop(at({ usedProofs })).authenticator(tokens), withProof(bound))).toMatch(
      /used before/,
    )
  })

  it('knows no one while the memory of used proofs is away', async () => {
    const usedProofs = { use: () => Promise.reject(new Error('a fault')) }
    const error = await thrownBy(() =>
      dpop(at({ usedProofs })).authenticator(tokens).authenticate(withProof(bound), emptyContext),
    )
    expect(error).toMatchObject({ code: 'unavailable' })
  })

  it('asks a memory that is slow, with an id that does not show the key or the proof', async () => {
    const seen: UsedProof[] = []
    const usedProofs = { use: async (proof: UsedProof) => seen.push(proof) > 0 }
    const authenticator = dpop(at({ usedProofs })).authenticator(tokens)
    expect(await nameIn(authenticator, withProof(bound, { claims: { jti: 'one' } }))).toBe('jane')
    expect(seen).toEqual([
      {
        id: expect.stringMatching(/^[\w-]{32}$/),
        thumbprint: thumbprintOf(clientKey),
        expiresAtMs: (NOW + 60) * 1000,
      },
    ])
  })
})

describe('a proof that was used', () => {
  it('is refused, whatever else is in the request, and so is another with the same jti', async () => {
    const authenticator = dpop(at()).authenticator(tokens)
    const asked = withProof(bound, { claims: { jti: 'one' } })
    expect(await nameIn(authenticator, asked)).toBe('jane')
    expect(await reasonIn(authenticator, asked)).toMatch(/used before/)
    expect(await reasonIn(authenticator, withProof(bound, { claims: { jti: 'one', iat: NOW - 1 } }))).toMatch(
      /used before/,
    )
    expect(await nameIn(authenticator, withProof(bound, { claims: { jti: 'two' } }))).toBe('jane')
  })

  it('is not used up by a client that has another key', async () => {
    const authenticator = dpop(at()).authenticator(tokens)
    const other = ecKey('other')
    const theirs = tokenOf({ cnf: { jkt: thumbprintOf(other) } })
    expect(await nameIn(authenticator, withProof(theirs, { key: other, claims: { jti: 'one' } }))).toBe(
      'jane',
    )
    expect(await nameIn(authenticator, withProof(bound, { claims: { jti: 'one' } }))).toBe('jane')
  })

  it('is refused of several requests at once but for one', async () => {
    const authenticator = dpop(at()).authenticator(cached(tokens, { clock }))
    const asked = withProof(bound)
    const answers = await Promise.allSettled(Array.from({ length: 20 }, () => nameIn(authenticator, asked)))
    expect(answers.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
  })

  it('is shared by what one dpop(...) made, and is not used up by explain', async () => {
    const both = dpop(at())
    const asked = withProof(bound)
    const { outcome } = await explain(authenticatorChain({ tokens: [tokens], dpop: both }), asked)
    expect(outcome).toBe('authenticated')
    expect(await nameIn(both.authenticator(tokens), asked)).toBe('jane')
    expect(await reasonIn(both.authenticator(tokens), asked)).toMatch(/used before/)
  })
})

describe('the cache of tokens', () => {
  it.each<[string, (delegate: TokenAuthenticator) => TokenAuthenticator]>([
    ['cached', (delegate) => cached(delegate, { clock })],
    [
      'cachedUnion',
      (delegate) =>
        cachedUnion([
          { authenticator: delegate, cache: { clock } },
          { authenticator: { name: 'none', authenticateToken: () => undefined }, cache: { clock } },
        ]),
    ],
  ])('%s asks every request for its own proof', async (_, cache) => {
    const asked = vi.fn<TokenAuthenticator['authenticateToken']>((token, context) =>
      tokens.authenticateToken(token, context),
    )
    const chain = authenticatorChain({
      tokens: [cache({ ...tokens, authenticateToken: asked })],
      dpop: dpop(at()),
    })
    expect(await nameIn(chain, withProof(bound))).toBe('jane')
    expect(await nameIn(chain, withProof(bound))).toBe('jane')
    expect(await reasonIn(chain, withProof(bound, { key: ecKey('x') }))).toMatch(/another key/)
    expect(await reasonIn(chain, withProof(bound, { signer: ecKey('x') }))).toMatch(/signature/)
    expect(await reasonIn(chain, withProof(bound, {}, 'Bearer'))).toMatch(/no proof of that key/)
    expect(asked).toHaveBeenCalledTimes(1)
  })

  it('does not remember from a bearer that a bound token is accepted', async () => {
    const chain = authenticatorChain({ tokens: [cached(tokens, { clock })], dpop: dpop(at()) })
    expect(await reasonIn(chain, withProof(bound, {}, 'Bearer'))).toMatch(/no proof of that key/)
    expect(await nameIn(chain, withProof(bound))).toBe('jane')
    expect(await nameIn(chain, withProof(unbound, {}, 'Bearer'))).toBe('jane')
    expect(await reasonIn(chain, withProof(unbound))).toMatch(/not bound to a key/)
  })
})

describe('a chain with dpop', () => {
  it('accepts both schemes, each for the tokens that it is for, and offers both', async () => {
    const chain = authenticatorChain({
      tokens: [tokens],
      dpop: dpop(at({ signingAlgorithms: ['ES256', 'PS256'] })),
    })
    expect(await answered(chain, withProof(unbound, {}, 'Bearer'))).toMatchObject({ status: 200 })
    expect(await answered(chain, withProof(bound))).toMatchObject({ status: 200 })
    expect(await answered(chain, withProof(unbound))).toMatchObject({ status: 401 })
    expect(
      await answered(chain, request(), {
        realm: 'r',
        scopes: ['a'],
        resourceMetadataUrl: 'https://a.example/m',
      }),
    ).toEqual({
      status: 401,
      challenges: [
        'Bearer realm="r", scope="a", resource_metadata="https://a.example/m"',
        'DPoP realm="r", algs="ES256 PS256", scope="a", resource_metadata="https://a.example/m"',
      ],
      nonce: undefined,
    })
  })

  it('says which token was refused, and whether it was its proof', async () => {
    const chain = authenticatorChain({ tokens: [tokens], dpop: dpop(at({ signingAlgorithms: ['ES256'] })) })
    const errorOf = async (asked: AuthenticationRequest) =>
      (await answered(chain, asked)).challenges.map((each) =>
        /^(\w+).*?(?:error="(\w+)")?$/.exec(each)?.slice(1),
      )
    expect(await errorOf(withProof(bound, {}, 'Bearer'))).toEqual([
      ['Bearer', 'invalid_token'],
      ['DPoP', undefined],
    ])
    expect(await errorOf(withProof('unknown'))).toEqual([
      ['Bearer', undefined],
      ['DPoP', 'invalid_token'],
    ])
    expect(await errorOf(withProof(bound, { signer: ecKey('x') }))).toEqual([
      ['Bearer', undefined],
      ['DPoP', 'invalid_dpop_proof'],
    ])
  })

  it('that requires it refuses every bearer token, also where anonymous requests pass, and does not offer it', async () => {
    const chain = authenticatorChain({
      tokens: [tokens],
      dpop: dpop(at({ required: true })),
      anonymous: true,
    })
    expect(await answered(chain, request())).toMatchObject({ status: 200 })
    expect(await answered(chain, withProof(bound))).toMatchObject({ status: 200 })
    for (const token of [unbound, bound, 'unknown']) {
      const { status, challenges } = await answered(chain, withProof(token, {}, 'Bearer'))
      expect([status, challenges.map((each) => each.split(' ')[0])]).toEqual([401, ['DPoP']])
    }
    const protocol = `base64url.bearer.authorization.k8s.io.${Buffer.from(unbound).toString('base64url')},x`
    const upgrade = request({
      headers: [
        ['Upgrade', 'websocket'],
        ['Connection', 'Upgrade'],
        ['Sec-WebSocket-Protocol', protocol],
      ],
    })
    expect(await answered(chain, upgrade)).toMatchObject({ status: 401 })
  })

  it.each([
    ['a bad proof', () => withProof(bound, { claims: { htm: 'POST' } })],
    ['no proof', () => request({ headers: [['Authorization', `DPoP ${bound}`]] })],
    ['no token', () => request({ headers: [['Authorization', 'DPoP']] })],
  ])('does not take a request with %s for an anonymous one', async (_, make) => {
    const chain = authenticatorChain({ tokens: [tokens], dpop: dpop(at()), anonymous: true })
    expect(await answered(chain, make())).toMatchObject({ status: 401 })
  })

  it('without the option knows no DPoP, and refuses a bound token with both schemes', async () => {
    const chain = authenticatorChain({ tokens: [tokens] })
    for (const scheme of ['DPoP', 'Bearer']) {
      const { status, challenges } = await answered(chain, withProof(bound, {}, scheme))
      expect([status, challenges.map((each) => each.split(' ')[0])]).toEqual([401, ['Bearer']])
    }
  })

  it('refuses a token that is revoked', async () => {
    const digest = createHash('sha256').update(bound).digest('hex')
    const chain = unlessRevoked(
      ({ tokenDigests = [] }) => tokenDigests.includes(digest),
      authenticatorChain({ tokens: [tokens], dpop: dpop(at()) }),
    )
    expect(await reasonIn(chain, withProof(bound))).toMatch(/revoked/)
    const another = tokenOf({ jti: 'x', cnf: { jkt: thumbprintOf(clientKey) } })
    expect(await nameIn(chain, withProof(another))).toBe('jane')
  })

  it('says in the log why, without the proof and the token', async () => {
    const lines: string[] = []
    const log: Log = ({ message }) => void lines.push(message)
    const chain = authenticatorChain({ tokens: [tokens], dpop: dpop(at()) })
    const asked = withProof(bound, { claims: { htu: 'http://localhost/orders' } })
    expect(await answered(chain, asked, { log })).toMatchObject({ status: 401 })
    const all = lines.join('\n')
    expect(all).toMatch(/htu of the proof has another origin/)
    expect(all).toMatch(/baseUrls/)
    expect(all).toMatch(/DPoP token \(JWT/)
    for (const value of [bound, ...asked.headers.all('dpop')].flatMap((text) => text.split('.'))) {
      expect(all).not.toContain(value)
    }
  })
})

describe('nonces', () => {
  const make = (options: Partial<DpopOptions> = {}) =>
    authenticatorChain({ tokens: [tokens], dpop: dpop(at({ nonceTtlSeconds: 120, ...options })) })

  it('are sent with a refusal, and accepted from then on', async () => {
    const chain = make()
    const first = await answered(chain, withProof(bound))
    expect(first).toMatchObject({ status: 401, nonce: expect.stringMatching(/^[\w.-]{20,}$/) })
    expect(first.challenges[1]).toMatch(/^DPoP .*error="use_dpop_nonce"/)
    const { nonce } = first
    expect(await answered(chain, withProof(bound, { claims: { nonce } }))).toMatchObject({ status: 200 })
    // A nonce is for several requests, a proof is not.
    expect(await answered(chain, withProof(bound, { claims: { nonce } }))).toMatchObject({ status: 200 })
  })

  it('of replicas with the same secret are the same, of others they are not', async () => {
    const nonceSecret = 'a secret that all replicas of this app share'
    const { nonce } = await answered(make({ nonceSecret }), withProof(bound))
    const asked = () => withProof(bound, { claims: { nonce } })
    expect(await answered(make({ nonceSecret }), asked())).toMatchObject({ status: 200 })
    expect(
      await answered(make({ nonceSecret: 'another secret that they do not share' }), asked()),
    ).toMatchObject({ status: 401 })
    expect(await answered(make(), asked())).toMatchObject({ status: 401 })
  })

  it('are not in other answers', async () => {
    expect((await answered(make(), withProof(bound, { claims: { htm: 'POST' } }))).nonce).toBeUndefined()
    expect((await answered(make(), withProof(unbound, {}, 'Bearer'))).nonce).toBeUndefined()
  })
})

describe('the options of dpop', () => {
  it.each<[string, object]>([
    ['no base URL', {}],
    ['an empty list', { baseUrls: [] }],
    ['a string', { baseUrls: BASE }],
    ['a path', { baseUrls: ['/orders'] }],
    ['a query', { baseUrls: [`${BASE}?x`] }],
    ['a user', { baseUrls: ['https://user@api.example.com'] }],
    ['another scheme', { baseUrls: ['wss://api.example.com'] }],
    ['a symmetric algorithm', { baseUrls: [BASE], signingAlgorithms: ['HS256'] }],
    ['no algorithm', { baseUrls: [BASE], signingAlgorithms: [] }],
    ['no age', { baseUrls: [BASE], proofTtlSeconds: 0 }],
    ['an endless age', { baseUrls: [BASE], proofTtlSeconds: Infinity }],
    ['an age that is not a number', { baseUrls: [BASE], proofTtlSeconds: NaN }],
    ['a short secret', { baseUrls: [BASE], nonceTtlSeconds: 60, nonceSecret: 'short' }],
    ['a memory without use', { baseUrls: [BASE], usedProofs: new Set() }],
    ['an unknown option', { baseUrls: [BASE], maxAge: 60 }],
  ])('are refused with %s', (_, options) => {
    expect(() => dpop(options as DpopOptions)).toThrow(/must|unknown|required/i)
  })

  it('are refused by a chain that ignores tokens', () => {
    expect(() => authenticatorChain({ tokens: 'ignored', dpop: dpop(at()), anonymous: true })).toThrow(
      /dpop: cannot be set/,
    )
  })
})
