import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { isConfigurationError } from '@kube-authn/core'
import { alwaysAllow } from '@kube-authn/core/authorization'
import { bootstrapSecrets } from '@kube-authn/core/bootstrap-token'
import { signingKeyFromPem } from '@kube-authn/core/jwt'
import { serviceAccountObjects } from '@kube-authn/core/service-account'
import { serviceAccountStore } from '@kube-authn/core/service-account-controllers'
import {
  createIssuer,
  createPki,
  fakeAuthenticator,
  fakePasswordAuthenticator,
  fakeTokenAuthenticator,
  noOpinion,
} from '@kube-authn/testing'

type Options = Readonly<Record<string, unknown>>
type Factory = (...given: never[]) => unknown

/** How to call a factory with options, and its minimal valid options. */
interface Called {
  readonly with: (factory: Factory, options: unknown) => unknown
  readonly least?: () => Options
}

const folder = mkdtempSync(join(tmpdir(), 'strict-options-'))
afterAll(() => rmSync(folder, { recursive: true }))
const file = (name: string, text: string): string => {
  writeFileSync(join(folder, name), text)
  return join(folder, name)
}

const tokens = fakeTokenAuthenticator(noOpinion())
const passwords = fakePasswordAuthenticator(noOpinion())
const requests = fakeAuthenticator(noOpinion())
const authorizer = alwaysAllow()
const url = 'https://server.example.com'
const objects = serviceAccountObjects()
let ca = ''
let key: unknown
let verificationKey: unknown
let keys: unknown

beforeAll(async () => {
  const pki = await createPki()
  ca = pki.caPem
  const { privateKeyPem, certificatePem } = await pki.issueServer({ hosts: ['localhost'] })
  const signing = await signingKeyFromPem(privateKeyPem)
  key = signing
  verificationKey = signing.verificationKey
  keys = [verificationKey]
  file('tokens.csv', 't,jane,1\n')
  file('ca.crt', ca)
  file('server.crt', certificatePem)
  file('server.key', privateKeyPem)
  file('role.yaml', '')
  file('authn.yaml', 'apiVersion: apiserver.config.k8s.io/v1\nkind: AuthenticationConfiguration\n')
  file(
    'kubeconfig',
    `apiVersion: v1\nkind: Config\nclusters: [{name: a, cluster: {server: "${url}"}}]\ncontexts: [{name: c, context: {cluster: a}}]\ncurrent-context: c\n`,
  )
  file('audit-policy.yaml', 'apiVersion: audit.k8s.io/v1\nkind: Policy\nrules: [{ level: None }]\n')
  file('authz.yaml', AUTHORIZATION)
  file('map.yaml', 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: m}\ndata: {}\n')
})

const at = (name: string): string => join(folder, name)
const alone = (least?: () => Options): Called => ({
  with: (factory, options): unknown => Reflect.apply(factory, undefined, [options]),
  ...(least !== undefined && { least }),
})
const after = (...first: readonly (() => unknown)[]): Called => ({
  with: (factory, options): unknown =>
    Reflect.apply(factory, undefined, [...first.map((each) => each()), options]),
})
const before = (least: () => Options, last: unknown): Called => ({
  with: (factory, options): unknown => Reflect.apply(factory, undefined, [options, last]),
  least,
})

const AUTHORIZATION = JSON.stringify({
  apiVersion: 'apiserver.config.k8s.io/v1',
  kind: 'AuthorizationConfiguration',
  authorizers: [{ type: 'AlwaysDeny', name: 'alwaysdeny' }],
})

/** Every exported function that takes options, by its entry. */
const STRICT: Readonly<Record<string, Readonly<Record<string, Called>>>> = {
  '@kube-authn/core': {
    anonymous: alone(),
    authenticateRequest: after(() => requests),
    authenticatorChain: alone(() => ({ tokens: [tokens] })),
    basic: after(() => passwords),
    bearerToken: after(() => tokens),
    webSocketProtocol: after(() => tokens),
  },
  '@kube-authn/core/audit': { auditLog: alone(() => ({ write: () => undefined })) },
  '@kube-authn/core/audit-policy': {
    auditPolicy: after(() => 'apiVersion: audit.k8s.io/v1\nkind: Policy\nrules: [{ level: None }]\n'),
  },
  '@kube-authn/core/audit-webhook': { auditWebhook: alone(() => ({ url })) },
  '@kube-authn/core/authorization': { authorizeRequest: after(() => authorizer) },
  '@kube-authn/core/authorization-configuration': {
    authorizationConfiguration: after(() => AUTHORIZATION),
    decodeAuthorizationConfiguration: after(
      () => AUTHORIZATION,
      () => 'name',
    ),
    parseAuthorizationConfiguration: after(
      () => AUTHORIZATION,
      () => 'name',
    ),
    validateAuthorizationConfiguration: after(() => ({ authorizers: [] })),
  },
  '@kube-authn/core/authorization-webhook': { webhookAuthorizer: alone(() => ({ url })) },
  '@kube-authn/core/bootstrap-token': {
    bootstrapToken: alone(() => ({ secrets: bootstrapSecrets() })),
    bootstrapTokenCleaner: alone(() => ({ secrets: bootstrapSecrets() })),
    clusterInfoSigner: alone(() => ({
      secrets: bootstrapSecrets(),
      clusterInfo: { getConfigMap: () => undefined, updateConfigMap: () => undefined },
    })),
    createBootstrapToken: alone(),
  },
  '@kube-authn/core/certificate-headers': {
    certificateHeaders: before(() => ({ format: 'nginx', trusts: () => true }), requests),
  },
  '@kube-authn/core/client-certificate': {
    certificateUser: after(() => ({ subject: [], der: new Uint8Array() })),
    certificateVerifier: before(() => ({ ca, allowedNames: [] }), requests),
    clientCertificate: alone(() => ({ ca })),
  },
  '@kube-authn/core/configuration': {
    authenticationConfiguration: after(
      () => 'apiVersion: apiserver.config.k8s.io/v1\nkind: AuthenticationConfiguration\n',
    ),
    decodeAuthenticationConfiguration: after(
      () => 'apiVersion: apiserver.config.k8s.io/v1\nkind: AuthenticationConfiguration\n',
      () => 'name',
    ),
    jwtAuthenticators: after(() => []),
    parseAuthenticationConfiguration: after(
      () => 'apiVersion: apiserver.config.k8s.io/v1\nkind: AuthenticationConfiguration\n',
      () => 'name',
    ),
    validateAuthenticationConfiguration: after(() => ({ jwt: [] })),
  },
  '@kube-authn/core/impersonation': { impersonateRequest: after(() => authorizer) },
  '@kube-authn/core/jwt': { remoteKeySet: alone(() => ({ url })) },
  '@kube-authn/core/keystone': {
    keystoneClient: alone(() => ({ url })),
    keystonePassword: alone(() => ({ url })),
    keystoneServiceToken: alone(() => ({
      url,
      credential: { id: 'x', password: 'x' },
      scope: 'unscoped',
    })),
    keystoneToken: alone(() => ({ url })),
    keystoneTokenReview: alone(() => ({ url })),
    xAuthToken: after(() => tokens),
  },
  '@kube-authn/core/metrics': { metrics: alone() },
  '@kube-authn/core/opentelemetry': { openTelemetry: alone() },
  '@kube-authn/core/oidc': {
    oidc: alone(() => ({
      issuer: url,
      audience: 'a',
      discoverAtOnce: false,
    })),
    oidcFlagOptions: alone(),
  },
  '@kube-authn/core/openapi': { securitySchemes: after(() => requests) },
  '@kube-authn/core/password-file': { passwordFile: after(() => ''), passwordFileSteps: after(() => '') },
  '@kube-authn/core/rbac': { parseRbac: after(() => ''), parseRbacSteps: after(() => '') },
  '@kube-authn/core/request-header': {
    requestHeader: alone(() => ({ trusts: () => true, usernameHeaders: ['X-User'] })),
  },
  '@kube-authn/core/review': {
    handleReviews: after(() => authorizer),
    handleTokenReviews: after(() => [tokens]),
  },
  '@kube-authn/core/service-account': {
    issuerDiscovery: alone(() => ({ issuer: url, keys, externalAddress: 'a' })),
    legacyServiceAccountToken: alone(() => ({ keys, audiences: ['a'], objects: false })),
    serviceAccountObjects: alone(),
    serviceAccountToken: alone(() => ({ issuers: [url], keys, objects })),
    tokenIssuer: alone(() => ({ issuer: url, signingKey: key, objects })),
  },
  '@kube-authn/core/service-account-controllers': {
    legacyTokenCleaner: alone(() => ({
      store: serviceAccountStore(),
      trackedSince: () => undefined,
      mountedSecrets: () => [],
    })),
    serviceAccountStore: alone(),
    tokensController: alone(() => ({ store: serviceAccountStore(), signingKey: key })),
  },
  '@kube-authn/core/token-cache': { cached: after(() => tokens) },
  '@kube-authn/core/token-file': { tokenFile: after(() => ''), tokenFileSteps: after(() => '') },
  '@kube-authn/core/token-signer': {
    fetchedKeys: alone(() => ({ fetchKeys: async () => ({ keys, refreshAfterSeconds: 60 }) })),
    keySigner: alone(() => ({ verificationKey, sign: () => new Uint8Array() })),
  },
  '@kube-authn/core/webhook': { webhookAuthenticator: alone(() => ({ url })) },
  '@kube-authn/core/yaml': {
    yamlDocument: after(
      () => '',
      () => 'name',
    ),
    yamlDocuments: after(
      () => '',
      () => 'name',
    ),
  },
  '@kube-authn/node': {
    auditFile: after(() => at('audit.jsonl')),
    auditFromFlags: after(() => []),
    auditPolicyAt: after(() => at('audit-policy.yaml')),
    auditWebhookAt: after(() => at('kubeconfig')),
    authenticatorFromFlags: after(() => [`--token-auth-file=${at('tokens.csv')}`]),
    authorizerFromFlags: after(() => ['--authorization-mode=AlwaysDeny']),
    authorizationConfigurationAt: after(() => at('authz.yaml')),
    authenticationConfigurationAt: after(() => at('authn.yaml')),
    certificateAuthoritiesAt: after(() => at('ca.crt')),
    createAuthorizer: alone(() => ({ rbac: at('role.yaml') })),
    createAuthenticator: alone(() => ({ tokenFile: at('tokens.csv') })),
    createFetch: after(() => ({})),
    delegatedAuthentication: alone(() => ({ optional: true, skipLookup: true })),
    endpointFetch: after(() => ({ server: url })),
    externalSignerAt: after(() => '@nobody'),
    fileSource: { ...after(() => at('tokens.csv')), least: () => ({ parse: () => 1 }) },
    inClusterEndpoint: alone(),
    keystoneAt: after(() => url),
    manifestsSource: { ...after(() => at('role.yaml')), least: () => ({ parse: () => 1 }) },
    parseKubeconfig: { ...after(() => ''), least: () => ({ folder }) },
    passwordFileAt: after(() => at('tokens.csv')),
    rbacAt: after(() => at('role.yaml')),
    readKubeconfig: after(() => at('kubeconfig')),
    requestHeaderAt: after(() => at('map.yaml')),
    requestHeaderConfigAt: after(() => at('map.yaml')),
    requestHeaderFromCluster: after(() => ({ server: url })),
    tokenFileAt: after(() => at('tokens.csv')),
    verificationKeysAt: after(() => [at('server.key')]),
    webhookAuthenticatorAt: after(() => at('kubeconfig')),
    webhookAuthorizerAt: after(() => at('kubeconfig')),
  },
  ...Object.fromEntries(
    ['@kube-authn/express', '@kube-authn/koa', '@kube-authn/hono'].map((name) => [
      name,
      {
        authentication: after(() => requests),
        authorization: after(() => authorizer),
        impersonation: after(() => authorizer),
        reviews: after(() => authorizer),
        tokenReviewWebhook: after(() => [tokens]),
      },
    ]),
  ),
  '@kube-authn/passport': {
    Strategy: {
      with: (factory, options): unknown => Reflect.construct(factory, [requests, options]),
    },
    fromPassport: {
      ...after(() => ({ name: 'x', authenticate: () => undefined })),
      least: () => ({ user: () => ({ username: 'x' }) }),
    },
    httpBearer: after(() => tokens),
  },
  '@kube-authn/testing': {
    createIssuer: alone(),
    createPki: alone(),
    createServiceAccounts: alone(),
    fakeAuthenticator: after(() => noOpinion()),
    fakePasswordAuthenticator: after(() => noOpinion()),
    fakeRequest: alone(),
    fakeTokenAuthenticator: after(() => noOpinion()),
    fakeTokenReviewWebhook: after(() => noOpinion()),
    fakeUser: alone(),
  },
  '@kube-authn/testing/node': { listen: after(() => createIssuer()) },
}

/** Functions without options, or called for each request: new functions are added here or above. */
const OTHERS: Readonly<Record<string, string>> = {
  '@kube-authn/core':
    'AuthenticationError ConfigurationError KubeAuthnError StatusError aBooleanOrAnonymousConfig addGroups audienceAgnostic authenticatedGroup exactHeaders explain failFast failedAuthenticationMessage fetchRequest intersectAudiences isAuthenticationError isConfigurationError isFault isKubeAuthnError isPromiseLike isStatusError isUnauthenticated joinedHeaders leadsToImpersonation notify rejected resolveAnonymous responseOf unavailable union userInfo validateAnonymousConfig warningHeaders withHeaderChanges',
  '@kube-authn/core/audit': 'legacyAuditLine',
  '@kube-authn/core/authorization':
    'AuthorizationError allow allowPaths alwaysAllow alwaysDeny attributesOf attributesOfInfo decide deny forbidden forbiddenMessage internalError noOpinion parseFieldSelector parseLabelSelector privilegedGroups requestAttributes requestInfo unionAuthorizer',
  '@kube-authn/core/authorization-configuration': 'configuredWebhookOptions',
  '@kube-authn/core/bootstrap-token':
    'bootstrapSecretName bootstrapSecrets isBootstrapGroup parseBootstrapToken signClusterInfo signedClusterInfo tokenIdOfSecretName verifyClusterInfo',
  '@kube-authn/core/certificate-headers': 'cloudflareCertificates cloudflareClientCertificate',
  '@kube-authn/core/impersonation': 'impersonationHeaders serviceAccountNamed',
  '@kube-authn/core/jwt':
    'isJwsAlgorithm localKeySet readJwt signingKeyFromPem unverifiedIssuer verificationKeyFromDer verificationKeyOfJwk verificationKeysFromPem verifySignature',
  '@kube-authn/core/metrics': 'usernameLabel',
  '@kube-authn/core/password-file': 'CredentialFileError',
  '@kube-authn/core/prom-client': 'prometheusBridge',
  '@kube-authn/core/rbac': 'rbac rbacPolicy rbacSteps ruleAllows',
  '@kube-authn/core/request-header': 'assertDistinctPools',
  '@kube-authn/core/review': 'fetchBody',
  '@kube-authn/core/service-account':
    'aKeySource aSigningKey boundTokenClaims isServiceAccountToken legacyTokenClaims serviceAccountUser serviceAccountUsername signToken splitServiceAccountUsername',
  '@kube-authn/core/service-account-controllers': 'generateName',
  '@kube-authn/core/token-cache': 'cachedUnion tokenCacheKey',
  '@kube-authn/core/webhook': 'webhookCache',
  '@kube-authn/core/token-file': 'CredentialFileError',
  // Options of Node's TLS servers are passed on, so an unknown name may be valid there.
  '@kube-authn/node': 'http2ServerOptions tlsServerOptions tlsServerOptionsAt',
  '@kube-authn/express': 'getAuthentication getUser',
  '@kube-authn/koa': 'getAuthentication getUser',
  '@kube-authn/hono': 'getAuthentication getUser',
  '@kube-authn/passport': 'getAuthentication getUser',
  // Its argument is an adapter.
  '@kube-authn/testing/node': 'adapterContract',
  '@kube-authn/testing': 'always fails fetchFrom fixedClock knownTokens later noOpinion recordEvents',
}

const factories = Object.entries(STRICT).flatMap(([entry, called]) =>
  Object.entries(called).map(([name, how]) => ({ name, entry, how })),
)

async function thrownBy(entry: string, name: string, how: Called, options: unknown): Promise<unknown> {
  const { [name]: factory } = (await import(entry)) as Readonly<Record<string, Factory>>
  if (factory === undefined) throw new Error(`${entry} has no ${name}`)
  try {
    await how.with(factory, options)
    return undefined
  } catch (error) {
    return error
  }
}

describe.each(factories)('$name of $entry', ({ entry, name, how }) => {
  it('refuses an option that it does not know', async () => {
    const error = await thrownBy(entry, name, how, { ...how.least?.(), tokensFille: 'x' })
    expect(error).toSatisfy(isConfigurationError)
    expect(error).toMatchObject({ message: expect.stringMatching(/tokensFille: unknown option/) })
  })

  it.each([
    ['null', null],
    ['a list', []],
    ['a string', 'tokens.csv'],
    ['a Map', new Map()],
  ])('refuses %s for options', async (_, options) => {
    const error = await thrownBy(entry, name, how, options)
    expect(error).toSatisfy(isConfigurationError)
    expect(error).toMatchObject({ message: expect.stringMatching(/must be an object of options/) })
  })

  it('refuses a promise of options, and says to await it', async () => {
    const error = await thrownBy(entry, name, how, Promise.resolve({ ...how.least?.() }))
    expect(error).toSatisfy(isConfigurationError)
    expect(error).toMatchObject({ message: expect.stringMatching(/is a promise; await it first/) })
  })
})

/** Their first argument is parsed input, not options. */
const OF_PARSED = new Set([
  'certificateUser',
  'jwtAuthenticators',
  'validateAuthenticationConfiguration',
  'validateAuthorizationConfiguration',
])

describe('a factory without any argument', () => {
  it.each(factories.filter(({ name }) => !OF_PARSED.has(name)))(
    'says what is missing, or needs nothing: $name of $entry',
    async ({ entry, name }) => {
      const nothing = { with: (factory: Factory) => Reflect.apply(factory, undefined, []) as unknown }
      const construct = { with: (factory: Factory) => Reflect.construct(factory, []) as unknown }
      const error = await thrownBy(entry, name, name === 'Strategy' ? construct : nothing, undefined)
      expect(error).toSatisfy((thrown) => thrown === undefined || isConfigurationError(thrown))
    },
  )
})

/** Entries that read, write or decode without options, and entries that only re-export others. */
const WITHOUT_FACTORIES = [
  '@kube-authn/core/adapter',
  '@kube-authn/core/all',
  '@kube-authn/core/cel',
  '@kube-authn/core/field',
  '@kube-authn/core/incoming-message',
  '@kube-authn/core/options',
  '@kube-authn/core/protobuf',
  '@kube-authn/core/request-header-config',
  '@kube-authn/core/steps',
  '@kube-authn/x509',
  '@kube-authn/express/augment',
  '@kube-authn/passport/augment',
]

describe('what is exported', () => {
  it.each(['core', 'express', 'hono', 'koa', 'node', 'passport', 'testing'])(
    'has no entry that these tests do not know: %s',
    (folderOfPackage) => {
      const path = new URL(`../../packages/${folderOfPackage}/package.json`, import.meta.url)
      const { name, exports } = JSON.parse(readFileSync(path, 'utf8')) as {
        readonly name: string
        readonly exports: Readonly<Record<string, string>>
      }
      const entries = Object.keys(exports)
        .filter((entry) => !entry.endsWith('.json'))
        .map((entry) => name + entry.slice(1))
      const known = new Set([...Object.keys({ ...STRICT, ...OTHERS }), ...WITHOUT_FACTORIES])
      expect(entries.filter((entry) => !known.has(entry))).toEqual([])
    },
  )

  it.each(Object.keys({ ...STRICT, ...OTHERS }))('is known to these tests: %s', async (entry) => {
    const exported = Object.entries((await import(entry)) as object).filter(
      ([, value]) => typeof value === 'function',
    )
    const known = [
      ...Object.keys(STRICT[entry] ?? {}),
      ...(OTHERS[entry] ?? '').split(' ').filter((name) => name !== ''),
    ]
    expect(exported.map(([name]) => name).toSorted()).toEqual(known.toSorted())
  })
})
