import { ConfigurationError } from '@kube-authn/core'
import { authenticationConfigurationAt } from '@kube-authn/node'
import { type CertificateAuthority, createPki } from '@kube-authn/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { clientFor, type IdentityProvider, people, type Person } from './identity-provider.ts'
import { oidcProvider } from './oidc-provider.ts'
import { makeScratch, type Scratch } from './scratch.ts'

const EXTRA: readonly (readonly [key: string, expression: string])[] = [
  // All relations have one precedence, from left to right.
  ['example.com/relations', 'string(claims.sub != claims.sub in [true])'],
  ['example.com/time', 'string(timestamp("2024-01-01T00:00:00+05:30"))'],
  ['example.com/doubles', 'string(claims.exp > 1e9) + string(1e21) + string(0.00001)'],
  [
    'example.com/two-variables',
    'dyn(claims.groups).transformList(i, g, string(i) + g).map(g, g + "!").join(",")',
  ],
  ['example.com/sorted', '[claims.team, claims.sub].sort().reverse()'],
  ['example.com/query', 'url("https://a.example/b?c=d&c=e").getQuery()["c"].map(c, c)'],
]

const RULES: readonly string[] = [
  // With the precedences of other languages, it would be `claims.team == ("system:masters" in [true])`.
  '!(claims.team == "system:masters" in [true])',
  'claims.?flags[0].orValue(true)',
  'has(claims.realm_access.roles) || !has(claims.realm_access)',
  'claims.missing == "x" || claims.email_verified == true',
  'claims.exp - claims.iat <= 86400.0',
  'quantity("1.5Gi").isGreaterThan(quantity("1G")) && cidr("10.0.0.0/8").containsIP("10.1.2.3")',
  String.raw`claims.sub.matches("^[\\pL]+$")`,
  'semver("1.2.3").isLessThan(semver("1.10.0"))',
]

/** The values and errors are those of cel-go 0.26.0 with the environment of kube-apiserver 1.36.2. */
describe('an AuthenticationConfiguration of expressions', () => {
  let pki: CertificateAuthority
  let scratch: Scratch
  let provider: IdentityProvider

  /** The file, with one more rule or without it. */
  const file = (name: string, ...rules: readonly string[]): string =>
    scratch.write(
      name,
      JSON.stringify({
        apiVersion: 'apiserver.config.k8s.io/v1',
        kind: 'AuthenticationConfiguration',
        jwt: [
          {
            issuer: {
              url: provider.issuer,
              audiences: [clientFor.RS256],
              certificateAuthority: pki.caPem,
            },
            claimValidationRules: [...rules, ...RULES].map((expression) => ({
              expression,
              message: 'a rule',
            })),
            claimMappings: {
              username: {
                expression:
                  'claims.?team.orValue("none") + ":" + claims.email.split("@")[0].replace("a", "á", 1)',
              },
              groups: {
                expression: 'dyn(claims.groups).filter(g, !g.startsWith("system:")).map(g, "kc:" + g)',
              },
              uid: { expression: 'claims[?"kubernetes.io"].?node.?uid.orValue(claims.sub)' },
              extra: EXTRA.map(([key, valueExpression]) => ({ key, valueExpression })),
            },
            userValidationRules: [
              { expression: 'user.groups.all(g, g.startsWith("kc:"))' },
              { expression: 'user.extra[?"example.com/relations"][0].orValue("") == "false"' },
            ],
          },
        ],
      }),
    )

  beforeAll(async () => {
    pki = await createPki()
    scratch = makeScratch()
    provider = await oidcProvider({ pki })
    await provider.start()
  })
  afterAll(async () => {
    await provider.close()
    scratch.remove()
  })

  const userOf = async (person: Person): Promise<unknown> => {
    const users = authenticationConfigurationAt(file('authentication.yaml'), { reload: false })
    try {
      return (await users.authenticateToken(await provider.logIn(person, 'RS256'), {}))?.user
    } finally {
      users.close()
    }
  }

  it('makes the user that kube-apiserver makes', async () => {
    const { uid, username, groups, extra } = Object(await userOf(people.jane))
    expect({ uid, username, groups, extra }).toMatchObject({
      username: 'shop:jáne',
      uid: 'jane',
      groups: ['kc:admin', 'kc:dev'],
      extra: {
        'example.com/relations': ['false'],
        'example.com/time': ['2024-01-01T00:00:00+05:30'],
        'example.com/doubles': ['true1e+211e-05'],
        'example.com/two-variables': ['0admin!,1dev!'],
        'example.com/sorted': ['shop', 'jane'],
        'example.com/query': ['d', 'e'],
      },
    })
  })

  it('refuses whom the first rule forbids', async () => {
    await expect(userOf(people.mallory)).rejects.toThrow('a rule')
  })

  it.each<[string, string]>([
    [
      'claims.email_verified == true && "yes"',
      "1:34: expected type 'bool' but found 'string'\n | claims.email_verified == true && \"yes\"\n | .................................^",
    ],
    [
      '1 == 1 < 2',
      "1:8: found no matching overload for '_<_' applied to '(bool, int)'\n | 1 == 1 < 2\n | .......^",
    ],
    [
      '\n  claims.sub == user.name ||\n  claimz.sub',
      "2:17: undeclared reference to 'user' (in container '')\n |   claims.sub == user.name ||\n | ................^\nERROR: <input>:3:3: undeclared reference to 'claimz' (in container '')\n |   claimz.sub\n | ..^",
    ],
    [
      'claims.team == "x" ? true : "no"',
      '1:20: found no matching overload for \'_?_:_\' applied to \'(bool, bool, string)\'\n | claims.team == "x" ? true : "no"\n | ...................^',
    ],
    ['[claims.sub, 1] == []', "1:14: expected type 'any' but found 'int'"],
    ['claims.sub.matches("(")', '1:20: invalid matches argument'],
    ['duration("1 hour") > duration("1s")', '1:10: invalid duration argument'],
    ['has(claims)', '1:5: invalid argument to has() macro\n | has(claims)\n | ....^'],
    [
      '"%d".format(["a"]) == ""',
      '1:14: error during formatting: decimal clause can only be used on integers, was given string',
    ],
    ["'it''s'", "1:5: Syntax error: extraneous input ''s'' expecting <EOF>"],
    ['claims.sub = "jane"', "1:12: Syntax error: token recognition error at: '= '"],
    ['claims.roles.exists(r, r == "a", true)', '1:26: argument must be a simple name'],
    [
      '"ü" + claims.ü',
      '1:14: Syntax error: token recognition error at: \'ü\'\n | "ü" + claims.ü\n | .．...........＾',
    ],
    [
      'claims.sub +',
      "1:13: Syntax error: mismatched input '<EOF>' expecting {'[', '{', '(', '.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER}\n | claims.sub +\n | ............^",
    ],
  ])('with the rule %j is refused with the line and the column of kube-apiserver', (rule, message) => {
    const path = file('wrong.yaml', rule)
    const problem = `jwt[0].claimValidationRules[0].expression: Invalid value: ${JSON.stringify(rule)}: compilation failed: ERROR: <input>:${message}`
    const load = (): unknown => authenticationConfigurationAt(path, { reload: false })
    expect(load).toThrow(ConfigurationError)
    expect(load).toThrow(problem)
  })
})
