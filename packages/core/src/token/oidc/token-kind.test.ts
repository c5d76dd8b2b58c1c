import { createHash } from 'node:crypto'
import { beforeAll, describe, expect, it } from 'vitest'
import { fixedClock, thrownBy } from '../../../test/fakes.ts'
import { ISSUER, jwksOf, type KeyPair, NOW, rsaKey, signed } from '../../../test/issuer.ts'
import type { Authentication } from '../../authenticator/authenticator.ts'
import { jwtAuthenticators } from '../configuration/jwt-authenticators.ts'
import { parseAuthenticationConfiguration } from '../configuration/validate.ts'
import type { Context } from '../../authenticator/context.ts'
import { ConfigurationError, unavailable } from '../../authenticator/errors.ts'
import { localKeySet } from '../jwt/key-set.ts'
import { oidc } from './oidc.ts'
import type { TokenKindOptions } from './token-kind.ts'

let key: KeyPair
beforeAll(() => {
  key = rsaKey('key')
})

const CLAIMS = { iss: ISSUER, aud: 'app', sub: 'jane', exp: NOW + 60 }
const clock = fixedClock(NOW * 1000)
const certificate = Buffer.from('a certificate')
const thumbprint = createHash('sha256').update(certificate).digest('base64url')
const otherThumbprint = createHash('sha256').update('another').digest('base64url')

const tokenOf = (claims: object, header: object = {}): string =>
  signed(key, { alg: 'RS256', kid: 'key', ...header }, { ...CLAIMS, ...claims })

/** A connection whose client holds the certificate. */
const holder: Context = { holdsCertificate: (asked) => asked === thumbprint }

function ask(
  token: string,
  options: TokenKindOptions = {},
  context: Context = holder,
): Promise<Authentication | undefined> {
  const tokens = oidc({
    issuer: ISSUER,
    audience: 'app',
    claimMappings: { username: { claim: 'sub', prefix: '' } },
    keySet: localKeySet(jwksOf(key)),
    clock,
    ...options,
  })
  return Promise.resolve(tokens.authenticateToken(token, context))
}

const LOGOUT = { events: { 'http://schemas.openid.net/event/backchannel-logout': {} }, sid: '1' }

describe('the kind of a token', () => {
  it.each<[string, object]>([
    ['no typ', {}],
    ['JWT', { typ: 'JWT' }],
    ['jwt in small letters', { typ: 'jwt' }],
    ['application/jwt', { typ: 'application/jwt' }],
    ['at+jwt', { typ: 'at+jwt' }],
    ['application/at+jwt', { typ: 'application/at+jwt' }],
    ['at+jwt in other letters', { typ: 'Application/AT+JWT' }],
  ])('is a login with %s', async (_, header) => {
    expect((await ask(tokenOf({}, header)))?.user.username).toBe('jane')
  })

  it.each<[string, unknown]>([
    ...[
      'logout+jwt',
      'secevent+jwt',
      'dpop+jwt',
      'entity-statement+jwt',
      'oauth-authz-req+jwt',
      'token-introspection+jwt',
      'client-authentication+jwt',
      'kb+jwt',
      'dc+sd-jwt',
      'JOSE',
      'id_token',
      'at+jwt ',
      ' JWT',
      'JWT\0',
      'text/jwt',
      'application/application/jwt',
      'application/',
      'application',
      'x/at+jwt',
      '__proto__',
      'x'.repeat(10_000),
    ].map((typ): [string, unknown] => [typ.slice(0, 30), typ]),
    ['null', null],
    ['a number', 1],
    ['a list', ['JWT']],
    ['an object', { toString: 'JWT' }],
  ])('is not a login with typ %s, whatever else it has', async (_, typ) => {
    const error = await thrownBy(() => ask(tokenOf({}, { typ })))
    expect(error).toMatchObject({ code: 'rejected', message: expect.stringMatching(/^oidc: .{1,150}$/) })
  })

  it.each<[string, object]>([
    ['a logout token', LOGOUT],
    ['a logout token with a nonce', { ...LOGOUT, nonce: 'x' }],
    ['another security event', { events: { 'https://schemas.openid.net/secevent/risc/event-type/x': {} } }],
    ['a security event token without events', { events: {} }],
    ['an event of this name', { events: JSON.parse('{"__proto__": {}}') as object }],
  ])('is not a login for %s with typ JWT', async (_, claims) => {
    for (const header of [{}, { typ: 'JWT' }, { typ: 'at+jwt' }]) {
      expect(await thrownBy(() => ask(tokenOf(claims, header)))).toMatchObject({
        code: 'rejected',
        message: 'oidc: a security event token (claim events), such as a logout token, is not a login',
      })
    }
  })

  it.each([[null], [['a conference']], ['a text'], [1]])(
    'is a login with %j as a claim events of its own, which no security event token has',
    async (events) => {
      expect((await ask(tokenOf({ events })))?.user.username).toBe('jane')
    },
  )

  it('is said after the signature, so that nothing is known of a token that was not verified', async () => {
    const token = tokenOf(LOGOUT, { typ: 'logout+jwt' })
    const forged = `${token.slice(0, token.lastIndexOf('.'))}.${'A'.repeat(342)}`
    expect(await thrownBy(() => ask(forged))).toMatchObject({
      message: expect.stringContaining('failed to verify'),
    })
  })

  it('may be any other that is asked for, and then only that', async () => {
    const options = { tokenTypes: ['application/JOSE'] }
    expect((await ask(tokenOf({}, { typ: 'jose' }), options))?.user.username).toBe('jane')
    for (const header of [{}, { typ: 'JWT' }, { typ: 'at+jwt' }]) {
      expect(await thrownBy(() => ask(tokenOf({}, header), options))).toMatchObject({ code: 'rejected' })
    }
    expect(await thrownBy(() => ask(tokenOf(LOGOUT, { typ: 'jose' }), options))).toMatchObject({
      message: expect.stringContaining('events'),
    })
  })

  it('does not count where any is taken', async () => {
    const token = tokenOf(LOGOUT, { typ: 'logout+jwt' })
    expect((await ask(token, { tokenTypes: 'any' }))?.user.username).toBe('jane')
  })
})

describe('a token that is bound to a key', () => {
  const bound = (cnf: unknown): string => tokenOf({ cnf })

  it('is taken where the connection has its certificate, and nowhere else', async () => {
    expect((await ask(bound({ 'x5t#S256': thumbprint })))?.user.username).toBe('jane')
    const elsewhere = [
      {},
      { holdsCertificate: () => false },
      { holdsCertificate: () => Promise.resolve(false) },
      { holdsCertificate: () => 'yes' as unknown as boolean },
    ]
    for (const context of elsewhere) {
      expect(await thrownBy(() => ask(bound({ 'x5t#S256': thumbprint }), {}, context))).toMatchObject({
        code: 'rejected',
        message: 'the token is bound to a certificate that is not the client certificate of this connection',
      })
    }
    expect(await thrownBy(() => ask(bound({ 'x5t#S256': otherThumbprint })))).toMatchObject({
      code: 'rejected',
    })
  })

  it('is taken where the request proves its key, and nowhere else', async () => {
    const prover: Context = { provesKey: (asked) => asked === otherThumbprint }
    const token = bound({ jkt: otherThumbprint })
    expect((await ask(token, {}, prover))?.user.username).toBe('jane')
    expect((await ask(token, {}, { provesKey: () => Promise.resolve(true) }))?.user.username).toBe('jane')
    const elsewhere: readonly Context[] = [
      {},
      { holdsCertificate: () => true },
      { provesKey: () => false },
      { provesKey: () => Promise.resolve(false) },
      { provesKey: () => 'yes' as unknown as boolean },
    ]
    for (const context of elsewhere) {
      expect(await thrownBy(() => ask(token, {}, context))).toMatchObject({
        code: 'rejected',
        message: 'the token is bound to a key, and the request has no proof of that key (DPoP)',
      })
    }
    expect(await thrownBy(() => ask(bound({ jkt: thumbprint }), {}, prover))).toMatchObject({
      code: 'rejected',
    })
    expect(await thrownBy(() => ask(token, { boundTokens: 'refuse' }, prover))).toMatchObject({
      code: 'rejected',
    })
  })

  it('needs its certificate and its key if it is bound to both', async () => {
    const token = bound({ jkt: otherThumbprint, 'x5t#S256': thumbprint })
    const provesKey = (asked: string): boolean => asked === otherThumbprint
    expect((await ask(token, {}, { ...holder, provesKey }))?.user.username).toBe('jane')
    for (const context of [
      holder,
      { provesKey },
      { ...holder, provesKey: () => false },
      { provesKey, holdsCertificate: () => false },
    ]) {
      expect(await thrownBy(() => ask(token, {}, context))).toMatchObject({ code: 'rejected' })
    }
  })

  it('is an outage where the certificate cannot be read', async () => {
    const gone: Context = {
      holdsCertificate() {
        throw unavailable('the connection is gone')
      },
    }
    expect(await thrownBy(() => ask(bound({ 'x5t#S256': thumbprint }), {}, gone))).toMatchObject({
      code: 'unavailable',
    })
  })

  it.each<[string, unknown, RegExp]>([
    ['jkt (DPoP)', { jkt: thumbprint }, /no proof of that key/],
    ['jkt beside the certificate', { 'x5t#S256': thumbprint, jkt: thumbprint }, /no proof of that key/],
    ['jkt beside a certificate that is not presented', { 'x5t#S256': '', jkt: thumbprint }, /malformed/],
    ['jkt and a method that is unknown', { jkt: thumbprint, kid: '1' }, /by "kid"/],
    ['a jkt that is null', { jkt: null }, /claim cnf is malformed/],
    ['a jkt with padding', { jkt: `${thumbprint}=` }, /claim cnf is malformed/],
    ['jwk', { jwk: { kty: 'EC' } }, /by "jwk"/],
    ['jwe', { jwe: 'x' }, /by "jwe"/],
    ['kid', { kid: '1' }, /by "kid"/],
    ['jku', { jku: 'https://a', kid: '1' }, /by "jku"/],
    ['x5t, which is SHA-1', { x5t: thumbprint }, /by "x5t"/],
    ['other letters', { 'x5t#s256': thumbprint }, /by "x5t#s256"/],
    ['an undefined method', { ['y'.repeat(1000)]: 1 }, /by "y{32}" of/],
    ['__proto__', JSON.parse('{"__proto__": 1}'), /by "__proto__"/],
    ['nothing', {}, /claim cnf is malformed/],
    ['a key in __proto__', JSON.parse(`{"__proto__":{"jkt":"${thumbprint}"}}`), /by "__proto__"/],
    ['null', null, /claim cnf is malformed/],
    ['a text', thumbprint, /claim cnf is malformed/],
    ['a list', [{ 'x5t#S256': thumbprint }], /claim cnf is malformed/],
    ['true', true, /claim cnf is malformed/],
    ['a thumbprint that is empty', { 'x5t#S256': '' }, /claim cnf is malformed/],
    ['a thumbprint that is null', { 'x5t#S256': null }, /claim cnf is malformed/],
    ['a thumbprint with padding', { 'x5t#S256': `${thumbprint}=` }, /claim cnf is malformed/],
    ['a thumbprint with a line end', { 'x5t#S256': `${thumbprint}\n` }, /claim cnf is malformed/],
    ['a thumbprint in a list', { 'x5t#S256': [thumbprint] }, /claim cnf is malformed/],
    ['a thumbprint in hex', { 'x5t#S256': 'ab'.repeat(32) }, /claim cnf is malformed/],
  ])('is refused by default when it is bound by %s', async (_, cnf, message) => {
    const always: Context = { holdsCertificate: () => true }
    expect(await thrownBy(() => ask(bound(cnf), {}, always))).toMatchObject({
      code: 'rejected',
      message: expect.stringMatching(message),
    })
    expect(await thrownBy(() => ask(bound(cnf), { boundTokens: 'refuse' }, always))).toMatchObject({
      code: 'rejected',
    })
    expect((await ask(bound(cnf), { boundTokens: 'ignore' }, {}))?.user.username).toBe('jane')
  })

  it('is refused with its certificate where all are', async () => {
    const error = await thrownBy(() => ask(bound({ 'x5t#S256': thumbprint }), { boundTokens: 'refuse' }))
    expect(error).toMatchObject({ code: 'rejected', message: expect.stringContaining('bound') })
  })
})

describe('the options', () => {
  it.each<[string, object, string]>([
    ['no type at all', { tokenTypes: [] }, 'tokenTypes'],
    ['a type that is not in a list', { tokenTypes: 'JWT' }, 'tokenTypes'],
    ['a type that is not a string', { tokenTypes: ['JWT', undefined] }, 'tokenTypes'],
    ['any among others', { tokenTypes: ['JWT', 'any'] }, 'tokenTypes'],
    ['a number', { tokenTypes: 7 }, 'tokenTypes'],
    ['null', { tokenTypes: [null] }, 'tokenTypes[0]'],
    ['what bound tokens cannot become', { boundTokens: 'accept' }, 'boundTokens'],
    ['a boolean', { boundTokens: false }, 'boundTokens'],
  ])('are refused with %s, also beside a file', async (_, options, path) => {
    const { jwt } = parseAuthenticationConfiguration(FILE)
    for (const make of [
      () => ask('', options),
      () => jwtAuthenticators(jwt, { ...options, discoverAtOnce: false }),
    ]) {
      const error = await thrownBy(async () => make())
      expect(error).toBeInstanceOf(ConfigurationError)
      expect(error).toMatchObject({ problems: [{ path: expect.stringContaining(path) }] })
    }
  })
})

const FILE = `
apiVersion: apiserver.config.k8s.io/v1
kind: AuthenticationConfiguration
jwt:
- issuer: {url: '${ISSUER}', audiences: [app]}
  claimMappings: {username: {claim: sub, prefix: ''}}
`

describe('an AuthenticationConfiguration', () => {
  const answers: Record<string, string> = {
    [`${ISSUER}/.well-known/openid-configuration`]: JSON.stringify({
      issuer: ISSUER,
      jwks_uri: `${ISSUER}/keys`,
    }),
  }
  const asked = async (token: string, options: TokenKindOptions): Promise<string | undefined> => {
    answers[`${ISSUER}/keys`] = jwksOf(key)
    const { jwt } = parseAuthenticationConfiguration(FILE)
    const fetchFor = () => (url: string) =>
      Promise.resolve(new Response(answers[url], { headers: { 'content-type': 'application/json' } }))
    const tokens = jwtAuthenticators(jwt, { clock, fetchFor, discoverAtOnce: false, ...options })
    const answer = await tokens.authenticateToken(token, {})
    return answer?.user.username
  }

  it.each<[string, object, object]>([
    ['a logout token', LOGOUT, { typ: 'logout+jwt' }],
    ['a token that is bound to a key', { cnf: { jkt: thumbprint } }, {}],
    ['a token that is bound to another certificate', { cnf: { 'x5t#S256': thumbprint } }, {}],
    ['a cnf that is malformed', { cnf: 1 }, { typ: ['x'] }],
  ])(
    'takes %s as kube-apiserver does, and refuses it with the options beside the file',
    async (_, claims, header) => {
      const token = tokenOf(claims, header)
      expect(await asked(token, {})).toBe('jane')
      const strict: TokenKindOptions = { tokenTypes: ['', 'JWT', 'at+jwt'], boundTokens: 'verify' }
      expect(await thrownBy(() => asked(token, strict))).toMatchObject({ code: 'rejected' })
    },
  )
})
