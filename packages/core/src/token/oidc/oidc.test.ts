import { beforeAll, describe, expect, it } from 'vitest'
import { fixedClock, recorder, thrownBy } from '../../../test/fakes.ts'
import {
  base64url,
  ecKey,
  hmacSigned,
  ISSUER,
  jwkOf,
  jwksOf,
  type KeyPair,
  NOW,
  rsaKey,
  signed,
} from '../../../test/issuer.ts'
import type { Authentication } from '../../authenticator/authenticator.ts'
import { celCompiler } from '@kube-authn/cel/kubernetes'
import { AuthenticationError, ConfigurationError, unavailable } from '../../authenticator/errors.ts'
import { localKeySet } from '../jwt/key-set.ts'
import { oidc } from './oidc.ts'
import type { OidcOptions } from './oidc-options.ts'

let key: KeyPair
let other: KeyPair
let ec: KeyPair

beforeAll(() => {
  key = rsaKey('key')
  other = rsaKey('other')
  ec = ecKey('ec')
})

const OPTIONS = {
  issuer: ISSUER,
  audience: 'app',
  claimMappings: {
    username: { claim: 'sub', prefix: 'oidc:' },
    groups: { claim: 'groups', prefix: 'oidc:' },
  },
} satisfies OidcOptions

const CLAIMS = { iss: ISSUER, aud: 'app', sub: 'jane', exp: NOW + 60 }

/** Tokens of an issuer with these keys. */
function tokensOf(options: Partial<OidcOptions> = {}) {
  return oidc({
    ...OPTIONS,
    keySet: localKeySet(jwksOf(key, ec)),
    clock: fixedClock(NOW * 1000),
    fetch: () => Promise.reject(new Error('must not be called')),
    ...options,
  })
}

async function ask(token: string, options?: Partial<OidcOptions>): Promise<Authentication | undefined> {
  return tokensOf(options).authenticateToken(token, {})
}

const tokenWith = (claims: object, header: object = {}): string =>
  signed(key, { alg: 'RS256', kid: 'key', ...header }, { ...CLAIMS, ...claims })

async function messageOf(claims: object, options?: Partial<OidcOptions>): Promise<string> {
  const error = await thrownBy(() => ask(tokenWith(claims), options))
  expect(error).toMatchObject({ code: 'rejected' })
  return error instanceof Error ? error.message : ''
}

describe('a token of the issuer', () => {
  it('makes a user, for as long as it is valid', async () => {
    expect(await ask(tokenWith({ groups: ['a', 'b'], jti: 'id' }))).toEqual({
      user: {
        username: 'oidc:jane',
        uid: '',
        groups: ['oidc:a', 'oidc:b'],
        extra: { 'authentication.kubernetes.io/credential-id': ['JTI=id'] },
      },
      expiresAtMs: (NOW + 60) * 1000,
    })
  })

  it('may be signed with an EC key', async () => {
    const token = signed(ec, { alg: 'ES256', kid: 'ec' }, CLAIMS, 'ES256')
    expect((await ask(token))?.user.username).toBe('oidc:jane')
  })

  it('emits an event, and a token of another issuer does not', async () => {
    const { events, observer } = recorder()
    const tokens = tokensOf()
    await tokens.authenticateToken(tokenWith({}), { observer })
    await thrownBy(() => tokens.authenticateToken(tokenWith({ exp: 1 }), { observer }))
    await tokens.authenticateToken(tokenWith({ iss: 'https://other.example.com' }), { observer })
    expect(events).toMatchObject([
      { type: 'jwtAuthenticator', issuer: ISSUER, result: 'success' },
      { type: 'jwtAuthenticator', issuer: ISSUER, result: 'failure' },
    ])
  })
})

describe('claims', () => {
  it.each<[string, object, RegExp]>([
    [
      'expired a second ago',
      { exp: NOW - 1 },
      /^oidc: verify token: oidc: token is expired \(Token Expiry: 2009-11-10 22:59:59 \+0000 UTC\)$/,
    ],
    ['without expiry', { exp: undefined }, /token is expired \(Token Expiry: 0001-01-01 00:00:00/],
    ['that expired before all calendars', { exp: -1e300 }, /token is expired \(Token Expiry: -1e\+300 s\)/],
    ['whose expiry is null', { exp: null }, /failed to unmarshal claims/],
    ['whose expiry is a list', { exp: [NOW + 60] }, /failed to unmarshal claims/],
    ['whose expiry is not a number', { exp: 'never' }, /failed to unmarshal claims/],
    ['whose expiry is an empty string', { exp: '' }, /failed to unmarshal claims/],
    ['whose expiry is hexadecimal', { exp: '0x7fffffff' }, /failed to unmarshal claims/],
    ['whose expiry is Infinity', { exp: 'Infinity' }, /failed to unmarshal claims/],
    ['whose expiry is out of range', { exp: 1e300 }, /failed to unmarshal claims/],
    ['whose expiry is out of range, as a string', { exp: '1e300' }, /failed to unmarshal claims/],
    ['whose expiry is too long a number', { exp: '1'.repeat(65) }, /failed to unmarshal claims/],
    [
      'valid in more than a minute',
      { nbf: NOW + 61 },
      /before the nbf \(not before\) time: 2009-11-10 23:01:01/,
    ],
    ['whose nbf is not a number', { nbf: {} }, /failed to unmarshal claims/],
    ['whose iat is not a number', { iat: 'now' }, /failed to unmarshal claims/],
    [
      'whose sub is not a string',
      { sub: 1 },
      /failed to unmarshal claims: json: cannot unmarshal number into Go struct field idToken\.sub of type string$/,
    ],
    ['for another audience, and expired', { aud: 'x', exp: 1 }, /expected audience/],
    ['without audience', { aud: undefined }, /expected audience "app" got \[\]/],
    ['whose iat is null', { iat: null }, /failed to unmarshal claims/],
    ['whose audience is null', { aud: null }, /expected audience "app" got \[""\]/],
    ['whose audience is empty', { aud: [] }, /expected audience "app" got \[\]/],
    [
      'whose audience is an object',
      { aud: { app: 'app' } },
      /failed to unmarshal claims: json: cannot unmarshal object into Go value of type \[\]string/,
    ],
    ['whose audience is a number', { aud: 1 }, /failed to unmarshal claims/],
    ['whose audience is a nested list', { aud: [['app']] }, /failed to unmarshal claims/],
    ['whose audience has a number in it', { aud: ['app', 1] }, /failed to unmarshal claims/],
    ['with another audience', { aud: ['app2', ''] }, /expected audience "app" got \["app2" ""\]/],
    ['with the audience in other letters', { aud: 'APP' }, /expected audience/],
    ['without user name', { sub: undefined }, /^oidc: parse username claims "sub": claim not present$/],
    [
      'whose groups are an object',
      { groups: { a: 'b' } },
      /^oidc: parse groups claim "groups": json: cannot unmarshal object/,
    ],
    [
      'whose groups have a number',
      { groups: ['a', 1] },
      /^oidc: parse groups claim "groups": json: cannot unmarshal array into Go value of type string$/,
    ],
    ['whose groups are nested', { groups: [['a']] }, /cannot unmarshal array into Go value/],
    ['whose groups are a number', { groups: 0 }, /^oidc: parse groups claim/],
    ['whose groups are false', { groups: false }, /^oidc: parse groups claim .* bool/],
    ['with a source that does not exist', { _claim_names: { x: 'nowhere' } }, /oidc: source does not exist/],
    ['with an empty source', { _claim_names: { x: '' } }, /failed to obtain source from claim name/],
    [
      'with a source that is inherited',
      { _claim_names: { x: '__proto__' }, _claim_sources: {} },
      /source does not exist/,
    ],
    [
      'with a source that is not a string',
      { _claim_names: { x: 1 } },
      /cannot unmarshal number into Go struct field idToken\._claim_names of type string$/,
    ],
    [
      'with names that are a list',
      { _claim_names: [] },
      /idToken\._claim_names of type map\[string\]string$/,
    ],
    ['with sources that are a list', { _claim_sources: [] }, /failed to unmarshal claims/],
    [
      'with a source that is a text',
      { _claim_sources: { a: 'b' } },
      /cannot unmarshal string into Go struct field idToken\._claim_sources of type oidc\.claimSource$/,
    ],
    [
      'with an endpoint that is not a string',
      { _claim_sources: { a: { endpoint: 1 } } },
      /into Go struct field claimSource\._claim_sources\.endpoint of type string$/,
    ],
  ])('are refused %s', async (_, claims, message) => {
    expect(await messageOf(claims)).toMatch(message)
  })

  it.each<[string, object]>([
    ['that expire this very second', { exp: NOW }],
    ['with a part of a second', { exp: NOW + 0.9 }],
    ['whose expiry is written as a string', { exp: `${NOW + 1}` }],
    ['whose expiry is written with an exponent', { exp: '2e9' }],
    ['valid in a minute', { nbf: NOW + 60 }],
    ['whose nbf is null', { nbf: null }],
    ['issued tomorrow', { iat: NOW + 86_400 }],
    ['with one audience among others', { aud: ['x', 'app'] }],
    ['whose azp is another client', { azp: 'other' }],
    ['with an unrequested nonce', { nonce: 'x' }],
    ['whose at_hash is of nothing', { at_hash: 'x' }],
    ['without groups', { groups: null }],
    ['whose jti is a number', { jti: 1 }],
    ['with `__proto__`', JSON.parse('{"__proto__":{"groups":["system:masters"]}}') as object],
  ])('are accepted %s', async (_, claims) => {
    const answer = await ask(tokenWith(claims))
    expect(answer?.user).toEqual({ username: 'oidc:jane', uid: '', groups: [], extra: {} })
  })

  it('expire between two seconds too', async () => {
    const clock = fixedClock(NOW * 1000 + 1)
    expect(await thrownBy(() => ask(tokenWith({ exp: NOW }), { clock }))).toMatchObject({ code: 'rejected' })
  })

  it('become groups one by one, and null becomes the empty string', async () => {
    expect((await ask(tokenWith({ groups: 'a' })))?.user.groups).toEqual(['oidc:a'])
    expect((await ask(tokenWith({ groups: ['', null, 'a', 'a'] })))?.user.groups).toEqual([
      'oidc:',
      'oidc:',
      'oidc:a',
      'oidc:a',
    ])
  })

  it.each(['__proto__', 'constructor', 'toString'])('have no %s unless they say so', async (claim) => {
    const claimMappings = { username: { claim, prefix: '' }, uid: { claim } }
    expect(await messageOf({}, { claimMappings })).toContain('claim not present')
    const token = signed(key, { alg: 'RS256' }, `{"iss":"${ISSUER}","aud":"app","exp":${NOW},"${claim}":"x"}`)
    expect((await ask(token, { claimMappings }))?.user).toMatchObject({ username: 'x', uid: 'x' })
  })

  it('must have the values that are required', async () => {
    const claimValidationRules = [{ claim: 'hd', requiredValue: 'example.com' }, { claim: 'empty' }]
    const options = { claimValidationRules }
    expect(await messageOf({}, options)).toBe('oidc: required claim hd not present in ID token')
    expect(await messageOf({ hd: 1 }, options)).toMatch(
      /^oidc: parse claim hd: json: cannot unmarshal number/,
    )
    expect(await messageOf({ hd: 'a\nb' }, options)).toBe(
      'oidc: required claim hd value does not match. Got = a\uFFFDb, want = example.com',
    )
    expect(await messageOf({ hd: 'example.com', empty: 'x' }, options)).toContain('want = ')
    expect(await ask(tokenWith({ hd: 'example.com', empty: null }), options)).toBeDefined()
  })
})

describe('e-mail addresses', () => {
  const claimMappings = { username: { claim: 'email', prefix: '' } }

  it.each<[unknown, boolean]>([
    [true, true],
    [undefined, true],
    [false, false],
    [null, false],
    ['true', false],
    [1, false],
  ])('that are verified: %j', async (verified, isAccepted) => {
    const token = tokenWith({ email: 'jane@example.com', email_verified: verified })
    const answer = ask(token, { claimMappings })
    if (isAccepted) expect((await answer)?.user.username).toBe('jane@example.com')
    else expect(await thrownBy(() => answer)).toMatchObject({ code: 'rejected' })
  })
})

it('a token that exceeds the limit of waiting requests may be retried later', async () => {
  const busy = unavailable('too many tokens with unknown keys', { retryAfterSeconds: 2 })
  const keySet = { verify: () => Promise.reject(busy) }
  expect(await thrownBy(() => ask(tokenWith({}), { keySet }))).toMatchObject({
    code: 'unavailable',
    message: 'oidc: verify token: too many tokens with unknown keys',
    retryAfterSeconds: 2,
  })
})

describe('expressions', () => {
  it('need a compiler', () => {
    const claimMappings = { username: { expression: 'claims.sub' } }
    expect(() => tokensOf({ claimMappings })).toThrow(/expressions require a compiler: pass celCompiler\(\)/)
    expect(() => tokensOf({ claimMappings, compiler: celCompiler() })).not.toThrow()
  })

  it('map claims and check what came of them', async () => {
    const options: Partial<OidcOptions> = {
      compiler: celCompiler(),
      claimMappings: {
        username: { expression: 'claims.sub + "@" + claims.realm' },
        groups: { expression: 'claims.roles.map(r, "r:" + r)' },
        uid: { expression: 'claims.sub' },
        extra: [{ key: 'example.com/realm', valueExpression: 'claims.realm' }],
      },
      claimValidationRules: [{ expression: 'claims.realm != "bad"', message: 'bad realm' }],
      userValidationRules: [{ expression: '!user.username.startsWith("system:")' }],
    }
    expect((await ask(tokenWith({ realm: 'r', roles: ['x', 'y'] }), options))?.user).toEqual({
      username: 'jane@r',
      uid: 'jane',
      groups: ['r:x', 'r:y'],
      extra: { 'example.com/realm': ['r'] },
    })
    expect(await messageOf({ realm: 'bad', roles: [] }, options)).toContain('failed: bad realm')
    expect(await messageOf({ sub: 'system:x', realm: 'r', roles: [] }, options)).toContain(
      'user info validation rule',
    )
    expect(await messageOf({ realm: 'r' }, options)).toBe(
      'oidc: error evaluating group claim expression: ' +
        'expression \'claims.roles.map(r, "r:" + r)\' resulted in error: no such key: roles',
    )
  })

  it('keep groups of Kubernetes out where a rule over the user says so, and only there', async () => {
    const claimMappings = {
      username: { claim: 'sub', prefix: '' },
      groups: { claim: 'groups', prefix: '' },
    }
    const userValidationRules = [
      { expression: "!user.groups.exists(group, group.startsWith('system:'))", message: 'reserved' },
    ]
    const groups = ['a', 'system:masters']
    expect((await ask(tokenWith({ sub: 'system:admin', groups }), { claimMappings }))?.user).toMatchObject({
      username: 'system:admin',
      groups,
    })
    const options = { compiler: celCompiler(), claimMappings, userValidationRules }
    expect(await messageOf({ groups }, options)).toContain('reserved')
    expect((await ask(tokenWith({ groups: ['a'] }), options))?.user.groups).toEqual(['a'])
  })

  it('are all evaluated before one that is false counts', async () => {
    const options = {
      compiler: celCompiler(),
      claimValidationRules: [{ expression: 'false', message: 'first' }, { expression: 'claims.nope == 1' }],
    }
    expect(await messageOf({}, options)).toContain('no such key: nope')
  })

  it('for extra fields are all evaluated before one that is not a string is reported', async () => {
    const extra = (...valueExpressions: readonly string[]): Promise<string> =>
      messageOf(
        {},
        {
          compiler: celCompiler(),
          claimMappings: {
            username: { claim: 'sub', prefix: '' },
            extra: valueExpressions.map((valueExpression, index) => ({
              key: `example.com/${index}`,
              valueExpression,
            })),
          },
        },
      )
    expect(await extra('1', 'claims.nope')).toBe(
      "expression 'claims.nope' resulted in error: no such key: nope",
    )
    expect(await extra('"a"', '1')).toBe(
      'oidc: error evaluating extra claim expression: 1: expression must return a string or a list of strings',
    )
  })
})

describe('a token that was made up', () => {
  /** Whether the token is ignored or refused. */
  const isRefused = async (token: string, options?: Partial<OidcOptions>): Promise<boolean> => {
    try {
      return (await ask(token, options)) === undefined
    } catch (error) {
      return error instanceof AuthenticationError && error.code === 'rejected'
    }
  }

  it.each(['none', 'None', 'NONE', 'nOnE', ''])('without signature is refused as %j', async (alg) => {
    const text = `${base64url(JSON.stringify({ alg }))}.${base64url(JSON.stringify(CLAIMS))}.`
    expect(await thrownBy(() => ask(text))).toMatchObject({
      code: 'rejected',
      message: expect.stringContaining('unsupported algorithm'),
    })
  })

  it('is refused with HMAC by the public key, however it is written', async () => {
    const pem = key.publicKey.export({ type: 'spki', format: 'pem' })
    const secrets = [
      pem,
      String(pem).trim(),
      key.publicKey.export({ type: 'spki', format: 'der' }),
      key.publicKey.export({ type: 'pkcs1', format: 'pem' }),
      JSON.stringify(jwkOf(key)),
      String(jwkOf(key).n),
    ]
    for (const secret of secrets) {
      expect(await isRefused(hmacSigned(secret, CLAIMS, { kid: 'key' }))).toBe(true)
      expect(await isRefused(hmacSigned(secret, CLAIMS, { kid: 'key', alg: 'RS256' }))).toBe(true)
    }
  })

  it.each(['jwk', 'jku', 'x5u', 'x5c', 'x5t', 'x5t#S256'])(
    'is refused with a key of its own in %s',
    async (name) => {
      const value = name === 'jwk' ? jwkOf(other) : name === 'x5c' ? ['MIIB'] : 'https://evil.example/keys'
      const tokens = [{ kid: 'key' }, { kid: 'other' }, {}].map((named) =>
        signed(other, { alg: 'RS256', [name]: value, ...named }, CLAIMS),
      )
      for (const token of tokens) {
        expect(await thrownBy(() => ask(token))).toMatchObject({
          message: expect.stringContaining('failed to verify id token signature'),
        })
      }
    },
  )

  it.each([
    ['b64', { crit: ['b64'], b64: true }],
    ['b64 that is off', { crit: ['b64'], b64: false }],
    ['exp', { crit: ['exp'], exp: 1 }],
    ['nothing', { crit: [] }],
    ['a text', { crit: 'exp' }],
    ['something unknown', { crit: ['http://example.com/x'], 'http://example.com/x': true }],
  ])('is refused where the header insists on %s', async (_, header) => {
    expect(await isRefused(tokenWith({}, header))).toBe(true)
  })

  it('is ignored if members are repeated, since parsers would read it differently', async () => {
    const twice = (first: string, second: string): string =>
      signed(
        key,
        { alg: 'RS256' },
        `{"iss":"${first}","iss":"${second}","aud":"app","sub":"a","sub":"b","exp":${NOW}}`,
      )
    expect(await ask(twice(ISSUER, 'https://other.example.com'))).toBeUndefined()
    expect(await ask(twice('https://other.example.com', ISSUER))).toBeUndefined()
    expect(await ask(twice(ISSUER, ISSUER))).toBeUndefined()
  })

  it('has one spelling', async () => {
    const token = tokenWith({})
    const [header = '', payload = '', signature = ''] = token.split('.')
    const spellings = [
      `${token}=`,
      `${token}==`,
      `${token}\n`,
      ` ${token}`,
      `${header}=.${payload}.${signature}`,
      `${header}.${payload}==.${signature}`,
      `${header}.${payload}.${signature.slice(0, 9)} ${signature.slice(9)}`,
      `${header}.${payload}.${signature.replaceAll('-', '+').replaceAll('_', '/')}+`,
      `${header}.${payload}.${signature}.`,
      `.${header}.${payload}.${signature}`,
      `${header}..${signature}`,
    ]
    for (const spelling of spellings) expect(await isRefused(spelling)).toBe(true)
  })

  it('is refused if only its claims are well-formed, and ignored if they are not', async () => {
    const token = tokenWith({})
    const [header = '', payload = '', signature = ''] = token.split('.')
    const broken = [
      `${base64url('{')}.${payload}.${signature}`,
      `${base64url('{}')}.${payload}.${signature}`,
      `${base64url('{"alg":1}')}.${payload}.${signature}`,
      `${base64url('{"alg":"RS256","alg":"RS256"}')}.${payload}.${signature}`,
      `.${payload}.`,
      `${header}=.${payload}.${signature}`,
      `${token}=`,
      `${token}\n`,
    ]
    for (const text of broken) {
      expect(await thrownBy(() => ask(text))).toMatchObject({
        code: 'rejected',
        message: 'oidc: verify token: oidc: malformed jwt',
      })
    }
    const others = [
      `${header}.${payload}=.${signature}`,
      `${header}.${payload}`,
      `${token}.`,
      `.${token}`,
      `${base64url('{')}.${base64url(JSON.stringify({ ...CLAIMS, iss: 'https://other.example.com' }))}.`,
      JSON.stringify({ protected: header, payload, signature }),
    ]
    for (const text of others) expect(await ask(text)).toBeUndefined()
  })

  it.each([
    `${ISSUER}/`,
    ISSUER.toUpperCase(),
    ` ${ISSUER}`,
    `${ISSUER}\0`,
    `${ISSUER}?`,
    [ISSUER],
    { url: ISSUER },
    null,
    1,
  ])('is ignored with the issuer %j', async (iss) => {
    expect(await ask(tokenWith({ iss }))).toBeUndefined()
  })

  it('is ignored with a megabyte of claims', async () => {
    expect(await ask(tokenWith({ more: 'x'.repeat(1_000_000) }))).toBeUndefined()
    expect(await ask(tokenWith({ more: 'x'.repeat(20_000) }))).toBeDefined()
  })

  it('may be nested as deeply as it is long', async () => {
    const depth = 11_000
    const claims = `{"iss":"${ISSUER}","aud":"app","sub":"jane","exp":${NOW},"deep":${'['.repeat(depth)}${']'.repeat(depth)}}`
    const options = {
      compiler: celCompiler(),
      claimMappings: { username: { expression: 'claims.sub' } },
      claimValidationRules: [{ expression: 'claims.deep == claims.deep' }],
    }
    expect(await isRefused(signed(key, { alg: 'RS256' }, claims), options)).toBe(true)
  })

  it.each(['../key', 'key\0', 'k'.repeat(20_000), '__proto__', 'constructor'])(
    'finds no key as %j',
    async (kid) => {
      expect(await thrownBy(() => ask(tokenWith({}, { kid })))).toMatchObject({
        message: expect.stringContaining('failed to verify id token signature'),
      })
    },
  )

  it.each([
    ['nothing', ''],
    ['zeros', base64url(Buffer.alloc(64))],
    ['r of zero', base64url(Buffer.concat([Buffer.alloc(32), Buffer.alloc(32, 1)]))],
    ['DER', base64url(Buffer.from('3006020101020101', 'hex'))],
    ['too much', base64url(Buffer.alloc(65, 1))],
  ])('is refused with an EC signature of %s', async (_, signature) => {
    const text = `${base64url(JSON.stringify({ alg: 'ES256', kid: 'ec' }))}.${base64url(JSON.stringify(CLAIMS))}`
    expect(await isRefused(`${text}.${signature}`)).toBe(true)
  })

  it('is refused where a bit differs', async () => {
    const token = tokenWith({})
    const [header = '', payload = '', signature = ''] = token.split('.')
    const changed = payload.replace(/^./, (first) => (first === 'e' ? 'f' : 'e'))
    expect(await isRefused(`${header}.${changed}.${signature}`)).toBe(true)
    const forged = base64url(JSON.stringify({ ...CLAIMS, sub: 'root' }))
    expect(await thrownBy(() => ask(`${header}.${forged}.${signature}`))).toMatchObject({ code: 'rejected' })
  })

  it('never finds itself in an error', async () => {
    for (const claims of [{ exp: 1 }, { aud: 'x' }, { sub: 5 }, { groups: 1 }]) {
      const token = tokenWith(claims)
      const error = await thrownBy(() => ask(token))
      const text = error instanceof Error ? `${error.message} ${error.stack} ${String(error.cause)}` : ''
      for (const part of token.split('.')) expect(text).not.toContain(part)
    }
  })
})

describe('options', () => {
  it.each<[string, object, readonly string[]]>([
    ['no https', { issuer: 'http://a' }, ['issuer']],
    ['no issuer', { issuer: '' }, ['issuer']],
    ['an empty audience', { audience: '' }, ['audience']],
    ['no audience', { audience: [] }, ['audience']],
    ['an empty audience among others', { audience: ['a', ''] }, ['audience[1]']],
    ['the same audience twice', { audience: ['a', 'a'] }, ['audience[1]']],
    ['the discovery document of the issuer', { discoveryURL: `${ISSUER}/` }, ['discoveryURL', 'keySet']],
    [
      'a claim without prefix',
      { claimMappings: { username: { claim: 'sub' } } },
      ['claimMappings.username.prefix'],
    ],
    ['no user name', { claimMappings: { username: {} } }, ['claimMappings.username']],
    ['an algorithm of secrets', { signingAlgorithms: ['RS256', 'HS256'] }, ['signingAlgorithms[1]']],
    ['no algorithm', { signingAlgorithms: [] }, ['signingAlgorithms']],
    ['no time', { timeoutSeconds: 0 }, ['timeoutSeconds']],
    ['all the time', { timeoutSeconds: Infinity }, ['timeoutSeconds']],
    ['a rule of nothing', { claimValidationRules: [{}] }, ['claimValidationRules[0]']],
  ])('are refused with %s', (_, options, paths) => {
    let problems: readonly string[] = []
    try {
      tokensOf(options)
    } catch (error) {
      if (!(error instanceof ConfigurationError)) throw error
      problems = error.problems.map(({ path }) => path)
    }
    expect(problems).toEqual(paths)
  })

  it('may have several audiences, of which one is enough', async () => {
    const audience = ['web', 'app']
    expect(await ask(tokenWith({ aud: 'app' }), { audience })).toBeDefined()
    expect(await messageOf({ aud: 'x' }, { audience })).toContain(
      'expected audience in ["app" "web"] got ["x"]',
    )
  })

  it('report the expiry of a token before its audience if there are several audiences', async () => {
    const several = { audience: ['app', 'web'] }
    expect(await messageOf({ aud: 'x', exp: 1 }, several)).toContain('token is expired')
    expect(await messageOf({ aud: 'x' }, several)).toContain('expected audience in ["app" "web"] got ["x"]')
  })

  it('may have a keySet where the discoveryURL is empty', () => {
    expect(() => tokensOf({ discoveryURL: '' })).not.toThrow()
  })

  it('may leave algorithms out', async () => {
    const token = signed(key, { alg: 'PS256', kid: 'key' }, CLAIMS, 'PS256')
    expect(await ask(token)).toBeDefined()
    expect(await thrownBy(() => ask(token, { signingAlgorithms: ['RS256'] }))).toMatchObject({
      message:
        'oidc: verify token: oidc: id token signed with unsupported algorithm, expected ["RS256"] got "PS256"',
    })
  })

  it('accept both issuer names of Google, and no others', async () => {
    const issuer = 'https://accounts.google.com'
    for (const iss of ['accounts.google.com', 'https://accounts.google.com']) {
      expect(await ask(tokenWith({ iss }), { issuer })).toBeDefined()
    }
    expect(await ask(tokenWith({ iss: 'issuer.example.com' }))).toBeUndefined()
  })
})

describe('the scopes of a token', () => {
  it('are an extra of the user where a claim is named, beside the others', async () => {
    const token = tokenWith({ scope: 'read write', jti: 'a' })
    expect((await ask(token, { scopesClaim: 'scope' }))?.user.extra).toEqual({
      'authentication.kubernetes.io/credential-id': ['JTI=a'],
      scopes: ['read', 'write'],
    })
    expect((await ask(token))?.user.extra).not.toHaveProperty('scopes')
  })

  it('are a refusal if the claim is something else', async () => {
    expect(await messageOf({ scp: [1] }, { scopesClaim: 'scp' })).toBe(
      'parse scopes claim "scp": must be a string or a list of strings',
    )
  })
})

describe('access tokens of RFC 9068', () => {
  const header = { typ: 'at+jwt' }
  const claims = { client_id: 'cli', jti: 'id', iat: NOW, scope: 'read write' }

  it('have their scopes and their client in the extra of the user', async () => {
    const answer = await ask(tokenWith(claims, header), { accessTokens: true })
    expect(answer?.user.extra).toEqual({
      'authentication.kubernetes.io/credential-id': ['JTI=id'],
      'client-id': ['cli'],
      scopes: ['read', 'write'],
    })
    expect(await ask(tokenWith(claims, { typ: 'application/AT+JWT' }), { accessTokens: true })).toBeDefined()
  })

  it.each(['client_id', 'jti', 'iat'])('must have the claim %s', async (name) => {
    const token = tokenWith({ ...claims, [name]: undefined }, header)
    expect(await thrownBy(() => ask(token, { accessTokens: true }))).toMatchObject({
      code: 'rejected',
      message: `oidc: an access token must have the claim ${name}`,
    })
    expect(await ask(token)).toBeDefined()
  })

  it.each([{}, { typ: 'JWT' }, { typ: 'id+jwt' }])('are not tokens with the header %j', async (unusual) => {
    expect(await thrownBy(() => ask(tokenWith(claims, unusual), { accessTokens: true }))).toMatchObject({
      code: 'rejected',
    })
  })

  it('exclude other types of tokens', () => {
    expect(() => tokensOf({ accessTokens: true, tokenTypes: ['JWT'] })).toThrow(
      'tokenTypes: cannot be set together with accessTokens',
    )
  })
})
