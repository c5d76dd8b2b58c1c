import { describe, expect, it } from 'vitest'
import { ConfigurationError } from '../../authenticator/errors.ts'
import { decodeAuthenticationConfiguration } from './decode.ts'
import { parseAuthenticationConfiguration, validateAuthenticationConfiguration } from './validate.ts'
import { errorList } from '../../internal/field/errors.ts'
import { fieldPath } from '../../internal/field/path.ts'
import { validateIssuer, withoutUserinfo } from '../oidc/configuration/validate-issuer.ts'

const header = 'apiVersion: apiserver.config.k8s.io/v1\nkind: AuthenticationConfiguration\n'

const documented = `${header}
jwt:
- issuer:
    url: https://issuer.example.com
    discoveryURL: https://discovery.example.com/.well-known/openid-configuration
    audiences: [my-app, my-other-app]
    audienceMatchPolicy: MatchAny
  claimValidationRules:
  - claim: hd
    requiredValue: example.com
  - expression: 'claims.hd == "example.com"'
    message: the hosted domain name must be example.com
  claimMappings:
    username: {expression: 'claims.username + ":external-user"'}
    groups: {expression: 'claims.roles.split(",")'}
    uid: {claim: sub}
    extra:
    - {key: example.com/tenant, valueExpression: claims.tenant}
  userValidationRules:
  - expression: "!user.username.startsWith('system:')"
    message: 'username cannot used reserved system: prefix'
anonymous:
  enabled: true
  conditions: [{path: /livez}]
`

/** A JWT authenticator that is right but for what is replaced. */
function jwt(changes: Readonly<Record<string, unknown>> = {}): Readonly<Record<string, unknown>> {
  return {
    issuer: { url: 'https://a.example', audiences: ['x'] },
    claimMappings: { username: { claim: 'sub', prefix: '' } },
    ...changes,
  }
}

function errorsOf(...authenticators: readonly Readonly<Record<string, unknown>>[]): readonly string[] {
  const text = JSON.stringify({
    apiVersion: 'apiserver.config.k8s.io/v1',
    kind: 'AuthenticationConfiguration',
    jwt: authenticators,
  })
  const { errors } = validateAuthenticationConfiguration(decodeAuthenticationConfiguration(text))
  return errors.map(({ path, message }) => `${path}: ${message}`)
}

/** What is wrong, wherever that is found out. */
function messagesOf(authenticators: readonly Readonly<Record<string, unknown>>[]): string {
  try {
    return errorsOf(...authenticators).join()
  } catch (error) {
    return String(error)
  }
}

describe('decodeAuthenticationConfiguration', () => {
  it.each(['v1', 'v1beta1', 'v1alpha1'])('reads %s', (version) => {
    const text = documented.replace('io/v1', `io/${version}`)
    expect(decodeAuthenticationConfiguration(text)).toMatchObject({
      jwt: [{ issuer: { url: 'https://issuer.example.com', audiences: ['my-app', 'my-other-app'] } }],
      anonymous: { enabled: true, conditions: [{ path: '/livez' }] },
    })
  })

  it('tells an empty prefix from none, and no anonymous section from an empty one', () => {
    const read = (text: string) => decodeAuthenticationConfiguration(header + text)
    expect(read('jwt: [{claimMappings: {username: {prefix: ""}}}]').jwt[0]?.claimMappings.username).toEqual({
      claim: '',
      expression: '',
      prefix: '',
    })
    expect(read('jwt: [{}]').jwt[0]?.claimMappings.username).toEqual({ claim: '', expression: '' })
    expect(read('anonymous: {}').anonymous).toEqual({ enabled: false })
    expect(read('anonymous: null').anonymous).toBeUndefined()
  })

  it.each([
    ['', 'file: empty config data'],
    ['---\n', 'file: empty config data'],
    ['[]', 'file: must be an object'],
    ['kind: AuthenticationConfiguration', "'apiVersion' is missing"],
    ['apiVersion: apiserver.config.k8s.io/v1', "'Kind' is missing"],
    ['apiVersion: apps/v1\nkind: AuthenticationConfiguration', 'is registered for version "apps/v1"'],
    [
      'apiVersion: apiserver.config.k8s.io/v2\nkind: AuthenticationConfiguration',
      'is registered for version "apiserver.config.k8s.io/v2": must be an AuthenticationConfiguration of apiserver.config.k8s.io/v1, apiserver',
    ],
    ['apiVersion: apiserver.config.k8s.io/v1\nkind: AuthorizationConfiguration', 'no kind "AuthorizationCo'],
    [`${header}jwt1: []`, 'strict decoding error: unknown field "jwt1"'],
    [`${header}jwt: [{issuer: {URL: x}}]`, 'unknown field "jwt[0].issuer.URL"'],
    [`${header}jwt: [{claimMappings: {username: {claims: x}}}]`, 'username.claims'],
    [`${header}jwt: [{claimMappings: {uid: {prefix: x}}}]`, 'uid.prefix'],
    [`${header}anonymous: {enabled: true, paths: []}`, 'unknown field "anonymous.paths"'],
    [`${header}jwt: []\njwt: []`, 'file: strict decoding error: Map keys must be unique at line 4, column 1'],
    [
      '{"apiVersion": "apiserver.config.k8s.io/v1", "kind": "AuthenticationConfiguration", "kind": "X"}',
      'file: strict decoding error: Map keys must be unique at line 1, column 85',
    ],
    [`${header}jwt: [`, 'file: Wrong indentation, or an unclosed bracket'],
    [`${header}jwt: [{issuer: {foo: 1}, bar: 2}]`, 'field "jwt[0].issuer.foo"; file: jwt[0].bar: strict dec'],
    [`${header}jwt: {}`, 'jwt: Invalid value'],
    [`${header}jwt: [{issuer: {audiences: x}}]`, 'jwt[0].issuer.audiences: Invalid value'],
    [`${header}anonymous: {enabled: "true"}`, 'anonymous.enabled: Invalid value'],
    [`${header}---\n${header}`, 'must be one document'],
    [`${header}jwt: ${'['.repeat(10_000)}`, 'nested'],
    [`${header}__proto__: {jwt: []}`, 'unknown field "__proto__"'],
  ])('refuses %j', (text, message) => {
    const read = () => decodeAuthenticationConfiguration(text, 'file')
    expect(read).toThrow(ConfigurationError)
    expect(read).toThrow(message)
  })
})

describe('parseAuthenticationConfiguration', () => {
  it('compiles the expressions', () => {
    const [compiled] = parseAuthenticationConfiguration(documented).jwt
    expect(compiled?.username?.evaluate({ username: 'jane' })).toBe('jane:external-user')
    expect(compiled?.groups?.evaluate({ roles: 'a,b' })).toEqual(['a', 'b'])
    expect(compiled?.uid).toBeUndefined()
    expect(compiled?.extra.map(({ key }) => key)).toEqual(['example.com/tenant'])
    expect(compiled?.claimRules.map(({ message }) => message)).toEqual([
      'the hosted domain name must be example.com',
    ])
    expect(compiled?.userRules).toHaveLength(1)
  })

  it('tells everything that is wrong at once', () => {
    const text = `${header}jwt: [{}]\nanonymous: {conditions: [{path: /}]}`
    expect(() => parseAuthenticationConfiguration(text)).toThrow(
      'jwt[0].issuer.url: Required value; ' +
        'jwt[0].issuer.audiences: Required value: at least one jwt[0].issuer.audiences is required; ' +
        'jwt[0].claimMappings.username: Required value: claim or expression is required; ' +
        'anonymous.conditions: Invalid value: [{"Path":"/"}]: enabled should be set to true when conditions are defined',
    )
  })

  it('refuses disallowed issuers', () => {
    const options = { disallowedIssuers: ['https://issuer.example.com', 'a'] }
    expect(() => parseAuthenticationConfiguration(documented, 'file', options)).toThrow(
      'URL must not overlap with disallowed issuers: [a https://issuer.example.com]',
    )
  })
})

describe('validateAuthenticationConfiguration', () => {
  const issuer = (changes: Readonly<Record<string, unknown>>) =>
    jwt({ issuer: { url: 'https://a.example', audiences: ['x'], ...changes } })
  const mapped = (changes: Readonly<Record<string, unknown>>) =>
    jwt({ claimMappings: { username: { claim: 'sub', prefix: '' }, ...changes } })
  const extra = (key: string) => mapped({ extra: [{ key, valueExpression: 'claims.x' }] })
  const verified = 'claims.email_verified == true'

  it.each([
    ['a configuration', [jwt()]],
    ['no authenticators', []],
    ['issuers that differ by a slash', [jwt(), issuer({ url: 'https://a.example/' })]],
    ['sixty-four', Array.from({ length: 64 }, (_, index) => issuer({ url: `https://${index}.example` }))],
    ['a prefix of groups alone', [mapped({ groups: { prefix: 'x' } })]],
    [
      'a verified address',
      [
        jwt({
          claimMappings: { username: { expression: 'claims.email' } },
          claimValidationRules: [{ expression: verified }],
        }),
      ],
    ],
    ['an address by its key', [mapped({ username: { expression: 'claims["email"]' } })]],
    ['an almost reserved key', [extra('ak8s.io/x')]],
  ])('takes %s', (_, authenticators) => {
    expect(errorsOf(...authenticators)).toEqual([])
  })

  it.each<[string, Readonly<Record<string, unknown>>, readonly string[]]>([
    [
      'an http issuer',
      issuer({ url: 'http://a' }),
      ['issuer.url: Invalid value: "http://a": URL scheme must be https'],
    ],
    [
      'an issuer with a password',
      issuer({ url: 'https://u:secret@a' }),
      ['issuer.url: Invalid value: "https://<omitted>@a": URL must not contain a username or password'],
    ],
    ...[
      'https:',
      'https://',
      'https:a',
      'https:/a',
      'https:///a',
      'https://:1',
      'https://[]',
      'https://a:99999',
    ].map((url): [string, Readonly<Record<string, unknown>>, readonly string[]] => [
      `${url}, which has no host`,
      issuer({ url }),
      [`issuer.url: Invalid value: "${url}": URL must have a valid host`],
    ]),
    [
      'a discovery URL that is the issuer',
      issuer({ discoveryURL: 'https://a.example//' }),
      ['issuer.discoveryURL: Invalid value: "https://a.example//": discoveryURL must be different from URL'],
    ],
    [
      'two audiences without a policy',
      issuer({ audiences: ['a', 'b'] }),
      [
        'issuer.audienceMatchPolicy: Invalid value: "": audienceMatchPolicy must be MatchAny for multiple audiences',
      ],
    ],
    [
      'no certificate',
      issuer({ certificateAuthority: 'x' }),
      [
        'issuer.certificateAuthority: Invalid value: "<omitted>": data does not contain any valid RSA or ECDSA certificates',
      ],
    ],
    [
      'another egress',
      issuer({ egressSelectorType: 'etcd' }),
      [
        'issuer.egressSelectorType: Invalid value: "etcd": egress selector must be either controlplane or cluster',
      ],
    ],
    [
      'claim and expression',
      mapped({ uid: { claim: 'a', expression: 'claims.a' } }),
      ['claimMappings.uid: Invalid value: "": claim and expression can\'t both be set'],
    ],
    [
      'a claim without a prefix',
      mapped({ groups: { claim: 'a' } }),
      [
        'claimMappings.groups.prefix: Required value: prefix is required when claim is set. It can be set to an empty string to disable prefixing',
      ],
    ],
    [
      'a reserved key',
      extra('a.k8s.io/x'),
      [
        'claimMappings.extra[0].key: Invalid value: "a.k8s.io/x": k8s.io, kubernetes.io and their subdomains are reserved for Kubernetes use',
      ],
    ],
    [
      'a key without a domain',
      extra('x'),
      [
        'claimMappings.extra[0].key: Invalid value: "x": must be a domain-prefixed path (such as "acme.io/foo")',
      ],
    ],
    [
      'a key without a domain that ends almost like a reserved one',
      extra('k8s.iox'),
      [
        'claimMappings.extra[0].key: Invalid value: "k8s.iox": must be a domain-prefixed path (such as "acme.io/foo")',
      ],
    ],
    ...['k8s.io/x', 'kubernetes.io/x', 'a.b.kubernetes.io/x'].map(
      (key): [string, Readonly<Record<string, unknown>>, readonly string[]] => [
        `the reserved key ${key}`,
        extra(key),
        [
          `claimMappings.extra[0].key: Invalid value: "${key}": k8s.io, kubernetes.io and their subdomains are reserved for Kubernetes use`,
        ],
      ],
    ),
    [
      'a key in capitals',
      extra('a.example/X'),
      ['claimMappings.extra[0].key: Invalid value: "a.example/X": must be lowercase'],
    ],
    ['no key', extra(''), ['claimMappings.extra[0].key: Required value']],
    [
      'a key without a value',
      mapped({ extra: [{ key: 'a.example/x' }] }),
      ['claimMappings.extra[0].valueExpression: Required value'],
    ],
    [
      'a key twice',
      mapped({ extra: ['1', '2'].map((value) => ({ key: 'a.example/x', valueExpression: `"${value}"` })) }),
      ['claimMappings.extra[1].key: Duplicate value: "a.example/x"'],
    ],
    [
      'a prefix for an expression',
      mapped({ groups: { expression: 'claims.a', prefix: '' } }),
      ['claimMappings.groups.prefix: Invalid value: "": may not be specified when expression is set'],
    ],
    [
      'a rule of both kinds',
      jwt({ claimValidationRules: [{ claim: 'x', expression: 'true' }] }),
      ['claimValidationRules[0]: Invalid value: "x": claim and expression can\'t both be set'],
    ],
    [
      'a claim with two required values',
      jwt({ claimValidationRules: ['1', '2'].map((requiredValue) => ({ claim: 'x', requiredValue })) }),
      ['claimValidationRules[1].claim: Duplicate value: "x"'],
    ],
    [
      'a required value for an expression',
      jwt({ claimValidationRules: [{ expression: 'true', requiredValue: 'v' }] }),
      [
        'claimValidationRules[0].requiredValue: Invalid value: "v": may not be specified when expression is set',
      ],
    ],
    [
      'a rule for the user without an expression',
      jwt({ userValidationRules: [{}] }),
      ['userValidationRules[0].expression: Required value'],
    ],
    [
      'a rule of neither kind',
      jwt({ claimValidationRules: [{}] }),
      ['claimValidationRules[0]: Required value: claim or expression is required'],
    ],
    [
      'a rule that is not a bool',
      jwt({ claimValidationRules: [{ expression: 'claims.x' }] }),
      ['claimValidationRules[0].expression: Invalid value: "claims.x": must evaluate to bool'],
    ],
    [
      'a message for a claim',
      jwt({ claimValidationRules: [{ claim: 'x', message: 'm' }] }),
      ['claimValidationRules[0].message: Invalid value: "m": may not be specified when claim is set'],
    ],
    [
      'a rule over claims for the user',
      jwt({ userValidationRules: [{ expression: 'user.uid' }] }),
      ['userValidationRules[0].expression: Invalid value: "user.uid": must evaluate to bool'],
    ],
  ])('refuses %s', (_, authenticator, expected) => {
    expect(errorsOf(authenticator)).toEqual(expected.map((each) => `jwt[0].${each}`))
  })

  it.each([
    ['nothing else', {}],
    ['a claim rule', { claimValidationRules: [{ claim: 'email_verified', requiredValue: 'true' }] }],
    ['a rule that does not compile', { claimValidationRules: [{ expression: 'claims.email_verified' }] }],
    ['a rule over the user', { userValidationRules: [{ expression: 'user.username != ""' }] }],
  ])('does not take %s for a verification of the address', (_, changes) => {
    const username = { expression: 'string(claims.?email.orValue(""))' }
    expect(errorsOf(jwt({ claimMappings: { username }, ...changes })).at(-1)).toMatch(
      /^jwt\[0\]\.claimMappings\.username\.expression: .*claims\.email_verified must be used in/,
    )
  })

  it('shows no password, whatever is wrong', () => {
    const url = 'https://u:secret@a.example'
    const wrong = [
      [issuer({ url }), issuer({ url, discoveryURL: url }), issuer({ url, discoveryURL: url })],
      [{ issuer: url }],
      [{ issuer: { url: [url], audiences: { x: url } } }],
    ]
    for (const authenticators of wrong) {
      const told = messagesOf(authenticators)
      expect(told).not.toBe('')
      expect(told).not.toContain('secret')
    }
  })

  it('looks at nothing when there are more than sixty-four', () => {
    expect(errorsOf(...Array.from({ length: 65 }, () => ({})))).toEqual([
      'jwt: Too many: 65: must have at most 64 items',
    ])
  })

  it('shows a long expression as a whole', () => {
    const expression = Array.from({ length: 100 }, (_, index) => `claims.a == "${index}"`).join(' || ')
    const rules = [{ expression }, { expression }]
    expect(errorsOf(jwt({ claimValidationRules: rules }))).toEqual([
      `jwt[0].claimValidationRules[1].expression: Duplicate value: ${JSON.stringify(expression)}`,
    ])
  })

  it('finds issuers without a URL twice, and no two that have no discovery URL', () => {
    expect(errorsOf(issuer({ url: '' }), issuer({ url: '' }))).toEqual([
      'jwt[0].issuer.url: Required value',
      'jwt[1].issuer.url: Required value',
      'jwt[1].issuer.url: Duplicate value: ""',
    ])
    const discoveryURL = 'https://d.example'
    expect(errorsOf(issuer({ discoveryURL }), issuer({ url: 'https://b.example', discoveryURL }))).toEqual([
      'jwt[1].issuer.discoveryURL: Duplicate value: "https://d.example"',
    ])
  })

  it('takes a scheme in any letters', () => {
    expect(errorsOf(issuer({ url: 'HTTPS://a.example' }))).toEqual([])
  })

  it('finds what is there twice', () => {
    const rules = [{ expression: 'claims.a == 1' }, { expression: 'claims.a == 1' }]
    expect(errorsOf(jwt({ claimValidationRules: rules }), jwt())).toEqual([
      'jwt[0].claimValidationRules[1].expression: Duplicate value: "claims.a == 1"',
      'jwt[1].issuer.url: Duplicate value: "https://a.example"',
    ])
  })
})

describe('the URL of an issuer', () => {
  const problemsOf = (url: string): string => {
    const errors = errorList()
    const issuer = {
      url,
      discoveryURL: '',
      certificateAuthority: '',
      audiences: ['a'],
      audienceMatchPolicy: '',
      egressSelectorType: '',
    }
    validateIssuer(issuer, new Set(), fieldPath('issuer'), errors)
    return errors.errors.map(({ message }) => message).join('\n')
  }

  it.each([
    ['https://u:secret@h', 'https://<omitted>@h'],
    ['https:u:secret@h', 'https:<omitted>@h'],
    ['https:\\\\u:secret@h', 'https:\\\\<omitted>@h'],
    ['//u:secret@h', '//<omitted>@h'],
    ['https://u:se/cret@h/x', 'https://<omitted>@h/x'],
    ['https://u:se?cret@h', 'https://<omitted>@h'],
    ['https://u:se#cret@h', 'https://<omitted>@h'],
    ['https://h', 'https://h'],
  ])('shows nothing of the password in %s', (url, shown) => {
    expect(withoutUserinfo(url)).toBe(shown)
    expect(problemsOf(url)).not.toMatch(/cret|:se/)
  })

  it('shows nothing of a password', () => {
    expect(withoutUserinfo('https://u:p@x@h/@')).toBe('https://<omitted>@h/@')
    expect(problemsOf('https://u:p@h:x')).toContain(
      'parse "https://<omitted>@h:x": invalid port ":x" after host',
    )
    expect(problemsOf('https://u:%zz@h')).toContain('parse "https://<omitted>@h": invalid URL escape')
    expect(problemsOf('https://u:%zz@h')).not.toContain('%zz')
  })
})
