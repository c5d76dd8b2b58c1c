import { celCompiler } from '@kube-authn/cel/kubernetes'
import { describe, expect, it } from 'vitest'
import { expectLinearWorkUntil } from '../../../../../test/growth.ts'
import { fixedClock } from '../../../test/fakes.ts'
import { ISSUER, jwksOf, NOW, rsaKey, signed } from '../../../test/issuer.ts'
import { localKeySet } from '../jwt/key-set.ts'
import { MAX_TOKEN_LENGTH } from '../jwt/read-jwt.ts'
import { oidc } from './oidc.ts'
import type { OidcOptions } from './oidc-options.ts'

const key = rsaKey('key')
const OWN = { iss: ISSUER, aud: 'app', sub: 'jane', exp: NOW + 60 }
const MAPPED: Partial<OidcOptions> = {
  claimMappings: {
    username: { claim: 'sub', prefix: 'oidc:' },
    groups: { claim: 'groups', prefix: 'oidc:' },
  },
}
const EXPRESSED: Partial<OidcOptions> = {
  compiler: celCompiler(),
  claimMappings: {
    username: { expression: 'claims.sub' },
    groups: { expression: 'claims.?groups.orValue([]).map(g, "oidc:" + string(g))' },
    extra: [{ key: 'example.com/all', valueExpression: 'claims.?roles.orValue([])' }],
  },
  claimValidationRules: [
    { expression: 'claims.?groups.orValue([]).all(g, g != "admin")', message: 'no admin' },
  ],
  userValidationRules: [{ expression: 'user.groups.all(g, !g.startsWith("system:"))', message: 'no system' }],
}

const some = <T>(length: number, make: (index: number) => T): T[] =>
  Array.from({ length }, (_, index) => make(index))
const names = (length: number): string[] => some(length, (index) => `n${index}`)
const nested = (length: number): unknown => JSON.parse(`${'['.repeat(length)}${']'.repeat(length)}`)

/** Claims of the holder of a token. */
const CLAIMS: readonly (readonly [string, (length: number) => object | string])[] = [
  ['groups', (length) => ({ groups: names(length) })],
  ['groups that are the same', (length) => ({ groups: some(length, () => 'n') })],
  ['values of an extra field', (length) => ({ roles: names(length) })],
  ['claims', (length) => Object.fromEntries(names(length).map((name) => [name, name]))],
  ['audiences', (length) => ({ aud: ['app', ...names(length)] })],
  ['nested lists', (length) => ({ deep: nested(length) })],
  ['escapes', (length) => `{"x":"${String.raw`\ud83d`.repeat(length)}",${JSON.stringify(OWN).slice(1)}`],
  ['backslashes', (length) => `{"x":"${String.raw`\\\"`.repeat(length)}",${JSON.stringify(OWN).slice(1)}`],
  ['characters of a subject', (length) => ({ sub: 'x'.repeat(length * 4) })],
  [
    'members that are there twice',
    (length) =>
      `{${names(length)
        .map((name) => `"${name}":1,"${name}":2`)
        .join(',')}}`,
  ],
]

const TABLE = CLAIMS.flatMap(([what, claims]) => [
  [what, 'claims', MAPPED, claims] as const,
  [what, 'expressions', EXPRESSED, claims] as const,
])

describe('the work of a token', () => {
  it.each(TABLE)('grows with how many %s it has, with %s', async (_, __, options, claims) => {
    const tokens = oidc({
      issuer: ISSUER,
      audience: 'app',
      keySet: localKeySet(jwksOf(key)),
      clock: fixedClock(NOW * 1000),
      fetch: () => Promise.reject(new Error('must not be called')),
      ...options,
    })
    await expectLinearWorkUntil(80, (length) => {
      const own = claims(length)
      const payload = typeof own === 'string' ? own : { ...OWN, ...own }
      const token = signed(key, { alg: 'RS256', kid: 'key' }, payload)
      expect(token.length).toBeLessThan(MAX_TOKEN_LENGTH)
      return async () => {
        for (let time = 0; time < 5; time++) {
          await Promise.resolve(tokens.authenticateToken(token, {})).catch((error: unknown) => {
            expect(error).toMatchObject({ code: 'rejected' })
          })
        }
      }
    })
  })
})
