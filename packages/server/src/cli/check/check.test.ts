import { chmodSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { folderOf, run, runAsProcess } from '../../../test/command.ts'

const authentication = `apiVersion: apiserver.config.k8s.io/v1
kind: AuthenticationConfiguration
jwt:
- issuer:
    url: https://issuer.example.com
    audiences: [app]
  claimMappings:
    username: {claim: sub, prefix: ""}
`
const role = `apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: reader}
rules:
- apiGroups: [""]
  resources: [pods]
  verbs: [get]
`
const binding = `apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: readers}
roleRef: {kind: ClusterRole, name: reader, apiGroup: rbac.authorization.k8s.io}
subjects: [{kind: User, name: jane}]
`
const kubeconfig = (user: string): string => `apiVersion: v1
kind: Config
clusters: [{name: a, cluster: {server: "https://localhost"}}]
users:
- name: u
  user: ${user}
contexts: [{name: c, context: {cluster: a, user: u}}]
current-context: c
`
const exec =
  '{exec: {apiVersion: client.authentication.k8s.io/v1, command: kube-authn, interactiveMode: IfAvailable}}'
const policy = 'apiVersion: audit.k8s.io/v1\nkind: Policy\nrules:\n- level: Metadata\n'
const authorization = `apiVersion: apiserver.config.k8s.io/v1
kind: AuthorizationConfiguration
authorizers:
- {type: RBAC, name: rbac}
`

const PEM = '-----BEGIN CERTIFICATE-----'
const withCa = authentication.replace(
  '    audiences',
  `    certificateAuthority: |\n      ${PEM}\n    audiences`,
)
const jsonWithCa = {
  apiVersion: 'apiserver.config.k8s.io/v1',
  kind: 'AuthenticationConfiguration',
  jwt: [{ issuer: { url: 'https://a', audiences: ['a'], certificateAuthority: PEM } }],
}

const typeless = authentication.replace(
  'username: {claim: sub, prefix: ""}',
  'username: {expression: claims.sub}\n    groups: {expression: "claims.groups.map(g, g + \\"\\")"}',
)

describe('kube-authn check, of a file that only kube-apiserver refuses', () => {
  it.each([
    [[], 0, '1 file: 0 errors'],
    [['--as', 'kube-apiserver'], 1, "expression of type 'any' cannot be range of a comprehension"],
  ])('with %j ends with %d', async (flags, status, text) => {
    const folder = folderOf({ 'a.yaml': typeless })
    const ended = await run(['check', ...flags, join(folder, 'a.yaml')])
    expect(ended.stdout).toContain(text)
    expect(ended.exitCode).toBe(status)
  })
})

describe('kube-authn check, of files of another release', () => {
  const anyGroup = `${policy}  resources: [{group: "*"}]\n`
  const includes = typeless.replace('claims.groups.map(g, g + \\"\\")', 'claims.groups.includes(1) ? [] : []')
  it.each([
    [anyGroup, '1.35', 1, 'rules[0].resources.group: Invalid value: "*"'],
    [anyGroup, '1.36', 0, '1 file: 0 errors'],
    [includes, '1.36', 1, "undeclared reference to 'includes'"],
    [includes, '1.37', 0, '1 file: 0 errors'],
  ])('%j with --emulated-version=%s ends with %d', async (content, release, status, text) => {
    const folder = folderOf({ 'a.yaml': content })
    const ended = await run(['check', `--emulated-version=${release}`, join(folder, 'a.yaml')])
    expect(ended.stdout).toContain(text)
    expect(ended.exitCode).toBe(status)
  })
})

describe('kube-authn check, of valid files', () => {
  it.each([
    ['tokens.csv', 't,jane,1,"dev,ops"', 'token-file'],
    [
      'basic-auth.csv',
      '$2b$12$8NwDMl9Vd0a6hyb7CpnAKeGCtMEuQwbHyDNtdWGyTnHuzXIcIYCG6,jane,1',
      'password-file',
    ],
    ['users', '"$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHQ$aGFzaGhhc2hoYXNoaGFzaA",jane,1', 'password-file'],
    ['authentication.yaml', authentication, 'authentication'],
    [
      'authentication.json',
      `{"kind":"AuthenticationConfiguration","apiVersion":"apiserver.config.k8s.io/v1"}`,
      'authentication',
    ],
    ['authorization.yaml', authorization, 'authorization'],
    ['audit.yaml', policy, 'audit-policy'],
    ['roles.yaml', role, 'rbac'],
    [
      'list.json',
      JSON.stringify({
        apiVersion: 'v1',
        kind: 'List',
        items: [{ apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRole', metadata: { name: 'a' } }],
      }),
      'rbac',
    ],
    ['config', kubeconfig('{token: c2VjcmV0}'), 'kubeconfig'],
  ])('recognizes %s', async (name, content, kind) => {
    const { stdout, stderr, exitCode } = await run(['check', name], { cwd: folderOf({ [name]: content }) })
    expect({ stdout, stderr, exitCode }).toEqual({
      stdout: `${name}: ok (${kind})\n1 file: 0 errors, 0 warnings, 0 advices\n`,
      stderr: '',
      exitCode: 0,
    })
  })

  it.each([
    ['a field with PEM', 'authentication.yaml', `# trusted\n---\n${withCa}`, 'authentication'],
    ['PEM in JSON', 'authentication.json', JSON.stringify(jsonWithCa), 'authentication'],
    [
      'a kubeconfig with PEM',
      'config',
      kubeconfig('{token: x}').replace('apiVersion', `x-note: |\n  ${PEM}\napiVersion`),
      'kubeconfig',
    ],
    ['PEM with text before it', 'ca.crt', `subject=CN=a, O=b\nkind: CA\n${PEM}\n`, null],
    [
      'a ConfigMap with a configuration',
      'map.yaml',
      `apiVersion: v1\nkind: ConfigMap\ndata:\n  x: |\n    kind: AuthenticationConfiguration\n`,
      null,
    ],
    [
      'a Secret with PEM',
      'secret.json',
      JSON.stringify({ apiVersion: 'v1', kind: 'Secret', stringData: { ca: PEM } }),
      null,
    ],
  ])('looks at what a file is, and not at what is in it: %s', async (_, name, content, kind) => {
    const { stdout } = await run(['check', '--output', 'json', name], { cwd: folderOf({ [name]: content }) })
    expect(JSON.parse(stdout)).toMatchObject({ files: [{ kind }] })
  })

  it('reads standard input', async () => {
    const { stdout, exitCode } = await run(['check', '-'], { stdin: authentication })
    expect(stdout).toContain('standard input: ok (authentication)\n')
    expect(exitCode).toBe(0)
  })

  it('checks all manifests together, so that a binding may refer to a role of another file', async () => {
    const cwd = folderOf({ 'rbac/a.yaml': binding, 'rbac/b.yaml': role })
    const together = await run(['check', 'rbac'], { cwd })
    expect(together.stdout).toMatch(/^rbac\/a\.yaml: ok.*\nrbac\/b\.yaml: ok.*\n2 files: 0 errors/)
    const alone = await run(['check', 'rbac/a.yaml'], { cwd })
    expect(alone.stdout).toContain('rbac/a.yaml:4:1: advice: ClusterRoleBinding "readers": roleRef')
    expect(alone.exitCode).toBe(0)
    expect((await run(['check', '--strict', 'rbac/a.yaml'], { cwd })).exitCode).toBe(1)
  })
})

describe('kube-authn check, of files with mistakes', () => {
  it.each([
    [
      'a field, with its place',
      'authentication.yaml',
      authentication.replace('https:', 'http:'),
      'authentication.yaml:5:5: error: jwt[0].issuer.url: Invalid value: "http://issuer.example.com": URL scheme must be https',
    ],
    [
      'an unknown field',
      'authentication.yaml',
      authentication.replace('claimMappings', 'claimMapping'),
      'authentication.yaml:7:3: error: jwt[0].claimMapping: strict decoding error: unknown field "jwt[0].claimMapping"',
    ],
    [
      'the syntax',
      'authentication.yaml',
      `${authentication}  x: [`,
      /^authentication\.yaml:9:7: error: Wrong indentation/,
    ],
    [
      'an expression',
      'authentication.yaml',
      authentication.replace('{claim: sub, prefix: ""}', '{expression: "claims.("}'),
      /^authentication\.yaml:8:16: error: jwt\[0\]\.claimMappings\.username\.expression: .*\n {4} \| claims\.\(\n/,
    ],
    [
      'a record',
      'tokens.csv',
      't,jane,1\nc2VjcmV0,x\n',
      'tokens.csv:2: error: token file must have at least 3 columns (token, user name, user uid), found 2',
    ],
    [
      'a quote',
      'tokens.csv',
      't,jane,1\n"c2VjcmV0,x,1\n',
      'tokens.csv:2: error: extraneous or missing " in quoted-field',
    ],
    [
      'a role',
      'roles.yaml',
      `${binding}---\n${role.replace('verbs', 'verb')}`,
      'roles.yaml:13:3: error: ClusterRole "reader": rules[0].verb: Unknown field',
    ],
    [
      'an object without a name',
      'roles.yaml',
      `${role}---\n${role.replace('name: reader', '')}`,
      'roles.yaml:11:1: error: [1]: metadata.name: Required value: name or generateName is required',
    ],
    [
      'a policy',
      'audit.yaml',
      policy.replace('Metadata', 'Meta'),
      /^audit\.yaml:4:3: error: rules\[0\]\.level: Unsupported value: "Meta"/,
    ],
    [
      'an authorizer',
      'authorization.yaml',
      authorization.replace('RBAC', 'Node'),
      /^authorization\.yaml:4:4: error: authorizers\[0\]\.type: Forbidden/,
    ],
    [
      'a webhook, whose kubeconfig is missing',
      'authorization.yaml',
      authorization.replace(
        '{type: RBAC, name: rbac}',
        '{type: Webhook, name: w, webhook: {timeout: 3s, subjectAccessReviewVersion: v1, matchConditionSubjectAccessReviewVersion: v1, failurePolicy: Deny, connectionInfo: {type: KubeConfigFile, kubeConfigFile: /nowhere/k}}}',
      ),
      /^authorization\.yaml:4:\d+: error: authorizers\[0\].*: error loading file: stat \/nowhere\/k/,
    ],
    [
      'a client',
      'config',
      kubeconfig('{token: c2VjcmV0, username: x}'),
      /^config:6:3: error: users\[0\]\.user: Forbidden: more than one authentication method/,
    ],
  ])('finds that of %s', async (_, name, content, expected) => {
    const { stdout, stderr, exitCode } = await run(['check', name], { cwd: folderOf({ [name]: content }) })
    if (typeof expected === 'string') expect(stdout.split('\n')[0]).toBe(expected)
    else expect(stdout).toMatch(expected)
    expect({ stderr, exitCode }).toEqual({ stderr: '', exitCode: 1 })
    expect(stdout).not.toContain('c2VjcmV0')
  })

  it('reports every problem of every file', async () => {
    const cwd = folderOf({ 'a.yaml': `a: [\n`, 'b.yaml': role.replace('verbs', 'verb'), 'c.yaml': binding })
    const { stdout } = await run(['check', '--kind', 'rbac', 'a.yaml', 'b.yaml', 'c.yaml'], { cwd })
    expect(stdout).toMatch(/a\.yaml:2:1: error: .*\nb\.yaml:7:3: error: .*\nc\.yaml: ok/)
  })

  it('allows a plug-in to a client, and not to a server', async () => {
    const cwd = folderOf({ config: kubeconfig(exec) })
    const ofClient = await run(['check', 'config'], { cwd })
    expect(ofClient.stdout).toMatch(/^config: advice: its user has a plug-in/)
    expect(ofClient.exitCode).toBe(0)
    const ofServer = await run(['check', '--kind', 'webhook-kubeconfig', 'config'], { cwd })
    expect(ofServer.stdout).toMatch(/^config:6:10: error: users\[0\]\.user\.exec: Forbidden: plug-ins/)
    expect(ofServer.exitCode).toBe(1)
  })

  it('prints an object for programs', async () => {
    const cwd = folderOf({ 'tokens.csv': 't,jane,1\nt,jane,1,a,b\n' })
    const { stdout, exitCode } = await run(['check', '--output', 'json', 'tokens.csv'], { cwd })
    expect(JSON.parse(stdout)).toMatchObject({
      files: [
        {
          file: 'tokens.csv',
          kind: 'token-file',
          findings: [
            { severity: 'advice', code: 'moreColumns' },
            { severity: 'warning', code: 'duplicateToken' },
          ],
        },
      ],
      errors: 0,
      warnings: 1,
      advices: 1,
    })
    expect(exitCode).toBe(0)
  })
})

describe('kube-authn check, of hostile input', () => {
  it.each([
    ['a missing file', {}, ['nope'], /nope: error: \/.*\/nope: no such file or directory \(ENOENT\)/],
    ['an empty folder', { 'folder/x.txt': '' }, ['folder'], /folder: error: contains no manifest/],
    ['PEM', { 'ca.crt': '-----BEGIN CERTIFICATE-----\n' }, ['ca.crt'], /ca\.crt: error: is PEM/],
    [
      'another manifest',
      { 'pod.yaml': 'apiVersion: v1\nkind: Pod\n' },
      ['pod.yaml'],
      /pod\.yaml: error: is a manifest of a kind/,
    ],
    [
      'prose',
      { 'x.txt': 'hello world\n' },
      ['x.txt'],
      /x\.txt: error: the kind of this file cannot be recognized/,
    ],
    ['a device', {}, ['/dev/null'], /\/dev\/null: error: not a regular file/],
    [
      'the content of a file as its path',
      {},
      ['c2VjcmV0,jane,1,"a"'],
      /^argument: error: this looks like the content of a file/,
    ],
  ])('cannot check %s', async (_, files, args, expected) => {
    const { stdout, stderr, exitCode } = await run(['check', ...args], { cwd: folderOf(files) })
    expect(stdout).toMatch(expected)
    expect({ stderr, exitCode }).toEqual({ stderr: '', exitCode: 2 })
  })

  it.each([
    ['bytes', 'x', Uint8Array.from({ length: 4096 }, (_, index) => (index * 7919) % 251)],
    ['much nesting', 'x.yaml', `kind: ClusterRole\na: ${'['.repeat(50_000)}`],
    [
      'aliases that multiply',
      'x.yaml',
      `apiVersion: audit.k8s.io/v1\na: &a [x,x,x,x,x,x,x,x,x]\nb: &b [${'*a,'.repeat(9)}]\nc: &c [${'*b,'.repeat(9)}]\nd: [${'*c,'.repeat(9)}]`,
    ],
    ['a long configuration', 'x.yaml', `kind: AuthenticationConfiguration\n# ${'x'.repeat(2_000_000)}`],
    ['a prototype', 'x.yaml', `${authentication}__proto__: {jwt: []}\n`],
    ['a prototype of a kubeconfig', 'config', `${kubeconfig('{}')}__proto__: {}\n`],
    ['a prototype of a role', 'x.yaml', `${role}__proto__: {rules: []}\n`],
  ])('refuses %s in a line', async (_, name, content) => {
    const { stdout, stderr, exitCode } = await run(['check', name], { cwd: folderOf({ [name]: content }) })
    expect(stdout).toMatch(/^x?[\w.:]*: error: /)
    expect(stdout.length).toBeLessThan(2000)
    expect({ stderr, exitCode }).toEqual({ stderr: '', exitCode: 1 })
  })

  it('names a file that must not be read', async () => {
    const cwd = folderOf({ 'tokens.csv': 't,jane,1' })
    chmodSync(cwd, 0o755)
    chmodSync(join(cwd, 'tokens.csv'), 0)
    const { stdout, exitCode } = await runAsProcess(['check', 'tokens.csv'], { cwd, uid: 65_534 })
    expect(stdout).toMatch(/error: .*permission denied/)
    expect(exitCode).toBe(2)
  })

  it('names a folder that must not be read, and reads standard input once', async () => {
    const cwd = folderOf({ 'rbac/a.yaml': role })
    chmodSync(cwd, 0o755)
    chmodSync(join(cwd, 'rbac'), 0o311)
    const { stdout, exitCode } = await runAsProcess(['check', 'rbac'], { cwd, uid: 65_534 })
    expect(stdout).toMatch(/^rbac: error: cannot be read \(EACCES\)/)
    expect(exitCode).toBe(2)
    const twice = await run(['check', '-', '-'], { stdin: role })
    expect(twice).toEqual({
      stdout: '',
      stderr: 'error: standard input can be read only once\n',
      exitCode: 2,
    })
  })

  it('escapes what controls a terminal', async () => {
    const cwd = folderOf({ 'a\u001b[31m.yaml': authentication.replace('https:', '\\u001b[31m') })
    const { stdout } = await run(['check', 'a\u001b[31m.yaml'], { cwd })
    expect(stdout).not.toContain('\u001b')
    expect(stdout).toContain(String.raw`a\u{1b}[31m.yaml`)
  })

  it('has colours only if they are asked for', async () => {
    const cwd = folderOf({ 'tokens.csv': 't,jane,1' })
    const shown = async (env: Readonly<Record<string, string>>): Promise<string> =>
      (await runAsProcess(['check', 'tokens.csv'], { cwd, env })).stdout
    expect(await shown({ FORCE_COLOR: '1' })).toContain('\u001b[32mok')
    expect(await shown({ FORCE_COLOR: '1', NO_COLOR: '1' })).not.toContain('\u001b')
  })
})
