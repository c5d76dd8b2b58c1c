import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer, type Server, type ServerOptions } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TLSSocket } from 'node:tls'
import { fileURLToPath } from 'node:url'
import type { AuthenticationRequest, Authenticator } from '@kube-authn/core'
import {
  certificateHeaders,
  clientCertificate,
  type ProxyTrust,
  requestHeader,
} from '@kube-authn/core/client-certificate'
import { authentication, getUser } from '@kube-authn/express'
import { tlsServerOptions } from '@kube-authn/node'
import { createPki, type IssuedCredential } from '@kube-authn/testing'
import express from 'express'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { has } from './components.ts'
import { type Nginx, startNginx } from './nginx.ts'
import { freePort, listens } from './ports.ts'
import { rawRequest } from './raw-request.ts'

const hasNginx = has('nginx', 'curl')

// The example clears headers with a module.
describe.runIf(hasNginx && has('nginxHeadersMore'))('examples/behind-nginx', () => {
  const scratch = mkdtempSync(join(tmpdir(), 'behind-nginx-'))
  const folder = join(scratch, 'material')
  let example: ChildProcess
  let output = ''
  let port: number
  let appPort: number
  let ca: string
  let joe: string
  let robot: string

  beforeAll(async () => {
    port = await freePort()
    const main = fileURLToPath(new URL('../../examples/behind-nginx/dist/main.js', import.meta.url))
    example = spawn(process.execPath, [main], {
      env: { ...process.env, PORT: String(port), APP_PORT: '0', MATERIAL: folder },
    })
    example.stdout?.on('data', (data) => (output += String(data)))
    example.stderr?.on('data', (data) => (output += String(data)))
    await vi.waitFor(() => expect(output).toContain('Ctrl+C'))
    appPort = Number(/the app behind it https:\/\/localhost:(\d+)/.exec(output)?.[1])
    ca = readFileSync(join(folder, 'ca.crt'), 'utf8')
    const secrets = JSON.parse(readFileSync(join(folder, 'secrets.json'), 'utf8')) as Record<string, string>
    joe = `Authorization: Basic ${Buffer.from(`joe:${secrets['joesPassword']}`).toString('base64')}`
    robot = `Authorization: Bearer ${secrets['robotsToken']}`
  })

  afterAll(() => {
    example.kill()
    rmSync(scratch, { recursive: true, force: true })
  })

  it('prints lines to paste, and each answers what it says', () => {
    const printed = [...output.matchAll(/^(curl .*)\n#=> (.*)$/gm)]
    expect(printed).toHaveLength(11)
    for (const [, command = '', answer] of printed) {
      const run = spawnSync('sh', ['-c', command], { encoding: 'utf8' })
      expect({ command, answer: run.stdout, error: run.stderr }).toEqual({ command, answer, error: '' })
    }
  })

  /** Attacks of a client; 400 is nginx's own response. */
  const ATTEMPTS: readonly (readonly [what: string, lines: readonly string[], status: 200 | 400])[] = [
    ['the name as it is', ['X-Remote-User: root'], 200],
    ['in lower case', ['x-remote-user: root'], 200],
    ['in upper case', ['X-REMOTE-USER: root', 'X-REMOTE-GROUP: system:masters'], 200],
    ['in mixed case', ['x-ReMoTe-gRoUp: system:masters'], 200],
    ['with underscores', ['x_remote_user: root', 'X_REMOTE_GROUP: system:masters'], 200],
    ['with one underscore', ['X-Remote_User: root', 'X_Remote-Group: system:masters'], 200],
    ['repeated', ['X-Remote-User: root', 'X-Remote-User: joe', 'X-Remote-User: root'], 200],
    ['many groups', Array.from({ length: 20 }, (_, index) => `X-Remote-Group: g${index}`), 200],
    ['empty', ['X-Remote-User:', 'X-Remote-Group:'], 200],
    ['empty, and then not', ['X-Remote-User:', 'X-Remote-User: root'], 200],
    ['with tabs around the value', ['X-Remote-User:\troot\t', 'X-Remote-Group:\t\tsystem:masters'], 200],
    ['with a comma', ['X-Remote-Group: operators, system:masters'], 200],
    ['extra', ['X-Remote-Extra-Team: red', 'X-Remote-Extra-Proxy: apache'], 200],
    ['extra with an escape', ['X-Remote-Extra-%74eam: red', 'X-Remote-Extra-Acme.com%2fteam: red'], 200],
    ['extra without a key', ['X-Remote-Extra-: red'], 200],
    ['an escaped name', ['X%2DRemote%2DUser: root', 'X-Remote-%55ser: root'], 200],
    ['the uid', ['X-Remote-Uid: 0'], 200],
    ['named in Connection', ['Connection: X-Remote-User, X-Remote-Group'], 200],
    ['as Latin-1 and UTF-8', ['X-Remote-User: r\u00f6\u00f6t', 'X-Remote-Group: \u00c3\u00b6'], 200],
    ['a space before the colon', ['X-Remote-User : root'], 400],
    ['a folded line', ['X-Other: a', ' X-Remote-User: root'], 400],
    ['a NUL in the name', ['X-Remote-User\0: root'], 400],
    ['a bare line feed', ['X-Other: a\nX-Remote-User: root'], 200],
    ['a bare carriage return', ['X-Other: a\rX-Remote-User: root'], 400],
  ]

  it.each(ATTEMPTS)('lets no client say who it is through nginx: %s', async (_, lines, status) => {
    const who = await rawRequest(port, { ca }, '/whoami', [joe, ...lines])
    const left = await rawRequest(port, { ca }, '/headers', [joe, ...lines])
    expect([who.status, left.status]).toEqual([status, status])
    if (status !== 200) return
    expect(JSON.parse(who.body)).toEqual({
      username: 'joe',
      groups: ['operators', 'system:authenticated'],
      extra: { proxy: ['nginx'] },
    })
    expect(JSON.parse(left.body)).toEqual([])
  })

  it.each(ATTEMPTS)('lets no client say who it is past nginx: %s', async (_, lines) => {
    const nobody = await rawRequest(appPort, { ca }, '/whoami', lines)
    expect([400, 401]).toContain(nobody.status)
    const who = await rawRequest(appPort, { ca }, '/whoami', [robot, ...lines])
    const left = await rawRequest(appPort, { ca }, '/headers', [robot, ...lines])
    expect([200, 400]).toContain(who.status)
    if (who.status !== 200) return
    expect(JSON.parse(who.body)).toEqual({
      username: 'robot',
      groups: ['machines', 'system:authenticated'],
      extra: {},
    })
    const names = JSON.parse(left.body) as string[]
    expect(names.filter((name) => /^x-remote-(?:user|group|extra-)/.test(name))).toEqual([])
  })

  it('authenticates no user through nginx without a password, whatever the headers say', async () => {
    const answer = await rawRequest(port, { ca }, '/whoami', ['X-Remote-User: root', robot])
    expect(answer.status).toBe(401)
    expect(answer.body).toContain('nginx')
  })

  it('ends nginx with itself', async () => {
    const ended = new Promise((resolve) => example.once('exit', resolve))
    example.kill()
    await ended
    await vi.waitFor(async () => {
      await expect(rawRequest(port, { ca }, '/whoami')).rejects.toMatchObject({ code: 'ECONNREFUSED' })
    })
  })
})

const serverPki = await createPki({ commonName: 'servers' })
const proxyPki = await createPki({ commonName: 'proxies' })
const userPki = await createPki({ commonName: 'users' })
const strangePki = await createPki({ commonName: 'users' })
const identity = await serverPki.issueServer({ hosts: ['localhost', '127.0.0.1'] })
const frontProxy = await proxyPki.issueClient({ commonName: 'front-proxy' })
const alice = await userPki.issueClient({
  commonName: 'alice',
  organizations: ['developers', 'ops, on call'],
})
const bob = await userPki.issueClient({ commonName: 'bob', algorithm: 'RSA-2048' })
const expired = await userPki.issueClient({ commonName: 'alice', wrong: 'expired' })
const forged = await userPki.issueClient({ commonName: 'alice', wrong: 'forged' })
const stranger = await strangePki.issueClient({ commonName: 'alice' })

const FILES = {
  'ca.crt': serverPki.caPem,
  'users.crt': userPki.caPem,
  'server.crt': identity.chainPem,
  'server.key': identity.privateKeyPem,
  'front-proxy.crt': frontProxy.chainPem,
  'front-proxy.key': frontProxy.privateKeyPem,
}
const TO_APP = `
  proxy_ssl_verify on;
  proxy_ssl_trusted_certificate ca.crt;
  proxy_ssl_name localhost;`
const AS_FRONT_PROXY = `
  proxy_ssl_certificate front-proxy.crt;
  proxy_ssl_certificate_key front-proxy.key;`
const client = (issued?: IssuedCredential): { ca: string; cert?: string; key?: string } => ({
  ca: serverPki.caPem,
  ...(issued !== undefined && { cert: issued.chainPem, key: issued.privateKeyPem }),
})

/** An app, and the connections that it saw. */
interface App {
  readonly port: number
  readonly connections: { readonly isReused: boolean; readonly authorized: boolean; readonly name: unknown }[]
  stop(): Promise<void>
}

async function startApp(
  authenticator: Authenticator,
  options: ServerOptions = tlsServerOptions({ cert: identity.chainPem, key: identity.privateKeyPem }),
): Promise<App> {
  const connections: App['connections'] = []
  const app = express()
  app.use((req, _res, next) => {
    const socket = req.socket as TLSSocket
    // Without a certificate this is an empty object, despite its type.
    const certificate = socket.getPeerCertificate() as { readonly subject?: { readonly CN?: unknown } }
    connections.push({
      isReused: socket.isSessionReused(),
      authorized: socket.authorized,
      name: certificate.subject?.CN,
    })
    next()
  })
  app.use(authentication(authenticator))
  app.use((req, res) => {
    const { username, groups } = getUser(req)
    const left = Object.keys(req.headers).filter((name) => /cert|remote/.test(name))
    res.json({ username, groups, left })
  })
  const server: Server = createServer(options, app)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    port: (server.address() as AddressInfo).port,
    connections,
    async stop() {
      server.closeAllConnections()
      await new Promise<void>((resolve) => server.close(() => resolve()))
    },
  }
}

const running: { stop(): Promise<void> }[] = []
const stopAll = async (): Promise<void> => {
  await Promise.all(running.splice(0).map((each) => each.stop()))
}

/** TLS proved possession of the key; the certificate has the identity. */
const isFrontProxy: ProxyTrust = Object.assign(
  (request: AuthenticationRequest) =>
    Buffer.compare(frontProxy.certificateDer, request.peerCertificates?.()[0] ?? new Uint8Array()) === 0,
  { peerCertificates: true },
)

/** `Client-Cert` needs base64 without line breaks: each line is a group of the regular expression, and a longer certificate yields no value. */
const LINES = Array.from({ length: 40 }, (_, index) => `line${index}`)
const CLIENT_CERT_MAP = `
  map_hash_bucket_size 128;
  map $ssl_client_raw_cert $client_cert {
    "~^-----BEGIN CERTIFICATE-----\\n${LINES.map((name) => `(?:(?<${name}>[A-Za-z0-9+/=]+)\\n)?`).join('')}-----END CERTIFICATE-----\\n?$"
      ":${LINES.map((name) => `\${${name}}`).join('')}:";
  }`

describe.runIf(hasNginx).each([
  {
    name: 'ssl-client-cert',
    format: 'nginx',
    header: 'proxy_set_header ssl-client-cert $ssl_client_escaped_cert;',
    spoof: (issued: IssuedCredential) => [`Ssl-Client-Cert: ${encodeURIComponent(issued.certificatePem)}`],
  },
  {
    name: 'Client-Cert (RFC 9440)',
    format: 'client-cert',
    header: 'proxy_set_header Client-Cert $client_cert; proxy_set_header Client-Cert-Chain "";',
    spoof: (issued: IssuedCredential) => [
      `Client-Cert: :${Buffer.from(issued.certificateDer).toString('base64')}:`,
      `Client-Cert-Chain: :${Buffer.from(userPki.certificateDer).toString('base64')}:`,
    ],
  },
] as const)('nginx that ends TLS and hands on certificates as $name', ({ format, header, spoof }) => {
  let app: App
  /** nginx with and without verification of certificates. */
  let verifying: number
  let unverifying: number

  beforeAll(async () => {
    app = await startApp(
      certificateHeaders({ format, trusts: isFrontProxy }, clientCertificate({ ca: userPki.caPem })),
    )
    running.push(app)
    verifying = await freePort()
    unverifying = await freePort()
    const server = (port: number, verification: string): string => `
      server {
        listen 127.0.0.1:${port} ssl;
        ssl_certificate server.crt;
        ssl_certificate_key server.key;
        ${verification}
        location / {
          ${header}
          proxy_pass https://127.0.0.1:${app.port};
          ${TO_APP}
          ${AS_FRONT_PROXY}
        }
      }`
    running.push(
      await startNginx(
        [
          CLIENT_CERT_MAP,
          server(verifying, 'ssl_client_certificate users.crt; ssl_verify_client optional;'),
          server(unverifying, 'ssl_verify_client optional_no_ca;'),
        ].join('\n'),
        FILES,
        verifying,
      ),
    )
    await listens(unverifying)
  })
  afterAll(stopAll)

  it.each([
    ['alice', alice, ['developers', 'ops, on call']],
    ['bob', bob, []],
  ] as const)('lets %s in by certificate', async (username, issued, groups) => {
    for (const port of [verifying, unverifying]) {
      const { status, body } = await rawRequest(port, client(issued), '/')
      expect({ status, ...(JSON.parse(body) as object) }).toEqual({
        status: 200,
        username,
        groups,
        left: [],
      })
    }
  })

  it('refuses clients without a certificate, and does not take the proxy for a user', async () => {
    for (const port of [verifying, unverifying]) {
      expect((await rawRequest(port, client(), '/')).status).toBe(401)
    }
  })

  it("replaces a client's own copy of the header, with its certificate or without", async () => {
    for (const port of [verifying, unverifying]) {
      expect((await rawRequest(port, client(), '/', spoof(alice))).status).toBe(401)
      const { body } = await rawRequest(port, client(bob), '/', [...spoof(alice), ...spoof(alice)])
      expect(JSON.parse(body)).toMatchObject({ username: 'bob', left: [] })
    }
  })

  it("drops a client's own copy that is written with underscores", async () => {
    const lines = spoof(alice).map((line) => line.replace(/^[^:]+/, (name) => name.replaceAll('-', '_')))
    expect((await rawRequest(verifying, client(), '/', lines)).status).toBe(401)
    const { body } = await rawRequest(verifying, client(bob), '/', lines)
    expect(JSON.parse(body)).toMatchObject({ username: 'bob', left: [] })
  })

  it.each([
    ['of an unknown CA with the same name', stranger],
    ['that another key signed', forged],
    ["that is the proxy's own", frontProxy],
  ])('refuses a certificate %s, which nginx lets pass when told to', async (_, issued) => {
    const seen = app.connections.length
    expect((await rawRequest(unverifying, client(issued), '/')).status).toBe(401)
    // The app refused it.
    expect(app.connections).toHaveLength(seen + 1)
  })

  it.each([
    ['of an unknown CA with the same name', stranger],
    ['that another key signed', forged],
    ["that is the proxy's own", frontProxy],
    ['that is expired', expired],
    ['that is for servers', identity],
  ])('never sees a certificate %s where nginx verifies', async (_, issued) => {
    const seen = app.connections.length
    expect((await rawRequest(verifying, client(issued), '/')).status).toBe(400)
    expect(app.connections).toHaveLength(seen)
  })

  it('does not believe the header past nginx, with a certificate or without', async () => {
    for (const issued of [undefined, alice, stranger]) {
      expect((await rawRequest(app.port, client(issued), '/', spoof(alice))).status).toBe(401)
    }
  })
})

describe.runIf(hasNginx)('TLS sessions', () => {
  const proxied = requestHeader({
    ca: proxyPki.caPem,
    allowedNames: ['front-proxy'],
    usernameHeaders: ['X-Remote-User'],
  })
  /** A common configuration: the context trusts the clients' CA, and sessions are resumed. */
  const resuming: ServerOptions = {
    cert: identity.chainPem,
    key: identity.privateKeyPem,
    ca: proxyPki.caPem,
    requestCert: true,
    rejectUnauthorized: false,
  }
  afterEach(stopAll)

  async function start(options?: ServerOptions): Promise<App> {
    const app = await startApp(proxied, options)
    running.push(app)
    return app
  }

  it('that are resumed without a certificate are unauthenticated, even if Node calls them authorized', async () => {
    const app = await start(resuming)
    const lines = ['X-Remote-User: root']
    const first = await rawRequest(app.port, client(), '/', lines)
    expect(first.session).toBeDefined()
    const again = { ...client(), ...(first.session !== undefined && { session: first.session }) }
    expect((await rawRequest(app.port, again, '/', lines)).status).toBe(401)
    expect(first.status).toBe(401)
    const isMistaken = Number(process.versions.node.split('.')[0]) < 24
    expect(app.connections).toEqual([
      { isReused: false, authorized: false, name: undefined },
      { isReused: true, authorized: isMistaken, name: undefined },
    ])
  })

  /** Two locations with one upstream: one sends the proxy's certificate, the other does not and strips no headers. */
  async function mixedLocations(app: App, reuse: 'on' | 'off'): Promise<number> {
    const port = await freePort()
    const nginx: Nginx = await startNginx(
      `upstream app { server 127.0.0.1:${app.port}; }
      server {
        listen 127.0.0.1:${port} ssl;
        ssl_certificate server.crt;
        ssl_certificate_key server.key;
        proxy_ssl_session_reuse ${reuse};
        ${TO_APP}
        location /with/ { proxy_set_header X-Remote-User jane; proxy_pass https://app; ${AS_FRONT_PROXY} }
        location /without/ { proxy_pass https://app; }
      }`,
      FILES,
      port,
    )
    running.push(nginx)
    return port
  }

  /** The user of each of these requests, in turn. */
  async function whoIn(port: number, paths: readonly string[]): Promise<readonly unknown[]> {
    const who: unknown[] = []
    for (const path of paths) {
      const { status, body } = await rawRequest(port, client(), path, ['X-Remote-User: root'])
      who.push(status === 200 ? (JSON.parse(body) as { username: string }).username : status)
    }
    return who
  }

  it("that nginx took from a location without a certificate lose the proxy's identity where they are resumed", async () => {
    const app = await start(resuming)
    const port = await mixedLocations(app, 'on')
    expect(await whoIn(port, ['/without/', '/with/'])).toEqual([401, 401])
    expect(app.connections.map(({ isReused, name }) => [isReused, name])).toEqual([
      [false, undefined],
      [true, undefined],
    ])
  })

  it("that nginx took from a location with one give the proxy's identity away where they are resumed", async () => {
    const app = await start(resuming)
    const port = await mixedLocations(app, 'on')
    // No authenticator can detect this, hence tlsServerOptions.
    expect(await whoIn(port, ['/with/', '/without/'])).toEqual(['jane', 'root'])
    expect(app.connections[1]).toMatchObject({ isReused: true, name: 'front-proxy' })
  })

  it.each<readonly [string, ServerOptions | undefined, 'on' | 'off']>([
    ['tlsServerOptions', undefined, 'on'],
    ['proxy_ssl_session_reuse off', resuming, 'off'],
    ['both', undefined, 'off'],
  ])('are not mixed up with %s', async (_, options, reuse) => {
    const app = await start(options)
    const port = await mixedLocations(app, reuse)
    const paths = ['/without/', '/with/', '/with/', '/without/', '/with/', '/without/']
    expect(await whoIn(port, paths)).toEqual([401, 'jane', 'jane', 401, 'jane', 401])
    expect(app.connections.map(({ isReused }) => isReused)).toEqual(paths.map(() => false))
  })
})
