import { generateKeyPairSync } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { authenticateRequest } from '@kube-authn/core/adapter'
import { explain } from '@kube-authn/core'
import { bootstrapSecrets } from '@kube-authn/core/bootstrap-token'
import { serviceAccountObjects } from '@kube-authn/core/service-account'
import { signingKeyFromPem, tokenIssuer } from '@kube-authn/issuer'
import {
  always,
  createPki,
  fakeAuthenticator,
  fakeRequest,
  fakeUser,
  recordEvents,
} from '@kube-authn/testing'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { problemsOf } from '../../test/problems-of.ts'
import { createAuthenticator, type NodeAuthenticator } from '../index.ts'
import { authenticatorFromFlags } from '../flags.ts'
import type { AuthenticatorFromFlagsOptions } from './flags-options.ts'

const folder = mkdtempSync(join(tmpdir(), 'flags-'))
afterAll(() => rmSync(folder, { recursive: true }))
const file = (name: string, content: string): string => {
  writeFileSync(join(folder, name), content)
  return join(folder, name)
}

const ISSUER = 'https://kubernetes.default.svc'
const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
const privatePem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
const objects = serviceAccountObjects({
  serviceAccounts: [{ namespace: 'default', name: 'default', uid: 'u' }],
})
const tokenFile = file('tokens.csv', 'tok,jane,1,"a,b"\n')
const passwordFile = file('passwords.csv', 'pw,joe,2\n')
const keyFile = file('sa.pub', publicKey.export({ type: 'spki', format: 'pem' }).toString())
const serverKey = file('server.key', privatePem)
const configFile = (text: string): string =>
  file('authn.yaml', `apiVersion: apiserver.config.k8s.io/v1\nkind: AuthenticationConfiguration\n${text}`)
const kubeconfig = file(
  'webhook.kubeconfig',
  JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'a', cluster: { server: 'https://webhook.example.com' } }],
    contexts: [{ name: 'c', context: { cluster: 'a', user: 'u' } }],
    users: [{ name: 'u', user: {} }],
    'current-context': 'c',
  }),
)
const users = await createPki()
const proxies = await createPki()
let userCA: string
let proxyCA: string
beforeAll(() => {
  userCA = file('users.crt', users.caPem)
  proxyCA = file('proxies.crt', proxies.caPem)
})

const open: NodeAuthenticator[] = []
afterEach(() => {
  for (const each of open.splice(0)) each.close()
})

async function start(
  argv: readonly string[],
  options?: AuthenticatorFromFlagsOptions,
): Promise<NodeAuthenticator> {
  const authenticator = await authenticatorFromFlags(argv, options)
  open.push(authenticator)
  return authenticator
}

async function saidOf(
  argv: readonly string[],
  options?: AuthenticatorFromFlagsOptions,
): Promise<readonly string[]> {
  const problems = await problemsOf(() => start(argv, options))
  return problems.map((problem) => problem.replaceAll(folder, '.'))
}

async function usernameOf(
  authenticator: NodeAuthenticator,
  init: Parameters<typeof fakeRequest>[0] = {},
): Promise<string | number> {
  const outcome = await authenticateRequest(authenticator)(fakeRequest(init))
  return 'failure' in outcome ? outcome.failure.status : outcome.authentication.user.username
}

/** The credentials of a chain; functions are called, since they cannot be compared. */
const credentialsOf = ({ credentials }: NodeAuthenticator) => ({
  ...credentials,
  known: credentials?.known?.map((tell) => tell()),
})

async function serviceAccountToken(): Promise<string> {
  const key = await signingKeyFromPem(privatePem)
  const { issue } = tokenIssuer({ issuer: ISSUER, signingKey: key, objects })
  const { status } = await issue({ namespace: 'default', name: 'default' }, { spec: {} })
  return status.token
}

const bearer = (token: string) => ({ headers: [['Authorization', `Bearer ${token}`]] as const })
const RBAC = '--authorization-mode=RBAC'

describe('the chain of a command line', () => {
  it('is that of a kube-apiserver which kubeadm has made', async () => {
    const { events, observer } = recordEvents()
    const authenticator = await start(
      [
        'kube-apiserver',
        '--advertise-address=10.0.0.1',
        '--allow-privileged=true',
        '--authorization-mode=Node,RBAC',
        `--client-ca-file=${userCA}`,
        '--enable-admission-plugins=NodeRestriction',
        '--enable-bootstrap-token-auth=true',
        '--etcd-servers=https://127.0.0.1:2379',
        '--requestheader-allowed-names=front-proxy-client',
        `--requestheader-client-ca-file=${proxyCA}`,
        '--requestheader-extra-headers-prefix=X-Remote-Extra-',
        '--requestheader-group-headers=X-Remote-Group',
        '--requestheader-username-headers=X-Remote-User',
        '--secure-port=6443',
        `--service-account-issuer=${ISSUER}`,
        `--service-account-key-file=${keyFile}`,
        `--service-account-signing-key-file=${serverKey}`,
        '--tls-private-key-file=/etc/kubernetes/pki/apiserver.key',
      ],
      { serviceAccountObjects: objects, bootstrapTokens: bootstrapSecrets(), observer },
    )
    expect(await usernameOf(authenticator, bearer(await serviceAccountToken()))).toBe(
      'system:serviceaccount:default:default',
    )
    const jane = await users.issueClient({ commonName: 'jane' })
    expect(await usernameOf(authenticator, { peerCertificates: jane.chainDer })).toBe('jane')
    const proxy = await proxies.issueClient({ commonName: 'front-proxy-client' })
    expect(
      await usernameOf(authenticator, {
        headers: [['X-Remote-User', 'joe']],
        peerCertificates: proxy.chainDer,
      }),
    ).toBe('joe')
    expect(await usernameOf(authenticator)).toBe('system:anonymous')
    expect(await usernameOf(authenticator, bearer('no'))).toBe(401)
    expect(authenticator.audiences).toEqual([ISSUER])
    expect(events.filter(({ type }) => type === 'fileNotice')).toEqual([
      {
        type: 'fileNotice',
        file: 'flags',
        notice: {
          severity: 'advice',
          code: 'flagsIgnored',
          message:
            'flags that are unrelated to authentication or authorization are ignored: --advertise-address, --allow-privileged, ' +
            '--enable-admission-plugins, --etcd-servers, --secure-port, --service-account-signing-key-file',
        },
      },
    ])
  })

  it('is that of createAuthenticator with the same options', async () => {
    const ofFlags = await start([
      `--token-auth-file=${tokenFile}`,
      `--basic-auth-file=${passwordFile}`,
      `--client-ca-file=${userCA}`,
      `--authentication-token-webhook-config-file=${kubeconfig}`,
      '--experimental-keystone-url=https://keystone.example.com',
      '--oidc-issuer-url=https://issuer.example.com',
      '--oidc-client-id=app',
    ])
    const ofOptions = createAuthenticator({
      tokenFile,
      passwordFile,
      clientCAFile: userCA,
      tokenReview: { path: kubeconfig, version: 'v1beta1' },
      keystone: { url: 'https://keystone.example.com', acceptTokens: false },
      oidc: { issuer: 'https://issuer.example.com', audience: 'app' },
    })
    open.push(ofOptions)
    const request = fakeRequest()
    const namesOf = async (authenticator: NodeAuthenticator): Promise<string> =>
      JSON.stringify((await explain(authenticator, request)).steps, (key, value: unknown) =>
        key === 'durationSeconds' ? undefined : value,
      )
    expect(await namesOf(ofFlags)).toBe(await namesOf(ofOptions))
    expect(credentialsOf(ofFlags)).toEqual(credentialsOf(ofOptions))
    expect(await usernameOf(ofFlags, bearer('tok'))).toBe('jane')
    const joe = `Basic ${Buffer.from('joe:pw').toString('base64')}`
    expect(await usernameOf(ofFlags, { headers: [['Authorization', joe]] })).toBe('joe')
  })

  it('has the key of the TLS server for service accounts that name none', async () => {
    const authenticator = await start(
      [`--service-account-issuer=${ISSUER}`, `--tls-private-key-file=${serverKey}`],
      { serviceAccountObjects: objects },
    )
    expect(await usernameOf(authenticator, bearer(await serviceAccountToken()))).toBe(
      'system:serviceaccount:default:default',
    )
  })

  it('takes the spellings of 1.6', async () => {
    const options = { bootstrapTokens: bootstrapSecrets() }
    const authenticator = await start(['--experimental-bootstrap-token-auth'], options)
    expect(credentialsOf(authenticator)).toEqual(
      credentialsOf(await start(['--enable-bootstrap-token-auth'], options)),
    )
  })
})

describe('--anonymous-auth', () => {
  it.each([
    [[RBAC], 'system:anonymous', 0],
    [['--authorization-mode=Node,RBAC'], 'system:anonymous', 0],
    [['--anonymous-auth', RBAC], 'system:anonymous', 0],
    [['--anonymous-auth=false', RBAC], 401, 0],
    [[], 401, 0],
    [['--anonymous-auth=true'], 401, 1],
    [['--authorization-mode=RBAC,AlwaysAllow'], 401, 1],
    [['--authorization-mode=AlwaysAllow', '--anonymous-auth=false'], 401, 0],
    [['--authorization-mode=AlwaysDeny,Webhook,ABAC'], 'system:anonymous', 0],
    [['--authorization-config=/etc/authz.yaml'], 'system:anonymous', 0],
    [['--authorization-config=/etc/authz.yaml', '--anonymous-auth=false'], 401, 0],
    [['--authorization-config='], 401, 0],
  ] as const)('%j', async (argv, username, warnings) => {
    const { events, observer } = recordEvents()
    const authenticator = await start([`--token-auth-file=${tokenFile}`, ...argv], { observer })
    expect(await usernameOf(authenticator)).toBe(username)
    expect(JSON.stringify(events).match(/AnonymousAuth is not allowed/g)?.length ?? 0).toBe(warnings)
  })

  it('gives way to a section of a file, and contradicts one where it is given', async () => {
    const config = `--authentication-config=${configFile('anonymous: {enabled: false}\n')}`
    const tokens = `--token-auth-file=${tokenFile}`
    expect(await usernameOf(await start([tokens, config, RBAC]))).toBe(401)
    expect(await saidOf([tokens, config, RBAC, '--anonymous-auth'])).toEqual([
      '--anonymous-auth: --anonymous-auth flag cannot be set when anonymous field is configured in authentication configuration file',
    ])
    configFile('anonymous: {enabled: true}\n')
    expect(await usernameOf(await start([tokens, config]))).toBe('system:anonymous')
  })
})

describe('options beside the flags', () => {
  const health = { enabled: true, conditions: [{ path: '/healthz' }] }
  it.each([
    [[RBAC], '/healthz', 'system:anonymous'],
    [[RBAC], '/api', 401],
    [[RBAC, '--anonymous-auth'], '/api', 'system:anonymous'],
    [[RBAC, '--anonymous-auth=false'], '/healthz', 401],
    [['--authorization-mode=AlwaysAllow'], '/healthz', 401],
  ] as const)('have another default for anonymous requests: %j, %s', async (argv, path, username) => {
    const authenticator = await start([`--token-auth-file=${tokenFile}`, ...argv], { anonymous: health })
    expect(await usernameOf(authenticator, { url: path })).toBe(username)
  })

  it('give way to a section of a file', async () => {
    const config = `--authentication-config=${configFile('anonymous: {enabled: false}\n')}`
    expect(await usernameOf(await start([config, RBAC], { anonymous: true }))).toBe(401)
  })

  it('have authenticators of other credentials', async () => {
    const jane = fakeAuthenticator(always(fakeUser({ username: 'jane' })))
    expect(await usernameOf(await start([], { requests: [jane], anonymous: false }))).toBe('jane')
  })
})

describe('the token authenticators of a chain', () => {
  it('are there for TokenReviews', async () => {
    const { tokens } = await start([`--token-auth-file=${tokenFile}`])
    const answers = await Promise.all(tokens.map(async (each) => each.authenticateToken('tok', {})))
    expect(answers).toMatchObject([
      { user: { username: 'jane', groups: ['a', 'b', 'system:authenticated'] } },
    ])
  })
})

describe('--service-account-signing-key-file', () => {
  const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const ed = generateKeyPairSync('ed25519').privateKey
  const issuing = ['--service-account-issuer=https://x', `--service-account-key-file=${keyFile}`]
  const said = (path: string): Promise<readonly string[]> =>
    saidOf([...issuing, `--service-account-signing-key-file=${path}`], { serviceAccountObjects: objects })

  it.each([
    ['RSA', serverKey],
    ['ECDSA', file('ec.key', ec.privateKey.export({ type: 'sec1', format: 'pem' }).toString())],
  ])('may be a key of %s', async (_, path) => {
    expect(await said(path)).toEqual([])
  })

  it.each([
    ['missing', join(folder, 'none.key'), './none.key: no such file or directory (ENOENT)'],
    ['a folder', folder, '.: not a regular file'],
    ['empty', file('empty.key', ''), './empty.key: data does not contain a valid RSA or ECDSA private key'],
    ['a public key', keyFile, './sa.pub: data does not contain a valid RSA or ECDSA private key'],
    [
      'Ed25519',
      file('ed.key', ed.export({ type: 'pkcs8', format: 'pem' }).toString()),
      './ed.key: data does not contain a valid RSA or ECDSA private key',
    ],
  ])('is refused if it is %s, beside other problems', async (_, path, message) => {
    expect(await said(path)).toEqual([`--service-account-signing-key-file: ${message}`])
    expect(await saidOf(['--token-auth-file=/nope', `--service-account-signing-key-file=${path}`])).toEqual([
      `--service-account-signing-key-file: ${message}`,
      expect.stringMatching(/^--token-auth-file: /),
    ])
  })
})

describe('--api-audiences', () => {
  it.each([
    [[], undefined],
    [
      ['--api-audiences=a,b', '--api-audiences=c'],
      ['a', 'b', 'c'],
    ],
    [['--service-account-issuer=https://x', `--service-account-key-file=${keyFile}`], ['https://x']],
    [
      ['--service-account-issuer=https://x', `--service-account-key-file=${keyFile}`, '--api-audiences=a'],
      ['a'],
    ],
  ])('%j', async (argv, audiences) => {
    const authenticator = await start([`--token-auth-file=${tokenFile}`, ...argv], {
      serviceAccountObjects: objects,
    })
    expect(authenticator.audiences).toEqual(audiences)
  })

  it.each([
    [[], 'a,,b'],
    [['--service-account-issuer=https://x', `--service-account-key-file=${keyFile}`], 'a,,b'],
    [['--service-account-issuer=https://x', `--service-account-key-file=${keyFile}`], ','],
  ])('has no empty element, and says so under its own name: %j, %s', async (argv, audiences) => {
    expect(
      await saidOf([`--token-auth-file=${tokenFile}`, ...argv, `--api-audiences=${audiences}`], {
        serviceAccountObjects: objects,
      }),
    ).toEqual(['--api-audiences: must not be empty'])
  })
})

describe('what deserves a look', () => {
  const webhook = `--authentication-token-webhook-config-file=${kubeconfig}`
  const ttl = '--authentication-token-webhook-cache-ttl'
  it.each([
    [[webhook], []],
    [[webhook, `${ttl}=5s`], [/webhook cache ttl of 5s is shorter than the overall cache ttl of 10s/]],
    [[webhook, `${ttl}=9.99s`], [/shorter/]],
    [[webhook, `${ttl}=10s`], []],
    [[webhook, `${ttl}=0`], []],
    [[webhook, `${ttl}=-1s`], []],
    [[`${ttl}=5s`], []],
    [['--requestheader-username-headers=x-remote-USER'], [/no front proxy is trusted/]],
    [
      [
        '--requestheader-username-headers=X-User',
        '--requestheader-group-headers=X-Group',
        '--requestheader-extra-headers-prefix=X-',
      ],
      [
        /standard X-Remote-User header/,
        /X-Remote-Group/,
        /X-Remote-Extra- header prefix/,
        /no front proxy is trusted/,
      ],
    ],
    [
      ['--service-account-max-token-expiration=1h'],
      [/longer than 3607 seconds \(currently 1h\)/, /valid up to 31536000 seconds/],
    ],
    [['--service-account-max-token-expiration=24h'], [/valid up to 31536000 seconds/]],
    [['--service-account-max-token-expiration=1h', '--service-account-extend-token-expiration=false'], []],
    [['--feature-gates=RemoteRequestHeaderUID=true'], []],
    [['--feature-gates=A=true'], [/ignored: --feature-gates$/]],
    [['--feature-gates=StructuredAuthenticationConfiguration=true'], []],
    [['--feature-gates=StructuredAuthenticationConfiguration=0,StructuredAuthenticationConfiguration=1'], []],
  ] as readonly (readonly [string[], RegExp[]])[])('%j', async (argv, said) => {
    const { events, observer } = recordEvents()
    await start([`--token-auth-file=${tokenFile}`, ...argv], { observer })
    const messages = events.flatMap((event) => (event.type === 'fileNotice' ? [event.notice.message] : []))
    expect(messages).toEqual(said.map((each): unknown => expect.stringMatching(each)))
  })
})

describe('what is wrong', () => {
  const accounts = [`--service-account-issuer=${ISSUER}`, `--service-account-key-file=${keyFile}`]
  const issuer = ['--oidc-issuer-url=https://issuer.example.com', '--oidc-client-id=app']
  const headers = ['--requestheader-username-headers=X-Remote-User', '--requestheader-allowed-names=front']

  it.each<[readonly string[], ...RegExp[]]>([
    [[], /^flags: no authentication method configured; name one, as in --token-auth-file/],
    [['--token-auth-file=/nope'], /^--token-auth-file: \/nope: no such file or directory \(ENOENT\)$/],
    [['--basic-auth-file=/nope'], /^--basic-auth-file: /],
    [['--client-ca-file=/nope'], /^--client-ca-file: /],
    [['--client-ca-file=', RBAC, '--anonymous-auth=false'], /^flags: no authentication method configured/],
    [['--authentication-config=/nope'], /^--authentication-config: /],
    [['--authentication-token-webhook-config-file=/nope'], /^--authentication-token-webhook-config-file: /],
    [
      ['--token-auth-file=/nope', '--feature-gates=A=false,StructuredAuthenticationConfiguration=f'],
      /^--feature-gates: cannot set feature gate StructuredAuthenticationConfiguration to false, feature is locked to true$/,
      /^--token-auth-file: /,
    ],
    [
      ['--token-auth-file=/nope', '--feature-gates=AuthorizeWithSelectors=true,AuthorizeWithSelectors=false'],
      /^--feature-gates: cannot set feature gate AuthorizeWithSelectors to false/,
      /^--token-auth-file: /,
    ],
    [
      ['--token-auth-file=/nope', '--feature-gates=AuthorizeWithSelectors=true', '--emulated-version=1.37'],
      /^--feature-gates: unrecognized feature gate: AuthorizeWithSelectors$/,
      /^--token-auth-file: /,
    ],
    [
      ['--token-auth-file=/nope', '--feature-gates=AuthorizeWithSelectors=true', '--emulated-version=1.36'],
      /^--token-auth-file: /,
    ],
    [['--experimental-keystone-url=http://keystone'], /^--experimental-keystone-url: /],
    [
      ['--experimental-keystone-url=https://keystone', '--experimental-keystone-ca-file=/nope'],
      /^--experimental-keystone-ca-file: /,
    ],
    // OpenID Connect, in the words of kube-apiserver 1.36.
    [
      ['--oidc-client-id=x'],
      /^--oidc-issuer-url: oidc-issuer-url and oidc-client-id must be specified together when any oidc-\* flags are set$/,
    ],
    [['--oidc-issuer-url=https://a'], /^--oidc-client-id: .*must be specified together/],
    [['--oidc-username-claim=sub'], /must be specified together/],
    [['--oidc-issuer-url=', '--oidc-client-id=app'], /must be specified together/],
    [
      ['--oidc-issuer-url=http://127.0.0.1', '--oidc-client-id=app'],
      /^--oidc-issuer-url: .*URL scheme must be https$/,
    ],
    [[...issuer, '--oidc-signing-algs=HS256'], /^--oidc-signing-algs: .*unsupported signing alg: "HS256"/],
    [[...issuer, '--oidc-username-claim='], /^--oidc-username-claim: .*claim or expression is required/],
    [[...issuer, '--oidc-ca-file=/nope'], /^--oidc-ca-file: /],
    [[...issuer, '--oidc-required-claim==x'], /^--oidc-required-claim: /],
    [
      [...issuer, `--authentication-config=${configFile('')}`],
      /^--authentication-config: authentication-config file and oidc-\* flags are mutually exclusive$/,
    ],
    // The front proxy.
    [
      ['--requestheader-username-headers= ', RBAC],
      /^--requestheader-username-headers: empty value in "requestheader-username-headers"$/,
    ],
    [['--requestheader-allowed-names=a, ', RBAC], /^--requestheader-allowed-names: empty value in/],
    [
      ['--requestheader-uid-headers=Foo', RBAC],
      /^--requestheader-uid-headers: .*standard X-Remote-Uid header/,
    ],
    [
      ['--requestheader-uid-headers=X-Remote-Uid', '--feature-gates=RemoteRequestHeaderUID=false', RBAC],
      /requires the "RemoteRequestHeaderUID" feature/,
    ],
    [[...headers, '--requestheader-client-ca-file=/nope'], /^--requestheader-client-ca-file: /],
    [
      [...headers.slice(0, 1), '--requestheader-client-ca-file=PROXIES'],
      /^--requestheader-allowed-names: must name the proxy/,
    ],
    [
      [...headers, '--requestheader-client-ca-file=USERS', '--client-ca-file=USERS'],
      /^--client-ca-file: .*contain overlapping certificates/,
    ],
    [
      [...headers, '--requestheader-client-ca-file=PROXIES', '--requestheader-group-headers=X-Remote-User'],
      /^--requestheader-group-headers: covers the same header/,
    ],
    // Service accounts.
    [
      ['--service-account-key-file=/nope'],
      /^--service-account-issuer: service-account-issuer is a required flag$/,
      /^--service-account-issuer: needs the objects/,
      /^--service-account-key-file: /,
    ],
    [accounts, /^--service-account-issuer: needs the objects that tokens refer to/],
    [['--enable-bootstrap-token-auth'], /^--enable-bootstrap-token-auth: needs the secrets with tokens/],
    [
      ['--service-account-jwks-uri=http://a', RBAC],
      /^--service-account-jwks-uri: service-account-jwks-uri requires https scheme, parsed as: http:\/\/a$/,
    ],
    [['--service-account-jwks-uri=a', RBAC], /must be a valid URL$/],
    [['--service-account-max-token-expiration=59m59s', RBAC], /must be between 1 hour and 2\^32 seconds$/],
    [['--service-account-max-token-expiration=4294967297s', RBAC], /must be between 1 hour/],
    // Modes of authorization, on which anonymous requests depend.
    [['--authorization-mode=rbac'], /^--authorization-mode: authorization-mode "rbac" is not a valid mode$/],
    [['--authorization-mode=RBAC,'], /authorization-mode "" is not a valid mode$/],
    [['--authorization-mode=RBAC,RBAC'], /has mode specified more than once$/],
    // Several at once.
    [
      [
        '--token-auth-file=/nope',
        '--anonymous-auth=maybe',
        '--oidc-issuer=x',
        '--client-ca-file=/nope',
        '--oidc-client-id=x',
      ],
      /^--anonymous-auth: /,
      /^--oidc-issuer: unknown flag/,
      /^--oidc-issuer-url: /,
      /^--client-ca-file: /,
      /^--token-auth-file: /,
    ],
  ])('%j', async (argv, ...said) => {
    const withFiles = argv.map((each) => each.replace('PROXIES', proxyCA).replace('USERS', userCA))
    expect(await saidOf(withFiles)).toEqual(said.map((each): unknown => expect.stringMatching(each)))
  })

  it.each<[readonly string[], RegExp]>([
    [
      ['--service-account-issuer=https://a', '--service-account-issuer=https://a'],
      /^--service-account-issuer: service-account-issuer "https:\/\/a" is already specified$/,
    ],
    [['--service-account-issuer='], /service-account-issuer should not be an empty string$/],
    [
      ['--service-account-issuer=http://[::1]:namedport'],
      /service-account-issuer "http:\/\/\[::1\]:namedport" contained a ':' but was not a valid URL$/,
    ],
    [['--service-account-issuer=a: b'], /was not a valid URL$/],
  ])('issuers of service accounts: %j', async (argv, said) => {
    const options = { serviceAccountObjects: objects }
    const keys = `--service-account-key-file=${keyFile}`
    expect(await saidOf([...argv, keys], options)).toEqual([expect.stringMatching(said)])
    expect(await saidOf(['--service-account-issuer=x'], options)).toEqual([
      '--service-account-key-file: either `--service-account-key-file` or `--service-account-signing-endpoint` must be set',
    ])
  })

  it('tells which key file cannot be used', async () => {
    const options = { serviceAccountObjects: objects }
    const argv = [`--service-account-issuer=${ISSUER}`, `--service-account-key-file=${keyFile}`]
    expect(await saidOf([...argv, '--service-account-key-file=/nope'], options)).toEqual([
      '--service-account-key-file: /nope: no such file or directory (ENOENT)',
    ])
    expect(await saidOf([...argv, `--service-account-key-file=${tokenFile}`], options)).toEqual([
      expect.stringMatching(/^--service-account-key-file: \.\/tokens\.csv: data does not contain any valid/),
    ])
  })

  it('believes no proxy of whose headers none is named', async () => {
    const authenticator = await start([
      `--requestheader-client-ca-file=${proxyCA}`,
      '--requestheader-allowed-names=front',
    ])
    const { chainDer } = await proxies.issueClient({ commonName: 'front' })
    const request = { headers: [['X-Remote-User', 'joe']] as const, peerCertificates: chainDer }
    expect(await usernameOf(authenticator, request)).toBe(401)
  })

  it('leaves every name of a proxy to an option', async () => {
    const argv = [
      `--requestheader-client-ca-file=${proxyCA}`,
      '--requestheader-username-headers=X-Remote-User',
    ]
    const authenticator = await start(argv, { allowAnyProxyName: true })
    const { chainDer } = await proxies.issueClient({ commonName: 'any' })
    expect(
      await usernameOf(authenticator, { headers: [['X-Remote-User', 'joe']], peerCertificates: chainDer }),
    ).toBe('joe')
  })

  it.each([
    ['a string', '--token-auth-file=a'],
    ['nothing', undefined],
    ['numbers', [1]],
  ])('%s for a command line', async (_, argv) => {
    await expect(Reflect.apply(authenticatorFromFlags, undefined, [argv])).rejects.toThrow(/^argv/)
  })
})

describe('the command line of an extension API server', () => {
  it('asks the cluster', async () => {
    const authenticator = await start([
      `--authentication-kubeconfig=${kubeconfig}`,
      '--authentication-skip-lookup',
      `--client-ca-file=${userCA}`,
      `--requestheader-client-ca-file=${proxyCA}`,
      '--requestheader-allowed-names=front-proxy',
    ])
    const proxy = await proxies.issueClient({ commonName: 'front-proxy' })
    const request = { headers: [['X-Remote-User', 'joe']] as const, peerCertificates: proxy.chainDer }
    expect(await usernameOf(authenticator, request)).toBe('joe')
    expect(await usernameOf(authenticator)).toBe(401)
    expect(authenticator.health()).toEqual([])
  })

  it('has no flags of a kube-apiserver', async () => {
    const said = await saidOf([
      `--authentication-kubeconfig=${kubeconfig}`,
      `--token-auth-file=${tokenFile}`,
      '--oidc-client-id=x',
    ])
    expect(said).toEqual(
      ['--oidc-client-id', '--token-auth-file'].map(
        (flag) =>
          `${flag}: cannot be set together with --authentication-kubeconfig, with which authentication is delegated to the cluster`,
      ),
    )
  })

  it('names the flags of what cannot be used', async () => {
    expect(await saidOf(['--authentication-kubeconfig=/nope'])).toEqual([
      expect.stringMatching(/^--authentication-kubeconfig: /),
    ])
  })
})
