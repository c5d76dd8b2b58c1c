import { once } from 'node:events'
import type { ClientRequest, IncomingMessage } from 'node:http'
import { Agent, request } from 'node:https'
import { connect } from 'node:http2'
import type { Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { type AuthenticationEvent, authenticatorChain, type Clock, type Context } from '@kube-authn/core'
import { clientCertificate } from '@kube-authn/core/client-certificate'
import { auditLog, type AuditEvent } from '@kube-authn/audit'
import {
  allow,
  alwaysAllow,
  type Authorizer,
  noOpinion,
  parseRbac,
  rbac,
} from '@kube-authn/core/authorization'
import { metrics } from '@kube-authn/metrics'
import { tokenFile } from '@kube-authn/core/token-file'
import { createPki, fakeUser, fixedClock } from '@kube-authn/testing'
import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest'
import { faultyStore } from '../../../store/test/faulty-store.ts'
import { type RunningServer, runningServer } from '../../test/running-server.ts'
import { revocations } from '../revocations/revocations.ts'
import { memoryObjectStore, type ObjectStore } from '@kube-authn/store'
import { forwardedStore } from '@kube-authn/store/internal'
import type { ApiServer, ApiServerOptions } from './api-server-options.ts'
import { apiServer } from './api-server.ts'

const ROLES = `
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: { name: everything }
rules: [{ apiGroups: ["*"], resources: ["*"], verbs: ["*"] }, { nonResourceURLs: ["*"], verbs: ["*"] }]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: { name: admins }
roleRef: { apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: everything }
subjects: [{ apiGroup: rbac.authorization.k8s.io, kind: User, name: admin }]
`
const tokens = tokenFile('admin-token,admin,1\njane-token,jane,2\nmaster-token,root,3,system:masters\n')
const authenticator = authenticatorChain({
  tokens: [tokens],
  anonymous: { enabled: true, conditions: [{ path: '/healthz' }] },
})
const policy = rbac(parseRbac(ROLES))
const ADMIN = { authorization: 'Bearer admin-token' }
const JANE = { authorization: 'Bearer jane-token' }
const MAPS = '/api/v1/namespaces/default/configmaps'

interface World extends RunningServer {
  readonly api: ApiServer
  readonly store: ObjectStore
}

const open: World[] = []
afterEach(async () => {
  for (const each of open.splice(0)) {
    await each.api.close()
    await each.close()
  }
})

async function world(options: Partial<ApiServerOptions> = {}): Promise<World> {
  const { store = memoryObjectStore() } = options
  const api = await apiServer({ authenticator, authorizer: policy, log: false, ...options, store })
  const made = { ...(await runningServer(api.listener)), api, store }
  open.push(made)
  return made
}

/** A request whose response is read by the test. */
async function started(
  { port, ca }: World,
  path: string,
  headers: Record<string, string> = ADMIN,
): Promise<{ readonly sent: ClientRequest; readonly response: IncomingMessage }> {
  const sent = request({ host: '127.0.0.1', port, ca, path, headers, agent: false })
  const answered = once(sent, 'response')
  sent.end()
  const [response] = (await answered) as [IncomingMessage]
  return { sent, response }
}

/** When something arrives, and what to call then. */
function arrival(): { readonly arrived: Promise<void>; readonly arrive: () => void } {
  let arrive = (): void => {}
  const arrived = new Promise<void>((resolve) => {
    arrive = resolve
  })
  return { arrived, arrive }
}

describe('a request', () => {
  it.each([
    { path: MAPS, headers: {}, status: 401, reason: 'Unauthorized' },
    { path: MAPS, headers: { authorization: 'Bearer wrong' }, status: 401, reason: 'Unauthorized' },
    { path: MAPS, headers: JANE, status: 403, reason: 'Forbidden' },
    { path: '/foo', headers: JANE, status: 403, reason: 'Forbidden' },
    { path: '/version', headers: {}, status: 401, reason: 'Unauthorized' },
    { path: '/readyz', headers: {}, status: 401, reason: 'Unauthorized' },
    { path: '/healthz/ping', headers: {}, status: 401, reason: 'Unauthorized' },
    { path: '/healthz/ping', headers: JANE, status: 403, reason: 'Forbidden' },
    { path: `${MAPS}?timeout=x`, headers: ADMIN, status: 400, reason: 'BadRequest' },
    { path: `${MAPS}/x`, headers: ADMIN, status: 404, reason: 'NotFound' },
    { path: '/metrics', headers: JANE, status: 403, reason: 'Forbidden' },
    {
      path: MAPS,
      headers: { ...JANE, 'impersonate-user': 'admin' },
      status: 403,
      reason: 'Forbidden',
    },
  ])(
    'to $path with $headers is a $status, over HTTP/1 and HTTP/2',
    async ({ path, headers, status, reason }) => {
      const server = await world()
      for (const ask of [server.ask, server.ask2]) {
        const answer = await ask({ path, headers })
        expect(answer.status).toBe(status)
        expect(JSON.parse(answer.text)).toMatchObject({ kind: 'Status', code: status, reason })
        expect(answer.headers['audit-id']).toMatch(/^[\w-]{36}$/)
      }
    },
  )

  it('gets a long list in gzip if it accepts that, over HTTP/1 and HTTP/2, and no secrets', async () => {
    const server = await world()
    const expectEncoding = async (kind: string, path: string): Promise<void> => {
      const metadata = { name: 'long' }
      const body = JSON.stringify({ apiVersion: 'v1', kind, metadata, data: { x: 'YWFh'.repeat(40_000) } })
      const json = { ...ADMIN, 'content-type': 'application/json' }
      expect((await server.ask({ method: 'POST', path, headers: json, body })).status).toBe(201)
      for (const ask of [server.ask, server.ask2]) {
        const plain = await ask({ path, headers: ADMIN })
        const { headers, text } = await ask({ path, headers: { ...ADMIN, 'accept-encoding': 'gzip' } })
        const expected = kind === 'Secret' ? [undefined, undefined] : ['gzip', 'Accept-Encoding']
        expect([headers['content-encoding'], headers['vary']]).toEqual(expected)
        expect(text).toBe(plain.text)
      }
    }
    await expectEncoding('ConfigMap', MAPS)
    await expectEncoding('Secret', '/api/v1/namespaces/default/secrets')
  })

  it('goes through authentication, impersonation and authorization, which audit sees in this order', async () => {
    const events: AuthenticationEvent[] = []
    const audited: AuditEvent[] = []
    const counted = metrics()
    const server = await world({
      observer: (event) => events.push(event),
      audit: auditLog({ write: (event) => audited.push(event) }),
      metrics: counted,
    })
    const headers = { ...ADMIN, 'impersonate-user': 'jane', 'audit-id': 'mine' }
    const answer = await server.ask({ path: MAPS, headers })
    expect([answer.status, answer.headers['audit-id']]).toEqual([403, 'mine'])
    expect(JSON.parse(answer.text)).toMatchObject({
      message: expect.stringContaining('User "jane" cannot list'),
    })
    const ofRequest = ['received', 'request', 'impersonation', 'authorization', 'response']
    expect(events.map(({ type }) => type).filter((type) => ofRequest.includes(type))).toEqual(ofRequest)
    expect(audited.map(({ stage, auditID, user }) => [stage, auditID, user.username])).toEqual([
      ['RequestReceived', 'mine', 'admin'],
      ['ResponseComplete', 'mine', 'admin'],
    ])
    expect(audited[1]).toMatchObject({
      impersonatedUser: { username: 'jane' },
      responseStatus: { code: 403 },
    })
    expect(counted.attempts('success')).toBe(1)
  })

  it('tells the audit log what it deletes with a namespace, and counts no request for it', async () => {
    const audited: AuditEvent[] = []
    const counted = metrics()
    const audit = auditLog({ write: (event) => audited.push(event) })
    const { ask } = await world({ audit, metrics: counted })
    const create = (path: string, object: object): Promise<unknown> =>
      ask({
        method: 'POST',
        path,
        headers: { ...ADMIN, 'content-type': 'application/json' },
        body: JSON.stringify(object),
      })
    await create('/api/v1/namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop' } })
    const apiGroup = 'rbac.authorization.k8s.io'
    const metadata = { name: 'system:a' }
    await create(`/apis/${apiGroup}/v1/namespaces/shop/roles`, {
      apiVersion: `${apiGroup}/v1`,
      kind: 'Role',
      metadata,
    })
    audited.length = 0
    expect(await ask({ method: 'DELETE', path: '/api/v1/namespaces/shop', headers: ADMIN })).toMatchObject({
      status: 200,
    })
    const own = audited.filter(({ user }) => user.username.endsWith(':namespace-controller'))
    expect(
      own.map(({ stage, verb, user, requestURI, objectRef }) => ({
        stage,
        verb,
        user,
        requestURI,
        objectRef,
      })),
    ).toEqual(
      ['RequestReceived', 'ResponseComplete'].map((stage) => ({
        stage,
        verb: 'delete',
        user: {
          username: 'system:serviceaccount:kube-system:namespace-controller',
          groups: ['system:serviceaccounts', 'system:serviceaccounts:kube-system', 'system:authenticated'],
        },
        requestURI: `/apis/${apiGroup}/v1/namespaces/shop/roles/system%3Aa`,
        objectRef: {
          resource: 'roles',
          namespace: 'shop',
          name: 'system:a',
          apiGroup,
          apiVersion: 'v1',
        },
      })),
    )
    expect(new Set(own.map(({ auditID }) => auditID)).size).toBe(1)
    // Of the three requests.
    expect(counted.attempts('success')).toBe(3)
  })

  it.each([
    ['1.35', ['system:authenticated']],
    ['1.36', ['system:nodes', 'system:authenticated']],
  ] as const)('may impersonate as in %s: a node has the groups %j', async (kubernetesVersion, groups) => {
    const server = await world({ kubernetesVersion, authorizer: alwaysAllow() })
    const path = '/apis/authentication.k8s.io/v1/selfsubjectreviews'
    const headers = { ...ADMIN, 'impersonate-user': 'system:node:a', 'content-type': 'application/json' }
    const body = JSON.stringify({ apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview' })
    const answer = await server.ask({ method: 'POST', path, headers, body })
    expect(JSON.parse(answer.text)).toMatchObject({
      status: { userInfo: { username: 'system:node:a', groups } },
    })
  })

  it('is for health without a user, if the authenticator lets anonymous users in', async () => {
    const server = await world()
    for (const ask of [server.ask, server.ask2]) {
      expect(await ask({ path: '/healthz' })).toMatchObject({ status: 200, text: 'ok' })
      expect(await ask({ path: '/healthz', method: 'HEAD' })).toMatchObject({ status: 200, text: '' })
      expect(await ask({ path: '/readyz?verbose', headers: JANE })).toMatchObject({
        text: '[+]ping ok\n[+]store ok\n[+]writes ok\n[+]shutdown ok\nreadyz check passed\n',
      })
    }
  })

  it.each([
    [{}, 'GET', '/healthz', 200],
    [{}, 'POST', '/healthz', 403],
    [{}, 'GET', '/healthz/ping', 403],
    [{ alwaysAllowPaths: [] }, 'GET', '/healthz', 403],
    [{ alwaysAllowPaths: ['/healthz*'] }, 'GET', '/healthz/ping', 200],
    [{ alwaysAllowPaths: ['/healthz*'] }, 'POST', '/healthz', 405],
  ])('is for health without a role, with %j: %s %s', async (options, method, path, status) => {
    const server = await world(options)
    expect((await server.ask({ path, method, headers: JANE })).status).toBe(status)
  })

  it('reviews the health of the server for what may be done with it', async () => {
    const server = await world()
    const reviewed = async (verb: string) => {
      const { text } = await server.ask({
        path: '/apis/authorization.k8s.io/v1/subjectaccessreviews',
        method: 'POST',
        headers: { ...ADMIN, 'content-type': 'application/json' },
        body: JSON.stringify({ spec: { user: 'jane', nonResourceAttributes: { path: '/livez', verb } } }),
      })
      return (JSON.parse(text) as { readonly status: unknown }).status
    }
    expect(await reviewed('get')).toMatchObject({ allowed: true })
    expect(await reviewed('delete')).toMatchObject({ allowed: false })
  })

  it('is for readiness, which ends with an outage only when the copies are current again', async () => {
    const clock = fixedClock()
    const store = faultyStore(memoryObjectStore({ clock }), clock)
    const opening = revocations({ store, clock })
    await clock.advanceAsync(0)
    const revoked = await opening
    onTestFinished(() => revoked.close())
    const { ask } = await world({ store, revocations: revoked })
    const readiness = async (): Promise<string> =>
      (await ask({ path: '/readyz?verbose', headers: ADMIN })).text.split('\n')[2] ?? ''
    const alive = { status: 200, text: '[+]ping ok\nlivez check passed\n' }
    expect(await readiness()).toBe('[+]copies ok')
    store.fail()
    await clock.advanceAsync(31_000)
    expect(await readiness()).toBe('[-]copies failed: reason withheld')
    expect(await ask({ path: '/livez?verbose', headers: ADMIN })).toMatchObject(alive)
    store.mend()
    expect(await ask({ path: '/readyz', headers: ADMIN })).toMatchObject({ status: 500 })
    expect(await ask({ path: '/livez', headers: ADMIN })).toMatchObject({ status: 200 })
    await clock.advanceAsync(1000)
    expect(await ask({ path: '/readyz', headers: ADMIN })).toMatchObject({ status: 200, text: 'ok' })
  })

  it.each([
    [0, {}, 200],
    [10, {}, 200],
    [-10, {}, 200],
    [10.1, {}, 500],
    [-300, {}, 500],
    [-300, { clockSkewSeconds: 300 }, 200],
    [2, { clockSkewSeconds: 1 }, 500],
  ])(
    'is for readiness, which a clock ends that is wrong: by %d s, %j',
    async (clockOffsetSeconds, options, status) => {
      const store = { ...memoryObjectStore(), status: () => ({ clockOffsetSeconds }) }
      const { ask } = await world({ store, ...options })
      expect(await ask({ path: '/readyz/clock', headers: ADMIN })).toMatchObject({ status })
      expect(await ask({ path: '/readyz', headers: ADMIN })).toMatchObject({ status })
      expect(await ask({ path: '/livez', headers: ADMIN })).toMatchObject({ status: 200 })
    },
  )

  it('that asks for an upgrade is answered without one', async () => {
    const server = await world()
    const headers = { ...ADMIN, connection: 'upgrade', upgrade: 'websocket' }
    expect(await server.ask({ path: MAPS, headers })).toMatchObject({ status: 200 })
    expect(await server.ask({ path: MAPS, headers: { ...headers, ...JANE } })).toMatchObject({ status: 403 })
  })

  it('has the warnings of its objects in its answer', async () => {
    const server = await world()
    const body = JSON.stringify({ metadata: { name: 'x' }, other: 1 })
    for (const [index, ask] of [server.ask, server.ask2].entries()) {
      const answer = await ask({
        method: 'POST',
        path: MAPS,
        headers: { ...ADMIN, 'content-type': 'application/json' },
        body: body.replace('"x"', `"x${index}"`),
      })
      expect(answer).toMatchObject({ status: 201, headers: { warning: '299 - "unknown field \\"other\\""' } })
    }
  })

  it.each([
    ['announced', { 'content-length': String(10_000_000) }],
    ['not announced', {}],
  ])('with a large body is refused before the end, the length %s', async (_, length) => {
    const server = await world()
    const sent = request({
      host: '127.0.0.1',
      port: server.port,
      ca: server.ca,
      method: 'POST',
      path: MAPS,
      headers: { ...ADMIN, 'content-type': 'application/json', ...length },
      agent: false,
    })
    const answered = once(sent, 'response')
    sent.on('error', () => {})
    // No more than a little over the limit is sent, so that only an early answer is one.
    sent.write(Buffer.alloc(3_145_729, 32))
    const [response] = (await answered) as [IncomingMessage]
    expect(response.statusCode).toBe(413)
    sent.destroy()
  })
})

describe('what is served', () => {
  it('is found in one discovery: objects and reviews', async () => {
    const server = await world({ tokens: [tokens] })
    const read = async (path: string): Promise<Record<string, unknown>> =>
      JSON.parse((await server.ask({ path, headers: ADMIN })).text) as Record<string, unknown>
    expect(await read('/apis')).toMatchObject({
      groups: [
        { name: 'authentication.k8s.io', preferredVersion: { version: 'v1' } },
        { name: 'authorization.k8s.io', preferredVersion: { version: 'v1' } },
        { name: 'certificates.k8s.io' },
        { name: 'coordination.k8s.io' },
        { name: 'rbac.authorization.k8s.io' },
      ],
    })
    expect(await read('/apis/authentication.k8s.io/v1')).toMatchObject({
      kind: 'APIResourceList',
      resources: [
        { name: 'tokenreviews', kind: 'TokenReview', namespaced: false, verbs: ['create'] },
        { name: 'selfsubjectreviews', verbs: ['create'] },
      ],
    })
  })

  it('has reviews, for those who may create them', async () => {
    const server = await world({ tokens: [tokens], audiences: ['api'] })
    const review = {
      method: 'POST',
      path: '/apis/authentication.k8s.io/v1/selfsubjectreviews',
      headers: { ...ADMIN, 'content-type': 'application/json' },
      body: '{}',
    }
    expect(JSON.parse((await server.ask(review)).text)).toMatchObject({
      status: { userInfo: { username: 'admin' } },
    })
    expect(await server.ask({ ...review, headers: { ...review.headers, ...JANE } })).toMatchObject({
      status: 403,
    })
    const body = JSON.stringify({ spec: { token: 'jane-token' } })
    const path = '/apis/authentication.k8s.io/v1/tokenreviews'
    expect(JSON.parse((await server.ask({ ...review, path, body })).text)).toMatchObject({
      status: { authenticated: true, user: { username: 'jane' }, audiences: ['api'] },
    })
  })

  it('is counted, also while it lasts, without what a client has made up', async () => {
    const server = await world({ metrics: metrics() })
    const watch = await started(server, `${MAPS}?watch=1`)
    for (const path of [MAPS, `${MAPS}/x`, '/api/v1/made-up', '/made-up']) {
      await server.ask({ path, headers: ADMIN })
    }
    const counted = async (): Promise<string> => (await server.ask({ path: '/metrics', headers: ADMIN })).text
    const maps = 'group="",version="v1",resource="configmaps",subresource=""'
    const text = await counted()
    expect(text).toContain(`apiserver_request_total{verb="LIST",${maps},scope="namespace",code="200"} 1\n`)
    expect(text).toContain(`apiserver_request_total{verb="GET",${maps},scope="resource",code="404"} 1\n`)
    expect(text).toContain(`apiserver_longrunning_requests{verb="WATCH",${maps},scope="namespace"} 1\n`)
    expect(text).toContain('apiserver_current_inflight_requests{request_kind="readOnly"} 1\n')
    expect(text).not.toContain('made-up')
    for (const name of ['process_cpu_seconds_total', 'process_open_fds', 'nodejs_eventloop_lag_seconds']) {
      expect(text).toMatch(new RegExp(`^${name} [\\d.e+-]+$`, 'm'))
    }
    watch.sent.destroy()
    await vi.waitFor(async () => {
      expect(await counted()).toContain(
        `apiserver_longrunning_requests{verb="WATCH",${maps},scope="namespace"} 0\n`,
      )
    })
  })

  it('may be metrics and the documents of an issuer', async () => {
    const document = { headers: { 'content-type': 'application/json' }, body: '{"issuer":"x"}' }
    const server = await world({
      metrics: metrics(),
      issuerDiscovery: {
        documentAt: (path) => (path === '/.well-known/openid-configuration' ? document : undefined),
      },
    })
    expect(await server.ask({ path: '/metrics', headers: ADMIN })).toMatchObject({
      status: 200,
      headers: { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' },
      text: expect.stringContaining('authentication_attempts'),
    })
    const path = '/.well-known/openid-configuration'
    expect(await server.ask({ path, headers: ADMIN })).toMatchObject({ status: 200, text: '{"issuer":"x"}' })
    expect(await server.ask({ path, headers: ADMIN, method: 'HEAD' })).toMatchObject({
      status: 200,
      text: '',
    })
    expect(await server.ask({ path, headers: ADMIN, method: 'POST' })).toMatchObject({ status: 405 })
    expect(await server.ask({ path: '/openid/v1/jwks', headers: ADMIN })).toMatchObject({ status: 404 })
  })
})

describe('a server that has too much to do', () => {
  /** Lets `count` requests of an authorizer wait until they are released. */
  function waiting(): {
    readonly authorizer: Authorizer
    readonly arrived: () => Promise<void>
    readonly release: () => void
  } {
    const queue: (() => void)[] = []
    const listeners: (() => void)[] = []
    return {
      authorizer: {
        name: 'slow',
        authorize: ({ path }) =>
          path === '/slow'
            ? new Promise((resolve) => {
                queue.push(() => resolve(allow()))
                listeners.shift()?.()
              })
            : allow(),
      },
      arrived: () => new Promise((resolve) => void listeners.push(resolve)),
      release: () => {
        for (const each of queue.splice(0)) each()
      },
    }
  }

  it('refuses with 429 what exceeds the limit, but for the privileged group', async () => {
    const slow = waiting()
    const server = await world({ authorizer: slow.authorizer, maxRequestsInFlight: 1 })
    const arrived = slow.arrived()
    const first = server.ask({ path: '/slow', headers: JANE })
    await arrived
    const refused = await server.ask({ path: '/other', headers: JANE })
    expect(refused).toMatchObject({ status: 429, headers: { 'retry-after': '1' } })
    const master = { authorization: 'Bearer master-token' }
    expect(await server.ask({ path: '/other', headers: master })).toMatchObject({ status: 404 })
    slow.release()
    await first
    expect(await server.ask({ path: '/other', headers: JANE })).toMatchObject({ status: 404 })
  })

  it('lets others write while a user without any role sends bodies that never come', async () => {
    const own = '/apis/authentication.k8s.io/v1/selfsubjectreviews'
    const server = await world({
      maxMutatingRequestsInFlight: 8,
      authorizer: {
        name: 'reviews of oneself',
        authorize: (asked, context) => (asked.path === own ? allow() : policy.authorize(asked, context)),
      },
    })
    const { port, ca } = server
    const headers = { ...JANE, 'content-type': 'application/json', 'content-length': '10' }
    const all = Array.from({ length: 12 }, () => {
      const sent = request({ host: '127.0.0.1', port, ca, path: own, method: 'POST', headers, agent: false })
      sent.on('error', () => undefined).flushHeaders()
      return sent
    })
    const refused = await Promise.race(
      all.map(async (sent) => (await once(sent, 'response')) as [IncomingMessage]),
    )
    expect(refused[0].statusCode).toBe(429)
    const map = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { generateName: 'x-' } }
    for (let count = 0; count < 4; count++) {
      const body = JSON.stringify(map)
      const json = { ...ADMIN, 'content-type': 'application/json' }
      expect(await server.ask({ path: MAPS, method: 'POST', headers: json, body })).toMatchObject({
        status: 201,
      })
    }
    for (const sent of all) sent.destroy()
  })

  it('ends what takes too long with 504, and what it waits for', async () => {
    const clock = fixedClock()
    const signals: AbortSignal[] = []
    const { arrived, arrive } = arrival()
    const server = await world({
      clock,
      requestTimeoutSeconds: 30,
      authorizer: {
        name: 'stuck',
        authorize: (_, { signal }) => {
          if (signal !== undefined) signals.push(signal)
          arrive()
          return new Promise(() => {})
        },
      },
    })
    const answered = server.ask({ path: MAPS, headers: ADMIN })
    await arrived
    clock.advance(29_999)
    expect(signals[0]?.aborted).toBe(false)
    clock.advance(1)
    expect(JSON.parse((await answered).text)).toEqual({
      kind: 'Status',
      apiVersion: 'v1',
      metadata: {},
      status: 'Failure',
      message: 'Timeout: request did not complete within the allotted timeout',
      reason: 'Timeout',
      details: {},
      code: 504,
    })
    expect(signals[0]?.aborted).toBe(true)
  })

  it('gives what asks only when the request is over a signal that is aborted', async () => {
    const clock = fixedClock()
    let given: Pick<Context, 'signal'> | undefined
    const { arrived, arrive } = arrival()
    const server = await world({
      clock,
      requestTimeoutSeconds: 30,
      authorizer: {
        name: 'stuck',
        authorize(_, context) {
          given = context
          arrive()
          return new Promise(() => {})
        },
      },
    })
    const answered = server.ask({ path: MAPS, headers: ADMIN })
    await arrived
    clock.advance(30_000)
    expect(await answered).toMatchObject({ status: 504 })
    expect(given?.signal).toMatchObject({ aborted: true, reason: { name: 'AbortError' } })
  })

  it('is over after that: a user and a warning that come later are dropped without an error', async () => {
    const clock = fixedClock()
    const { arrived, arrive } = arrival()
    let answerLate = (): void => {}
    let isStuck = false
    const admin = { user: fakeUser({ username: 'admin' }) }
    const lines: string[] = []
    const server = await world({
      clock,
      requestTimeoutSeconds: 30,
      log: (line) => lines.push(line.message),
      authenticator: {
        name: 'slow-at-first',
        authenticate(_, context) {
          if (isStuck) return admin
          isStuck = true
          arrive()
          return new Promise((resolve) => {
            answerLate = () => {
              context.warn?.('late')
              resolve(admin)
            }
          })
        },
      },
    })
    const answered = server.ask({ path: MAPS })
    await arrived
    clock.advance(30_000)
    expect(await answered).toMatchObject({ status: 504 })
    const before = [...lines]
    answerLate()
    expect(await server.ask({ path: MAPS })).toMatchObject({ status: 200 })
    expect(lines).toEqual(before)
  })

  it('leaves no timer behind', async () => {
    const clock = fixedClock()
    const server = await world({ clock })
    const before = clock.pending
    await server.ask({ path: MAPS, headers: ADMIN })
    await server.ask({ path: MAPS, headers: {} })
    expect(clock.pending).toBe(before)
  })
})

it('is refused where client certificates cannot be seen', async () => {
  const { caPem } = await createPki()
  const byCertificate = authenticatorChain({ requests: [clientCertificate({ ca: caPem })] })
  const options = {
    store: memoryObjectStore(),
    authenticator: byCertificate,
    authorizer: rbac(parseRbac('')),
  }
  vi.stubGlobal('Bun', {})
  await expect(apiServer(options)).rejects.toThrow('needs the certificates of TLS peers')
  vi.unstubAllGlobals()
  await (await apiServer(options)).close()
})

describe('what fails unexpectedly', () => {
  it('is a 500 without a cause, which is in the log', async () => {
    const lines: string[] = []
    const store = memoryObjectStore()
    const server = await world({ store, log: (entry) => void lines.push(entry.message) })
    const cause = new Error('disk on fire at https://a:pw@host/x?q=secret\nnext line')
    Object.assign(store, {
      list: () => Promise.reject(cause),
      revision: () => Promise.reject(cause),
    })
    const answer = await server.ask({ path: `${MAPS}?limit=5`, headers: ADMIN })
    expect(JSON.parse(answer.text)).toMatchObject({ kind: 'Status', code: 500, reason: 'InternalError' })
    expect(answer.text).not.toMatch(/disk|api-server|node:/)
    expect(await server.ask({ path: '/healthz' })).toMatchObject({
      status: 500,
      text: '[+]ping ok\n[-]store failed: reason withheld\nhealthz check failed\n',
    })
    await expect
      .poll(() => lines)
      .toEqual([
        `kube-authn: 500 GET ${MAPS}: disk on fire at https://host/x?... next line [KUBE_AUTHN_SERVER]`,
        'kube-authn: the health check store failed: disk on fire at https://host/x?... next line [KUBE_AUTHN_SERVER]',
      ])
  })
})

describe('a watch', () => {
  const WATCH = '/api/v1/namespaces?watch=1'

  it('flows, and ends when its client leaves', async () => {
    const ended: string[] = []
    const store = memoryObjectStore()
    const observed: ObjectStore = {
      ...store,
      async *watch(...given) {
        try {
          yield* store.watch(...given)
        } finally {
          ended.push('watch')
        }
      },
    }
    const server = await world({ store: observed })
    const { response, sent } = await started(server, WATCH)
    expect(response.statusCode).toBe(200)
    const [first] = (await once(response, 'data')) as [Buffer]
    expect(JSON.parse(first.toString().split('\n')[0] ?? '')).toMatchObject({ type: 'ADDED' })
    sent.destroy()
    await expect.poll(() => ended).toEqual(['watch'])
  })

  it('ends with the server, over HTTP/1 and HTTP/2, and so do idle sessions', async () => {
    const server = await world()
    const { response } = await started(server, WATCH)
    const session = connect(`https://127.0.0.1:${server.port}`, { ca: server.ca })
    const stream = session.request({ ':path': WATCH, ...ADMIN })
    await Promise.all([once(response, 'data'), once(stream, 'data')])
    const over = Promise.all([once(response, 'end'), once(stream, 'end'), once(session, 'close')])
    response.resume()
    stream.resume()
    await server.api.close()
    expect(await over).toHaveLength(3)
  })

  it('that crosses the end of another one on its connection begins, and ends whole', async () => {
    const store = memoryObjectStore()
    const { arrived: released, arrive: release } = arrival()
    let running = 0
    const server = await world({
      store: {
        ...forwardedStore(store),
        async *watch(prefix, options) {
          await released
          yield* store.watch(prefix, options)
        },
      },
      observer: (event) => {
        if (event.type === 'longRunningRequest') running += event.change
      },
    })
    const client = connectTls({ host: '127.0.0.1', port: server.port, ca: server.ca })
    onTestFinished(() => void client.destroy())
    const send = (path: string): boolean =>
      client.write(`GET ${path} HTTP/1.1\r\nHost: a\r\nAuthorization: ${ADMIN.authorization}\r\n\r\n`)
    let received = ''
    client.setEncoding('utf8').on('data', (data) => (received += String(data)))
    send(WATCH)
    await once(client, 'data')
    const closed = server.api.close()
    await vi.waitFor(async () => expect((await server.ask({ path: MAPS, headers: ADMIN })).status).toBe(503))
    send(WATCH)
    await vi.waitFor(() => expect(running).toBe(2))
    release()
    await once(client, 'close')
    await closed
    expect(received.match(/^HTTP\/1.1 \d+|connection: .*(?=\r)|^0(?=\r)/gim)).toEqual([
      'HTTP/1.1 200',
      'Connection: keep-alive',
      '0',
      'HTTP/1.1 200',
      'connection: close',
      '0',
    ])
  })

  it('ends with its connection when the server closes, and idle connections end too', async () => {
    const server = await world()
    const agent = new Agent({ keepAlive: true, ca: server.ca })
    onTestFinished(() => agent.destroy())
    const begin = async (path: string): Promise<IncomingMessage> => {
      const sent = request({ host: '127.0.0.1', port: server.port, path, headers: ADMIN, agent }).end()
      const [response] = (await once(sent, 'response')) as [IncomingMessage]
      expect(response.headers.connection).not.toBe('close')
      response.resume()
      return response
    }
    const [watch] = await Promise.all([begin(WATCH), begin('/version')])
    const idle = (): readonly Socket[] => Object.values(agent.freeSockets).flatMap((each) => each ?? [])
    await expect.poll(idle).toHaveLength(1)
    const closed = Promise.all([watch.socket, ...idle()].map((socket) => once(socket, 'close')))
    await server.api.close()
    await closed
    expect(watch.complete).toBe(true)
  })
})

describe('a server that closes', () => {
  it('fails readyz first, then refuses, and waits for what is running', async () => {
    const clock = fixedClock()
    let finish = (): void => {}
    const { arrived, arrive } = arrival()
    const authorizer: Authorizer = {
      name: 'slow',
      authorize: ({ path }) =>
        path === '/slow'
          ? new Promise((resolve) => {
              finish = () => resolve(noOpinion())
              arrive()
            })
          : allow(),
    }
    const server = await world({ clock, authorizer, shutdownDelaySeconds: 5, shutdownGraceSeconds: 10 })
    const slow = server.ask({ path: '/slow', headers: ADMIN })
    await arrived
    const events: string[] = []
    const closing = server.api.close().then(() => events.push('closed'))
    expect(server.api.close()).toBe(server.api.close())

    const readyz = await server.ask({ path: '/readyz', headers: ADMIN })
    expect(readyz).toMatchObject({
      status: 500,
      text: expect.stringContaining('[-]shutdown failed: reason withheld'),
    })
    expect(await server.ask({ path: '/livez', headers: ADMIN })).toMatchObject({ status: 200 })
    expect(await server.ask({ path: MAPS, headers: ADMIN })).toMatchObject({ status: 200 })

    await clock.advanceAsync(5000)
    expect(await server.ask({ path: MAPS, headers: ADMIN })).toMatchObject({
      status: 503,
      headers: { 'retry-after': '1', connection: 'close' },
    })
    expect(await server.ask({ path: '/livez', headers: ADMIN })).toMatchObject({ status: 200 })
    expect(events).toEqual([])
    finish()
    expect(await slow).toMatchObject({ status: 403 })
    await closing
    expect(events).toEqual(['closed'])
  })

  it('does not wait longer than its grace', async () => {
    const clock: Clock & { advanceAsync(milliseconds: number): Promise<void> } = fixedClock()
    const { arrived, arrive } = arrival()
    const stuck: Authorizer = {
      name: 'stuck',
      authorize: () => {
        arrive()
        return new Promise(() => {})
      },
    }
    const server = await world({ clock, authorizer: stuck, shutdownGraceSeconds: 10 })
    const answered = server.ask({ path: MAPS, headers: ADMIN }).catch(() => 'gone')
    await arrived
    const closed = server.api.close()
    await clock.advanceAsync(10_000)
    await closed
    await clock.advanceAsync(60_000)
    expect(await answered).toMatchObject({ status: 504 })
  })
})

it.each([
  [{}, 'store: is required'],
  [{ authorizer: {} }, 'authorizer: must be an authorizer'],
  [
    { healthChecks: [{ name: 'ping', check() {} }] },
    'healthChecks[0].name: must not be the name of another check',
  ],
  [{ healthChecks: [{ name: 'a b', check() {} }] }, 'healthChecks[0].name: must consist of'],
  [
    {
      healthChecks: [
        { name: 'a', check() {} },
        { name: 'a', check() {} },
      ],
    },
    'healthChecks[1].name: must not be',
  ],
  [{ alwaysAllowPaths: ['/a*b'] }, 'only trailing * allowed'],
  [{ requestTimeoutSeconds: 0 }, 'requestTimeoutSeconds: must be'],
  [{ maxRequestsInFlight: -1 }, 'maxRequestsInFlight: must be'],
  [{ issuerDiscovery: {} }, 'issuerDiscovery: must be'],
  [{ port: 1 }, 'port: unknown option'],
])('refuses %j', async (options, problem) => {
  const least = problem.startsWith('store')
    ? {}
    : { store: memoryObjectStore(), authenticator, authorizer: policy }
  await expect(apiServer({ ...least, ...options } as never)).rejects.toThrow(problem)
})
