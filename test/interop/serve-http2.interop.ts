import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import {
  connect,
  type ClientHttp2Session,
  type ClientHttp2Stream,
  type IncomingHttpHeaders,
} from 'node:http2'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import { COMMAND, folderOf } from '../../packages/server/test/command.ts'
import { PATIENCE_MS } from '../patience.ts'
import { binaryOf } from '../runtimes/binaries.mjs'
import { COMPONENTS, has } from './components.ts'
import { kubectlOf } from './kubernetes-1.6-document/releases.ts'

/** A server whose Node.js gets all fields of HTTP/2. */
interface Served {
  readonly server: string
  readonly kubeconfig: string
  readonly ca: string
  readonly caFile: string
  /** Ends it in order. @returns its exit code. */
  stop(): Promise<number | null>
}

const MAPS = '/api/v1/namespaces/default/configmaps'
const ADMIN = { authorization: 'Bearer admins-token' }
const DEPUTY = { authorization: 'Bearer deputys-token' }

let served: Served

beforeEach(async () => {
  const folder = folderOf({
    'tokens.csv': 'admins-token,admin,1,"system:masters"\ndeputys-token,deputy,2\njanes-token,jane,3\n',
  })
  const dataDir = join(folder, 'data')
  const flags = ['--disable-http2-serving=false', `--token-auth-file=${join(folder, 'tokens.csv')}`]
  const child = spawn(
    await binaryOf('node24'),
    [COMMAND, 'serve', `--data-dir=${dataDir}`, '--secure-port=0', '--in-memory', '--output=json', ...flags],
    { env: { PATH: process.env['PATH'] ?? '' }, stdio: ['ignore', 'pipe', 'inherit'] },
  )
  onTestFinished(() => void child.kill('SIGKILL'))
  const exited = once(child, 'exit')
  const [line] = (await once(createInterface(child.stdout), 'line')) as [string]
  const { server = '', kubeconfig = '' } = JSON.parse(line) as Record<string, string>
  const caFile = join(dataDir, 'pki/ca.crt')
  served = {
    server,
    kubeconfig,
    caFile,
    ca: readFileSync(caFile, 'utf8'),
    async stop() {
      child.kill('SIGTERM')
      const [code] = (await exited) as [number | null]
      return code
    },
  }
})
afterEach(() => served.stop())

function run(command: string, args: readonly string[], env: Record<string, string> = {}): Promise<string> {
  return new Promise((resolve) => {
    execFile(
      command,
      args,
      { env: { PATH: process.env['PATH'] ?? '', HOME: folderOf(), ...env }, timeout: PATIENCE_MS },
      (_, stdout, stderr) => resolve(stdout + stderr),
    )
  })
}

function session(options: object = {}): ClientHttp2Session {
  const made = connect(served.server, { ca: served.ca, ...options })
  made.on('error', () => {})
  onTestFinished(() => made.destroy())
  return made
}

interface Answer {
  readonly status: number | undefined
  readonly text: string
}

async function ask(
  connected: ClientHttp2Session,
  path: string,
  headers: object = {},
  body?: string,
): Promise<Answer> {
  const stream = opened(connected, path, headers)
  stream.end(body)
  const [received] = (await once(stream, 'response')) as [IncomingHttpHeaders & { ':status'?: number }]
  let text = ''
  for await (const chunk of stream.setEncoding('utf8')) text += String(chunk)
  return { status: received[':status'], text }
}

function opened(connected: ClientHttp2Session, path: string, headers: object): ClientHttp2Stream {
  return connected.request({ ':path': path, ...headers })
}

const map = (name: string, length = 1): string =>
  JSON.stringify({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name },
    data: { a: 'x'.repeat(length) },
  })

describe.runIf(has('curl'))('curl', () => {
  const curl = (...args: readonly string[]): Promise<string> =>
    run(COMPONENTS.curl.command, [
      '--silent',
      '--cacert',
      served.caFile,
      '--write-out',
      ' HTTP/%{http_version} %{http_code}',
      ...args,
    ])

  it('speaks the HTTP that it prefers', async () => {
    const url = `${served.server}/healthz`
    expect(await curl('--http2', url)).toBe('ok HTTP/2 200')
    expect(await curl('--http1.1', url)).toBe('ok HTTP/1.1 200')
    expect(await curl('--http2', '--head', url)).toContain(' HTTP/2 200')
  })

  it('impersonates by repeated headers, line by line', async () => {
    const review = JSON.stringify({
      apiVersion: 'authentication.k8s.io/v1',
      kind: 'SelfSubjectReview',
    })
    const lines = [
      'Impersonate-User: jane',
      'Impersonate-Group: a, b',
      'Impersonate-Group: c',
      'Authorization: Bearer admins-token',
      'Content-Type: application/json',
    ]
    const text = await curl(
      '--http2',
      '--data',
      review,
      ...lines.flatMap((line) => ['--header', line]),
      `${served.server}/apis/authentication.k8s.io/v1/selfsubjectreviews`,
    )
    expect(text).toMatch(/ HTTP\/2 201$/)
    expect(text).toContain('"username":"jane"')
    expect(text).toContain('"groups":["a, b","c","system:authenticated"]')
  })
})

describe.each(['1.24', '1.35'] as const)('kubectl %s', (release) => {
  it('creates, lists, watches and impersonates over HTTP/2', async () => {
    const program = await kubectlOf(release)
    const kubectl = (...args: readonly string[]): Promise<string> =>
      run(program, args, { KUBECONFIG: served.kubeconfig, GODEBUG: 'http2debug=1' })
    const created = await kubectl('create', 'configmap', 'one', '--from-literal=a=b')
    expect(created).toContain('configmap/one created')
    expect(created).toContain('http2: Transport')
    expect(await kubectl('get', 'configmaps', 'one', '-o', 'jsonpath={.data.a}')).toMatch(/^b/)
    const watching = kubectl('wait', 'configmap/one', '--for=jsonpath={.data.a}=c', '--timeout=25s')
    await kubectl('patch', 'configmap', 'one', '-p', '{"data":{"a":"c"}}')
    expect(await watching).toContain('condition met')
    expect(await kubectl('get', 'configmaps', '--as=jane', '--as-group=x')).toContain(
      'User "jane" cannot list resource "configmaps"',
    )
  })
})

describe('a connection of HTTP/2', () => {
  it('has many requests and watches at a time', async () => {
    const connected = session()
    const watch = opened(connected, `${MAPS}?watch=1&allowWatchBookmarks=true`, ADMIN).setEncoding('utf8')
    let text = ''
    watch.on('data', (chunk: string) => {
      text += chunk
    })
    await once(watch, 'data')
    const headers = { ...ADMIN, ':method': 'POST', 'content-type': 'application/json' }
    const names = Array.from({ length: 50 }, (_, index) => `map-${index}`)
    const answers = await Promise.all(names.map((name) => ask(connected, MAPS, headers, map(name, 100_000))))
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([201]))
    while (names.some((name) => !text.includes(`"name":"${name}"`))) await once(watch, 'data')
    watch.close()
  })

  it('takes no more of a body than over HTTP/1', async () => {
    const headers = { ...ADMIN, ':method': 'POST', 'content-type': 'application/json' }
    const refused = await ask(session(), MAPS, headers, ' '.repeat(3_145_729))
    expect(refused.status).toBe(413)
  })

  it('is closed after a request that is not authenticated', async () => {
    const connected = session()
    const closed = once(connected, 'close')
    expect((await ask(connected, MAPS, { authorization: 'Bearer other' })).status).toBe(401)
    await closed
  })

  it('of a deputy keeps the white space of a name, and does not act as the deputy', async () => {
    const answer = await ask(session(), MAPS, { ...DEPUTY, 'impersonate-user': ' jane' })
    expect(answer.status).toBe(403)
    expect(answer.text).toContain('cannot impersonate')
  })

  it('has the client certificate of its own handshake', async () => {
    const kubeconfig = readFileSync(served.kubeconfig, 'utf8')
    const dataOf = (name: string): Buffer =>
      Buffer.from(new RegExp(`${name}: "?([\\w+/=]+)`).exec(kubeconfig)?.[1] ?? '', 'base64')
    const certified = session({
      cert: dataOf('client-certificate-data'),
      key: dataOf('client-key-data'),
    })
    expect((await ask(certified, MAPS)).status).toBe(200)
    expect((await ask(session(), MAPS)).status).toBe(401)
    expect((await ask(certified, MAPS)).status).toBe(200)
  })

  it('ends in order with the server: watches end, and no request is cut off', async () => {
    const connected = session()
    const goaway = once(connected, 'goaway')
    const closed = once(connected, 'close')
    const watch = opened(connected, `${MAPS}?watch=1`, ADMIN).setEncoding('utf8')
    await once(watch, 'data')
    const ended = once(watch.resume(), 'end')
    expect(await served.stop()).toBe(0)
    expect(((await goaway) as [number])[0]).toBe(0)
    await Promise.all([ended, closed])
    expect(watch.rstCode).toBe(0)
  })
})
