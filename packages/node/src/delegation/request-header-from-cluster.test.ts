import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { authenticateRequest } from '@kube-authn/core/adapter'
import { ConfigurationError } from '@kube-authn/core'
import {
  type CertificateAuthority,
  createPki,
  fakeRequest,
  fixedClock,
  type IssuedCredential,
  recordEvents,
} from '@kube-authn/testing'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { httpsServer } from '../../test/servers.ts'
import { createAuthenticator, requestHeaderFromCluster } from '../index.ts'

const folder = mkdtempSync(join(tmpdir(), 'from-cluster-'))
let cluster: CertificateAuthority
let server: IssuedCredential
let proxies: CertificateAuthority
let proxy: IssuedCredential

beforeAll(async () => {
  cluster = await createPki({ commonName: 'cluster' })
  server = await cluster.issueServer({ hosts: ['127.0.0.1'] })
  proxies = await createPki({ commonName: 'proxies' })
  proxy = await proxies.issueClient({ commonName: 'front-proxy' })
})
afterAll(() => {
  rmSync(folder, { recursive: true, force: true })
})

const configMap = (names: unknown, ca: string = proxies.caPem): string =>
  JSON.stringify({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'extension-apiserver-authentication', namespace: 'kube-system' },
    data: {
      'requestheader-client-ca-file': ca,
      'requestheader-allowed-names': JSON.stringify(names),
      'requestheader-username-headers': '["X-Remote-User"]',
    },
  })

interface Answer {
  status: number
  body: string
}

async function start(answer: Answer) {
  const running = await httpsServer(server, (_, response) => {
    response.writeHead(answer.status, { 'content-type': 'application/json' }).end(answer.body)
  })
  const kubeconfig = join(folder, `${running.port}.kubeconfig`)
  const text = {
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'c',
    contexts: [{ name: 'c', context: { cluster: 'k', user: 'u' } }],
    clusters: [
      {
        name: 'k',
        cluster: {
          server: running.url,
          'certificate-authority-data': Buffer.from(cluster.caPem).toString('base64'),
        },
      },
    ],
    users: [{ name: 'u', user: { token: 'reader-token' } }],
  }
  writeFileSync(kubeconfig, JSON.stringify(text))
  const clock = fixedClock(Date.now())
  const { observer, events } = recordEvents()
  return { running, clock, events, begin: () => requestHeaderFromCluster(kubeconfig, { clock, observer }) }
}

async function usernameOf(
  requestHeader: Awaited<ReturnType<typeof requestHeaderFromCluster>>,
): Promise<string | number> {
  const request = fakeRequest({ headers: [['X-Remote-User', 'fido']], peerCertificates: proxy.chainDer })
  const outcome = await authenticateRequest(createAuthenticator({ requestHeader }))(request)
  return 'failure' in outcome ? outcome.failure.status : outcome.authentication.user.username
}

describe('requestHeaderFromCluster', () => {
  it('believes the proxy that the cluster describes, as it describes it now', async () => {
    const answer = { status: 200, body: configMap(['front-proxy']) }
    const { running, clock, events, begin } = await start(answer)
    const authenticator = await begin()
    expect(running.requests[0]).toMatchObject({
      method: 'GET',
      url: '/api/v1/namespaces/kube-system/configmaps/extension-apiserver-authentication',
      headers: { authorization: 'Bearer reader-token' },
    })
    expect(await usernameOf(authenticator)).toBe('fido')

    answer.body = configMap(['another'])
    clock.advance(60_000)
    await vi.waitFor(() => expect(events).toMatchObject([{ type: 'reload', outcome: 'loaded' }]))
    expect(await usernameOf(authenticator)).toBe(401)
    authenticator.close()
  })

  it.each([
    {
      what: 'is broken',
      bad: { status: 200, body: '{"kind":"ConfigMap","data":{"requestheader-allowed-names":"["}}' },
    },
    { what: 'is something else', bad: { status: 200, body: '{"kind":"Secret"}' } },
    { what: 'names no proxy', bad: { status: 200, body: '' } },
    { what: 'may not be read any more', bad: { status: 403, body: '{}' } },
    { what: 'is behind a fault', bad: { status: 500, body: 'reader-token' } },
  ])('keeps the last good version when the next $what, and says so once', async ({ what, bad }) => {
    const answer: Answer = { status: 200, body: configMap(['front-proxy']) }
    const { running, clock, events, begin } = await start(answer)
    const authenticator = await begin()
    Object.assign(answer, what === 'names no proxy' ? { status: 200, body: configMap([]) } : bad)
    for (const round of [2, 3]) {
      clock.advance(60_000)
      await vi.waitFor(() => expect(running.requests).toHaveLength(round))
      // It schedules the next poll right after the event of this one.
      await vi.waitFor(() => expect(events).toMatchObject([{ type: 'reload', outcome: 'failed' }]))
    }
    expect(JSON.stringify(events)).not.toContain('reader-token')
    expect(await usernameOf(authenticator)).toBe('fido')
    authenticator.close()
  })

  it('keeps the last good version when the next has an authority that signs users', async () => {
    const users = await createPki({ commonName: 'users' })
    const clientCAFile = join(folder, 'users.crt')
    writeFileSync(clientCAFile, users.caPem)
    const answer: Answer = { status: 200, body: configMap(['front-proxy'], users.caPem) }
    const { clock, events, begin } = await start(answer)
    const shared = await begin()
    expect(() => createAuthenticator({ clientCAFile, requestHeader: shared })).toThrow(/has a CA in common/)
    shared.close()

    answer.body = configMap(['front-proxy'])
    const requestHeader = await begin()
    const authenticator = createAuthenticator({ clientCAFile, requestHeader })
    answer.body = configMap(['front-proxy'], users.caPem)
    clock.advance(60_000)
    await vi.waitFor(() => expect(events).toMatchObject([{ type: 'reload', outcome: 'failed' }]))
    expect(await usernameOf(requestHeader)).toBe('fido')
    authenticator.close()
    requestHeader.close()
  })

  it('has no opinion while there is no such ConfigMap, and takes it when it comes', async () => {
    const answer = { status: 404, body: '{}' }
    const { clock, begin } = await start(answer)
    const authenticator = await begin()
    expect(await usernameOf(authenticator)).toBe(401)
    Object.assign(answer, { status: 200, body: configMap(['front-proxy']) })
    clock.advance(60_000)
    await vi.waitFor(async () => expect(await usernameOf(authenticator)).toBe('fido'))
    authenticator.close()
  })

  it('trusts no proxy when the ConfigMap is deleted, reports it once, and soon checks again', async () => {
    const there = { status: 200, body: configMap(['front-proxy']) }
    const answer = { ...there }
    const { clock, events, running, begin } = await start(answer)
    const authenticator = await begin()
    Object.assign(answer, { status: 404, body: '{}' })
    clock.advance(60_000)
    await vi.waitFor(() =>
      expect(events).toMatchObject([{ type: 'reload', outcome: 'failed', error: { message: /is gone/ } }]),
    )
    expect(await usernameOf(authenticator)).toBe(401)
    await vi.waitFor(() => {
      // The last poll may not have ended, and then the next one is not scheduled yet.
      if (running.requests.length < 3) clock.advance(5000)
      expect(running.requests).toHaveLength(3)
    })
    expect(events).toHaveLength(1)

    Object.assign(answer, there)
    await vi.waitFor(() => {
      // The last poll may not have ended, and then the next one is not scheduled yet.
      clock.advance(5000)
      expect(events).toMatchObject([{}, { type: 'reload', outcome: 'loaded' }])
    })
    expect(await usernameOf(authenticator)).toBe('fido')
    authenticator.close()
  })

  it.each([
    { what: 'may not be read', status: 403, body: '{}', message: 'answered with HTTP status 403' },
    ...[
      { what: 'is a list', body: '[]' },
      { what: 'is nothing', body: 'null' },
      { what: 'is something else', body: '{"kind":"Secret"}' },
      { what: 'is no JSON', body: '<html>' },
      { what: 'has data that is a list', body: '{"kind":"ConfigMap","data":[]}' },
      { what: 'has data that is not a string', body: '{"kind":"ConfigMap","data":{"a":1}}' },
    ].map((each) => ({ ...each, status: 200, message: 'did not answer with a ConfigMap' })),
  ])('does not start when the ConfigMap $what', async ({ status, body, message }) => {
    const { begin } = await start({ status, body })
    const error = await begin().catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(ConfigurationError)
    expect(String(error)).toContain(message)
  })
})
