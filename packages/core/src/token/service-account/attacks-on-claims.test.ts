import { describe, expect, it } from 'vitest'
import { cpuSecondsUntil } from '../../../../../test/cpu-seconds.ts'
import {
  ask,
  bound,
  CLAIMS,
  ES256,
  ISSUER,
  kids,
  UNKNOWN_TOKEN,
  NOW,
  outcomeOf,
  refused,
  signed,
} from '../../../test/attack-tokens.ts'
import { thrownBy } from '../../../test/fakes.ts'
import { AuthenticationError } from '../../authenticator/errors.ts'

describe('an audience', () => {
  it.each([
    ['an object', { 0: ISSUER, length: 1 }],
    ['a number', 1],
    ['true', true],
    ['null', null],
    ['a list in a list', [[ISSUER]]],
    ['a list with a number', [ISSUER, 1]],
    ['a list with null', [null]],
    ['a list with an object', [{ toString: ISSUER }]],
  ])('is not %s', async (_, aud) => {
    expect(await outcomeOf(bound({ aud }))).toBe(refused('the aud claim has the wrong type'))
  })

  it.each([
    ['a part of it', ISSUER.slice(0, -1), ISSUER.slice(0, -1)],
    ['it with a slash', `${ISSUER}/`, `${ISSUER}/`],
    ['it in capitals', ISSUER.toUpperCase(), ISSUER.toUpperCase()],
    ['nothing', '', ''],
    ['several in one text', `${ISSUER} x`, `${ISSUER} x`],
  ])('is not %s', async (_, aud, shown) => {
    expect(await outcomeOf(bound({ aud }))).toBe(
      refused(`token audiences ["${shown}"] is invalid for the target audiences ["${ISSUER}"]`),
    )
  })
})

describe('what is too much', () => {
  it('in claims of a megabyte is ignored', async () => {
    expect(await outcomeOf(bound({ x: 'x'.repeat(1_048_576) }))).toBe(UNKNOWN_TOKEN)
    expect(await outcomeOf(bound({ x: Array.from({ length: 200_000 }, () => 1) }))).toBe(UNKNOWN_TOKEN)
  })

  it('by one character is ignored', async () => {
    const length = (more: number): number => bound({ x: 'x'.repeat(more) }).length
    let more = 24_000
    while (length(more) <= 32_768) more++
    expect(await outcomeOf(bound({ x: 'x'.repeat(more) }))).toBe(UNKNOWN_TOKEN)
    expect(await ask(bound({ x: 'x'.repeat(more - 1) }))).toBeDefined()
  })

  it('is found out in no time', async () => {
    const spent = await cpuSecondsUntil(async () => {
      for (const character of ['{', '.', 'A', '=', '\\', '\ud800']) {
        expect(await outcomeOf(character.repeat(1_000_000))).toBe(UNKNOWN_TOKEN)
      }
    })
    expect(spent).toBeLessThan(1)
  })
})

describe('JSON that is nested as deeply as a token is long', () => {
  const brackets = 11_000
  it.each([
    ['lists', '['.repeat(brackets) + ']'.repeat(brackets)],
    ['objects', `${'{"a":'.repeat(3500)}1${'}'.repeat(3500)}`],
    ['both', `${'[{"a":'.repeat(2900)}1${'}]'.repeat(2900)}`],
  ])('does no harm in %s', async (_, deep) => {
    const nested = JSON.stringify({ ...CLAIMS, deep: 0 }).replace('"deep":0', `"deep":${deep}`)
    expect(signed(ES256, nested).length).toBeGreaterThan(25_000)
    // An unknown claim.
    expect(await ask(signed(ES256, nested))).toBeDefined()
    expect(await outcomeOf(signed(deep, CLAIMS))).toBe(UNKNOWN_TOKEN)
    expect(await outcomeOf(signed(ES256, deep))).toBe(UNKNOWN_TOKEN)
    for (const name of ['aud', 'sub', 'exp', 'jti', 'kubernetes.io']) {
      const claims = JSON.stringify({ ...CLAIMS, [name]: 0 }).replace(`"${name}":0`, `"${name}":${deep}`)
      expect(await thrownBy(() => ask(signed(ES256, claims)))).toBeInstanceOf(AuthenticationError)
    }
    const header = `{"alg":"ES256","kid":"${kids.ec}","x":${deep}}`
    const token = signed(header, { iss: ISSUER })
    // It is signed well; there is no service account in it.
    expect(await thrownBy(() => ask(token))).toBeInstanceOf(AuthenticationError)
  })

  it('is no JSON without its ends', async () => {
    expect(await outcomeOf(signed(ES256, '['.repeat(brackets)))).toBe(UNKNOWN_TOKEN)
    expect(await outcomeOf(signed(ES256, '{"a":'.repeat(4000)))).toBe(UNKNOWN_TOKEN)
  })
})

describe('claims called like properties of every object', () => {
  it('are claims like others', async () => {
    const proto =
      '"__proto__":{"iss":"x","aud":"x","exp":1},"constructor":{"prototype":{"exp":1}},"toString":1'
    const answer = await ask(signed(ES256, JSON.stringify(CLAIMS).replace('{', `{${proto},`)))
    expect(answer?.user.username).toBe('system:serviceaccount:ns:sa')
    expect({}).not.toHaveProperty('iss')
  })

  it('stand in for none', async () => {
    const { aud, exp, ...rest } = CLAIMS
    const without = JSON.stringify(rest)
    const inherited = `{"__proto__":${JSON.stringify(CLAIMS)}}`
    expect(await outcomeOf(signed(ES256, inherited))).toBe(UNKNOWN_TOKEN)
    expect(await outcomeOf(signed(`{"__proto__":{"alg":"ES256","kid":"${kids.ec}"}}`, CLAIMS))).toBe(
      UNKNOWN_TOKEN,
    )
    expect(aud).toEqual([ISSUER])
    expect(exp).toBe(NOW + 600)
    const answer = await ask(signed(ES256, without.replace('{', '{"__proto__":{"exp":1},')))
    expect(answer).not.toHaveProperty('expiresAtMs')
    const kubernetes = '{"__proto__":{"namespace":"ns","serviceaccount":{"name":"sa","uid":"1"}}}'
    const claims = JSON.stringify({ ...CLAIMS, 'kubernetes.io': 0 }).replace(':0', `:${kubernetes}`)
    expect(await outcomeOf(signed(ES256, claims))).toBe(refused('serviceaccounts "" not found'))
  })

  it.each(['__proto__', 'constructor', 'toString', 'hasOwnProperty'])(
    'are no names of objects: %s',
    async (name) => {
      expect(
        await outcomeOf(bound({ 'kubernetes.io': { namespace: name, serviceaccount: { name, uid: '1' } } })),
      ).toBe(refused(`serviceaccounts "${name}" not found`))
      expect(await outcomeOf(signed({ alg: 'ES256', kid: name }, CLAIMS))).toBe(
        refused('invalid signature, no keys found'),
      )
    },
  )
})

describe('a time', () => {
  it('is over a second after the leeway', async () => {
    expect(await ask(bound({ exp: NOW - 60 }))).toBeDefined()
    expect(await outcomeOf(bound({ exp: NOW - 61 }))).toBe(refused('service account token has expired'))
    expect(await ask(bound({ nbf: NOW + 60, iat: NOW + 60 }))).toBeDefined()
    expect(await outcomeOf(bound({ nbf: NOW + 61 }))).toBe(refused('service account token is not valid yet'))
    expect(await outcomeOf(bound({ iat: NOW + 61 }))).toBe(
      refused('service account token is issued in the future'),
    )
  })

  it.each([
    ['0', 0],
    ['negative', -1],
    ['far in the past', -(2 ** 52)],
  ])('that is %s is over', async (_, exp) => {
    expect(await outcomeOf(bound({ exp }))).toBe(refused('service account token has expired'))
  })

  const others: readonly (readonly [string, string])[] = [
    ['a text', `"${NOW + 600}"`],
    ['1e400, which is infinite', '1e400'],
    ['-1e400', '-1e400'],
    ['1e300, which no clock shows', '1e300'],
    ['2^53 and more', '9007199254740993'],
    ['a list', '[1]'],
    ['an object', '{}'],
    ['true', 'true'],
  ]
  it.each(others)('is not %s', async (_, value) => {
    for (const name of ['exp', 'nbf', 'iat']) {
      const claims = JSON.stringify({ ...CLAIMS, [name]: 0 }).replace(`"${name}":0`, `"${name}":${value}`)
      expect(await outcomeOf(signed(ES256, claims))).toBe(refused(`the ${name} claim has the wrong type`))
    }
  })
})

describe('a claim that Kubernetes reads is of its type or refused', () => {
  it.each([
    ['sub', 5],
    ['sub', ['system:serviceaccount:ns:sa']],
    ['sub', { toString: 'x' }],
    ['jti', true],
    ['kubernetes.io', 'ns'],
    ['kubernetes.io', [{ namespace: 'ns' }]],
  ])('%s is not %j', async (name, value) => {
    expect(await outcomeOf(bound({ [name]: value }))).toBe(refused(`the ${name} claim has the wrong type`))
  })
})
