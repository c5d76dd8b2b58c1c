import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer, request as httpsRequest, type Server } from 'node:https'
import type { IncomingMessage } from 'node:http'
import { join } from 'node:path'
import type { Socket } from 'node:net'
import { createPki } from '@kube-authn/testing'
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest'
import { WebSocketServer } from 'ws'
import { COMMAND, folderOf } from '../../packages/server/test/command.ts'
import { type Served, startServeProcess } from '../../packages/server/test/served.ts'
import { PATIENCE_MS } from '../patience.ts'
import { binaryOf } from '../runtimes/binaries.mjs'
import { spdyCat } from './spdy-cat.ts'

interface Result {
  readonly stdout: string
  readonly stderr: string
  readonly exitCode: number
}

interface StartedProxy {
  readonly server: string
  readonly ca: string
  readonly pid: number
}

const RELEASES = ['1.29', '1.32', '1.35'] as const

/** The rights of the proxy's user, as in docs/proxy.md. */
const RIGHTS = {
  apiVersion: 'v1',
  kind: 'List',
  items: [
    {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRole',
      metadata: { name: 'impersonating-proxy' },
      rules: [
        { apiGroups: [''], resources: ['users', 'groups'], verbs: ['impersonate'] },
        {
          apiGroups: ['authentication.k8s.io'],
          resources: ['uids', 'userextras/scopes'],
          verbs: ['impersonate'],
        },
      ],
    },
    {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRoleBinding',
      metadata: { name: 'impersonating-proxy' },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'impersonating-proxy' },
      subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: 'the-proxy' }],
    },
    {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRole',
      metadata: { name: 'configmaps' },
      rules: [{ apiGroups: [''], resources: ['configmaps'], verbs: ['*'] }],
    },
    {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRoleBinding',
      metadata: { name: 'developers' },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'configmaps' },
      subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'Group', name: 'developers' }],
    },
  ],
}

/** In the proxy: joe may act as jane in the group of developers, to read (KEP-5284). */
const MAY_LIST_AS_JANE = {
  apiVersion: 'v1',
  kind: 'List',
  items: [
    {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRole',
      metadata: { name: 'read-as-jane' },
      rules: [
        {
          apiGroups: ['authentication.k8s.io'],
          resources: ['users', 'groups'],
          resourceNames: ['jane', 'developers'],
          verbs: ['impersonate:user-info'],
        },
        {
          apiGroups: [''],
          resources: ['configmaps'],
          verbs: ['impersonate-on:user-info:list', 'impersonate-on:user-info:get'],
        },
        {
          nonResourceURLs: ['/api', '/api/*', '/apis', '/apis/*'],
          verbs: ['impersonate-on:user-info:get'],
        },
      ],
    },
    {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRoleBinding',
      metadata: { name: 'read-as-jane' },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'read-as-jane' },
      subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: 'joe' }],
    },
  ],
}

/** Of users that the cluster does not know. */
const USERS = 'jane-token,jane,1,"developers"\njoe-token,joe,2,"guests"\nroot-token,root,3,"system:masters"\n'

/** Starts the command, and waits until it is there. */
async function startProxy(
  args: readonly string[],
  hosts: readonly string[] = ['127.0.0.1'],
): Promise<StartedProxy> {
  const pki = await createPki()
  const { chainPem, privateKeyPem } = await pki.issueServer({ hosts: [...hosts] })
  const folder = folderOf({ 'tls.crt': chainPem, 'tls.key': privateKeyPem, 'users.csv': USERS })
  const child = spawn(
    process.execPath,
    [
      COMMAND,
      'proxy',
      '--secure-port=0',
      '--output=json',
      `--tls-cert-file=${join(folder, 'tls.crt')}`,
      `--tls-private-key-file=${join(folder, 'tls.key')}`,
      `--token-auth-file=${join(folder, 'users.csv')}`,
      ...args,
    ],
    { env: { PATH: process.env['PATH'] ?? '' }, stdio: ['ignore', 'pipe', 'inherit'] },
  )
  onTestFinished(() => void child.kill('SIGKILL'))
  child.stdout.setEncoding('utf8')
  const [line] = (await once(child.stdout, 'data')) as [string]
  const { server } = JSON.parse(line) as { server: string }
  return { server, ca: pki.caPem, pid: child.pid ?? 0 }
}

/** A cluster whose RBAC knows the groups of the users, and a proxy to it. */
async function clusterWithProxy(
  args: readonly string[] = [],
): Promise<{ readonly served: Served; readonly proxy: StartedProxy }> {
  const folder = folderOf({ 'tokens.csv': 'proxy-token,the-proxy,9\n', token: 'proxy-token' })
  const served = await startServeProcess([`--token-auth-file=${join(folder, 'tokens.csv')}`])
  for (const item of RIGHTS.items) {
    const path = item.kind === 'ClusterRole' ? 'clusterroles' : 'clusterrolebindings'
    const made = await served.admin(`/apis/rbac.authorization.k8s.io/v1/${path}`, {
      method: 'POST',
      body: item,
    })
    expect(made.status).toBe(201)
  }
  const proxy = await startProxy([
    `--upstream=${served.server}`,
    `--upstream-ca-file=${join(served.dataDir, 'pki/ca.crt')}`,
    `--upstream-token-file=${join(folder, 'token')}`,
    ...args,
  ])
  return { served, proxy }
}

interface KubectlOptions {
  readonly input?: string
  readonly env?: Readonly<Record<string, string>>
  /** Ends it. */
  readonly signal?: AbortSignal
  /** Is called with each part of what it prints. */
  readonly onOutput?: (text: string) => void
}

async function kubectl(
  release: string,
  { server, ca }: StartedProxy,
  token: string,
  args: readonly string[],
  { input = '', env = {}, signal, onOutput = () => undefined }: KubectlOptions = {},
): Promise<Result> {
  const command = await binaryOf(`kubectl-${release}`)
  const folder = folderOf({ 'ca.crt': ca })
  return new Promise((resolve) => {
    const child = execFile(
      command,
      [
        '--kubeconfig=/dev/null',
        `--server=${server}`,
        `--certificate-authority=${join(folder, 'ca.crt')}`,
        `--token=${token}`,
        ...args,
      ],
      {
        env: { PATH: process.env['PATH'] ?? '', HOME: folder, ...env },
        timeout: PATIENCE_MS,
        maxBuffer: 1e8,
        ...(signal !== undefined && { signal }),
      },
      (error, stdout, stderr) =>
        resolve({ stdout, stderr, exitCode: typeof error?.code === 'number' ? error.code : error ? -1 : 0 }),
    )
    child.stdout?.on('data', onOutput)
    child.stdin?.on('error', () => {})
    child.stdin?.end(input)
  })
}

describe.each(RELEASES)('kubectl %s through kube-authn proxy', (release) => {
  it('acts as a user that the cluster does not know', async () => {
    const { served, proxy } = await clusterWithProxy()
    const as = (token: string, args: readonly string[], input = ''): Promise<Result> =>
      kubectl(release, proxy, token, args, { input })

    const whoami = await as('jane-token', ['auth', 'whoami', '-o', 'json'])
    expect(whoami.stderr).toBe('')
    expect(JSON.parse(whoami.stdout)).toMatchObject({
      status: { userInfo: { username: 'jane', uid: '1', groups: ['developers', 'system:authenticated'] } },
    })
    const map = (value: string): string =>
      JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a' }, data: { value } })
    expect((await as('jane-token', ['apply', '-f', '-'], map('1'))).stdout).toBe('configmap/a created\n')
    expect((await as('jane-token', ['apply', '-f', '-'], map('2'))).stdout).toBe('configmap/a configured\n')
    expect((await as('jane-token', ['get', 'configmap', 'a', '-o', 'jsonpath={.data.value}'])).stdout).toBe(
      '2',
    )

    // Two users see different things.
    const forbidden = await as('joe-token', ['get', 'configmaps'])
    expect(forbidden.stderr).toContain('User "joe" cannot list resource "configmaps"')
    expect((await as('root-token', ['get', '--raw', '/version'])).stderr).toContain(
      'users in the group system:masters do not pass this proxy',
    )
    expect((await as('wrong', ['get', 'configmaps'])).stderr).toContain('You must be logged in')
    expect((await as('jane-token', ['--as=joe', 'get', 'configmaps'])).stderr).toMatch(
      /cannot impersonate|Forbidden/,
    )
    expect((await as('jane-token', ['delete', 'configmap', 'a'])).stdout).toContain('deleted')
    await served.stop()
    expect((await as('jane-token', ['get', '--raw', '/api'])).stderr).toContain(
      'the upstream API server cannot be reached',
    )
  })

  it('acts as another user where the roles of the proxy allow it, and only for what they allow', async () => {
    const roles = folderOf({ 'roles.json': JSON.stringify(MAY_LIST_AS_JANE) })
    const { proxy } = await clusterWithProxy([`--impersonation-rbac=${roles}`])
    const asJane = (args: readonly string[], input = ''): Promise<Result> =>
      kubectl(release, proxy, 'joe-token', ['--as=jane', '--as-group=developers', ...args], { input })

    expect(await asJane(['get', 'configmaps', '-o', 'name'])).toMatchObject({ exitCode: 0 })
    const map = '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"b"}}'
    expect((await asJane(['create', '--validate=false', '-f', '-'], map)).stderr).toContain(
      'cannot impersonate',
    )
    const other = await kubectl(release, proxy, 'joe-token', [
      '--as=root',
      'get',
      '--raw',
      '/api/v1/namespaces/default/configmaps',
    ])
    expect(other.stderr).toContain('cannot impersonate')
  })

  it('watches for changes', async () => {
    const { served, proxy } = await clusterWithProxy()
    const create = (name: string): Promise<Response> =>
      served.admin('/api/v1/namespaces/default/configmaps', {
        method: 'POST',
        body: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name } },
      })
    await create('listed')
    const ending = new AbortController()
    let seen = ''
    const watching = kubectl(release, proxy, 'jane-token', ['get', 'configmaps', '--watch', '-o', 'name'], {
      signal: ending.signal,
      onOutput: (text) => (seen += text),
    })
    // It watches from the version that it has listed.
    await vi.waitFor(() => expect(seen).toContain('configmap/listed'))
    await create('seen')
    await vi.waitFor(() => expect(seen).toContain('configmap/seen'))
    ending.abort()
    await watching
  })

  it.each([
    ['SPDY/3.1', 'false'],
    ['websocket', 'true'],
  ])('executes in a pod by %s, and follows its log', async (protocol, isWebSocket) => {
    const upstream = await podServer()
    const folder = folderOf({ 'ca.crt': upstream.ca, token: 'own' })
    const proxy = await startProxy([
      `--upstream=https://127.0.0.1:${upstream.port}`,
      `--upstream-ca-file=${join(folder, 'ca.crt')}`,
      `--upstream-token-file=${join(folder, 'token')}`,
    ])
    const env = { KUBECTL_REMOTE_COMMAND_WEBSOCKETS: isWebSocket }
    const input = `${'x'.repeat(100_000)}end`
    const executed = await kubectl(release, proxy, 'jane-token', ['exec', '-i', 'pod', '--', 'cat'], {
      input,
      env,
    })
    expect({ ...executed, stdout: executed.stdout.length }).toEqual({
      stdout: input.length,
      stderr: '',
      exitCode: 0,
    })
    expect(executed.stdout === input).toBe(true)
    expect(upstream.users).toEqual(new Set(['jane']))
    expect(upstream.protocols).toEqual(new Set([protocol]))
    const logs = await kubectl(release, proxy, 'jane-token', ['logs', '-f', 'pod'])
    expect(logs.stdout).toBe('line 1\nline 2\nline 3\n')
  })
})

/** A server with one pod, of which `cat` and a log of three lines can be had. */
async function podServer(): Promise<{
  readonly port: number
  readonly ca: string
  readonly users: Set<string>
  /** To which connections have switched. */
  readonly protocols: Set<string>
}> {
  const pki = await createPki()
  const { chainPem, privateKeyPem } = await pki.issueServer({ hosts: ['127.0.0.1'] })
  const users = new Set<string>()
  const protocols = new Set<string>()
  const pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'pod', namespace: 'default' },
    spec: { containers: [{ name: 'main', image: 'cat' }] },
    status: { phase: 'Running' },
  }
  const server = createServer({ cert: chainPem, key: privateKeyPem }, (message, response) => {
    users.add(String(message.headers['impersonate-user']))
    if (message.url?.includes('/log') === true) {
      response.writeHead(200, { 'Content-Type': 'text/plain' })
      let line = 0
      const timer = setInterval(() => {
        response.write(`line ${++line}\n`)
        if (line < 3) return
        clearInterval(timer)
        response.end()
      }, 100)
      return
    }
    const documents: Readonly<Record<string, object>> = {
      '/api': { kind: 'APIVersions', versions: ['v1'] },
      '/apis': { kind: 'APIGroupList', apiVersion: 'v1', groups: [] },
      '/api/v1': {
        kind: 'APIResourceList',
        apiVersion: 'v1',
        groupVersion: 'v1',
        resources: [
          { name: 'pods', singularName: 'pod', namespaced: true, kind: 'Pod', verbs: ['get', 'list'] },
        ],
      },
    }
    const [path = ''] = (message.url ?? '').split('?')
    response.writeHead(200, { 'Content-Type': 'application/json' })
    response.end(JSON.stringify(documents[path] ?? pod))
  })
  const sockets = new WebSocketServer({ noServer: true, handleProtocols: () => 'v5.channel.k8s.io' })
  server.on('upgrade', (message: IncomingMessage, socket: Socket, head: Buffer) => {
    users.add(String(message.headers['impersonate-user']))
    protocols.add(String(message.headers.upgrade))
    if (message.headers.upgrade === 'SPDY/3.1') {
      spdyCat(socket, head)
      return
    }
    sockets.handleUpgrade(message, socket, head, (webSocket) => {
      webSocket.on('message', (data: Buffer) => {
        // 0 is stdin, 1 stdout, 3 the status, 255 closes a channel: remotecommand v5.
        if (data[0] === 0) webSocket.send(Buffer.concat([Buffer.from([1]), data.subarray(1)]))
        if (data[0] !== 255) return
        webSocket.send(Buffer.concat([Buffer.from([3]), Buffer.from('{"metadata":{},"status":"Success"}')]))
        webSocket.close(1000)
      })
    })
  })
  await listenUntilFinished(server)
  return { port: portOf(server), ca: pki.caPem, users, protocols }
}

async function listenUntilFinished(server: Server): Promise<void> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.close()
    server.closeAllConnections()
  })
}

function portOf(server: Server): number {
  const address = server.address()
  return typeof address === 'object' && address !== null ? address.port : 0
}

/** The memory of a process in MiB. */
function residentMebibytes(pid: number): number {
  return Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024
}

describe('under load', () => {
  let upstream: Server
  let ca: string
  const open = new Set<Socket>()

  beforeAll(async () => {
    const pki = await createPki()
    ca = pki.caPem
    const { chainPem, privateKeyPem } = await pki.issueServer({ hosts: ['127.0.0.1'] })
    upstream = createServer({ cert: chainPem, key: privateKeyPem }, (message, response) => {
      if (message.url === '/watch?watch=1') response.write('{}\n')
      else message.pipe(response)
    })
    upstream.on('connection', (socket: Socket) => {
      open.add(socket)
      socket.once('close', () => open.delete(socket))
    })
    upstream.listen(0, '127.0.0.1')
    await once(upstream, 'listening')
  })
  afterAll(() => {
    upstream.close()
    upstream.closeAllConnections()
  })

  const start = (): Promise<StartedProxy> => {
    const folder = folderOf({ 'ca.crt': ca, token: 'own' })
    return startProxy([
      `--upstream=https://127.0.0.1:${portOf(upstream)}`,
      `--upstream-ca-file=${join(folder, 'ca.crt')}`,
      `--upstream-token-file=${join(folder, 'token')}`,
    ])
  }
  const call = (proxy: StartedProxy, path: string, method = 'GET'): ReturnType<typeof httpsRequest> =>
    httpsRequest(`${proxy.server}${path}`, {
      ca: proxy.ca,
      method,
      agent: false,
      headers: { authorization: 'Bearer jane-token' },
    })

  it('100 MB flow in both directions at once, in little memory', async () => {
    const proxy = await start()
    const warm = call(proxy, '/echo', 'POST')
    warm.end(Buffer.alloc(8_000_000))
    const [first] = (await once(warm, 'response')) as [IncomingMessage]
    for await (const _ of first) void _
    const before = residentMebibytes(proxy.pid)
    let most = before
    const timer = setInterval(() => (most = Math.max(most, residentMebibytes(proxy.pid))), 20)
    onTestFinished(() => clearInterval(timer))
    const request = call(proxy, '/echo', 'POST')
    const chunk = Buffer.alloc(1_000_000, 'x')
    void (async () => {
      for (let sent = 0; sent < 100; sent++) if (!request.write(chunk)) await once(request, 'drain')
      request.end()
    })()
    const [response] = (await once(request, 'response')) as [IncomingMessage]
    let size = 0
    for await (const part of response) size += (part as Buffer).length
    expect(size).toBe(100_000_000)
    console.log(
      `100 MB each way: resident memory ${before.toFixed(0)} MiB before, ${most.toFixed(0)} MiB at most`,
    )
    expect(most - before).toBeLessThan(60)
  })

  it('500 watches at a time, which end when the upstream is killed, and begin again when it is back', async () => {
    const proxy = await start()
    const watch = async (): Promise<IncomingMessage> => {
      const request = call(proxy, '/watch?watch=1')
      request.end()
      const [response] = (await once(request, 'response')) as [IncomingMessage]
      response.on('error', () => {})
      await once(response, 'data')
      return response
    }
    const watches = await Promise.all(Array.from({ length: 500 }, watch))
    expect(watches.every(({ statusCode }) => statusCode === 200)).toBe(true)
    const ended = watches.map((each) => new Promise((resolve) => each.once('close', resolve)))
    const port = portOf(upstream)
    upstream.close()
    for (const socket of open) socket.destroy()
    await Promise.all(ended)
    expect(watches.some(({ complete }) => complete)).toBe(false)
    const failed = call(proxy, '/watch?watch=1')
    failed.end()
    const [refused] = (await once(failed, 'response')) as [IncomingMessage]
    expect(refused.resume().statusCode).toBe(502)
    upstream.listen(port, '127.0.0.1')
    await once(upstream, 'listening')
    expect((await watch()).destroy().statusCode).toBe(200)
  })
})
