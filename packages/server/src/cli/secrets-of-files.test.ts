import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createPki } from '@kube-authn/testing'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { folderOf, run } from '../../test/command.ts'
import { KINDS } from './check/recognize.ts'
import { PROXY_HELP } from './proxy/flags.ts'
import { type FlagHelp, FURTHER_FLAGS, SHOWN_FLAGS } from './serve/flags/flag-help.ts'

/** Like a token that is a UUID. */
const SECRET = '31ada4fd-adec-460c-809a-9e56ceb75269'
const PEM = `-----BEGIN PRIVATE KEY-----\n${SECRET}\n-----END PRIVATE KEY-----\n`
const NAMES = ['apiVersion', 'kind', 'users', 'items']

const UNKNOWN_FIELDS = JSON.stringify({ token: SECRET, [SECRET]: 1, data: { password: [SECRET] } })

/** Objects of JSON, by what they are. */
const OBJECTS: Readonly<Record<string, string>> = {
  'unknown-fields.json': UNKNOWN_FIELDS,
  'names.json': JSON.stringify({ apiVersion: SECRET, kind: SECRET }),
  ...Object.fromEntries(
    NAMES.flatMap((name) => [
      [`${name}.json`, JSON.stringify({ [name]: SECRET })],
      [`${name}-list.json`, JSON.stringify({ [name]: [SECRET, { [SECRET]: SECRET, token: [SECRET] }] })],
    ]),
  ),
  ...Object.fromEntries(
    [
      ['policy', 'audit.k8s.io/v1', 'Policy', 'rules'],
      ['authentication', 'apiserver.config.k8s.io/v1', 'AuthenticationConfiguration', 'jwt'],
      ['authorization', 'apiserver.config.k8s.io/v1', 'AuthorizationConfiguration', 'authorizers'],
      ['role', 'rbac.authorization.k8s.io/v1', 'ClusterRole', 'rules'],
      ['config', 'v1', 'Config', 'users'],
      ['secret', 'v1', 'Secret', 'data'],
      ['role-list', 'v1', 'List', 'items'],
    ].flatMap(([name = '', apiVersion, kind, field = '']) => {
      const values = [[SECRET], [{ [SECRET]: 1, token: SECRET, name: { a: SECRET } }]]
      return values.map((value, index) => [
        `${name}-${index}.json`,
        JSON.stringify({ apiVersion, kind, metadata: { name: 'a' }, [field]: value, token: SECRET }),
      ])
    }),
  ),
}

/** Other files that are not what was asked for, by what they are. */
const TEXTS: Readonly<Record<string, string | Uint8Array>> = {
  'tokens.csv': `${SECRET},clark,1,"dev,ops"\n`,
  'two-columns.csv': `ok,jane,1\n${SECRET},clark\n`,
  'quotes.csv': `"${SECRET},clark,1,"dev\n`,
  'twice.csv': `${SECRET},clark,1\n${SECRET},lois,2\n`,
  'ca.key': PEM,
  'crt.pem': PEM.replaceAll('PRIVATE KEY', 'CERTIFICATE'),
  token: `${SECRET}\n`,
  'list.json': JSON.stringify([SECRET, [SECRET]]),
  'string.json': JSON.stringify(SECRET),
  'syntax.yaml': `apiVersion: v1\nkind: Config\ntoken: "${SECRET}\n`,
  'alias.yaml': `a: *${SECRET}\nb: &${SECRET} x\n`,
  'tag.yaml': `a: !${SECRET} x\n%${SECRET} y\n`,
  'repeated.yaml': `${SECRET}: 1\n${SECRET}: 2\n`,
  'indent.yaml': `token: ${SECRET}\n ${SECRET}\n  - ${SECRET}: [\n`,
  'bad.json': `{"token": "${SECRET}" "a": ${SECRET}`,
  'long.csv': `${SECRET}${'x'.repeat(100_000)}${SECRET}\n`,
  'long.yaml': `a: ${`${SECRET} `.repeat(40_000)}\n`,
  binary: Uint8Array.from([...new TextEncoder().encode(SECRET), 0, 0xff, 0xfe, 10, 0x80]),
}

/** Commands for which every object and every YAML is the same: no CSV, no PEM and no token. */
const READ_NO_OBJECT =
  /^(?!check).*--(?:basic-auth-file|token(?:-auth)?-file|password-file|header|certificate|key|ca|ca-key|\S*(?:-ca-file|-cert-file|-key-file))$/

/** Flags that read an object of one kind: all other kinds are the same to them, so a secret stands for those. */
const READ_KINDS: readonly (readonly [flag: RegExp, kinds: RegExp])[] = [
  [/ --authentication-config$/, /^(?:authentication|secret)-\d/],
  [/ --authorization-config$/, /^(?:authorization|secret)-\d/],
  [/ --audit-policy-file$/, /^(?:policy|secret)-\d/],
  [/ --(?:\S+-webhook-config-file|upstream)$/, /^(?:config|secret)-\d/],
]

/** The files that a command is tried with. */
function filesFor(title: string): Readonly<Record<string, string | Uint8Array>> {
  const kinds = READ_KINDS.find(([flag]) => flag.test(title))?.[1]
  if (kinds !== undefined) {
    const objects = Object.entries(OBJECTS).filter(([name]) => !/-\d\.json$/.test(name) || kinds.test(name))
    return { ...TEXTS, ...Object.fromEntries(objects) }
  }
  if (!READ_NO_OBJECT.test(title)) return { ...TEXTS, ...OBJECTS }
  const read = Object.entries(TEXTS).filter(
    ([name]) => name === 'indent.yaml' || !/\.(?:yaml|json)$/.test(name),
  )
  return { ...Object.fromEntries(read), 'object.json': UNKNOWN_FIELDS }
}

/** What else a flag needs before its file is read. */
const COMPANIONS: Readonly<Record<string, readonly string[]>> = {
  'oidc-ca-file': ['--oidc-issuer-url=https://issuer.invalid', '--oidc-client-id=a'],
  'requestheader-client-ca-file': [
    '--requestheader-allowed-names=a',
    '--requestheader-username-headers=X-Remote-User',
  ],
  'experimental-keystone-ca-file': ['--experimental-keystone-url=https://keystone.invalid'],
  'authorization-webhook-config-file': ['--authorization-mode=Webhook'],
  'audit-policy-file': ['--audit-log-path=-'],
  'audit-webhook-config-file': ['--audit-policy-file=DIR/policy.yaml'],
  'cluster-signing-cert-file': ['--cluster-signing-key-file=DIR/tls.key'],
  'cluster-signing-key-file': ['--cluster-signing-cert-file=DIR/ca.crt'],
  'tls-private-key-file': ['--tls-cert-file=DIR/tls.crt'],
  'tls-cert-file': ['--tls-private-key-file=DIR/tls.key'],
  'service-account-key-file': ['--service-account-issuer=https://issuer.invalid'],
}

/** They are written, or name no file. */
const NOT_READ: ReadonlySet<string> = new Set(['audit-log-path'])

/** A server that finds no fault with its files ends at its port. */
const taken = createServer()
let takenPort = 0

beforeAll(async () => {
  taken.listen(0, '127.0.0.1')
  await once(taken, 'listening')
  takenPort = (taken.address() as AddressInfo).port
})
afterAll(() => void taken.close())

let material: Readonly<Record<string, string>> = {}

/** With all files, which no command changes, and the data folder of the servers. */
const shared = mkdtempSync(join(tmpdir(), 'kube-authn-secrets-'))
afterAll(() => rmSync(shared, { recursive: true }))

beforeAll(async () => {
  for (const [name, content] of Object.entries({ ...TEXTS, ...OBJECTS, 'object.json': UNKNOWN_FIELDS })) {
    writeFileSync(join(shared, name), content)
    mkdirSync(join(shared, `${name}.folder`))
    writeFileSync(join(shared, `${name}.folder/roles.yaml`), content)
  }
  const pki = await createPki()
  const { chainPem, privateKeyPem } = await pki.issueServer({ hosts: ['127.0.0.1'] })
  material = {
    'ca.crt': pki.caPem,
    'tls.crt': chainPem,
    'tls.key': privateKeyPem,
    'policy.yaml': 'apiVersion: audit.k8s.io/v1\nkind: Policy\nrules: [{level: Metadata}]\n',
    'kubeconfig.yaml':
      'apiVersion: v1\nkind: Config\nclusters: [{name: a, cluster: {server: "https://localhost:1"}}]\n' +
      'contexts: [{name: a, context: {cluster: a, user: a}}]\nusers: [{name: a, user: {token: x}}]\ncurrent-context: a\n',
  }
})

function fileFlags(flags: readonly FlagHelp[]): readonly string[] {
  return flags.filter(({ name, value }) => value === 'file' && !NOT_READ.has(name)).map(({ name }) => name)
}

const serveFlags = fileFlags([...SHOWN_FLAGS.flatMap(({ flags }) => flags), ...FURTHER_FLAGS])
const proxyFlags = [...fileFlags(PROXY_HELP.flatMap(({ flags }) => flags)), 'upstream']

/** A list of arguments for each file; `DIR/name` is a file that is right. */
const COMMANDS: Readonly<Record<string, (file: string) => readonly string[]>> = {
  ...Object.fromEntries(
    KINDS.map((kind) => [`check -k ${kind}`, (file: string) => ['check', '-k', kind, file]]),
  ),
  check: (file) => ['check', file],
  'check of a folder': (file) => ['check', `${file}.folder`],
  ...Object.fromEntries(
    serveFlags.map((name) => [
      `serve --${name}`,
      (file: string) => [
        'serve',
        '--in-memory',
        `--data-dir=${join(shared, 'data')}`,
        '--secure-port=TAKEN_PORT',
        ...(COMPANIONS[name] ?? []),
        `--${name}=${file}`,
      ],
    ]),
  ),
  ...Object.fromEntries(
    [...proxyFlags, 'authorization-rbac', 'impersonation-rbac'].map((name) => [
      `proxy --${name}`,
      (file: string) => [
        'proxy',
        '--secure-port=TAKEN_PORT',
        ...(name === 'upstream'
          ? []
          : [`--upstream=${name.startsWith('upstream-') ? 'https://localhost:1' : 'DIR/kubeconfig.yaml'}`]),
        ...(name.startsWith('tls-')
          ? []
          : ['--tls-cert-file=DIR/tls.crt', '--tls-private-key-file=DIR/tls.key']),
        ...(name === 'upstream-client-cert-file' ? ['--upstream-client-key-file=DIR/tls.key'] : []),
        ...(name === 'upstream-client-key-file' ? ['--upstream-client-cert-file=DIR/tls.crt'] : []),
        ...(COMPANIONS[name] ?? []),
        `--${name}=${file}`,
      ],
    ]),
  ),
  explain: (file) => ['explain', '--wait=0', file],
  ...Object.fromEntries(
    serveFlags
      .filter((name) => /auth|oidc|client-ca|keystone|service-account-key/.test(name))
      .map((name) => [
        `explain --${name}`,
        (file: string) => ['explain', '--wait=0', ...(COMPANIONS[name] ?? []), `--${name}=${file}`],
      ]),
  ),
  'explain --token-file': (file) => ['explain', '--token-file', file, '--token-auth-file=DIR/tokens'],
  'explain --password-file': (file) => [
    'explain',
    '--username=a',
    '--password-file',
    file,
    '--basic-auth-file=DIR/tokens',
  ],
  'explain --certificate': (file) => ['explain', '--certificate', file, '--client-ca-file=DIR/ca.crt'],
  'explain --header': (file) => ['explain', '--header', `@${file}`, '--token-auth-file=DIR/tokens'],
  'explain --secrets': (file) => ['explain', '--secrets', file, '--enable-bootstrap-token-auth'],
  'store import': (file) => ['store', 'import', '--store=sqlite:DIR/store.db', file],
  'create token --key': (file) => [
    'create',
    'token',
    'a',
    '--uid=1',
    '--key',
    file,
    '--issuer=https://a.invalid',
  ],
  'create client-certificate --ca': (file) => [
    'create',
    'client-certificate',
    '--username=a',
    '--ca',
    file,
    '--ca-key=DIR/tls.key',
    '--out=DIR/out.crt',
    '--key-out=DIR/out.key',
  ],
  'create client-certificate --ca-key': (file) => [
    'create',
    'client-certificate',
    '--username=a',
    '--ca=DIR/ca.crt',
    '--ca-key',
    file,
    '--out=DIR/out.crt',
    '--key-out=DIR/out.key',
  ],
  'whoami --kubeconfig': (file) => ['whoami', '--kubeconfig', file],
  'revoke --token-file': (file) => ['revoke', '--token-file', file, '--kubeconfig=DIR/kubeconfig.yaml'],
  'revoke --certificate': (file) => ['revoke', '--certificate', file, '--kubeconfig=DIR/kubeconfig.yaml'],
}

describe.each(Object.keys(COMMANDS))('kube-authn %s, of a file that is something else', (title) => {
  it('prints no secret of it', async () => {
    const cwd = folderOf({ ...material, tokens: 'other,jane,1\n' })
    const elsewhere: string[] = []
    for (const stream of [process.stdout, process.stderr]) {
      vi.spyOn(stream, 'write').mockImplementation((chunk) => elsewhere.push(String(chunk)) > 0)
    }
    vi.spyOn(process, 'emitWarning').mockImplementation((warning) => void elsewhere.push(String(warning)))
    for (const file of Object.keys(filesFor(title))) {
      const args = COMMANDS[title]?.(join(shared, file)) ?? []
      const { stdout, stderr, exitCode } = await run(withPlaces(args, cwd))
      const output = [stdout, stderr, ...elsewhere.splice(0)].join('').replaceAll(/\\u\{[a-f\d]+\}/g, '')
      expect({ file, output, exitCode }).toEqual({
        file,
        output: expect.not.stringMatching(/31ada4fd|809a-9e56/),
        exitCode: expect.toBeOneOf([0, 1, 2]),
      })
    }
  })
})

function withPlaces(args: readonly string[], folder: string): readonly string[] {
  return args.map((each) => each.replace('DIR/', `${folder}/`).replace('TAKEN_PORT', String(takenPort)))
}
