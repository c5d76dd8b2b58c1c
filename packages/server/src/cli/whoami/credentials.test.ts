import { once } from 'node:events'
import { chmodSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer } from 'node:https'
import { join } from 'node:path'
import type { TLSSocket } from 'node:tls'
import { type CertificateAuthority, createPki } from '@kube-authn/testing'
import { describe, expect, it, onTestFinished } from 'vitest'
import { folderOf, run, runAsProcess, type Run } from '../../../test/command.ts'

const V1 = 'client.authentication.k8s.io/v1'

type Answer = (request: IncomingMessage, response: ServerResponse, body: string) => void

/** Serves over TLS, asking for client certificates. Returns its URL. */
async function serve(pki: CertificateAuthority, answer: Answer): Promise<string> {
  const { chainPem: cert, privateKeyPem: key } = await pki.issueServer({ hosts: ['127.0.0.1'] })
  const options = { cert, key, ca: pki.caPem, requestCert: true, rejectUnauthorized: false }
  const server = createServer(options, (request, response) => {
    const chunks: Buffer[] = []
    request
      .on('data', (chunk: Buffer) => chunks.push(chunk))
      .on('end', () => answer(request, response, Buffer.concat(chunks).toString()))
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  onTestFinished(() => {
    server.close()
    server.closeAllConnections()
  })
  const address = server.address()
  return `https://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`
}

/** An API server that knows the user of a token, or of a client certificate. */
const apiServer =
  (tokens: Readonly<Record<string, string>>): Answer =>
  (request, response) => {
    const { subject } =
      request.socket instanceof Object ? (request.socket as TLSSocket).getPeerCertificate() : {}
    const [, token = ''] = request.headers.authorization?.split(' ') ?? []
    const username = Object.hasOwn(tokens, token) ? tokens[token] : subject?.CN
    response.writeHead(username === undefined ? 401 : 201, { 'content-type': 'application/json' })
    response.end(JSON.stringify({ status: { userInfo: { username } } }))
  }

/** A folder with a kubeconfig for the user. */
function client(
  server: string,
  pki: CertificateAuthority,
  user: object,
  files: Record<string, string> = {},
): string {
  const config = {
    clusters: [
      {
        name: 'c',
        cluster: {
          server,
          'certificate-authority': 'ca.crt',
          extensions: [{ name: 'client.authentication.k8s.io/exec', extension: { audience: 'snorlax' } }],
        },
      },
    ],
    users: [{ name: '__proto__', user }],
    contexts: [{ name: 'x', context: { cluster: 'c', user: '__proto__' } }],
    'current-context': 'x',
  }
  return folderOf({ config: JSON.stringify(config), 'ca.crt': pki.caPem, ...files })
}

const WHOAMI = ['whoami', '--kubeconfig=config', '--output=json']

const whoami = (cwd: string, more: Parameters<typeof run>[1] = {}): Promise<Run> =>
  run(WHOAMI, { cwd, ...more })

const plugin = (script: string, more: object = {}): object => ({
  exec: {
    apiVersion: V1,
    command: process.execPath,
    args: ['-e', script],
    interactiveMode: 'Never',
    ...more,
  },
})
const printing = (status: string): string =>
  `console.log(JSON.stringify({ kind: 'ExecCredential', apiVersion: '${V1}', status: ${status} }))`

describe('kube-authn whoami, with a plug-in', () => {
  it('sends its client certificate', async () => {
    const pki = await createPki()
    const { chainPem, privateKeyPem } = await pki.issueClient({ commonName: 'jane' })
    const server = await serve(pki, apiServer({}))
    const cwd = client(server, pki, plugin(`const pair = require('./pair.json'); ${printing('pair')}`), {
      'pair.json': JSON.stringify({ clientCertificateData: chainPem, clientKeyData: privateKeyPem }),
    })
    expect(JSON.parse((await whoami(cwd)).stdout)).toEqual({ username: 'jane' })
  })

  it('gives it the cluster, if it asks for that', async () => {
    const pki = await createPki()
    const server = await serve(pki, apiServer({ t: 'jane' }))
    const script = `require('fs').writeFileSync('info', process.env.KUBERNETES_EXEC_INFO); ${printing(`{ token: 't' }`)}`
    const cwd = client(server, pki, plugin(script, { provideClusterInfo: true }))
    expect((await whoami(cwd)).exitCode).toBe(0)
    expect(JSON.parse(readFileSync(join(cwd, 'info'), 'utf8'))).toEqual({
      kind: 'ExecCredential',
      apiVersion: V1,
      spec: {
        cluster: {
          server,
          'certificate-authority-data': Buffer.from(pki.caPem).toString('base64'),
          config: { audience: 'snorlax' },
        },
        interactive: false,
      },
    })
  })

  it('runs it once more after a 401, and says so if that fails', async () => {
    const pki = await createPki()
    const server = await serve(pki, apiServer({}))
    const script = `require('fs').appendFileSync('runs', 'x'); ${printing(`{ token: 'old' }`)}`
    const cwd = client(server, pki, plugin(script))
    expect(await whoami(cwd)).toEqual({
      stdout: '',
      stderr: 'error: the server does not accept the credentials (401)\n',
      exitCode: 1,
    })
    expect(readFileSync(join(cwd, 'runs'), 'utf8')).toBe('xx')
    const failing = client(
      server,
      pki,
      plugin(`if (require('fs').existsSync('runs')) process.exit(9); ${script}`),
    )
    expect((await whoami(failing)).stderr).toBe(
      `warning: refreshing credentials: exec: executable ${process.execPath} failed with exit code 9\n` +
        'error: the server does not accept the credentials (401)\n',
    )
  })

  it.each([
    ['a token', { token: 't' }],
    ['a password', { username: 't', password: 'x' }],
    ['a client certificate', { 'client-certificate': 'c.crt', 'client-key': 'c.key' }],
  ])('does not run it beside %s', async (_, user) => {
    const pki = await createPki()
    const { chainPem, privateKeyPem } = await pki.issueClient({ commonName: 'jane' })
    const basic = Buffer.from('t:x').toString('base64')
    const server = await serve(pki, apiServer({ t: 'jane', [basic]: 'jane' }))
    const cwd = client(
      server,
      pki,
      { ...user, ...plugin('process.exit(9)') },
      { 'c.crt': chainPem, 'c.key': privateKeyPem },
    )
    expect(JSON.parse((await whoami(cwd)).stdout)).toEqual({ username: 'jane' })
  })

  it('leaves what it says to the person at the terminal, and ends one that never ends to print', async () => {
    const pki = await createPki()
    const script = `process.stderr.write('hunter2\\n'); (function print() { process.stdout.write('x'.repeat(65536), print) })()`
    const { stdout, stderr, exitCode } = await runAsProcess(WHOAMI, {
      cwd: client('https://127.0.0.1:3', pki, plugin(script)),
    })
    expect(stderr).toBe(
      `hunter2\nerror: getting credentials: exec: executable ${process.execPath}: it printed more than 1048576 bytes\n`,
    )
    expect({ stdout, exitCode }).toEqual({ stdout: '', exitCode: 2 })
  })

  it('has no input for it when the kubeconfig comes from there', async () => {
    const pki = await createPki()
    const cwd = client('https://127.0.0.1:3', pki, plugin('', { interactiveMode: 'Always' }))
    const stdin = readFileSync(join(cwd, 'config'))
    expect((await run(['whoami', '--kubeconfig=-'], { cwd, stdin })).stderr).toMatch(
      /exec plugin cannot support interactive mode: standard input is not a terminal/,
    )
  })
})

/** An ID token that lives for so many seconds, and is not signed. */
const idToken = (seconds: number, name: string): string => {
  const claims = JSON.stringify({ exp: Math.floor(Date.now() / 1000) + seconds, name })
  return `h.${Buffer.from(claims).toString('base64url')}.s`
}

/** A user with an expired token, and its issuer, which takes each refresh token once. */
async function loggedIn(answerToken?: Answer) {
  const pki = await createPki()
  const tokens = { first: idToken(-5, 'first'), next: idToken(600, 'next') }
  const grants: string[] = []
  const issuer: string = await serve(pki, (request, response, body) => {
    if (request.url === '/.well-known/openid-configuration') {
      response.end(JSON.stringify({ token_endpoint: `${issuer}/token` }))
      return
    }
    if (answerToken !== undefined) {
      answerToken(request, response, body)
      return
    }
    const refreshToken = new URLSearchParams(body).get('refresh_token') ?? ''
    const isGood = refreshToken === `r${grants.length}`
    grants.push(refreshToken)
    response.writeHead(isGood ? 200 : 400, { 'content-type': 'application/json' })
    response.end(
      JSON.stringify(
        isGood ? { id_token: tokens.next, refresh_token: `r${grants.length}` } : { error: 'invalid_grant' },
      ),
    )
  })
  const server = await serve(pki, apiServer({ [tokens.next]: 'jane' }))
  const provider = {
    'auth-provider': {
      name: 'oidc',
      config: {
        'idp-issuer-url': issuer,
        'client-id': 'kubectl',
        'id-token': tokens.first,
        'refresh-token': 'r0',
        'idp-certificate-authority-data': Buffer.from(pki.caPem).toString('base64'),
      },
    },
  }
  const cwd = client(server, pki, provider)
  const path = join(cwd, 'config')
  chmodSync(path, 0o600)
  return { cwd, path, grants, tokens, issuer }
}

describe('kube-authn whoami, with an OpenID Connect provider', () => {
  it('renews an expired ID token, and writes it down for its owner only', async () => {
    const { cwd, path, grants, tokens } = await loggedIn()
    expect(await whoami(cwd)).toEqual({ stdout: '{\n  "username": "jane"\n}\n', stderr: '', exitCode: 0 })
    const written = readFileSync(path, 'utf8')
    expect(written).toContain(`"id-token": "${tokens.next}"`)
    expect(written).toContain('"refresh-token": "r1"')
    expect(statSync(path).mode & 0o777).toBe(0o600)
    // The next one has a fresh token.
    expect((await whoami(cwd)).exitCode).toBe(0)
    expect(grants).toEqual(['r0'])
  })

  it('renews it once for several commands at the same time', async () => {
    const { cwd, grants } = await loggedIn()
    const asProcess = (): Promise<Run> => runAsProcess(WHOAMI, { cwd })
    const all = await Promise.all([asProcess(), asProcess(), asProcess()])
    expect(all.map(({ stderr, exitCode }) => [stderr, exitCode])).toEqual([
      ['', 0],
      ['', 0],
      ['', 0],
    ])
    expect(grants).toEqual(['r0'])
  })

  it('asks the issuer for nothing when the kubeconfig cannot be written', async () => {
    const { cwd, path, grants } = await loggedIn()
    chmodSync(cwd, 0o755)
    chmodSync(path, 0o444)
    const other = await runAsProcess(WHOAMI, { cwd, uid: 65_534 })
    expect(other.stderr).toMatch(
      /^error: getting credentials: could not persist new tokens: .*config: cannot be written \(EACCES\)\n$/,
    )
    const stdin = readFileSync(path)
    const piped = await run(['whoami', '--kubeconfig=-'], { cwd, stdin })
    expect(piped.stderr).toBe('error: getting credentials: could not persist new tokens: standard input\n')
    expect([other.exitCode, piped.exitCode, grants]).toEqual([2, 2, []])
  })

  it.each([
    [
      'a redirect',
      (_: unknown, response: ServerResponse) =>
        response.writeHead(302, { location: 'https://127.0.0.1:3/' }).end('hunter2'),
      /failed to refresh token: HTTP 302/,
    ],
    [
      'a page',
      (_: unknown, response: ServerResponse) => response.writeHead(200).end('<html>hunter2'),
      /failed to refresh token: the answer is not JSON/,
    ],
    [
      'a huge body',
      (_: unknown, response: ServerResponse) => response.end(`{"id_token":"${'hunter2'.repeat(500_000)}"}`),
      /cannot be reached \(the response is longer than 1048576 bytes\)/,
    ],
    [
      'a huge body in parts',
      (_: unknown, response: ServerResponse) => {
        response.write('{"id_token":"')
        response.end('hunter2'.repeat(500_000))
      },
      /cannot be reached \(the response is longer than 1048576 bytes\)/,
    ],
    [
      'a closed connection',
      (request: IncomingMessage) => void request.socket.destroy(),
      /cannot be reached \(\w+\)/,
    ],
  ])('says that the issuer answers with %s, and changes nothing', async (_, answer, expected) => {
    const { cwd, path } = await loggedIn(answer)
    const before = readFileSync(path, 'utf8')
    const { stdout, stderr, exitCode } = await whoami(cwd)
    expect(stderr).toMatch(expected)
    expect(stderr).not.toContain('hunter2')
    expect({ stdout, exitCode, lines: stderr.split('\n').length }).toEqual({
      stdout: '',
      exitCode: 2,
      lines: 2,
    })
    expect(readFileSync(path, 'utf8')).toBe(before)
  })

  it('says which CAs cannot be used', async () => {
    const { cwd, path } = await loggedIn()
    const config = readFileSync(path, 'utf8')
    writeFileSync(
      path,
      config.replace(/"idp-certificate-authority-data":"[^"]*"/, '"idp-certificate-authority":"ca.key"'),
    )
    expect((await whoami(cwd)).stderr).toMatch(/^error: idp-certificate-authority: .*ca\.key.*\n$/)
    writeFileSync(
      path,
      config.replace(/"idp-certificate-authority-data":"[^"]*"/, '"idp-certificate-authority":"ca.crt"'),
    )
    expect((await whoami(cwd)).exitCode).toBe(0)
  })
})
