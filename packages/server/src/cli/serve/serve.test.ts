import { createHash } from 'node:crypto'
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { connect as connectTls } from 'node:tls'
import { createServer } from 'node:net'
import { once } from 'node:events'
import { join } from 'node:path'
import { createFetch, readKubeconfig } from '@kube-authn/node'
import { createPki } from '@kube-authn/testing'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { folderOf, run } from '../../../test/command.ts'
import {
  type PathFetch,
  type Served,
  spawnServe,
  startServe,
  startServeProcess,
} from '../../../test/served.ts'

const CONFIG_MAPS = '/api/v1/namespaces/default/configmaps'
const configMap = (name: string): object => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name },
  data: { a: 'b' },
})

async function create(fetch: PathFetch, name: string): Promise<number> {
  return (await fetch(CONFIG_MAPS, { method: 'POST', body: configMap(name) })).status
}

const statusOf = async (fetch: PathFetch, path: string): Promise<number> => (await fetch(path)).status

it('serve --strict writes no pod', async () => {
  const { admin } = await startServe(['--in-memory', '--strict'])
  const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'x' } }
  const refused = await admin('/api/v1/namespaces/default/pods', { method: 'POST', body: pod })
  expect([refused.status, await refused.json()]).toMatchObject([405, { reason: 'MethodNotAllowed' }])
  expect(await create(admin, 'one')).toBe(201)
})

it('serve --emulated-version is the release that it names', async () => {
  const { admin } = await startServe(['--in-memory', '--emulated-version=1.35'])
  expect(await (await admin('/version')).json()).toMatchObject({
    minor: '35',
    minCompatibilityMinor: '34',
    gitVersion: expect.stringMatching(/^v1\.35\.\d+\+kube-authn$/),
  })
  const document = await admin('/openapi/v3/api/v1')
  expect(await document.json()).toMatchObject({ info: { version: expect.stringMatching(/^v1\.35\.\d+$/) } })
})

describe('serve, without a flag', () => {
  it('lets only its administrator in, and probes', async () => {
    const { as, admin } = await startServe()
    const paths = [
      '/healthz',
      '/livez',
      '/readyz',
      '/api',
      '/version',
      '/openid/v1/jwks',
      '/metrics',
      CONFIG_MAPS,
    ]
    expect(await Promise.all(paths.map((path) => statusOf(as(), path)))).toEqual([
      200, 200, 200, 401, 401, 401, 401, 401,
    ])
    expect(await Promise.all(paths.map((path) => statusOf(admin, path)))).toEqual(paths.map(() => 200))
  })

  it('keeps everything for its owner only', async () => {
    const { dataDir, admin } = await startServe()
    await create(admin, 'one')
    const names = readdirSync(dataDir, { recursive: true, encoding: 'utf8' })
    expect(names).toContain('store.db')
    for (const name of ['', ...names]) {
      const status = statSync(join(dataDir, name))
      expect([name, status.mode & 0o777]).toEqual([name, status.isDirectory() ? 0o700 : 0o600])
    }
  })

  it('says where it is, for people', async () => {
    const dataDir = join(folderOf(), "it's data")
    const { child, ended } = spawnServe([`--data-dir=${dataDir}`, '--secure-port=0'])
    let text = ''
    child.stdout?.on('data', (part: string) => void (text += part))
    await vi.waitFor(() => expect(text).toContain('Ctrl+C'))
    child.kill('SIGINT')
    const { stdout, stderr, exitCode } = await ended
    expect(stdout).toMatch(/^kube-authn serves the Kubernetes API at https:\/\/127\.0\.0\.1:\d+\n/)
    expect(stdout).toContain(`\n  export KUBECONFIG='${dataDir.replace("'", String.raw`'\''`)}/admin.conf'\n`)
    expect({ stderr, exitCode }).toEqual({ stderr: '', exitCode: 0 })
  })

  it('speaks TLS 1.2 and 1.3 with HTTP/1.1, and not TLS 1.1', async () => {
    const { server } = await startServe()
    const handshake = async (maxVersion: 'TLSv1.1' | 'TLSv1.2' | 'TLSv1.3'): Promise<unknown> => {
      const socket = connectTls({
        host: '127.0.0.1',
        port: Number(new URL(server).port),
        rejectUnauthorized: false,
        minVersion: 'TLSv1.1',
        maxVersion,
        ciphers: 'DEFAULT@SECLEVEL=0',
        ALPNProtocols: ['h2', 'http/1.1'],
      })
      const answer = await once(socket, 'secureConnect').then(
        () => [socket.getProtocol(), socket.alpnProtocol],
        () => 'refused',
      )
      socket.destroy()
      return answer
    }
    expect(await handshake('TLSv1.3')).toEqual(['TLSv1.3', 'http/1.1'])
    expect(await handshake('TLSv1.2')).toEqual(['TLSv1.2', 'http/1.1'])
    expect(await handshake('TLSv1.1')).toBe('refused')
  })
})

describe('serve, with flags', () => {
  it('counts what its files and its audit log do, from the start', async () => {
    const of = (kind: string, more: object): string =>
      JSON.stringify({ apiVersion: 'apiserver.config.k8s.io/v1', kind, ...more })
    const folder = folderOf({
      'authn.yaml': of('AuthenticationConfiguration', { jwt: [] }),
      'authz.yaml': of('AuthorizationConfiguration', { authorizers: [{ type: 'RBAC', name: 'rbac' }] }),
      'policy.yaml': 'apiVersion: audit.k8s.io/v1\nkind: Policy\nrules: [{level: Metadata}]\n',
    })
    const { admin } = await startServe([
      `--authentication-config=${join(folder, 'authn.yaml')}`,
      `--authorization-config=${join(folder, 'authz.yaml')}`,
      `--audit-policy-file=${join(folder, 'policy.yaml')}`,
      `--audit-log-path=${join(folder, 'audit.log')}`,
    ])
    const text = await (await admin('/metrics')).text()
    for (const name of ['authn.yaml', 'authz.yaml']) {
      const hash = createHash('sha256')
        .update(readFileSync(join(folder, name)))
        .digest('hex')
      const what = name === 'authn.yaml' ? 'authentication' : 'authorization'
      expect(text).toContain(
        `apiserver_${what}_config_controller_last_config_info{hash="sha256:${hash}"} 1\n`,
      )
    }
    expect(text).toMatch(/^apiserver_audit_level_total\{level="Metadata"\} 1$/m)
  })

  it('decides by a token file and roles, and logs no credential', async () => {
    const folder = folderOf({ 'tokens.csv': 'hunter2,jane,1,"developers"\n' })
    const { as, admin, log } = await startServe([`--token-auth-file=${join(folder, 'tokens.csv')}`])
    const jane = as('hunter2')
    expect(await statusOf(jane, CONFIG_MAPS)).toBe(403)
    expect(await statusOf(as('hunter3'), CONFIG_MAPS)).toBe(401)
    const rules = [{ apiGroups: [''], resources: ['configmaps'], verbs: ['list'] }]
    const roles = '/apis/rbac.authorization.k8s.io/v1/namespaces/default'
    const apiVersion = 'rbac.authorization.k8s.io/v1'
    const made = [
      await admin(`${roles}/roles`, {
        method: 'POST',
        body: { apiVersion, kind: 'Role', metadata: { name: 'lister' }, rules },
      }),
      await admin(`${roles}/rolebindings`, {
        method: 'POST',
        body: {
          apiVersion,
          kind: 'RoleBinding',
          metadata: { name: 'lister' },
          roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'lister' },
          subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'Group', name: 'developers' }],
        },
      }),
    ]
    expect(made.map(({ status }) => status)).toEqual([201, 201])
    // It counts at once.
    expect(await statusOf(jane, CONFIG_MAPS)).toBe(200)
    expect(await statusOf(jane, '/api/v1/namespaces/default/secrets')).toBe(403)
    await vi.waitFor(() => expect(log().split('\n')).toHaveLength(4))
    expect(log()).toMatch(/ 403 GET .*secrets .*jane/)
    expect(log()).not.toMatch(/hunter/)
  })

  it('lets anonymous requests reach the authorizer with --anonymous-auth', async () => {
    const { as } = await startServe(['--anonymous-auth=true'])
    expect(await statusOf(as(), CONFIG_MAPS)).toBe(403)
  })

  it('has no anonymous request at all with --anonymous-auth=false', async () => {
    const { as } = await startServe(['--anonymous-auth=false'])
    expect(await statusOf(as(), '/healthz')).toBe(401)
  })

  it('allows everything with AlwaysAllow, and nothing to the anonymous', async () => {
    const folder = folderOf({ 'tokens.csv': 't,jane,1\n' })
    const { as } = await startServe([
      '--authorization-mode=AlwaysAllow',
      `--token-auth-file=${join(folder, 'tokens.csv')}`,
    ])
    expect([await statusOf(as('t'), CONFIG_MAPS), await statusOf(as(), CONFIG_MAPS)]).toEqual([200, 401])
  })

  it('takes an AuthorizationConfiguration without the type RBAC', async () => {
    const file = {
      apiVersion: 'apiserver.config.k8s.io/v1',
      kind: 'AuthorizationConfiguration',
      authorizers: [{ type: 'AlwaysAllow', name: 'alwaysallow' }],
    }
    const folder = folderOf({ 'tokens.csv': 't,jane,1\n', 'authorization.json': JSON.stringify(file) })
    const { as } = await startServe([
      `--authorization-config=${join(folder, 'authorization.json')}`,
      `--token-auth-file=${join(folder, 'tokens.csv')}`,
    ])
    expect([await statusOf(as('t'), CONFIG_MAPS), await statusOf(as(), CONFIG_MAPS)]).toEqual([200, 401])
  })

  it('accepts client certificates of another CA beside its own', async () => {
    const pki = await createPki()
    const { chainPem, privateKeyPem } = await pki.issueClient({ commonName: 'jane' })
    const folder = folderOf({ 'ca.crt': pki.caPem })
    const { admin, server, dataDir } = await startServe([`--client-ca-file=${join(folder, 'ca.crt')}`])
    expect(await statusOf(admin, CONFIG_MAPS)).toBe(200)
    const fetch = createFetch({
      ca: readFileSync(join(dataDir, 'pki/ca.crt'), 'utf8'),
      cert: chainPem,
      key: privateKeyPem,
    })
    onTestFinished(() => fetch.close())
    const answer = await fetch(`${server}${CONFIG_MAPS}`)
    expect([answer.status, await answer.text()]).toEqual([403, expect.stringContaining('User \\"jane\\"')])
  })

  it('has the certificate of the flags, and a kubeconfig that trusts it', async () => {
    const pki = await createPki()
    const { chainPem, privateKeyPem } = await pki.issueServer({ hosts: ['127.0.0.1'] })
    const folder = folderOf({ 'tls.crt': chainPem, 'tls.key': privateKeyPem, 'ca.crt': pki.caPem })
    const { admin } = await startServe([
      `--tls-cert-file=${join(folder, 'tls.crt')}`,
      `--tls-private-key-file=${join(folder, 'tls.key')}`,
      `--root-ca-file=${join(folder, 'ca.crt')}`,
    ])
    expect(await statusOf(admin, CONFIG_MAPS)).toBe(200)
  })

  it('has other certificates for the names of --tls-sni-cert-key, and new ones without a restart', async () => {
    const pki = await createPki()
    const issued = (commonName: string): ReturnType<typeof pki.issueServer> =>
      pki.issueServer({ hosts: ['shop.example.com'], commonName })
    const { chainPem, privateKeyPem } = await issued('first')
    const folder = folderOf({ 'sni.crt': chainPem, 'sni.key': privateKeyPem })
    const files = `${join(folder, 'sni.crt')},${join(folder, 'sni.key')}`
    const { server, admin } = await startServe([
      `--tls-sni-cert-key=${files}`,
      `--tls-sni-cert-key=${files}:*.apps.example.com`,
    ])
    const served = (servername: string): Promise<unknown> =>
      new Promise((resolve, reject) => {
        const { port } = new URL(server)
        const options = { port: Number(port), host: '127.0.0.1', servername, rejectUnauthorized: false }
        const socket = connectTls(options, () => {
          resolve(socket.getPeerCertificate().subject.CN)
          socket.destroy()
        })
        socket.on('error', reject)
      })
    const NAMES = ['shop.example.com', 'a.apps.example.com', 'other.example.com', '']
    expect(await Promise.all(NAMES.map(served))).toEqual([
      'first',
      'first',
      'kube-apiserver',
      'kube-apiserver',
    ])
    expect(await statusOf(admin, CONFIG_MAPS)).toBe(200)
    const next = await issued('second')
    writeFileSync(join(folder, 'sni.crt'), next.chainPem)
    writeFileSync(join(folder, 'sni.key'), next.privateKeyPem)
    await vi.waitFor(
      async () => expect(await Promise.all(NAMES.slice(0, 2).map(served))).toEqual(['second', 'second']),
      { timeout: 30_000, interval: 200 },
    )
  })

  it('authenticates and authorizes over plain HTTP, too', async () => {
    const folder = folderOf({ 'tokens.csv': 't,jane,1\n' })
    const port = await freePort()
    const { announcement } = await startServe([
      `--insecure-port=${port}`,
      `--token-auth-file=${join(folder, 'tokens.csv')}`,
    ])
    const server = announcement['insecureServer'] ?? ''
    expect(server).toBe(`http://127.0.0.1:${port}`)
    const ask = async (path: string, headers = {}): Promise<number> =>
      (await globalThis.fetch(`${server}${path}`, { headers })).status
    expect([
      await ask('/healthz'),
      await ask(CONFIG_MAPS),
      await ask(CONFIG_MAPS, { authorization: 'Bearer t' }),
    ]).toEqual([200, 401, 403])
  })

  it('publishes the issuer of tokens', async () => {
    const { admin, server } = await startServe(['--service-account-issuer=https://issuer.example.com'])
    const document: unknown = await (await admin('/.well-known/openid-configuration')).json()
    expect(document).toMatchObject({
      issuer: 'https://issuer.example.com',
      jwks_uri: `${server}/openid/v1/jwks`,
    })
  })

  it('says why there is no discovery document, and serves nevertheless', async () => {
    const { admin, log } = await startServe(['--service-account-issuer=kubernetes/serviceaccount'])
    expect(await statusOf(admin, '/.well-known/openid-configuration')).toBe(404)
    expect(log()).toContain(
      'warn the issuer of tokens has no discovery document: issuer: must be an https URL',
    )
  })

  it('writes an audit log', async () => {
    const folder = folderOf({
      'policy.yaml': 'apiVersion: audit.k8s.io/v1\nkind: Policy\nrules: [{ level: Metadata }]\n',
    })
    const { admin, stop } = await startServe([
      `--audit-policy-file=${join(folder, 'policy.yaml')}`,
      `--audit-log-path=${join(folder, 'audit.log')}`,
    ])
    await create(admin, 'one')
    await stop()
    expect(readFileSync(join(folder, 'audit.log'), 'utf8')).toMatch(
      /"stage":"ResponseComplete".*"verb":"create"/,
    )
  })
})

describe('the objects of serve', () => {
  it.each(['SIGTERM', 'SIGKILL'] as const)('are there again after %s', async (signal) => {
    const first = await (signal === 'SIGKILL' ? startServeProcess() : startServe())
    expect(await create(first.admin, 'one')).toBe(201)
    await first.stop(signal)
    const second = await startServe([`--data-dir=${first.dataDir}`])
    expect(await statusOf(second.admin, `${CONFIG_MAPS}/one`)).toBe(200)
    expect(await create(second.admin, 'one')).toBe(409)
  })

  it('end with the process if they are in memory', async () => {
    const first = await startServe(['--in-memory'])
    await create(first.admin, 'one')
    await first.stop()
    expect(existsSync(join(first.dataDir, 'store.db'))).toBe(false)
    const second = await startServe(['--in-memory', `--data-dir=${first.dataDir}`])
    expect(await statusOf(second.admin, `${CONFIG_MAPS}/one`)).toBe(404)
  })
})

describe('serve does not start', () => {
  async function refused(args: readonly string[]): Promise<string> {
    const { stdout, stderr, exitCode } = await run(['serve', '--secure-port=0', ...args])
    expect({ stdout, exitCode }).toEqual({ stdout: '', exitCode: 2 })
    return stderr
  }

  it('with a data folder that another process has', async () => {
    const { dataDir, admin } = await startServe()
    expect(await refused([`--data-dir=${dataDir}`])).toBe(
      `error: another process has the data folder ${dataDir}\n`,
    )
    expect(await statusOf(admin, CONFIG_MAPS)).toBe(200)
  })

  it('with a data folder that another process has, whatever their stores are, until that is killed', async () => {
    const file = join(folderOf(), 'other.db')
    const first = await startServeProcess(['--store=memory'])
    const kubeconfig = readFileSync(join(first.dataDir, 'admin.conf'), 'utf8')
    for (const store of ['memory', `sqlite:${file}`]) {
      expect(await refused([`--data-dir=${first.dataDir}`, `--store=${store}`])).toBe(
        `error: another process has the data folder ${first.dataDir}\n`,
      )
    }
    expect(readFileSync(join(first.dataDir, 'admin.conf'), 'utf8')).toBe(kubeconfig)
    await first.stop('SIGKILL')
    const second = await startServe(['--store=memory', `--data-dir=${first.dataDir}`])
    expect(await statusOf(second.admin, CONFIG_MAPS)).toBe(200)
    await second.stop()
    const third = await startServe(['--store=memory', `--data-dir=${first.dataDir}`])
    expect(await statusOf(third.admin, CONFIG_MAPS)).toBe(200)
  })

  it.each([
    ['is damaged', 'x'.repeat(8192), 'since it is damaged'],
    ['is empty', '', 'since it is empty'],
  ])('with a store that %s, which stays as it is', async (_, content, reason) => {
    const { dataDir, stop } = await startServe()
    await stop()
    writeFileSync(join(dataDir, 'store.db'), content)
    expect(await refused([`--data-dir=${dataDir}`])).toMatch(
      new RegExp(`^error: .*store\\.db is not used as a store, ${reason}.*\\n$`),
    )
    expect(readFileSync(join(dataDir, 'store.db'), 'utf8')).toBe(content)
  })

  it('with an etcd that cannot be reached, whose password is not printed', async () => {
    const store = '--store=etcd+http://jane:hunter2@127.0.0.1:1?startSeconds=0'
    const stderr = await refused([`--data-dir=${join(folderOf(), 'data')}`, store])
    expect(stderr).toMatch(/^error: etcd cannot be used: http:\/\/127\.0\.0\.1:1: .*\n$/)
    expect(stderr).not.toContain('hunter2')
  })

  it('with keys that others could read', async () => {
    const dataDir = join(folderOf(), 'data')
    mkdirSync(dataDir)
    chmodSync(dataDir, 0o755)
    expect(await refused([`--data-dir=${dataDir}`])).toBe(
      `error: ${dataDir}: other users may read or write it; run: chmod 700 ${dataDir}\n`,
    )
    expect(readdirSync(dataDir)).toEqual([])
  })

  it('on a port that another process has', async () => {
    const other = createServer().listen(0, '127.0.0.1')
    onTestFinished(() => void other.close())
    await once(other, 'listening')
    const address = other.address()
    const port = typeof address === 'object' ? address?.port : undefined
    const dataDir = join(folderOf(), 'data')
    expect(await refused([`--data-dir=${dataDir}`, `--secure-port=${port}`])).toBe(
      `error: --secure-port: another process listens on port ${port} of 127.0.0.1; stop it, or choose another port\n`,
    )
    // Nothing is left that hinders the next start.
    await startServe([`--data-dir=${dataDir}`])
  })

  it.each([
    [['--secure-prt=1'], 'error: --secure-prt: unknown flag, did you mean --secure-port?\n'],
    [['hunter2'], 'error: --data-dir: is followed by an argument that belongs to no flag\n'],
    [
      ['--bind-address=192.0.2.1'],
      /^error: --bind-address: cannot listen on port 0 of 192\.0\.2\.1 \(EADDRNOTAVAIL\)\n$/,
    ],
    [['--token-auth-file=/nope'], 'error: --token-auth-file: /nope: no such file or directory (ENOENT)\n'],
    [['--authorization-mode=ABAC'], /^error: --authorization-mode: the mode ABAC is not supported: .*\n$/],
    [
      ['--audit-log-path=/nope/x', '--audit-policy-file=/nope'],
      /^error: --audit-policy-file: .*\nerror: --audit-log-path: .*\n$/,
    ],
    [
      ['--tls-sni-cert-key=/nope,/nope'],
      'error: --tls-sni-cert-key: /nope: no such file or directory (ENOENT)\n',
    ],
    [
      ['--tls-cert-file=/nope', '--tls-private-key-file=/nope'],
      'error: --tls-cert-file: /nope: no such file or directory (ENOENT)\n',
    ],
    [
      ['--service-account-signing-key-file=/nope'],
      'error: --service-account-signing-key-file: /nope: no such file or directory (ENOENT)\n',
    ],
    // Without waiting for the socket, which is not there.
    [
      ['--service-account-signing-endpoint=/nope', '--service-account-key-file=/nope'],
      /^error: --service-account-signing-endpoint: can't set .* \(They are mutually exclusive\)\n$/,
    ],
    [
      ['--controllers=tokncleaner'],
      /^error: --controllers: "tokncleaner" is no controller: did you mean tokencleaner\?\n$/,
    ],
  ])('with %j', async (args, message) => {
    const said = await refused([`--data-dir=${join(folderOf(), 'data')}`, ...args])
    expect(said).toMatch(typeof message === 'string' ? exactly(message) : message)
  })
})

describe('the end of serve', () => {
  it.each(['SIGTERM', 'SIGINT'] as const)('by %s ends watches, and is no failure', async (signal) => {
    const served = await startServeProcess()
    const watch = await served.admin(`${CONFIG_MAPS}?watch=true`)
    const text = watch.text()
    await create(served.admin, 'one')
    const { exitCode, signal: killed } = await served.stop(signal)
    expect({ exitCode, killed }).toEqual({ exitCode: 0, killed: null })
    expect(await text).toContain('"type":"ADDED"')
  })

  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('is at once after a second %s', async (signal, exitCode) => {
    const served = await startServeProcess()
    await beginRequest(served)
    served.child.kill('SIGTERM')
    await vi.waitFor(async () => expect(await statusOf(served.admin, '/readyz')).toBe(500))
    served.child.kill(signal)
    expect(await served.ended).toMatchObject({ exitCode, signal: null })
  })
})

/** Begins a request whose body never ends. */
async function beginRequest({ dataDir, server }: Served): Promise<void> {
  const { cert, key } = readKubeconfig(join(dataDir, 'admin.conf'))
  const port = Number(new URL(server).port)
  const socket = connectTls({ host: '127.0.0.1', port, cert, key, rejectUnauthorized: false })
  onTestFinished(() => void socket.destroy())
  socket.on('error', () => {})
  await once(socket, 'secureConnect')
  socket.write(
    `POST ${CONFIG_MAPS} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\nExpect: 100-continue\r\n\r\n`,
  )
  await once(socket, 'data')
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  await new Promise((resolve) => server.close(resolve))
  return typeof address === 'object' && address !== null ? address.port : 0
}

function exactly(text: string): RegExp {
  return new RegExp(`^${text.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`)}$`)
}
