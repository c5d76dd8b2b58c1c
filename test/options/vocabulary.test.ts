import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { type DeclaredOption, declaredOptions } from './option-types.ts'
import { filesBelow } from '../files.ts'

/** Their members are fields of Kubernetes' objects, Kubernetes' flags, or data, so their names are not ours. */
const NOT_OPTIONS = new Set([
  'AnonymousCondition',
  'AnonymousConfig',
  'FakeRequestInit',
  'OidcClaimMappings',
  'OidcFlags',
  'Revocation',
  'RevokedAttribute',
  'UserInfoInit',
])

const options = declaredOptions().filter(({ owner }) => !NOT_OPTIONS.has(owner))
const byName = grouped(options)

function grouped(all: readonly DeclaredOption[]): Map<string, DeclaredOption[]> {
  const groups = new Map<string, DeclaredOption[]>()
  for (const each of all) groups.set(each.name, [...(groups.get(each.name) ?? []), each])
  return groups
}

/** Options of more than one type, and why. */
const SEVERAL_TYPES: Readonly<Record<string, string>> = {
  anonymous: 'Passport can only ignore anonymous users; conditions belong to the chain',
  audience: 'an introspection endpoint may answer for this resource only',
  authenticator: 'a wrapper of tokens takes an authenticator of tokens',
  authorizer: 'the explain page asks for the rule too, if it can be told',
  bootstrapTokens: 'what is written is learnt by those in a store only',
  ca: 'Node takes PEM data only',
  caFile: 'where reloads have options of their own, they are beside the path',
  cert: 'the type of Node',
  credential: 'what Keystone calls a credential',
  credentials: 'what an authenticator for tests says of itself, or the token of a proxy',
  endpoints: 'the members of an etcd, or checks of health',
  format: 'the format of something else',
  impersonationHeaders: 'a Passport strategy has no later middleware',
  key: 'the type of Node',
  keys: 'what seals cookies has no public part',
  mode: 'the mode of something else',
  objects: 'as much of a store as the factory needs',
  rbac: 'authorizers from elsewhere, where there can be any',
  requestHeader: 'authenticators from elsewhere, where there can be any',
  revocations: 'what is written is learnt by those in a store only',
  scope: 'the scope of Keystone, and of RFC 6750',
  secrets: 'as much of a store as the factory needs',
  serviceAccounts: 'the initial content of a store, or a copy of one, which learns what is written',
  signingAlgorithms: 'an issuer for tests makes a key for each',
  store: 'as much of a store as the factory needs',
  tokens: 'a chain can ignore tokens',
  version: 'the versions of two APIs',
}

/** Counts whose unit is in the word, or the name of a flag of Kubernetes. */
const COUNTS = /^(?:bufferSize|closeCode|port|proxies|throttleBurst|throttleQps)$|^max[A-Z]/

const UNITS = /(?:Seconds|Bytes|Megabytes|Days|Length|Qps)$/

/** Words of other libraries and of earlier versions, and the word to use. */
const SYNONYMS: readonly (readonly [pattern: RegExp, word: string])[] = [
  [/lifetime|remember|cacheTtl|keepFor|expiresIn|maxAge(?!Days)/i, 'ttlSeconds or expirationSeconds'],
  // kube-controller-manager has flags of these names.
  [/deadline(?<!^renewDeadline)|timeLimit|timeout(?!Seconds$)/i, 'timeoutSeconds'],
  [/Ms$|[mM]illis/, 'seconds'],
  // kube-apiserver has flags of these names.
  [
    /concurren(?!t$)|parallel|inFlight(?<!^max(?:Mutating)?RequestsInFlight)|maxRunning|maxLookups/i,
    'maxConcurrent',
  ],
  [/queue|pending|backlog/i, 'maxWaiting'],
  [/max(?:Response|Body|File|Cache)|cacheSize|byteLimit/i, 'maxBytes or maxEntries'],
  [/retryDelay|retryInterval/i, 'initialBackoffSeconds'],
  [/certificateAuthority|caPath|caCert|CA$(?<!^rootCA)|^certificate$/, 'ca, caFile, cert'],
  [/Path$/, 'a name that ends with File'],
  [/onEvent|listener|logger/i, 'observer'],
  [/^now$|getTime|currentDate/, 'clock'],
  // The id of a client that authenticates itself is `clientId`.
  [/issuerUrl|^iss$|^aud$/i, 'issuer, audience'],
  [/URI$|URL$(?<!^discoveryURL)/, 'a name that ends with Url'],
]

const typesOf = (declared: readonly DeclaredOption[]): readonly string[] =>
  [...new Set(declared.map(({ type }) => type))].toSorted()

/** Adapters have the same options. */
const packagesOf = (declared: readonly DeclaredOption[]): string =>
  [
    ...new Set(
      declared.map(({ folder }) => (/^(?:express|fastify|hono|koa)$/.test(folder) ? 'adapters' : folder)),
    ),
  ]
    .toSorted()
    .join(', ')

describe('the options of all factories', () => {
  it('are found', () => {
    expect(options.length).toBeGreaterThan(350)
    expect([...byName.keys()]).toEqual(
      expect.arrayContaining(['clock', 'caFile', 'usernameClaim', 'maxBytes']),
    )
  })

  it('have one type for each name, except where it is stated why', () => {
    const several = [...byName].filter(([, declared]) => typesOf(declared).length > 1).map(([name]) => name)
    expect(several.toSorted()).toEqual(Object.keys(SEVERAL_TYPES).toSorted())
  })

  it.each([...byName].filter(([, [first]]) => first?.type === 'number').map(([name]) => name))(
    'have their unit in the name: %s',
    (name) => {
      expect(name).toMatch(UNITS.test(name) ? UNITS : COUNTS)
    },
  )

  it('that are times are in seconds, or in days as in Kubernetes', () => {
    const times = [...byName.keys()].filter((name) =>
      /ttl(?!e)|timeout|interval|period|backoff|delay|expiration|wait(?!ing)/i.test(name),
    )
    const numbers = times.filter((name) => byName.get(name)?.some(({ type }) => type === 'number'))
    expect(numbers.length).toBeGreaterThan(10)
    expect(numbers.filter((name) => !name.endsWith('Seconds'))).toEqual([])
  })

  it('are called what the vocabulary calls them', () => {
    const found = [...byName.keys()].flatMap((name) =>
      SYNONYMS.filter(([pattern]) => pattern.test(name)).map(([, word]) => `${name}: use ${word}`),
    )
    expect(found).toEqual([])
  })

  it('that are paths of files end with File', () => {
    const paths = ['ca', 'cert', 'key', 'token', 'password', 'clientCA'].map((name) => `${name}File`)
    for (const name of paths) {
      const types = typesOf(byName.get(name) ?? [])
      expect({ name, isKnown: types.length > 0 }).toEqual({ name, isKnown: true })
      for (const type of types) expect(type).toMatch(/^string\b/)
    }
  })
})

describe('OpenID Connect', () => {
  const namesOf = (owner: string): readonly string[] =>
    options.filter((option) => option.owner === owner).map(({ name }) => name)

  it('has one object of options: createAuthenticator only adds the CA file', () => {
    expect(namesOf('OidcAtOptions')).toEqual(['caFile'])
    expect(byName.get('oidc')).toEqual([
      { name: 'oidc', type: 'OidcAtOptions', owner: 'TokenOptions', folder: 'node' },
    ])
    expect(namesOf('OidcOptions')).toEqual(expect.arrayContaining(['issuer', 'audience', 'claimMappings']))
  })
})

describe('docs/options.md', () => {
  interface Row {
    readonly name: string
    readonly types: readonly string[]
    readonly packages: string
  }
  const text = readFileSync(new URL('../../docs/options.md', import.meta.url), 'utf8')
  const rows: readonly Row[] = text.split('\n').flatMap((line) => {
    const [, name = '', types = '', , packages = ''] = line
      .replaceAll('\\|', '¦')
      .split('|')
      .map((cell) => cell.trim())
    const [, word] = /^`(\w+)`$/.exec(name) ?? []
    if (word === undefined) return []
    const named = [...types.matchAll(/`([^`]+)`/g)].map(([, type = '']) => type.replaceAll('¦', '|'))
    return [{ name: word, types: named.toSorted(), packages }]
  })

  it('has every word that two types of options share, with its types and packages, and no others', () => {
    const shared = [...byName].filter(([, declared]) => declared.length > 1)
    const expected = shared.map(([name, declared]) => ({
      name,
      types: typesOf(declared),
      packages: packagesOf(declared),
    }))
    const byWord = (one: Row, other: Row): number => (one.name < other.name ? -1 : 1)
    expect(rows.toSorted(byWord)).toEqual(expected.toSorted(byWord))
  })
})

describe('one check', () => {
  const root = fileURLToPath(new URL('../../packages', import.meta.url))
  const sources = filesBelow(root)
    .filter((file) => /^[\w-]+\/src\/.*(?<!\.test)\.ts$/.test(file))
    .map((file) => ({ file, text: readFileSync(join(root, file), 'utf8') }))

  it('has one wording, in one place', () => {
    const wordings = sources.flatMap(({ file, text }) =>
      [...text.matchAll(/\bmust\(\s*(['"`])(.+?)\1,/g)].map(([, , wording = '']) => ({ wording, file })),
    )
    expect(wordings.length).toBeGreaterThan(40)
    const twice = wordings.filter(
      ({ wording }, index) => wordings.findIndex((each) => each.wording === wording) < index,
    )
    expect(twice).toEqual([])
  })

  it('of a type is not written by hand', () => {
    const byHand = sources.filter(
      ({ file, text }) =>
        !/\/internal\/(?:options|field)\//.test(file) &&
        /['"`]must be a (?:boolean|string|function|list|number)['"`]/.test(text),
    )
    expect(byHand.map(({ file }) => file)).toEqual([])
  })
})
