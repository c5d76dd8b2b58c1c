import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { authenticateRequest } from '@kube-authn/core/adapter'
import { ConfigurationError, emptyContext } from '@kube-authn/core'
import { attributesOf, decide } from '@kube-authn/core/authorization'
import {
  type CertificateAuthority,
  createPki,
  fakeRequest,
  fakeUser,
  fixedClock,
  type IssuedCredential,
  recordEvents,
} from '@kube-authn/testing'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { httpsServer, type RunningServer } from '../../test/servers.ts'
import { delegatedAuthentication, type DelegatedAuthentication } from '../index.ts'
import type { DelegatedAuthenticationOptions } from './delegated-authentication.ts'

const folder = mkdtempSync(join(tmpdir(), 'delegated-'))
const proxyFile = join(folder, 'proxies.crt')
const open: DelegatedAuthentication[] = []
let cluster: CertificateAuthority
let server: IssuedCredential
let users: CertificateAuthority
let jane: IssuedCredential
let proxies: CertificateAuthority
let proxy: IssuedCredential

beforeAll(async () => {
  cluster = await createPki({ commonName: 'cluster' })
  server = await cluster.issueServer({ hosts: ['127.0.0.1'] })
  users = await createPki({ commonName: 'users' })
  jane = await users.issueClient({ commonName: 'jane' })
  proxies = await createPki({ commonName: 'proxies' })
  proxy = await proxies.issueClient({ commonName: 'front-proxy' })
  writeFileSync(proxyFile, proxies.caPem)
})
afterEach(() => {
  vi.unstubAllEnvs()
  for (const each of open.splice(0)) each.close()
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const data = (): Record<string, string> => ({
  'client-ca-file': users.caPem,
  'requestheader-client-ca-file': proxies.caPem,
  'requestheader-allowed-names': '["front-proxy"]',
  'requestheader-username-headers': '["X-Remote-User"]',
})

/** The responses of a cluster; a function computes one. */
interface Cluster {
  configMap: { readonly status: number; readonly data?: Record<string, string> }
  review: (body: { readonly spec: Readonly<Record<string, unknown>> }) => object
}

const PATHS = {
  configMap: '/prefix/api/v1/namespaces/kube-system/configmaps/extension-apiserver-authentication',
  tokens: '/prefix/apis/authentication.k8s.io/v1/tokenreviews?timeout=10s',
  access: '/prefix/apis/authorization.k8s.io/v1/subjectaccessreviews',
}

async function start(answers: Cluster): Promise<RunningServer & { readonly kubeconfig: string }> {
  const running = await httpsServer(server, (request: IncomingMessage, response: ServerResponse) => {
    if (request.url === PATHS.configMap) {
      const { status, data: content } = answers.configMap
      response.writeHead(status).end(JSON.stringify({ kind: 'ConfigMap', data: content }))
      return
    }
    let text = ''
    request.on('data', (part: Buffer) => (text += part.toString()))
    request.on('end', () => {
      const body = JSON.parse(text) as Parameters<Cluster['review']>[0] & object
      response.writeHead(201).end(JSON.stringify({ ...body, status: answers.review(body) }))
    })
  })
  const kubeconfig = join(folder, `${running.port}.kubeconfig`)
  const ca = Buffer.from(cluster.caPem).toString('base64')
  writeFileSync(
    kubeconfig,
    JSON.stringify({
      clusters: [
        { name: '', cluster: { server: `${running.url}/prefix/`, 'certificate-authority-data': ca } },
      ],
      users: [{ name: '', user: { token: 'own-token' } }],
    }),
  )
  return { ...running, kubeconfig }
}

const healthy = (): Cluster => ({
  configMap: { status: 200, data: data() },
  review: ({ spec }) =>
    'token' in spec
      ? {
          authenticated: spec['token'] === 'joe-token',
          user: { username: 'joe' },
          audiences: spec['audiences'],
        }
      : { allowed: spec['user'] === 'joe' },
})

async function begin(options: DelegatedAuthenticationOptions): Promise<DelegatedAuthentication> {
  const delegated = await delegatedAuthentication(options)
  open.push(delegated)
  return delegated
}

async function usernameOf(
  { authenticator }: DelegatedAuthentication,
  ...asked: Parameters<typeof fakeRequest>
): Promise<string | number> {
  const outcome = await authenticateRequest(authenticator)(fakeRequest(...asked))
  return 'failure' in outcome ? outcome.failure.status : outcome.authentication.user.username
}

const bearer = (token: string) => ({ headers: [['Authorization', `Bearer ${token}`]] }) as const
const ofProxy = () => ({ headers: [['X-Remote-User', 'fido']], peerCertificates: proxy.chainDer }) as const
const ofJane = () => ({ peerCertificates: jane.chainDer })

describe('delegatedAuthentication', () => {
  it('uses the front proxy, the client CA and the tokens of a cluster, and no others', async () => {
    const { kubeconfig, requests } = await start(healthy())
    const delegated = await begin({ kubeconfig })
    expect(await usernameOf(delegated, ofProxy())).toBe('fido')
    expect(await usernameOf(delegated, ofJane())).toBe('jane')
    expect(await usernameOf(delegated, bearer('joe-token'))).toBe('joe')
    expect(await usernameOf(delegated, bearer('other-token'))).toBe(401)
    expect(await usernameOf(delegated)).toBe(401)
    expect(requests.map(({ url }) => url)).toEqual([PATHS.configMap, PATHS.tokens, PATHS.tokens])
    expect(new Set(requests.map(({ headers }) => headers.authorization))).toEqual(
      new Set(['Bearer own-token']),
    )
  })

  it('asks the cluster for permissions, except for masters and the paths of probes', async () => {
    const { kubeconfig, requests } = await start(healthy())
    const { authorizer } = await begin({ kubeconfig })
    const verdictOf = async (
      username: string,
      path: string,
      groups: readonly string[] = [],
    ): Promise<string> => {
      const attributes = attributesOf(fakeUser({ username, groups }), { verb: 'get', path })
      return (await decide(authorizer, attributes, emptyContext)).verdict
    }
    expect(await verdictOf('anybody', '/healthz')).toBe('allow')
    expect(await verdictOf('anybody', '/x', ['system:masters'])).toBe('allow')
    expect(requests).toHaveLength(1)
    expect(await verdictOf('joe', '/x')).toBe('allow')
    expect(await verdictOf('anybody', '/x')).toBe('noOpinion')
    expect(requests.slice(1).map(({ url }) => url)).toEqual([PATHS.access, PATHS.access])
  })

  it('tells an observer that the cluster is asked, and no webhook of its own', async () => {
    const { observer, ofType } = recordEvents()
    const { kubeconfig } = await start(healthy())
    const { authenticator, authorizer } = await begin({ kubeconfig })
    await authenticateRequest(authenticator, { observer })(fakeRequest(bearer('joe-token')))
    const attributes = attributesOf(fakeUser({ username: 'joe' }), { verb: 'get', path: '/x' })
    await decide(authorizer, attributes, { observer })
    expect(ofType('tokenReviewCall')).toMatchObject([{ status: 201, delegated: true }])
    expect(ofType('accessReviewCall')).toMatchObject([{ status: 201, result: 'success', delegated: true }])
  })

  it('remembers both for ten seconds', async () => {
    const clock = fixedClock(Date.now())
    const { kubeconfig, requests } = await start(healthy())
    const delegated = await begin({ kubeconfig, clock })
    const { authorizer } = delegated
    const ask = async (): Promise<void> => {
      await usernameOf(delegated, bearer('joe-token'))
      await usernameOf(delegated, bearer('other-token'))
      for (const username of ['joe', 'other']) {
        await decide(
          authorizer,
          attributesOf(fakeUser({ username }), { verb: 'get', path: '/x' }),
          emptyContext,
        )
      }
    }
    await ask()
    clock.advance(9999)
    await ask()
    expect(requests).toHaveLength(5)
    clock.advance(1)
    await ask()
    expect(requests).toHaveLength(9)
  })

  it('lets nobodies pass, and asks for audiences, where that is wanted', async () => {
    const { kubeconfig } = await start(healthy())
    const delegated = await begin({ kubeconfig, anonymous: true, audiences: ['api'] })
    expect(await usernameOf(delegated)).toBe('system:anonymous')
    expect(await usernameOf(delegated, bearer('other-token'))).toBe(401)
    expect(await usernameOf(delegated, bearer('joe-token'))).toBe('joe')
  })

  it('follows the ConfigMap, as long as it can be used', async () => {
    const answers = healthy()
    const clock = fixedClock(Date.now())
    const { observer, events } = recordEvents()
    const { kubeconfig } = await start(answers)
    const delegated = await begin({ kubeconfig, clock, observer })
    const next = async (content: Record<string, string>, outcome: string): Promise<void> => {
      answers.configMap = { status: 200, data: content }
      clock.advance(60_000)
      await vi.waitFor(() => expect(events.at(-1)).toMatchObject({ type: 'reload', outcome }))
    }
    await next({ ...data(), 'client-ca-file': proxies.caPem }, 'failed')
    expect(events.at(-1)).toMatchObject({ error: { message: /in common/ } })
    expect(await usernameOf(delegated, ofJane())).toBe('jane')
    await vi.waitFor(() => expect(clock.pending).toBeGreaterThan(0))
    await next({ 'client-ca-file': cluster.caPem }, 'loaded')
    expect(await usernameOf(delegated, ofJane())).toBe(401)
    expect(await usernameOf(delegated, ofProxy())).toBe(401)
  })

  it('knows clients by their certificates still when the ConfigMap is deleted, and no proxy', async () => {
    const answers = healthy()
    const clock = fixedClock(Date.now())
    const { observer, events } = recordEvents()
    const { kubeconfig } = await start(answers)
    const delegated = await begin({ kubeconfig, clock, observer, anonymous: true })
    answers.configMap = { status: 404 }
    clock.advance(60_000)
    await vi.waitFor(() => expect(events).toMatchObject([{ type: 'reload', outcome: 'failed' }]))
    expect(await usernameOf(delegated, ofJane())).toBe('jane')
    expect(await usernameOf(delegated, ofProxy())).toBe(401)
  })

  it('goes without the ConfigMap where that is tolerated, and takes it when it can be read', async () => {
    const answers = { ...healthy(), configMap: { status: 403 } as Cluster['configMap'] }
    const { kubeconfig } = await start(answers)
    await expect(delegatedAuthentication({ kubeconfig })).rejects.toThrow(ConfigurationError)
    const clock = fixedClock(Date.now())
    const { observer, events } = recordEvents()
    const delegated = await begin({ kubeconfig, clock, observer, tolerateLookupFailure: true })
    expect(events).toMatchObject([{ type: 'reload', outcome: 'failed', error: { message: /403/ } }])
    expect(await usernameOf(delegated, ofProxy())).toBe(401)
    expect(await usernameOf(delegated, bearer('joe-token'))).toBe('joe')
    answers.configMap = { status: 200, data: data() }
    clock.advance(60_000)
    await vi.waitFor(async () => expect(await usernameOf(delegated, ofProxy())).toBe('fido'))
  })

  it('takes files for what the cluster says', async () => {
    const { kubeconfig, requests } = await start({ ...healthy(), configMap: { status: 500 } })
    const clientCAFile = join(folder, 'client-ca.crt')
    writeFileSync(clientCAFile, users.caPem)
    const requestHeader = { caFile: proxyFile, allowedNames: ['front-proxy'] }
    const delegated = await begin({ kubeconfig, clientCAFile, requestHeader })
    expect(await usernameOf(delegated, ofProxy())).toBe('fido')
    expect(await usernameOf(delegated, ofJane())).toBe('jane')
    const alone = await begin({ kubeconfig, clientCAFile, skipLookup: true })
    expect(await usernameOf(alone, ofProxy())).toBe(401)
    expect(await usernameOf(alone, ofJane())).toBe('jane')
    expect(requests).toHaveLength(0)
    const names = delegated.authenticator.credentials?.identityHeaders?.map((each) => each())
    expect(names).toEqual([
      { remove: ['x-remote-user', 'x-remote-group'], removePrefixes: ['x-remote-extra-'] },
    ])
  })

  it('takes one CA from a file and the other from the cluster, unless it is the same', async () => {
    const { kubeconfig } = await start(healthy())
    const clientCAFile = join(folder, 'one-ca.crt')
    writeFileSync(clientCAFile, users.caPem)
    const delegated = await begin({ kubeconfig, clientCAFile })
    expect(await usernameOf(delegated, ofProxy())).toBe('fido')
    expect(await usernameOf(delegated, ofJane())).toBe('jane')
    writeFileSync(clientCAFile, proxies.caPem)
    await expect(delegatedAuthentication({ kubeconfig, clientCAFile })).rejects.toThrow(/in common/)
  })

  it('refuses a file that changes into the CA of the proxy', async () => {
    const { kubeconfig } = await start(healthy())
    const path = join(folder, 'changing-ca.crt')
    writeFileSync(path, users.caPem)
    const { observer, events } = recordEvents()
    const delegated = await begin({ kubeconfig, observer, clientCAFile: { path, settleSeconds: 0.02 } })
    writeFileSync(path, proxies.caPem)
    await vi.waitFor(() =>
      expect(events).toMatchObject([{ outcome: 'failed', error: { message: /in common/ } }]),
    )
    expect(await usernameOf(delegated, ofJane())).toBe('jane')
  })

  it('cannot tell while the cluster does not answer', async () => {
    const { kubeconfig, server: http } = await start(healthy())
    const clock = fixedClock(Date.now())
    const delegated = await begin({ kubeconfig, clock })
    http.close()
    http.closeAllConnections()
    const authenticate = authenticateRequest(delegated.authenticator, { unavailableStatus: 503 })
    const outcome = Promise.resolve(authenticate(fakeRequest(bearer('joe-token'))))
    await clock.advanceAsync(30_000)
    expect(await outcome).toMatchObject({ failure: { status: 503 } })
  })

  it('goes without a cluster where there is none and it is optional: by files alone', async () => {
    vi.stubEnv('KUBERNETES_SERVICE_HOST', undefined)
    await expect(delegatedAuthentication()).rejects.toThrow(/unable to load in-cluster configuration/)
    const delegated = await begin({ optional: true, anonymous: true })
    expect(await usernameOf(delegated)).toBe('system:anonymous')
    expect(await usernameOf(delegated, bearer('any'))).toBe('system:anonymous')
    const clientCAFile = join(folder, 'clients-of-nowhere.crt')
    writeFileSync(clientCAFile, users.caPem)
    const known = await begin({ optional: true, clientCAFile })
    expect(await usernameOf(known, ofJane())).toBe('jane')
    expect(await usernameOf(known, bearer('any'))).toBe(401)
    const verdicts = ['/healthz', '/x'].map(async (path) => {
      const attributes = attributesOf(fakeUser(), { verb: 'get', path })
      return (await decide(known.authorizer, attributes, emptyContext)).verdict
    })
    expect(await Promise.all(verdicts)).toEqual(['allow', 'noOpinion'])
  })

  it('is not optional in a pod, nor where there is a kubeconfig', async () => {
    await expect(delegatedAuthentication({ optional: true, kubeconfig: '/missing' })).rejects.toThrow(
      /no such/,
    )
    vi.stubEnv('KUBERNETES_SERVICE_HOST', '10.0.0.1')
    await expect(delegatedAuthentication({ optional: true, anonymous: true })).rejects.toThrow(
      ConfigurationError,
    )
  })

  it.each<[string, DelegatedAuthenticationOptions, RegExp]>([
    ['no authenticator', { optional: true }, /no authentication method configured/],
    ['a kubeconfig that is not there', { kubeconfig: '/missing' }, /no such file/],
    [
      'a cluster that does not answer',
      {},
      /extension-apiserver-authentication: fetch failed: .*ECONNREFUSED/,
    ],
    ['a negative time', { skipLookup: true, tokenTtlSeconds: -1 }, /^tokenTtlSeconds/],
    ['no audience', { skipLookup: true, audiences: [] }, /audiences/],
    ['a missing file', { skipLookup: true, clientCAFile: '/missing' }, /missing/],
    ['a proxy without a name', { skipLookup: true, requestHeader: { caFile: proxyFile } }, /allowedNames/],
  ])('refuses %s', async (_, options, expected) => {
    const unreachable = { server: 'https://127.0.0.1:2' }
    const where = options.optional === true ? {} : { kubeconfig: unreachable }
    await expect(delegatedAuthentication({ ...where, ...options })).rejects.toThrow(expected)
  })
})
