import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { isConfigurationError } from '@kube-authn/core/internal'
import { alwaysAllow } from '@kube-authn/core/authorization'
import { bootstrapSecrets } from '@kube-authn/core/bootstrap-token'
import { serviceAccountObjects } from '@kube-authn/core/service-account'
import { signingKeyFromPem } from '@kube-authn/issuer'
import { cookieSessions } from '@kube-authn/login'
import { memoryObjectStore } from '@kube-authn/store'
import {
  createIssuer,
  createPki,
  fakeAuthenticator,
  fakePasswordAuthenticator,
  fakeTokenAuthenticator,
  noOpinion,
} from '@kube-authn/testing'
import { publicDeclarations } from '../docs/public-declarations.ts'

type Options = Readonly<Record<string, unknown>>
type Factory = (...given: never[]) => unknown

/** How to call a factory with options, and its minimal valid options. */
interface Called {
  readonly with: (factory: Factory, options: unknown) => unknown
  readonly least?: () => Options
}

interface Manifest {
  readonly name: string
  readonly private?: boolean
  readonly exports: Readonly<Record<string, string>>
}

const packages = fileURLToPath(new URL('../../packages', import.meta.url))
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
const SESSION_KEY = 'k9Sx3mQv7ZtR0pLbW2cYd8uEhJf5oNaG1iKlM4qTsVw'
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

const handler = () => () => new Response()

const AUTHORIZATION = JSON.stringify({
  apiVersion: 'apiserver.config.k8s.io/v1',
  kind: 'AuthorizationConfiguration',
  authorizers: [{ type: 'AlwaysDeny', name: 'alwaysdeny' }],
})

/** Every exported function that takes options, by its entry. */
const STRICT: Readonly<Record<string, Readonly<Record<string, Called>>>> = {
  '@kube-authn/core': {
    anonymous: alone(),
    authenticatorChain: alone(() => ({ tokens: [tokens] })),
    basic: after(() => passwords),
    bearerToken: after(() => tokens),
    webSocketProtocol: after(() => tokens),
  },
  '@kube-authn/core/adapter': {
    authenticateRequest: after(() => requests),
    authorizeRequest: after(() => authorizer),
    impersonateRequest: after(() => authorizer),
  },
  '@kube-authn/api': {
    handleReviews: after(() => authorizer),
    handleTokenReviews: after(() => [tokens]),
  },
  '@kube-authn/audit': {
    auditLog: alone(() => ({ write: () => undefined })),
    auditPolicy: after(() => 'apiVersion: audit.k8s.io/v1\nkind: Policy\nrules: [{ level: None }]\n'),
    auditWebhook: alone(() => ({ url })),
  },
  '@kube-authn/core/authorization': {
    parseAuthorizationConfiguration: after(
      () => AUTHORIZATION,
      () => 'name',
    ),
    decodeAuthorizationConfiguration: after(
      () => AUTHORIZATION,
      () => 'name',
    ),
    parseRbacSteps: after(() => []),
    authorizationConfiguration: after(() => AUTHORIZATION),
    parseRbac: after(() => ''),
  },
  '@kube-authn/core/bootstrap-token': {
    bootstrapToken: alone(() => ({ secrets: bootstrapSecrets() })),
    createBootstrapToken: alone(),
  },
  '@kube-authn/core/client-certificate': {
    certificateUser: after(() => ({ subject: [], der: new Uint8Array() })),
    certificateHeaders: before(() => ({ format: 'nginx', trusts: () => true }), requests),
    certificateVerifier: before(() => ({ ca, allowedNames: [] }), requests),
    clientCertificate: alone(() => ({ ca })),
    requestHeader: alone(() => ({ trusts: () => true, usernameHeaders: ['X-User'] })),
  },
  '@kube-authn/api/forward-authentication': { forwardAuthentication: after(() => requests) },
  '@kube-authn/resource-server': {
    introspection: alone(() => ({ url, issuer: url, audience: 'api', clientId: 'api', clientSecret: 's' })),
    mcpTokenVerifier: {
      with: (factory, options): unknown => Reflect.apply(factory, undefined, [tokens, options]),
      least: () => ({ invalidToken: (message: string) => new Error(message) }),
    },
    protectedResource: alone(() => ({ resource: url, authorizationServers: [url] })),
  },
  '@kube-authn/core/connections': {
    closeAtExpiry: after(
      () => ({ close: () => undefined }),
      () => ({}),
    ),
    untilExpiry: after(() => ({})),
  },
  '@kube-authn/core/configuration': {
    decodeAuthenticationConfiguration: after(
      () => 'apiVersion: apiserver.config.k8s.io/v1\nkind: AuthenticationConfiguration\n',
      () => 'name',
    ),
    jwtAuthenticators: after(() => []),
    validateAuthenticationConfiguration: after(() => ({ jwt: [] })),
    authenticationConfiguration: after(
      () => 'apiVersion: apiserver.config.k8s.io/v1\nkind: AuthenticationConfiguration\n',
    ),
    parseAuthenticationConfiguration: after(
      () => 'apiVersion: apiserver.config.k8s.io/v1\nkind: AuthenticationConfiguration\n',
      () => 'name',
    ),
  },
  '@kube-authn/core/internal/yaml': {
    yamlDocument: after(
      () => '',
      () => 'name',
    ),
  },
  '@kube-authn/metrics': {
    metrics: alone(),
  },
  '@kube-authn/core/oidc': {
    oidcFlagOptions: alone(),
    oidc: alone(() => ({
      issuer: url,
      audience: 'a',
      discoverAtOnce: false,
    })),
  },
  '@kube-authn/api/openapi': {
    securitySchemes: after(() => requests),
  },
  '@kube-authn/metrics/opentelemetry': {
    openTelemetry: alone(),
  },
  '@kube-authn/core/password-file': {
    passwordFileSteps: after(() => ''),
    passwordFile: after(() => ''),
  },
  '@kube-authn/core/remote': {
    webhookAuthorizer: alone(() => ({ url })),
    cached: after(() => tokens),
    webhookAuthenticator: alone(() => ({ url })),
  },
  '@kube-authn/core/service-account': {
    legacyServiceAccountToken: alone(() => ({ keys, audiences: ['a'], objects: false })),
    serviceAccountObjects: alone(),
    serviceAccountToken: alone(() => ({ issuers: [url], keys, objects })),
  },
  '@kube-authn/core/dpop': {
    dpop: alone(() => ({ baseUrls: [url] })),
    storedProofs: alone(() => ({ store: memoryObjectStore() })),
  },
  '@kube-authn/core/token-file': {
    tokenFileSteps: after(() => ''),
    tokenFile: after(() => ''),
  },
  '@kube-authn/core/revocation': { revocationList: alone() },
  '@kube-authn/server': {
    revocations: alone(() => ({ store: memoryObjectStore() })),
    kubernetesApi: alone(() => ({ store: memoryObjectStore() })),
    openStore: after(() => memoryObjectStore()),
    runControllers: alone(() => ({ store: memoryObjectStore() })),
    storedBootstrapTokens: alone(() => ({ store: memoryObjectStore() })),
    storedRbac: alone(() => ({ store: memoryObjectStore() })),
    storedServiceAccounts: alone(() => ({ store: memoryObjectStore() })),
    writeBootstrapPolicy: alone(() => ({ store: memoryObjectStore() })),
  },
  '@kube-authn/server/node': {
    apiServer: alone(() => ({ store: memoryObjectStore(), authenticator: requests, authorizer })),
  },
  '@kube-authn/store': {
    memoryObjectStore: alone(),
    observeStore: { ...after(() => memoryObjectStore()), least: () => ({ observer: () => {} }) },
  },
  '@kube-authn/store/etcd': {
    etcdObjectStore: alone(() => ({ endpoints: ['https://etcd.example.com:2379'] })),
  },
  '@kube-authn/store/postgres': {
    migratePostgresStore: alone(() => ({ connectionString: 'postgres://127.0.0.1:1/x' })),
    postgresObjectStore: alone(() => ({ connectionString: 'postgres://127.0.0.1:1/x' })),
  },
  '@kube-authn/store/sqlite': { sqliteObjectStore: alone(() => ({ file: at('objects.db') })) },
  '@kube-authn/node/internal': {
    fileSource: { ...after(() => at('tokens.csv')), least: () => ({ parse: () => 1 }) },
    manifestsSource: { ...after(() => at('role.yaml')), least: () => ({ parse: () => 1 }) },
  },
  '@kube-authn/issuer': {
    fetchedKeys: alone(() => ({ fetchKeys: async () => ({ keys, refreshAfterSeconds: 60 }) })),
    issuerDiscovery: alone(() => ({ issuer: url, keys, externalAddress: 'a' })),
    keySigner: alone(() => ({ verificationKey, sign: () => new Uint8Array() })),
    tokenIssuer: alone(() => ({ issuer: url, signingKey: key, objects })),
  },
  '@kube-authn/keystone': {
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
  '@kube-authn/keystone/internal': { keystoneClient: alone(() => ({ url })) },
  '@kube-authn/explain-page': { explainPage: after(() => requests) },
  '@kube-authn/node': {
    lifecycle: after(() => createServer()),
    authenticateUpgrade: after(
      () => createServer(),
      () => requests,
      handler,
    ),
    authorizationConfigurationAt: after(() => at('authz.yaml')),
    authenticationConfigurationAt: after(() => at('authn.yaml')),
    certificateAuthoritiesAt: after(() => at('ca.crt')),
    createAuthorizer: alone(() => ({ rbac: at('role.yaml') })),
    createAuthenticator: alone(() => ({ tokenFile: at('tokens.csv') })),
    createFetch: after(() => ({})),
    delegatedAuthentication: alone(() => ({ optional: true, skipLookup: true })),
    endpointFetch: after(() => ({ server: url })),
    inClusterEndpoint: alone(),
    keystoneAt: after(() => url),
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
  '@kube-authn/node/audit': {
    auditFile: after(() => at('audit.jsonl')),
    auditPolicyAt: after(() => at('audit-policy.yaml')),
    auditWebhookAt: after(() => at('kubeconfig')),
  },
  '@kube-authn/node/external-signer': {
    externalSignerAt: after(() => '@nobody'),
  },
  '@kube-authn/node/flags': {
    auditFromFlags: after(() => []),
    authenticatorFromFlags: after(() => [`--token-auth-file=${at('tokens.csv')}`]),
    authorizerFromFlags: after(() => ['--authorization-mode=AlwaysDeny']),
  },
  ...Object.fromEntries(
    ['@kube-authn/express', '@kube-authn/fastify', '@kube-authn/koa', '@kube-authn/hono'].map((name) => [
      name,
      {
        authentication: after(() => requests),
        authorization: after(() => authorizer),
        requireGroups: after(() => 'admins'),
        requireScopes: after(() => 'read'),
        requireUser: after(),
        impersonation: after(() => authorizer),
      },
    ]),
  ),
  ...Object.fromEntries(
    ['@kube-authn/express', '@kube-authn/fastify', '@kube-authn/koa', '@kube-authn/hono'].map((name) => [
      `${name}/reviews`,
      {
        reviews: after(() => authorizer),
        tokenReviewWebhook: { ...after(() => [tokens]), least: () => ({ callers: 'anyone' }) },
      },
    ]),
  ),
  '@kube-authn/nest': {
    authenticationGuard: after(() => requests),
    authorizationGuard: after(() => authorizer),
    requireGroups: after(() => 'admins'),
    requireScopes: after(() => 'read'),
    requireUser: after(),
    impersonationGuard: after(() => authorizer),
  },
  '@kube-authn/fetch/forward-authentication': { forwardAuthentication: after(() => requests) },
  '@kube-authn/fetch': {
    withAuthentication: after(() => requests, handler),
    withAuthorization: after(() => authorizer, handler),
    requireGroups: after(() => 'admins', handler),
    requireScopes: after(() => 'read', handler),
    requireUser: after(handler),
    withImpersonation: after(() => authorizer, handler),
  },
  '@kube-authn/login': {
    cookieSessions: alone(() => ({ keys: [SESSION_KEY] })),
    storedSessions: alone(() => ({ store: memoryObjectStore() })),
    webLogin: alone(() => ({
      issuer: url,
      clientId: 'my-app',
      publicUrl: url,
      tokens: [tokens],
      keys: [SESSION_KEY],
      sessions: cookieSessions({ keys: [SESSION_KEY] }),
    })),
  },
  '@kube-authn/login/valkey': {
    valkeySessions: alone(() => ({
      client: { eval: async () => [1, ''], evalSha: async () => [1, null] },
    })),
  },
  '@kube-authn/proxy': {
    impersonatingProxy: alone(() => ({
      authenticator: requests,
      upstream: { server: url, credential: { type: 'token', token: 't' } },
    })),
    clusterClient: alone(() => ({ upstream: { server: url, credential: { type: 'token', token: 't' } } })),
    kubeConfigAsUser: after(
      () => ({ applySecurityAuthentication: () => {}, applyToHTTPSOptions: () => {} }),
      () => ({ user: { username: 'jane', uid: '', groups: [], extra: {} } }),
    ),
  },
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
    createDpopClient: alone(),
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
  '@kube-authn/core/adapter':
    'Received aBoolean aFunction aNonEmptyString aString above applyHeaderChanges atLeast checkOptions clientContext closeConnection incomingMessageBody incomingMessageRequest listOf oneOf required requirePeerCertificates whenOver wholeNumber',
  '@kube-authn/core/client-certificate': 'mergeRequestHeaderConfig parseRequestHeaderConfig',
  '@kube-authn/core/revocation': 'unlessRevoked',
  '@kube-authn/core':
    'AuthenticationError AuthorizationError ConfigurationError CredentialFileError KubeAuthnError StatusError addGroups allow allowPaths alwaysAllow alwaysDeny ambientCredential attributesOf audienceAgnostic authenticatedGroup bootstrapSecrets cachedUnion cloudflareCertificates cloudflareClientCertificate decide deny exactHeaders explain failFast fetchBody fetchRequest forbiddenMessage impersonationHeaders isAuthenticationError isConfigurationError isStatusError isUnauthenticated leadsToImpersonation localKeySet noOpinion notify parseBootstrapToken privilegedGroups prometheusBridge rbac rbacPolicy rejected requestInfo responseOf serviceAccountUser serviceAccountUsername signingKeyFromPem splitServiceAccountUsername unavailable union unionAuthorizer userInfo verificationKeyFromDer verificationKeyOfJwk verificationKeysFromPem warningHeaders withHeaderChanges',
  '@kube-authn/server': 'credentialObjects signClusterInfo verifyClusterInfo',
  '@kube-authn/server/node': 'koaHandler nodeHandler',
  '@kube-authn/store': 'StoreError isStoreError',
  // Options of Node's TLS servers are passed on, so an unknown name may be valid there.
  '@kube-authn/node': 'http2ServerOptions tlsServerOptions tlsServerOptionsAt',
  '@kube-authn/express': 'getAuthentication getUser',
  '@kube-authn/koa': 'getAuthentication getUser',
  '@kube-authn/hono': 'getAuthentication getUser',
  '@kube-authn/fastify': 'getAuthentication getUser',
  '@kube-authn/nest': 'Public User getAuthentication getUser',
  '@kube-authn/fetch': 'getAuthentication getUser',
  '@kube-authn/passport': 'getAuthentication getUser',
  '@kube-authn/login': 'csrfToken verifyCsrfToken',
  '@kube-authn/login/express': 'loginRoutes requireLogin',
  '@kube-authn/login/hono': 'loginRoutes requireLogin',
  '@kube-authn/login/koa': 'loginRoutes requireLogin',
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

async function messageOf(...call: Parameters<typeof thrownBy>): Promise<string> {
  const error = await thrownBy(...call)
  return error instanceof Error ? error.message : ''
}

/** Options without which more is accepted. */
const LAXER_WITHOUT = [
  'audiences',
  'authenticatedWithinSeconds',
  'claimValidationRules',
  'clientSecret',
  'conditions',
  'requiredClaims',
  'revocations',
  'userValidationRules',
]
/** Values of flags, which parsed them; audiences whose default is the issuer, or that only name what a server issues. */
const NOT_LAXER = new Set([
  'oidcFlagOptions.requiredClaims',
  'serviceAccountToken.audiences',
  'tokenIssuer.audiences',
  'kubernetesApi.audiences',
  'apiServer.audiences',
])

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

  it('takes no undefined for an option whose absence is laxer', async () => {
    for (const option of LAXER_WITHOUT) {
      const given = { ...how.least?.(), [option]: Symbol('no value') }
      const isKnown = !(await messageOf(entry, name, how, given)).includes(`${option}: unknown option`)
      if (!isKnown || NOT_LAXER.has(`${name}.${option}`)) continue
      const message = await messageOf(entry, name, how, { ...given, [option]: undefined })
      expect(message).toMatch(new RegExp(`${option}: is (?:undefined, as an environment variable|required)`))
    }
  })

  it('refuses a promise of options, and says to await it', async () => {
    const error = await thrownBy(entry, name, how, Promise.resolve({ ...how.least?.() }))
    expect(error).toSatisfy(isConfigurationError)
    expect(error).toMatchObject({ message: expect.stringMatching(/is a promise; await it first/) })
  })
})

/** Their first argument is parsed input, not options. */
const OF_PARSED = new Set(['certificateUser', 'jwtAuthenticators', 'validateAuthenticationConfiguration'])

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

/** What node, the server and the adapters use, and certificates and expressions, which come from options that are checked elsewhere. */
const NOT_CHECKED =
  /^@kube-authn\/(?:(?:api|audit|core|node|server|store|x509)\/internal(?:\/.+)?|cel(?:\/kubernetes)?|x509)$/

const entries = readdirSync(packages).flatMap((folderOfPackage) => {
  const manifest = join(packages, folderOfPackage, 'package.json')
  if (!existsSync(manifest)) return []
  const { name, exports, ...rest } = JSON.parse(readFileSync(manifest, 'utf8')) as Manifest
  if (rest.private === true) return []
  return Object.keys(exports)
    .filter((entry) => !entry.endsWith('.json'))
    .map((entry) => name + entry.slice(1))
    .filter((entry) => !NOT_CHECKED.test(entry))
})

describe('what is exported', () => {
  const known = new Set([
    ...factories.map(({ name }) => name),
    ...Object.values(OTHERS).flatMap((names) => names.split(' ')),
  ])

  const declared = publicDeclarations()

  it.each(entries)('is known to these tests: %s', async (entry) => {
    // Without those for the packages of this repository, which are marked.
    const isPublic = (name: string): boolean =>
      declared.some((each) => each.entry === entry && each.name === name)
    const functions = Object.entries((await import(entry)) as object)
      .filter(([, value]) => typeof value === 'function')
      .map(([name]) => name)
    expect(functions.filter((name) => isPublic(name) && !known.has(name))).toEqual([])
  })

  it('has every function of these tests', async () => {
    const modules = await Promise.all(
      [
        ...entries,
        '@kube-authn/core/internal',
        '@kube-authn/core/internal/yaml',
        '@kube-authn/node/internal',
      ].map((entry) => import(entry) as Promise<object>),
    )
    const exported = new Set(modules.flatMap((module) => Object.keys(module)))
    expect([...known].filter((name) => !exported.has(name))).toEqual([])
  })
})
