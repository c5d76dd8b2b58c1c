import { readFileSync } from 'node:fs'
import { createServer, type Server } from 'node:https'
import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import { type Authenticator, userInfo } from '@kube-authn/core'
import { allow, type Authorizer, noOpinion } from '@kube-authn/core/authorization'
import { authentication, impersonation } from '@kube-authn/express'
import { reviews, tokenReviewWebhook } from '@kube-authn/express/reviews'
import { createAuthenticator, rbacAt, tlsServerOptions, tokenFileAt } from '@kube-authn/node'
import { type CertificateAuthority, createPki, type IssuedCredential } from '@kube-authn/testing'
import express from 'express'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { has } from './components.ts'
import { kubectl, type KubectlRun } from './kubectl.ts'
import { makeScratch, type Scratch } from './scratch.ts'

const RBAC = `
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: { name: delegator }
rules:
- { apiGroups: [authentication.k8s.io], resources: [tokenreviews], verbs: [create] }
- { apiGroups: [authorization.k8s.io], resources: [subjectaccessreviews], verbs: [create] }
- { apiGroups: [""], resources: [users], verbs: [impersonate] }
- { nonResourceURLs: [/healthz], verbs: [get] }
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: { name: delegators }
roleRef: { apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: delegator }
subjects:
- { apiGroup: rbac.authorization.k8s.io, kind: Group, name: delegators }
`

/** An app that serves reviews, and its client's settings. */
interface World {
  readonly scratch: Scratch
  readonly ca: string
  readonly origin: string
  readonly delegator: IssuedCredential
  close(): void
}

async function makeWorld(): Promise<World> {
  const scratch = makeScratch()
  const servers = await createPki({ commonName: 'servers' })
  const users = await createPki({ commonName: 'users' })
  const delegator = await users.issueClient({ commonName: 'kubelet', organizations: ['delegators'] })
  scratch.write('users.crt', users.caPem)
  scratch.write('ca.crt', servers.caPem)
  scratch.write('delegator.crt', delegator.chainPem)
  scratch.write('delegator.key', delegator.privateKeyPem)
  const authenticator = createAuthenticator({
    clientCAFile: scratch.path('users.crt'),
    tokenFile: scratch.write('tokens.csv', 'janes-token,jane,1001,"developers,app1"\n'),
  })
  const policy = rbacAt(scratch.write('rbac.yaml', RBAC))
  const tokens = [tokenFileAt(scratch.path('tokens.csv'))]
  const app = express()
  app.use('/authenticate', tokenReviewWebhook(tokens, { callers: authenticator }))
  const discovery = [
    {
      group: '',
      version: 'v1',
      kind: 'Pod',
      plural: 'pods',
      singular: 'pod',
      isNamespaced: true,
      verbs: ['get'],
    },
    {
      group: 'shop.example.com',
      version: 'v1',
      kind: 'Order',
      plural: 'orders',
      singular: 'order',
      isNamespaced: false,
      verbs: ['get'],
    },
  ]
  app.use(authentication(authenticator), impersonation(policy), reviews(policy, { tokens, discovery }))
  const server = await serve(servers, app)
  return {
    scratch,
    ca: servers.caPem,
    origin: originOf(server),
    delegator,
    close() {
      server.close()
      server.closeAllConnections()
      for (const each of [authenticator, policy, ...tokens]) each.close()
      scratch.remove()
    },
  }
}

async function serve(pki: CertificateAuthority, app: express.Express): Promise<Server> {
  const { chainPem: cert, privateKeyPem: key } = await pki.issueServer({ hosts: ['localhost', '127.0.0.1'] })
  const server = createServer(tlsServerOptions({ cert, key }), app)
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(0, '127.0.0.1', resolve)
  })
  return server
}

function originOf(server: Server): string {
  return `https://127.0.0.1:${(server.address() as AddressInfo).port}`
}

const REVIEW = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenReview', spec: { token: 'janes-token' } }
const JANE = { username: 'jane', uid: '1001', groups: ['developers', 'app1'] }

describe.runIf(has('curl'))('reviews, asked for with curl', () => {
  let world: World
  beforeAll(async () => {
    world = await makeWorld()
  })
  afterAll(() => world.close())

  /** Sends a body, and returns the status and the response. */
  async function post(
    path: string,
    body: unknown,
    more = '',
  ): Promise<readonly [status: number, object: unknown]> {
    const text = typeof body === 'string' ? body : JSON.stringify(body)
    world.scratch.write('body', text)
    const answer = await world.scratch.shell(
      `curl --disable --silent --show-error --noproxy '*' --cacert ca.crt --cert delegator.crt --key delegator.key \
        ${more.includes('Content-Type') ? '' : "--header 'Content-Type: application/json'"} --data-binary @body --write-out '\\n%{http_code}' ${more} ${world.origin}${path}`,
    )
    const end = answer.lastIndexOf('\n')
    return [Number(answer.slice(end + 1)), JSON.parse(answer.slice(0, end))]
  }

  it('say whose a token is', async () => {
    expect(await post('/apis/authentication.k8s.io/v1/tokenreviews', REVIEW)).toMatchObject([
      201,
      { kind: 'TokenReview', status: { authenticated: true, user: JANE } },
    ])
  })

  it('are in the version they were asked in, at the webhook too', async () => {
    const beta = { ...REVIEW, apiVersion: 'authentication.k8s.io/v1beta1' }
    const answer = { ...beta, spec: {}, status: { authenticated: true, user: JANE } }
    expect(await post('/apis/authentication.k8s.io/v1beta1/tokenreviews', beta)).toMatchObject([201, answer])
    expect(await post('/authenticate?timeout=30s', beta)).toMatchObject([200, answer])
  })

  it('authenticate no user by another token', async () => {
    const [status, object] = await post('/authenticate', { ...REVIEW, spec: { token: 'wrong' } })
    expect([status, object]).toMatchObject([200, { status: { authenticated: false } }])
    expect(JSON.stringify(object)).not.toContain('wrong')
  })

  it('are for callers who are known', async () => {
    world.scratch.write('body', JSON.stringify(REVIEW))
    for (const path of ['/authenticate', '/apis/authentication.k8s.io/v1/tokenreviews']) {
      const status = await world.scratch.shell(
        `curl --disable --silent --noproxy '*' --cacert ca.crt --data-binary @body --output answer --write-out '%{http_code}' ${world.origin}${path}`,
      )
      expect(status).toBe('401')
      expect(readFileSync(world.scratch.path('answer'), 'utf8')).not.toContain('janes-token')
    }
  })

  it.each([
    [
      'a form, which is what curl sends by itself',
      415,
      REVIEW,
      `--header 'Content-Type: application/x-www-form-urlencoded'`,
    ],
    ['YAML in return', 406, REVIEW, `--header 'Accept: application/yaml'`],
    ['no JSON', 400, '{', ''],
    ['no token', 400, { ...REVIEW, spec: {} }, ''],
    ['2 MiB', 413, ' '.repeat(2 * 1_048_576), ''],
    ['2 MiB in chunks', 413, ' '.repeat(2 * 1_048_576), `--header 'Transfer-Encoding: chunked'`],
  ])('answer %s with a Status: %i', async (_, code, body, more) => {
    for (const path of ['/authenticate', '/apis/authentication.k8s.io/v1/tokenreviews']) {
      expect(await post(path, body, more)).toMatchObject([code, { kind: 'Status', code }])
    }
  })

  it.each([
    ['/authenticate', 405],
    // The caller may create one but not update it.
    ['/apis/authentication.k8s.io/v1/tokenreviews', 403],
  ])('answer PUT %s with a Status: %i', async (path, code) => {
    expect(await post(path, REVIEW, '--request PUT')).toMatchObject([code, { kind: 'Status', code }])
  })
})

/** The observed commands of kubectl. */
interface Vector {
  readonly id: string
  readonly given: { readonly command: string; readonly answer?: { readonly status?: number } }
  readonly expect: { readonly exitCode?: number; readonly stdout?: string; readonly stderr?: string }
}

const vectors = JSON.parse(
  readFileSync(
    fileURLToPath(new URL('../conformance/vectors/impersonation-rbac.json', import.meta.url)),
    'utf8',
  ),
) as readonly Vector[]

function vectorOf(id: string): Vector {
  const vector = vectors.find((each) => each.id === id)
  if (vector === undefined) throw new Error(`there is no ${id}`)
  return vector
}

describe.runIf(has('kubectl'))('reviews, asked for with kubectl', () => {
  let world: World
  beforeAll(async () => {
    world = await makeWorld()
  })
  afterAll(() => world.close())

  const asJane = (...args: readonly string[]): Promise<KubectlRun> =>
    kubectl(world.scratch, { server: world.origin, ca: world.ca, user: { token: 'janes-token' } }, args)
  const asDelegator = (...args: readonly string[]): Promise<KubectlRun> =>
    kubectl(
      world.scratch,
      {
        server: world.origin,
        ca: world.ca,
        user: {
          'client-certificate-data': Buffer.from(world.delegator.chainPem).toString('base64'),
          'client-key-data': Buffer.from(world.delegator.privateKeyPem).toString('base64'),
        },
      },
      args,
    )

  it('say who one is by token', async () => {
    const { stdout, exitCode } = await asJane('auth', 'whoami', '-o', 'json')
    expect(exitCode).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject({
      kind: 'SelfSubjectReview',
      status: { userInfo: { ...JANE, groups: [...JANE.groups, 'system:authenticated'] } },
    })
  })

  it('say who one is by certificate, in a table', async () => {
    const { stdout } = await asDelegator('auth', 'whoami')
    expect(stdout).toMatch(/^Username +kubelet$/m)
    expect(stdout).toMatch(/^Groups +\[delegators system:authenticated\]$/m)
  })

  it('return the impersonated user', async () => {
    const { stdout } = await asDelegator('auth', 'whoami', '--as', 'bob', '-o', 'json')
    expect(JSON.parse(stdout)).toMatchObject({ status: { userInfo: { username: 'bob' } } })
  })

  it.each([
    ['a path', ['get', '/healthz'], 'yes\n', 0],
    ['another path', ['get', '/secrets'], 'no\n', 1],
    ['what may be done', ['create', 'tokenreviews.authentication.k8s.io', '-A'], 'yes\n', 0],
    ['what may not be done', ['get', 'pods'], 'no\n', 1],
    ['a resource of the app', ['get', 'orders.shop.example.com', '-A'], 'no\n', 1],
  ])('say what one may do, without a warning: %s', async (_, question, stdout, exitCode) => {
    expect(await asDelegator('auth', 'can-i', ...question)).toEqual({ stdout, stderr: '', exitCode })
  })

  it('warn of what is in no discovery', async () => {
    expect(await asDelegator('auth', 'can-i', 'get', 'secrets')).toMatchObject({
      stdout: 'no\n',
      stderr: expect.stringContaining("the server doesn't have a resource type 'secrets'"),
    })
  })

  it('list what one may do', async () => {
    const { stdout, stderr, exitCode } = await asDelegator('auth', 'can-i', '--list')
    expect({ stderr, exitCode }).toEqual({ stderr: '', exitCode: 0 })
    expect(stdout).toMatch(/^tokenreviews\.authentication\.k8s\.io +\[\] +\[\] +\[create\]$/m)
    expect(stdout).toMatch(/^ +\[\/healthz\] +\[\] +\[get\]$/m)
  })

  it('say whose a token is, posted as it is', async () => {
    const file = world.scratch.write('review.json', JSON.stringify(REVIEW))
    const { stdout } = await asDelegator(
      'create',
      '--raw',
      '/apis/authentication.k8s.io/v1/tokenreviews',
      '-f',
      file,
    )
    expect(JSON.parse(stdout)).toMatchObject({ status: { authenticated: true, user: JANE } })
    const refused = await asJane('create', '--raw', '/apis/authentication.k8s.io/v1/tokenreviews', '-f', file)
    expect(refused.exitCode).toBe(1)
    expect(refused.stderr).toContain('User "jane" cannot create resource "tokenreviews"')
  })

  it('decide about kubectl elsewhere: a server that knows tokens by this webhook alone', async () => {
    const { scratch, origin } = world
    const kubeconfig = scratch.write(
      'webhook.kubeconfig',
      JSON.stringify({
        apiVersion: 'v1',
        kind: 'Config',
        clusters: [
          {
            name: 'webhook',
            cluster: { 'certificate-authority': 'ca.crt', server: `${origin}/authenticate` },
          },
        ],
        users: [
          { name: 'server', user: { 'client-certificate': 'delegator.crt', 'client-key': 'delegator.key' } },
        ],
        contexts: [{ name: 'webhook', context: { cluster: 'webhook', user: 'server' } }],
        'current-context': 'webhook',
      }),
    )
    const authenticator = createAuthenticator({ tokenReview: { path: kubeconfig, ttlSeconds: 0 } })
    const app = express().use(
      authentication(authenticator),
      reviews({ name: 'nobody', authorize: () => noOpinion() }),
    )
    const server = await serve(await servers(), app)
    const ask = async (token: string): Promise<KubectlRun> =>
      kubectl(scratch, { server: originOf(server), ca: (await servers()).caPem, user: { token } }, [
        'auth',
        'whoami',
        '-o',
        'json',
      ])
    try {
      const { stdout } = await ask('janes-token')
      expect(JSON.parse(stdout)).toMatchObject({
        status: { userInfo: { ...JANE, groups: [...JANE.groups, 'system:authenticated'] } },
      })
      const { exitCode, stderr } = await ask('stolen-token')
      expect(exitCode).toBe(1)
      expect(stderr).toContain('You must be logged in to the server')
    } finally {
      server.close()
      server.closeAllConnections()
      authenticator.close()
    }
  })

  /** How kubectl handles a response, as observed with another server. */
  it.each([
    ['kubectl-003', userInfo({ username: 'jane', groups: ['system:authenticated'] }), noOpinion('because')],
    ['kubectl-013', userInfo({ username: 'stranger' }), noOpinion()],
    ['kubectl-015', undefined, allow()],
  ] as const)('make kubectl do what it does with kube-apiserver: %s', async (id, user, decision) => {
    const { given, expect: expected } = vectorOf(id)
    const authenticator: Authenticator = {
      name: 'vector',
      authenticate: () => (user === undefined ? undefined : { user }),
    }
    const authorizer: Authorizer = { name: 'vector', authorize: () => decision }
    const app = express()
    const server = await serve(await servers(), app.use(authentication(authenticator), reviews(authorizer)))
    try {
      const [, ...args] = given.command.split(' ')
      const target = { server: originOf(server), ca: (await servers()).caPem, user: { token: 't' } }
      const { stdout, stderr, exitCode } = await kubectl(world.scratch, target, args)
      expect(exitCode).toBe(expected.exitCode)
      if (expected.stdout !== undefined) expect(stdout).toBe(expected.stdout)
      if (expected.stderr !== undefined) expect(stderr.trim()).toBe(expected.stderr)
    } finally {
      server.close()
      server.closeAllConnections()
    }
  })

  let made: Promise<CertificateAuthority> | undefined
  const servers = (): Promise<CertificateAuthority> => (made ??= createPki())
})
