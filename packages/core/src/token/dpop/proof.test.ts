import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ecKey, NOW, rsaKey } from '../../../test/issuer.ts'
import {
  BASE,
  clientKey,
  hashOf,
  proofOf,
  type ProofParts,
  publicJwk,
  thumbprintOf,
  TOKEN,
} from '../../../test/proofs.ts'
import { rsaPair } from '../../../test/key-pairs.ts'
import { AuthenticationError } from '../../authenticator/errors.ts'
import { type JwsAlgorithm, JWS_ALGORITHMS } from '../jwt/algorithms.ts'
import { dpopFault } from './dpop-fault.ts'
import { checkProof, type Proof, type ProofRules } from './proof.ts'
import { clientUrl } from './request-url.ts'

const rsa = rsaKey('rsa')
const base = clientUrl(BASE) ?? { origin: '', path: '' }
const RULES: ProofRules = { bases: [base], algorithms: new Set(JWS_ALGORITHMS), maxAgeMs: 60_000 }
const REQUEST = { method: 'GET', path: '/orders', token: TOKEN }

function check(
  values: readonly string[],
  rules: Partial<ProofRules> = {},
  request: Partial<typeof REQUEST> = {},
): Proof {
  return checkProof(values, { ...REQUEST, ...request }, { ...RULES, ...rules }, NOW * 1000)
}

function refusal(
  values: readonly string[],
  rules?: Partial<ProofRules>,
  request?: Partial<typeof REQUEST>,
): AuthenticationError {
  try {
    check(values, rules, request)
  } catch (error) {
    if (error instanceof AuthenticationError) return error
    throw error
  }
  throw new Error('the proof was accepted')
}

describe('a proof', () => {
  it('of the method, the URL and the token of its request is accepted, with the thumbprint of its key', () => {
    expect(check([proofOf({ claims: { jti: 'one' } })])).toMatchObject({
      id: 'one',
      issuedAtMs: NOW * 1000,
      algorithm: 'ES256',
      key: { thumbprint: thumbprintOf(clientKey) },
    })
  })

  it.each<[string, ProofParts]>([
    ['an RSA key and RS256', { key: rsa, algorithm: 'RS256' }],
    ['an RSA key and PS512', { key: rsa, algorithm: 'PS512' }],
    ['P-384', { key: ecKey('x', 'P-384'), algorithm: 'ES384' }],
    ['P-521', { key: ecKey('x', 'P-521'), algorithm: 'ES512' }],
    [
      'a key that says what it is for',
      {
        header: { jwk: { ...publicJwk(clientKey), use: 'sig', alg: 'ES256', key_ops: ['verify'], kid: 'x' } },
      },
    ],
    ['further claims', { claims: { nonce: 'of another server', acr: 1 } }],
    ['a query in htu', { claims: { htu: `${BASE}/orders?x=1` } }],
    ['a fragment in htu', { claims: { htu: `${BASE}/orders#x` } }],
    ['the port of the scheme in htu', { claims: { htu: 'https://api.example.com:443/orders' } }],
    ['capital letters in scheme and host', { claims: { htu: 'HTTPS://API.Example.com/orders' } }],
    ['an iat as old as allowed', { claims: { iat: NOW - 60 } }],
    ['an iat as far ahead as allowed', { claims: { iat: NOW + 60 } }],
    ['an iat with a fraction', { claims: { iat: NOW - 0.5 } }],
    ['times that hold', { claims: { exp: NOW + 1, nbf: NOW } }],
  ])('is accepted with %s', (_, parts) => {
    const { thumbprint } = check([proofOf(parts)]).key
    expect(thumbprint).toBe(thumbprintOf(parts.key ?? clientKey))
  })

  const secret = rsaPair().privateKey.export({ format: 'jwk' })
  const privateMembers = clientKey.privateKey.export({ format: 'jwk' })
  it.each<[string, ProofParts, RegExp]>([
    ['no typ', { header: { typ: undefined } }, /type/],
    ['another typ', { header: { typ: 'JWT' } }, /type/],
    ['a typ in other letters', { header: { typ: 'DPoP+jwt' } }, /type/],
    ['a typ with application/', { header: { typ: 'application/dpop+jwt' } }, /type/],
    ['a typ that is a list', { header: { typ: ['dpop+jwt'] } }, /type/],
    ['an extension', { header: { crit: ['b64'], b64: false } }, /crit/],
    ['no extension named', { header: { crit: [] } }, /crit/],
    ['no signature (none)', { header: { alg: 'none' } }, /algorithm/],
    [
      'a shared secret (HS256)',
      { header: { alg: 'HS256', jwk: { kty: 'oct', k: 'c2VjcmV0' } } },
      /algorithm/,
    ],
    ['an unknown algorithm', { header: { alg: 'ES256K' } }, /algorithm/],
    ['the algorithm of a member of objects', { header: { alg: 'constructor' } }, /algorithm/],
    ['no key', { header: { jwk: undefined } }, /jwk/],
    ['null as the key', { header: { jwk: null } }, /jwk/],
    ['a list as the key', { header: { jwk: [publicJwk(clientKey)] } }, /jwk/],
    ['a string as the key', { header: { jwk: JSON.stringify(publicJwk(clientKey)) } }, /jwk/],
    ['a symmetric key', { header: { jwk: { kty: 'oct', k: 'c2VjcmV0' } } }, /jwk/],
    [
      'a symmetric member in a public key',
      { header: { jwk: { ...publicJwk(clientKey), k: 'c2VjcmV0' } } },
      /jwk/,
    ],
    ['a private EC key', { header: { jwk: privateMembers } }, /jwk/],
    ['a private member that is null', { header: { jwk: { ...publicJwk(clientKey), d: null } } }, /jwk/],
    ['a private RSA key', { header: { alg: 'RS256', jwk: secret } }, /jwk/],
    [
      'one prime of an RSA key',
      { header: { alg: 'RS256', jwk: { ...publicJwk(rsa), p: secret['p'] } } },
      /jwk/,
    ],
    ['a key for encryption', { header: { jwk: { ...publicJwk(clientKey), use: 'enc' } } }, /jwk/],
    ['a key for another algorithm', { header: { jwk: { ...publicJwk(clientKey), alg: 'ES384' } } }, /jwk/],
    [
      'a key that does not verify',
      { header: { jwk: { ...publicJwk(clientKey), key_ops: ['sign'] } } },
      /jwk/,
    ],
    ['a key of another kind than its algorithm', { header: { alg: 'RS256' } }, /jwk/],
    ['a key on another curve than its algorithm', { header: { alg: 'ES384' } }, /jwk/],
    [
      'a curve that is not supported',
      { header: { jwk: { ...publicJwk(clientKey), crv: 'secp256k1' } } },
      /jwk/,
    ],
    [
      'a curve of Edwards',
      { header: { alg: 'EdDSA', jwk: { kty: 'OKP', crv: 'Ed25519', x: 'a'.repeat(43) } } },
      /algorithm/,
    ],
    ['a coordinate that is too short', { header: { jwk: { ...publicJwk(clientKey), x: 'AAAA' } } }, /jwk/],
    [
      'a coordinate with padding',
      { header: { jwk: { ...publicJwk(clientKey), x: `${'A'.repeat(43)}=` } } },
      /jwk/,
    ],
    [
      'a short RSA key',
      { header: { alg: 'RS256', jwk: rsaPair(1024).publicKey.export({ format: 'jwk' }) } },
      /jwk/,
    ],
    [
      'an RSA key with the exponent 1',
      { header: { alg: 'RS256', jwk: { ...publicJwk(rsa), e: 'AQ' } } },
      /jwk/,
    ],
    ['no jti', { claims: { jti: undefined } }, /jti/],
    ['an empty jti', { claims: { jti: '' } }, /jti/],
    ['a jti that is a number', { claims: { jti: 1 } }, /jti/],
    ['no htm', { claims: { htm: undefined } }, /htm/],
    ['another method', { claims: { htm: 'POST' } }, /method/],
    ['the method in small letters', { claims: { htm: 'get' } }, /method/],
    ['a list of methods', { claims: { htm: ['GET'] } }, /htm/],
    ['no htu', { claims: { htu: undefined } }, /htu/],
    ['an htu that is a path', { claims: { htu: '/orders' } }, /URL/],
    ['an htu of another scheme', { claims: { htu: 'http://api.example.com/orders' } }, /origin/],
    ['an htu of a WebSocket', { claims: { htu: 'wss://api.example.com/orders' } }, /URL/],
    ['an htu of another host', { claims: { htu: 'https://api.example.com.evil.example/orders' } }, /origin/],
    ['an htu of another port', { claims: { htu: 'https://api.example.com:8443/orders' } }, /origin/],
    ['an htu with a user', { claims: { htu: 'https://api.example.com@evil.example/orders' } }, /URL/],
    ['an htu with the user api', { claims: { htu: 'https://user:pass@api.example.com/orders' } }, /URL/],
    ['an htu of another path', { claims: { htu: `${BASE}/admin` } }, /path/],
    ['an htu of a longer path', { claims: { htu: `${BASE}/orders/` } }, /path/],
    ['an htu of a path in other letters', { claims: { htu: `${BASE}/Orders` } }, /path/],
    ['an htu with a dot segment', { claims: { htu: `${BASE}/x/../orders` } }, /path/],
    ['an htu with a backslash', { claims: { htu: `${BASE}\\orders` } }, /URL/],
    ['an htu with a space', { claims: { htu: ` ${BASE}/orders` } }, /URL/],
    ['an htu with a tab', { claims: { htu: `${BASE}/ord\ters` } }, /URL/],
    ['an htu beyond ASCII', { claims: { htu: `${BASE}/ordérs` } }, /URL/],
    ['the query in the path of htu', { claims: { htu: `${BASE}/orders%3Fx` } }, /path/],
    ['no ath', { claims: { ath: undefined } }, /ath/],
    ['the ath of another token', { claims: { ath: hashOf('another') } }, /ath/],
    ['an ath with padding', { claims: { ath: `${hashOf(TOKEN)}=` } }, /ath/],
    [
      'an ath in hexadecimal',
      { claims: { ath: Buffer.from(hashOf(TOKEN), 'base64url').toString('hex') } },
      /ath/,
    ],
    ['no iat', { claims: { iat: undefined } }, /iat/],
    ['an iat that is a string', { claims: { iat: String(NOW) } }, /iat/],
    ['an iat that is null', { claims: { iat: null } }, /iat/],
    ['an iat in milliseconds', { claims: { iat: NOW * 1000 } }, /future/],
    ['an iat that is too old', { claims: { iat: NOW - 61 } }, /too old/],
    ['an iat that is too far ahead', { claims: { iat: NOW + 61 } }, /future/],
    ['an exp that is over', { claims: { exp: NOW } }, /expired/],
    ['an nbf far ahead', { claims: { nbf: NOW + 61 } }, /not valid yet/],
    ['an exp that is a string', { claims: { exp: String(NOW + 60) } }, /exp/],
  ])('is refused with %s', (_, parts, message) => {
    const error = refusal([proofOf(parts)])
    expect(error).toMatchObject({ code: 'rejected', message: expect.stringMatching(message) })
    expect(dpopFault(error)).toEqual({ code: 'invalid_dpop_proof' })
  })

  it.each<[string, readonly string[], RegExp]>([
    ['missing', [], /no header/],
    ['empty', [''], /no header/],
    ['there twice', [proofOf(), proofOf()], /several/],
    ['there twice, as one', [`${proofOf()}, ${proofOf()}`], /not a JWT/],
    ['there twice, the same', Array.from({ length: 2 }, () => proofOf({ claims: { jti: 'x' } })), /several/],
    ['longer than 4,096 characters', [proofOf({ claims: { padding: 'x'.repeat(4096) } })], /longer/],
    ['not a JWT', ['proof'], /not a JWT/],
    ['a JWT with padding', [proofOf().replaceAll('.', '=.')], /not a JWT/],
    ['a JWT with a further part', [`${proofOf()}.x`], /not a JWT/],
    ['in quotation marks', [`"${proofOf()}"`], /not a JWT/],
  ])('is refused if the header is %s', (_, values, message) => {
    expect(refusal(values).message).toMatch(message)
  })

  it('is refused if its claims have a member twice', () => {
    const [header = '', payload = '', signature = ''] = proofOf().split('.')
    const twice = Buffer.from(payload, 'base64url').toString().replace('{', '{"htm":"POST",')
    expect(
      refusal([[header, Buffer.from(twice).toString('base64url'), signature].join('.')]).message,
    ).toMatch(/not a JWT/)
  })

  it.each([
    ['jti', 0, /not a JWT|has no jti/],
    ['htm', 0, /not a JWT|has no htm/],
    ['ath', 0, /not a JWT|has no ath/],
    ['iat', 0, /not a JWT|has no iat/],
    ['jwk', 1, /not a JWT|jwk of the proof/],
    ['typ', 1, /not a JWT|type dpop\+jwt/],
  ] as const)('is refused if %s is a member of __proto__ only', (name, isInHeader, message) => {
    const parts = proofOf().split('.')
    const index = isInHeader === 1 ? 0 : 1
    const { [name]: moved, ...others } = JSON.parse(
      Buffer.from(parts[index] ?? '', 'base64url').toString(),
    ) as {
      readonly [name: string]: unknown
    }
    const hostile = `{"__proto__":${JSON.stringify({ [name]: moved })},${JSON.stringify(others).slice(1)}`
    parts[index] = Buffer.from(hostile).toString('base64url')
    expect(refusal([parts.join('.')]).message).toMatch(message)
  })

  it('is refused with an algorithm that is not among the accepted', () => {
    const algorithms = new Set<JwsAlgorithm>(['RS256'])
    expect(refusal([proofOf()], { algorithms }).message).toMatch(/algorithm/)
    expect(check([proofOf({ key: rsa, algorithm: 'RS256' })], { algorithms }).algorithm).toBe('RS256')
  })

  it('is about the path below each of the base URLs', () => {
    const bases = ['https://one.example', 'https://two.example/shop', 'https://two.example/store/'].flatMap(
      (url) => clientUrl(url) ?? [],
    )
    const of = (htu: string) => [proofOf({ claims: { htu } })]
    for (const htu of [
      'https://one.example/orders',
      'https://two.example/shop/orders',
      'https://two.example/store/orders',
    ]) {
      expect(check(of(htu), { bases }).key.thumbprint).toBe(thumbprintOf(clientKey))
    }
    for (const htu of [
      'https://one.example/shop/orders',
      'https://two.example/orders',
      'https://two.example/shoporders',
      'https://two.example/store//orders',
    ]) {
      expect(refusal(of(htu), { bases }).message).toMatch(/path/)
    }
  })

  it.each([
    ['/caf%C3%A9', '/caf%c3%a9'],
    ['/%7Ejane', '/~jane'],
    ['/a-b', '/a%2Db'],
    ['/a%2Fb', '/a%2fb'],
  ])('has another spelling of the same path: %s and %s', (path, other) => {
    for (const [sent, stated] of [
      [path, other],
      [other, path],
    ]) {
      expect(check([proofOf({ claims: { htu: BASE + stated } })], {}, { path: sent ?? '' }).algorithm).toBe(
        'ES256',
      )
    }
  })

  it.each([
    ['/a%2Fb', '/a/b'],
    ['/a%252Fb', '/a%2Fb'],
    ['/a%2E%2E/b', '/b'],
    ['/a/../b', '/b'],
    ['/a//b', '/a/b'],
    ['/a;x', '/a'],
    ['*', '/*'],
    ['', '/'],
  ])('does not take the path %s for %s', (path, other) => {
    expect(refusal([proofOf({ claims: { htu: BASE + other } })], {}, { path }).message).toMatch(/path/)
  })

  it('needs a nonce of this server if the server has nonces', () => {
    const rules = { isCurrentNonce: (nonce: string) => nonce === 'current' }
    expect(check([proofOf({ claims: { nonce: 'current' } })], rules).algorithm).toBe('ES256')
    for (const nonce of [undefined, null, '', 'old', 1, ['current']]) {
      expect(dpopFault(refusal([proofOf({ claims: { nonce } })], rules))).toEqual({ code: 'use_dpop_nonce' })
    }
    // Without the rest there is no reason to try again.
    expect(dpopFault(refusal([proofOf({ claims: { nonce: 'old', htm: 'POST' } })], rules))).toEqual({
      code: 'invalid_dpop_proof',
    })
  })

  it('is an error of this kind or accepted, whatever is in it', () => {
    const value = fc.oneof(
      fc.jsonValue(),
      fc.constantFrom(undefined, '', 'GET', `${BASE}/orders`, NOW, hashOf(TOKEN)),
    )
    const header = fc.record({ typ: value, alg: value, jwk: value, crit: value }, { requiredKeys: [] })
    const claims = fc.record(
      { jti: value, htm: value, htu: value, iat: value, ath: value, exp: value, nbf: value, nonce: value },
      { requiredKeys: [] },
    )
    fc.assert(
      fc.property(header, claims, (h, c) => {
        const [first = '', second = ''] = proofOf({ header: h, claims: c }).split('.')
        try {
          check([`${first}.${second}.AAAA`])
        } catch (error) {
          expect(error).toBeInstanceOf(AuthenticationError)
        }
      }),
      { numRuns: 300 },
    )
  })
})
