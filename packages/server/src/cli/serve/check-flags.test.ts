import { generateKeyPairSync } from 'node:crypto'
import { once } from 'node:events'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { connect, createServer, type Server } from 'node:net'
import { join } from 'node:path'
import { createPki } from '@kube-authn/testing'
import { describe, expect, it, onTestFinished } from 'vitest'
import { folderOf, run } from '../../../test/command.ts'
import { startServeProcess } from '../../../test/served.ts'

const OK = { stdout: 'ok: the flags and their files can be used\n', stderr: '', exitCode: 0 }
const pki = await createPki()
const { chainPem, privateKeyPem } = await pki.issueServer({ hosts: ['api.example.com'] })
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 })
const signingKey = rsa.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()

const kubeconfig = (server: string): string =>
  `apiVersion: v1\nkind: Config\nclusters: [{name: c, cluster: {server: "${server}"}}]\n` +
  'contexts: [{name: x, context: {cluster: c}}]\ncurrent-context: x\n'
const authentication = (url: string): string =>
  'apiVersion: apiserver.config.k8s.io/v1\nkind: AuthenticationConfiguration\n' +
  `jwt: [{issuer: {url: "${url}", audiences: [a]}, claimMappings: {username: {claim: sub, prefix: ""}}}]\n`
const authorization = (path: string): string =>
  JSON.stringify({
    apiVersion: 'apiserver.config.k8s.io/v1',
    kind: 'AuthorizationConfiguration',
    authorizers: [
      {
        type: 'Webhook',
        name: 'w',
        webhook: {
          timeout: '3s',
          subjectAccessReviewVersion: 'v1',
          failurePolicy: 'Deny',
          connectionInfo: { type: 'KubeConfigFile', kubeConfigFile: path },
        },
      },
      { type: 'RBAC', name: 'rbac' },
    ],
  })

/** A folder without a data folder in it yet. */
function folderWith(files: Readonly<Record<string, string>> = {}) {
  const folder = folderOf(files)
  const at = (name: string): string => join(folder, name)
  const check = async (...flags: readonly string[]) => {
    const { stdout, stderr, exitCode } = await run(['serve', '--check', `--data-dir=${at('data')}`, ...flags])
    return { stdout: stdout.replaceAll(folder, 'F'), stderr, exitCode }
  }
  return { at, check }
}

/** What accepts connections, and how many it was asked for by others. */
async function counting(where: number | string): Promise<{ port: number; asked: () => Promise<number> }> {
  let count = 0
  const server: Server = createServer((socket) => {
    count++
    socket.destroy()
  })
  onTestFinished(() => void server.close())
  await once(
    typeof where === 'number' ? server.listen(where, '127.0.0.1') : server.listen(where),
    'listening',
  )
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  return {
    port,
    async asked() {
      // Connections are accepted in their order.
      const own = typeof where === 'number' ? connect(port, '127.0.0.1') : connect(where)
      await once(own, 'close')
      return count - 1
    },
  }
}

describe('serve --check', () => {
  it('says in one line that all is well, and leaves no data folder', async () => {
    const { at, check } = folderWith()
    expect(await check()).toEqual(OK)
    expect(existsSync(at('data'))).toBe(false)
  })

  it('takes files of every kind', async () => {
    const { at, check } = folderWith({
      'tokens.csv': 'hunter2,jane,1,"developers"\n',
      'ca.crt': pki.caPem,
      'tls.crt': chainPem,
      'tls.key': privateKeyPem,
      'sa.key': signingKey,
      'policy.yaml': 'apiVersion: audit.k8s.io/v1\nkind: Policy\nrules: [{level: Metadata}]\n',
    })
    expect(
      await check(
        `--token-auth-file=${at('tokens.csv')}`,
        `--client-ca-file=${at('ca.crt')}`,
        `--tls-cert-file=${at('tls.crt')}`,
        `--tls-private-key-file=${at('tls.key')}`,
        `--tls-sni-cert-key=${at('tls.crt')},${at('tls.key')}:api.example.com`,
        `--service-account-signing-key-file=${at('sa.key')}`,
        `--service-account-private-key-file=${at('sa.key')}`,
        `--service-account-key-file=${at('sa.key')}`,
        `--cluster-signing-cert-file=${at('ca.crt')}`,
        `--cluster-signing-key-file=${at('tls.key')}`,
        `--root-ca-file=${at('ca.crt')}`,
        `--audit-policy-file=${at('policy.yaml')}`,
        `--audit-log-path=${at('audit.log')}`,
        '--forward-auth',
        '--forward-auth-login-url=/login',
        '--in-memory',
      ),
    ).toEqual({
      stdout: 'error: --cluster-signing-cert-file: the key of the CA is not that of its certificate\n',
      stderr: '',
      exitCode: 1,
    })
    expect(existsSync(at('audit.log'))).toBe(false)
  })

  it('calls nothing, opens no store and takes no port', async () => {
    const { port, asked } = await counting(0)
    const folder = folderOf()
    const socket = await counting(join(folder, 's.sock'))
    const url = `https://127.0.0.1:${port}`
    const { at, check } = folderWith({
      'authn.yaml': authentication(url),
      'webhook.yaml': kubeconfig(url),
      'policy.yaml': 'apiVersion: audit.k8s.io/v1\nkind: Policy\nrules: [{level: Metadata}]\n',
    })
    writeFileSync(at('authz.yaml'), authorization(at('webhook.yaml')))
    const shared = [
      `--secure-port=${port}`,
      `--insecure-port=${port}`,
      `--service-account-signing-endpoint=${join(folder, 's.sock')}`,
      `--authentication-token-webhook-config-file=${at('webhook.yaml')}`,
      `--authorization-config=${at('authz.yaml')}`,
      `--audit-policy-file=${at('policy.yaml')}`,
      `--audit-webhook-config-file=${at('webhook.yaml')}`,
      `--experimental-keystone-url=${url}`,
    ]
    expect(
      await check(
        ...shared,
        `--authentication-config=${at('authn.yaml')}`,
        `--store=postgres://u@127.0.0.1:${port}/d`,
      ),
    ).toEqual(OK)
    expect(
      await check(
        ...shared,
        `--oidc-issuer-url=${url}`,
        '--oidc-client-id=a',
        `--store=etcd+http://127.0.0.1:${port}`,
      ),
    ).toEqual(OK)
    expect(await check(`--store=sqlite:${at('objects.db')}`)).toEqual(OK)
    expect([await asked(), await socket.asked()]).toEqual([0, 0])
    expect(readdirSync(at('.')).toSorted()).toEqual([
      'authn.yaml',
      'authz.yaml',
      'policy.yaml',
      'webhook.yaml',
    ])
  })

  it('tells all problems at once, with files and paths in them, each once', async () => {
    const { at, check } = folderWith({
      empty: '',
      'tokens.csv': 'hunter2,jane\n',
      'authn.yaml': authentication('http://issuer.example').replace('claim: sub', 'claims: sub'),
      'authz.yaml': authorization('relative').replace('"RBAC"', '"Foo"'),
      'webhook.yaml': kubeconfig('http://webhook'),
      'policy.yaml': 'apiVersion: audit.k8s.io/v1\nkind: Policy\nrules: [{level: Foo}]\n',
    })
    const { stdout, stderr, exitCode } = await check(
      '--secure-port=99999',
      '--secure-prt=1',
      '--tls-min-version=1',
      `--token-auth-file=${at('tokens.csv')}`,
      `--authentication-config=${at('authn.yaml')}`,
      `--authorization-config=${at('authz.yaml')}`,
      `--authentication-token-webhook-config-file=${at('webhook.yaml')}`,
      `--service-account-signing-key-file=${at('empty')}`,
      `--service-account-private-key-file=${at('none')}`,
      `--service-account-key-file=${at('empty')}`,
      `--service-account-key-file=${at('none')}`,
      '--service-account-issuer=',
      `--tls-cert-file=${at('empty')}`,
      `--tls-private-key-file=${at('none')}`,
      `--tls-sni-cert-key=${at('none')},${at('none')}`,
      `--tls-sni-cert-key=${at('empty')},${at('empty')}`,
      `--cluster-signing-cert-file=${at('none')}`,
      `--cluster-signing-key-file=${at('none')}`,
      `--root-ca-file=${at('empty')}`,
      `--audit-policy-file=${at('policy.yaml')}`,
      `--audit-log-path=${at('none/audit.log')}`,
      '--forward-auth',
      '--forward-auth-login-url=:',
    )
    expect({ stderr, exitCode }).toEqual({ stderr: '', exitCode: 1 })
    expect(stdout.trimEnd().split('\n')).toEqual(
      [
        '--secure-prt: unknown flag, did you mean --secure-port?',
        '--secure-port: must be a port from 0 to 65535, not 99999',
        '--tls-min-version: must be VersionTLS12 or VersionTLS13, not "1"',
        '--service-account-signing-key-file: F/empty: data does not contain a valid RSA or ECDSA private key',
        '--service-account-private-key-file: F/none: no such file or directory (ENOENT)',
        '--service-account-key-file: F/empty: data does not contain any valid RSA or ECDSA public keys',
        '--service-account-key-file: F/none: no such file or directory (ENOENT)',
        '--audit-policy-file: F/policy.yaml: rules[0].level: Unsupported value: "Foo": supported values: "None", "Metadata", "Request", "RequestResponse"',
        '--audit-log-path: F/none: no such file or directory (ENOENT)',
        '--service-account-issuer: service-account-issuer should not be an empty string',
        '--token-auth-file: F/tokens.csv: line 1: token file must have at least 3 columns (token, user name, user uid), found 2',
        '--authentication-config: F/authn.yaml: jwt[0].claimMappings.username.claims: strict decoding error: unknown field "jwt[0].claimMappings.username.claims"',
        '--authentication-token-webhook-config-file: F/webhook.yaml: clusters[0].cluster.server: Invalid value: must be an https URL',
        '--authorization-config: authorizers[0].connectionInfo.kubeConfigFile: Invalid value: "relative": must be an absolute path',
        '--authorization-config: authorizers[1].type: Unsupported value: "Foo": supported values: "AlwaysAllow", "AlwaysDeny", "RBAC", "Webhook"',
        '--forward-auth-login-url: must be a path, or an absolute https URL, without a fragment',
        '--tls-private-key-file: F/none: no such file or directory (ENOENT)',
        '--tls-sni-cert-key: F/none: no such file or directory (ENOENT)',
        '--tls-sni-cert-key: must be a certificate that matches the key (ERR_OSSL_PEM_NO_START_LINE); certFile is F/empty, keyFile is F/empty',
        "--cluster-signing-cert-file: ENOENT: no such file or directory, open 'F/none'",
        '--root-ca-file: F/empty: has no certificate in PEM',
      ].map((problem) => `error: ${problem}`),
    )
  })

  it('tells programs, too', async () => {
    const { check } = folderWith()
    const { stdout, exitCode } = await check(
      '--output=json',
      '--root-ca-file=/nope',
      '--authorization-mode=Node',
    )
    expect([JSON.parse(stdout), exitCode]).toEqual([
      {
        problems: [
          '--authorization-mode: the mode Node alone would allow nothing: there are no kubelets; use Node,RBAC or RBAC',
          '--root-ca-file: /nope: no such file',
        ],
      },
      1,
    ])
    const fine = await check('--output=json')
    expect([JSON.parse(fine.stdout), fine.exitCode]).toEqual([{ problems: [] }, 0])
  })

  it('is off with --check=false', async () => {
    const { check } = folderWith()
    const { stderr, exitCode } = await check('--check=false', '--secure-prt=1')
    expect([stderr, exitCode]).toEqual([
      'error: --secure-prt: unknown flag, did you mean --secure-port?\n',
      2,
    ])
  })

  it('may run beside a server, and changes nothing of its folder', async () => {
    const { dataDir } = await startServeProcess()
    const state = (): readonly unknown[] =>
      readdirSync(dataDir, { recursive: true, encoding: 'utf8' })
        .filter((name) => !name.startsWith('store.db'))
        .toSorted()
        .map((name) => [name, statSync(join(dataDir, name)).mtimeMs])
    const before = state()
    expect(await run(['serve', '--check', `--data-dir=${dataDir}`])).toEqual(OK)
    expect(state()).toEqual(before)
  })

  it.each<[string, string, (at: (name: string) => string) => void]>([
    [
      'a folder that others may read',
      'F/data: other users may read or write it; run: chmod 700 F/data',
      (at) => chmodSync(at('data'), 0o755),
    ],
    [
      'a signing key that is none',
      'F/data/pki/sa.key: has no private key in PEM',
      (at) => writeFileSync(at('data/pki/sa.key'), 'hunter2', { mode: 0o600 }),
    ],
    [
      'a CA without its key',
      'F/data/pki/ca.key: is not there, or is not the key of the CA in F/data/pki/ca.crt; restore both, or remove both to begin with a new CA',
      (at) => writeFileSync(at('data/pki/ca.crt'), pki.caPem),
    ],
    ['a file', 'F/data: is not a folder', (at) => replaceByFile(at('data'))],
  ])('finds %s in place of what was made earlier', async (_, problem, change) => {
    const { at, check } = folderWith()
    mkdirSync(at('data/pki'), { recursive: true, mode: 0o700 })
    change(at)
    expect(await check('--token-auth-file=/nope')).toEqual({
      stdout: `error: ${problem}\nerror: --token-auth-file: /nope: no such file or directory (ENOENT)\n`,
      stderr: '',
      exitCode: 1,
    })
  })

  it('opens no audit log: one that is there stays as it is, and a folder is none', async () => {
    const { at, check } = folderWith({ 'audit.log': 'before\n' })
    expect(await check(`--audit-log-path=${at('audit.log')}`)).toEqual(OK)
    expect(await check('--audit-log-path=-')).toEqual(OK)
    expect(readFileSync(at('audit.log'), 'utf8')).toBe('before\n')
    expect(await check(`--audit-log-path=${at('.')}`)).toMatchObject({
      stdout: 'error: --audit-log-path: F: is a directory (EISDIR)\n',
      exitCode: 1,
    })
  })
})

function replaceByFile(folder: string): void {
  rmSync(folder, { recursive: true })
  writeFileSync(folder, '')
}
