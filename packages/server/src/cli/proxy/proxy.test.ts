import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer, request, type Server } from 'node:https'
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import { createServer as createTcpServer, type Socket } from 'node:net'
import { join } from 'node:path'
import { createPki } from '@kube-authn/testing'
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { COMMAND, folderOf, run } from '../../../test/command.ts'

let files: Readonly<Record<string, string>> = {}
let ca = ''

const ROLES = JSON.stringify({
  apiVersion: 'v1',
  kind: 'List',
  items: [
    {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRole',
      metadata: { name: 'as-joe' },
      rules: [
        { apiGroups: [''], resources: ['users'], resourceNames: ['joe'], verbs: ['impersonate'] },
        { nonResourceURLs: ['/allowed'], verbs: ['get'] },
      ],
    },
    {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRoleBinding',
      metadata: { name: 'as-joe' },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'as-joe' },
      subjects: ['jane', 'joe'].map((name) => ({
        apiGroup: 'rbac.authorization.k8s.io',
        kind: 'User',
        name,
      })),
    },
  ],
})

beforeAll(async () => {
  const pki = await createPki()
  const { chainPem, privateKeyPem } = await pki.issueServer({ hosts: ['127.0.0.1'] })
  ca = pki.caPem
  files = {
    'tls.crt': chainPem,
    'tls.key': privateKeyPem,
    'ca.crt': ca,
    token: 'own-token\n',
    'users.csv': 'jane-token,jane,1,"dev,ops"\n',
    'roles.yaml': ROLES,
  }
})

const TLS = ['--tls-cert-file=tls.crt', '--tls-private-key-file=tls.key', '--token-auth-file=users.csv']

/** An API server that keeps the headers of its requests. */
async function upstream(
  listener: RequestListener = (_, response) => response.end('ok'),
): Promise<{ readonly url: string; readonly received: IncomingMessage[]; readonly server: Server }> {
  const received: IncomingMessage[] = []
  const server = createServer({ cert: files['tls.crt'], key: files['tls.key'] }, (message, response) => {
    received.push(message)
    listener(message, response)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.close()
    server.closeAllConnections()
  })
  const address = server.address()
  return { received, server, url: `https://127.0.0.1:${typeof address === 'object' ? address?.port : 0}` }
}

/** A proxy that also answers monitors, at `port`. */
async function monitored(url: string, ...further: readonly string[]) {
  const port = await freePort()
  const upstreamArgs = [`--upstream=${url}`, '--upstream-ca-file=ca.crt', '--upstream-token-file=token']
  const proxy = await started(folderOf(files), [...upstreamArgs, `--healthz-port=${port}`, ...further])
  return { port, proxy }
}

async function started(
  cwd: string,
  args: readonly string[],
): Promise<{ readonly server: string; readonly stop: () => Promise<number | null> }> {
  const child = spawn(
    process.execPath,
    [COMMAND, 'proxy', '--secure-port=0', '--output=json', ...TLS, ...args],
    {
      cwd,
      env: { PATH: process.env['PATH'] ?? '' },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  )
  onTestFinished(() => void child.kill('SIGKILL'))
  let log = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => (log += text))
  const ended = once(child, 'exit').then(() => {
    throw new Error(`it ended: ${log}`)
  })
  const [line] = (await Promise.race([once(child.stdout.setEncoding('utf8'), 'data'), ended])) as [string]
  const { server } = JSON.parse(line) as { readonly server: string }
  return {
    server,
    async stop() {
      child.kill('SIGTERM')
      await once(child, 'exit')
      return child.exitCode
    },
  }
}

async function freePort(): Promise<number> {
  const server = createTcpServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  return typeof address === 'object' && address !== null ? address.port : 0
}

async function call(
  url: string,
  headers: Record<string, string> = { authorization: 'Bearer jane-token' },
): Promise<number> {
  const sent = request(url, { ca, headers, agent: false })
  sent.end()
  const [response] = (await once(sent, 'response')) as [IncomingMessage]
  response.resume()
  return response.statusCode ?? 0
}

function credential(token: string): object {
  return { apiVersion: 'client.authentication.k8s.io/v1', kind: 'ExecCredential', status: { token } }
}

/** Prints another token at each run. */
const COUNTING = `echo >> runs; printf '${JSON.stringify(credential('token-%d'))}' $(wc -l < runs)`

function kubeconfigWithPlugin(url: string, command: string, args: readonly string[]): string {
  const exec = {
    apiVersion: 'client.authentication.k8s.io/v1',
    command,
    args,
    interactiveMode: 'Never',
  }
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'a', cluster: { server: url, 'certificate-authority': 'ca.crt' } }],
    users: [{ name: 'u', user: { exec } }],
    contexts: [{ name: 'c', context: { cluster: 'a', user: 'u' } }],
    'current-context': 'c',
  })
}

describe('kube-authn proxy', () => {
  it('forwards requests as their users, with the token of a file, and stops in order', async () => {
    const { url, received } = await upstream()
    const cwd = folderOf(files)
    const proxy = await started(cwd, [
      `--upstream=${url}`,
      '--upstream-ca-file=ca.crt',
      '--upstream-token-file=token',
      '--audit-log-path=audit.log',
    ])
    expect(await call(`${proxy.server}/api?x=1`)).toBe(200)
    expect(received[0]?.headers).toMatchObject({
      authorization: 'Bearer own-token',
      'impersonate-user': 'jane',
      'impersonate-group': 'dev, ops',
    })
    expect(received[0]?.url).toBe('/api?x=1')
    expect(await call(`${proxy.server}/api`, {})).toBe(401)
    expect(
      await call(`${proxy.server}/api`, { authorization: 'Bearer jane-token', 'impersonate-user': 'joe' }),
    ).toBe(403)
    expect(received).toHaveLength(1)
    expect(await proxy.stop()).toBe(0)
  })

  it('allows what its roles allow, with the upstream of a kubeconfig', async () => {
    const { url, received } = await upstream()
    const kubeconfig = {
      apiVersion: 'v1',
      kind: 'Config',
      clusters: [{ name: 'a', cluster: { server: url, 'certificate-authority': 'ca.crt' } }],
      users: [{ name: 'u', user: { tokenFile: 'token' } }],
      contexts: [{ name: 'c', context: { cluster: 'a', user: 'u' } }],
      'current-context': 'c',
    }
    const cwd = folderOf({ ...files, config: JSON.stringify(kubeconfig) })
    const proxy = await started(cwd, [
      `--upstream=${join(cwd, 'config')}`,
      '--impersonation-rbac=roles.yaml',
      '--authorization-rbac=roles.yaml',
    ])
    expect(await call(`${proxy.server}/other`)).toBe(403)
    expect(
      await call(`${proxy.server}/allowed`, {
        authorization: 'Bearer jane-token',
        'impersonate-user': 'joe',
      }),
    ).toBe(200)
    expect(
      await call(`${proxy.server}/allowed`, {
        authorization: 'Bearer jane-token',
        'impersonate-user': 'root',
      }),
    ).toBe(403)
    expect(received.map(({ headers }) => headers['impersonate-user'])).toEqual(['joe'])
  })

  it('takes the token of a plug-in', async () => {
    const { url, received } = await upstream()
    const config = kubeconfigWithPlugin(url, 'echo', [JSON.stringify(credential('of-the-plug-in'))])
    const proxy = await started(folderOf({ ...files, config }), ['--upstream=config'])
    expect(await call(`${proxy.server}/api`)).toBe(200)
    expect(received[0]?.headers.authorization).toBe('Bearer of-the-plug-in')
  })

  it('runs the plug-in again after the cluster refused its token', async () => {
    const { url, received } = await upstream(({ headers }, response) => {
      response.statusCode = headers.authorization === 'Bearer token-1' ? 401 : 200
      response.end()
    })
    const cwd = folderOf({ ...files, config: kubeconfigWithPlugin(url, 'sh', ['-c', COUNTING]) })
    const proxy = await started(cwd, ['--upstream=config'])
    expect(await call(`${proxy.server}/api`)).toBe(502)
    expect(await call(`${proxy.server}/api`)).toBe(200)
    expect(await call(`${proxy.server}/api`)).toBe(200)
    expect(received.map(({ headers }) => headers.authorization)).toEqual(
      ['1', '2', '2'].map((each) => `Bearer token-${each}`),
    )
  })

  it('stops although connections are open that have switched protocols', async () => {
    const { url, server } = await upstream()
    server.on('upgrade', (_, socket) => {
      socket.on('error', () => socket.destroy())
      socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n')
    })
    const proxy = await started(folderOf(files), [
      `--upstream=${url}`,
      '--upstream-ca-file=ca.crt',
      '--upstream-token-file=token',
    ])
    const headers = { authorization: 'Bearer jane-token', connection: 'upgrade', upgrade: 'websocket' }
    const sent = request(`${proxy.server}/api/v1/namespaces/a/pods/b/exec`, { ca, headers, agent: false })
    sent.end()
    const [, socket] = (await once(sent, 'upgrade')) as [IncomingMessage, Socket]
    socket.on('error', () => {})
    const closed = once(socket, 'close')
    socket.resume()
    expect(await proxy.stop()).toBe(0)
    await closed
  })

  it('answers monitors at a port of its own', async () => {
    const { url } = await upstream()
    const { port, proxy } = await monitored(url)
    expect(await call(`${proxy.server}/api`)).toBe(200)
    expect(await call(`${proxy.server}/api`, {})).toBe(401)
    const monitor = (path: string, init = {}): Promise<Response> =>
      fetch(`http://127.0.0.1:${port}${path}`, init)
    const ready = await monitor('/readyz?verbose')
    expect([ready.status, await ready.text()]).toEqual([
      200,
      '[+]ping ok\n[+]shutdown ok\nreadyz check passed\n',
    ])
    expect((await monitor('/livez')).status).toBe(200)
    const metrics = await (await monitor('/metrics')).text()
    expect(metrics).toMatch(/^authentication_attempts\{result="success"\} 1$/m)
    expect(metrics).toMatch(/^process_start_time_seconds \d/m)
    expect((await monitor('/metrics', { method: 'POST' })).status).toBe(405)
    expect((await monitor('/api')).status).toBe(404)
  })

  it('is not ready from SIGTERM on, then ends watches and refuses requests, completes downloads, and exits', async () => {
    let download: ServerResponse | undefined
    const { url } = await upstream((message, response) => {
      response.setHeader('audit-id', message.headers['audit-id'] ?? '')
      response.write('begun')
      if (message.url === '/download') download = response
    })
    const { port, proxy } = await monitored(url, '--shutdown-delay-duration=100ms')
    const begin = async (path: string): Promise<IncomingMessage> => {
      const headers = { authorization: 'Bearer jane-token' }
      const sent = request(`${proxy.server}${path}`, { ca, headers, agent: false })
      sent.end()
      const [response] = (await once(sent, 'response')) as [IncomingMessage]
      await once(response, 'readable')
      response.resume()
      return response
    }
    const watch = await begin('/api/v1/pods?watch=1')
    const rest = await begin('/download')
    const ended = Promise.all([once(watch, 'end'), once(rest, 'end')])
    const stopped = proxy.stop()
    const status = async (): Promise<number> => (await fetch(`http://127.0.0.1:${port}/readyz`)).status
    await expect.poll(status).toBe(500)
    expect((await fetch(`http://127.0.0.1:${port}/livez`)).status).toBe(200)
    await once(watch, 'end')
    expect(watch.complete).toBe(true)
    await expect(call(`${proxy.server}/api`)).resolves.toBe(503)
    download?.end('all')
    await ended
    expect(rest.complete).toBe(true)
    expect(await stopped).toBe(0)
  })

  it.each([
    [['--upstream=https://a', '--store=sqlite:a.db'], /^error: --store: must be one that processes share/],
    [['--upstream=https://a', '--store=memory'], /^error: --store: must be one that processes share/],
    [['--upstream=https://a', '--store=mysql://a'], /^error: --store: must be one of/],
    [['--upstream=https://a', '--healthz-port=-1'], /^error: --healthz-port: must be a port/],
    [
      ['--upstream=https://a', '--healthz-bind-address=localhost'],
      /^error: --healthz-bind-address: must be an IP address/,
    ],
    [
      ['--upstream=https://a', '--shutdown-grace-duration=-1s'],
      /^error: --shutdown-grace-duration: --shutdown-grace-duration can not be negative value/,
    ],
    [[], /^error: --upstream: is required/],
    [
      ['--upstream=https://a', '--upstream-context=c'],
      /^error: --upstream-context: is for an --upstream that is a kubeconfig/,
    ],
    [
      ['--upstream=config', '--upstream-token-file=token'],
      /^error: --upstream-token-file: is for an --upstream that is a URL/,
    ],
    [['--upstream=https://a', '--secure-port=65536'], /^error: --secure-port: must be a port/],
    [['--upstream=https://a', '--bind-address=localhost'], /^error: --bind-address: must be an IP address/],
    [['--upstream=https://a', '--output=yaml'], /^error: --output: must be text or json/],
    [
      ['--upstream=https://a', '--max-connection-duration=-1s'],
      /^error: --max-connection-duration: must not be negative/,
    ],
    [
      ['--upstream=https://a', '--service-account-issuer=https://a'],
      /^error: --service-account-issuer: is for an API server/,
    ],
    [
      ['--upstream=https://a', '--refused-group=a'],
      /^error: --refused-group: unknown flag, did you mean --refused-groups/,
    ],
    [['--upstream=https://127.0.0.1:1'], /^error: upstream\.credential: is required/],
    [
      ['--upstream=http://127.0.0.1:1', '--upstream-token-file=token'],
      /^error: server: must be an https URL/,
    ],
    [['--upstream=nowhere'], /^error: .*nowhere/],
    [['upstream'], /^error: proxy takes flags only/],
  ])('does not start with %j', async (args, expected) => {
    const cwd = folderOf(files)
    const { stdout, stderr, exitCode } = await run(
      ['proxy', ...(args[0] === 'upstream' ? [] : TLS), ...args],
      { cwd },
    )
    expect(stderr).toMatch(expected)
    expect({ stdout, exitCode }).toEqual({ stdout: '', exitCode: 2 })
  })

  it('needs a certificate', async () => {
    const { stderr, exitCode } = await run(['proxy', '--upstream=https://a'])
    expect([stderr, exitCode]).toEqual([expect.stringMatching(/^error: --tls-cert-file: is required/), 2])
  })
})
