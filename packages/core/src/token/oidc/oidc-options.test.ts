import { beforeAll, describe, expect, it } from 'vitest'
import { fixedClock } from '../../../test/fakes.ts'
import { ISSUER, jwksOf, type KeyPair, NOW, rsaKey, signed } from '../../../test/issuer.ts'
import type { UserInfo } from '../../authenticator/user.ts'
import { ConfigurationError } from '../../authenticator/errors.ts'
import { localKeySet } from '../jwt/key-set.ts'
import { oidc } from './oidc.ts'
import type { OidcOptions } from './oidc-options.ts'

let key: KeyPair

beforeAll(() => {
  key = rsaKey('key')
})

const make = (options: Partial<OidcOptions> = {}) =>
  oidc({
    issuer: ISSUER,
    audience: 'app',
    keySet: localKeySet(jwksOf(key)),
    clock: fixedClock(NOW * 1000),
    ...options,
  })

const parsed = (json: string) => JSON.parse(json) as Record<string, string>

/** The user of a token with these claims, or the message of its refusal. */
async function userOf(options: Partial<OidcOptions>, claims: object = {}): Promise<UserInfo | string> {
  const all = { iss: ISSUER, aud: 'app', sub: 'jane', exp: NOW + 60, groups: ['dev'], ...claims }
  try {
    const known = await make(options).authenticateToken(signed(key, { alg: 'RS256', kid: 'key' }, all), {})
    return known?.user ?? 'unknown'
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

describe('an issuer and an audience', () => {
  it('are enough: the username has the issuer as a prefix, and there are no groups', async () => {
    expect(await userOf({})).toMatchObject({ username: `${ISSUER}#jane`, groups: [] })
  })

  it.each<[what: string, options: Partial<OidcOptions>, username: string]>([
    ['no prefix', { usernamePrefix: '' }, 'jane'],
    ['a prefix', { usernamePrefix: 'oidc:' }, 'oidc:jane'],
    ['a verified address, which has no prefix', { usernameClaim: 'email' }, 'jane@example.com'],
    ['an address with a prefix', { usernameClaim: 'email', usernamePrefix: 'x:' }, 'x:jane@example.com'],
    ['a claim that is written differently', { usernameClaim: 'Email' }, `${ISSUER}#J`],
    ['a claim of the prototype', { usernameClaim: '__proto__' }, `${ISSUER}#p`],
  ])('make usernames of %s', async (_, options, username) => {
    const claims = parsed('{"email":"jane@example.com","email_verified":true,"Email":"J","__proto__":"p"}')
    expect(await userOf(options, claims)).toMatchObject({ username })
  })

  it('need a verified address for usernames of addresses', async () => {
    const claims = { email: 'jane@example.com', email_verified: false }
    expect(await userOf({ usernameClaim: 'email' }, claims)).toBe('oidc: email not verified')
  })

  it.each<[what: string, options: Partial<OidcOptions>, groups: readonly string[]]>([
    ['as they are', { groupsClaim: 'groups' }, ['dev']],
    ['with a prefix', { groupsClaim: 'groups', groupsPrefix: 'oidc:' }, ['oidc:dev']],
    ['not, if only a prefix is set', { groupsPrefix: 'oidc:' }, []],
    ['not, if the claim is empty', { groupsClaim: '' }, []],
  ])('take groups %s', async (_, options, groups) => {
    expect(await userOf(options)).toMatchObject({ groups })
  })

  it.each<[required: string, claims: string, result: object]>([
    ['{"hd":"example.com"}', '{"hd":"example.com"}', { username: `${ISSUER}#jane` }],
    ['{"hd":"example.com"}', '{"hd":"evil.com"}', /^oidc: required claim hd value does not match/],
    ['{"hd":"example.com"}', '{}', /^oidc: required claim hd not present/],
    ['{"hd":"example.com"}', '{"hd":["example.com"]}', /^oidc: parse claim hd/],
    ['{"hd":""}', '{}', /^oidc: required claim hd not present/],
    ['{"__proto__":"x"}', '{}', /^oidc: required claim __proto__ not present/],
    ['{"a":"1","b":"2"}', '{"a":"1"}', /^oidc: required claim b not present/],
    ['{}', '{}', { username: `${ISSUER}#jane` }],
  ])('require %s of %s', async (required, claims, result) => {
    const found = await userOf({ requiredClaims: parsed(required) }, parsed(claims))
    if (result instanceof RegExp) expect(found).toMatch(result)
    else expect(found).toMatchObject(result)
  })
})

describe('what is wrong with the words for claims', () => {
  const mappings = { username: { claim: 'sub', prefix: '' } }
  it.each<[options: object, problems: readonly string[]]>([
    [{ usernameClaim: '' }, ['usernameClaim: Required value: claim or expression is required']],
    [{ usernamePrefix: '-' }, ["usernamePrefix: must be '' for no prefix: only the flag has the hyphen"]],
    [{ requiredClaims: { '': 'x' } }, ['requiredClaims: Required value: claim or expression is required']],
    [
      { issuer: 'http://a' },
      [expect.stringMatching(/^issuer: Invalid value: "http:\/\/a": URL scheme must be https/)],
    ],
    [{ audience: ['a', ''] }, ['audience[1]: Required value']],
    [
      {
        usernameClaim: 'a',
        usernamePrefix: 'b',
        groupsClaim: 'c',
        groupsPrefix: 'd',
        claimMappings: mappings,
      },
      ['usernameClaim', 'usernamePrefix', 'groupsClaim', 'groupsPrefix'].map(
        (option) => `${option}: cannot be set together with claimMappings`,
      ),
    ],
    [
      { requiredClaims: {}, claimValidationRules: [] },
      ['requiredClaims: cannot be set together with claimValidationRules'],
    ],
    [
      { claimMappings: { username: { claim: 'sub' } } },
      [expect.stringMatching(/^claimMappings.username.prefix: Required value: prefix is required/)],
    ],
    [{ claimValidationRules: [{}] }, [expect.stringMatching(/^claimValidationRules\[0\]: Required value/)]],
  ])('is said in these words: %j', (options, problems) => {
    try {
      make(options)
      expect.unreachable()
    } catch (error) {
      if (!(error instanceof ConfigurationError)) throw error
      expect(error.problems.map(({ path, message }) => `${path}: ${message}`)).toEqual(problems)
    }
  })
})
