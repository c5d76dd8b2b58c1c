import { createPki } from '@kube-authn/testing'
import { describe, expect, it } from 'vitest'
import { folderOf, run } from '../../../test/command.ts'

const files = {
  'tokens.csv': 'c2VjcmV0,jane,1,"dev,ops"\n',
  'users.csv': 'cGFzc3dvcmQ,joe,2\n',
  token: 'c2VjcmV0\n',
  wrong: 'd3Jvbmc\n',
  password: 'cGFzc3dvcmQ\r\n',
  headers: 'X-Remote-User: fido\nX-Remote-Group: dogs\nX-Remote-Extra-Scopes: openid\n',
}

describe('kube-authn explain', () => {
  it('says who it is and what each authenticator thinks', async () => {
    const args = ['explain', 'tokens.csv', '--basic-auth-file=users.csv', '--token-file', 'token']
    const { stdout, exitCode } = await run(args, { cwd: folderOf(files) })
    expect(stdout).toBe(
      [
        'authenticated',
        '  user    jane',
        '  uid     1',
        '  groups  dev, ops, system:authenticated',
        '',
        '├─ basic: no opinion',
        '└─ bearerToken: authenticated as jane',
        '   └─ tokenFile: authenticated as jane',
        '',
        'Nothing to do: the request is authenticated as "jane".',
        '',
      ].join('\n'),
    )
    expect(exitCode).toBe(0)
  })

  it('says why a request is refused', async () => {
    const args = ['explain', '--token-auth-file', 'tokens.csv', '--token-file', '-']
    const { stdout, stderr, exitCode } = await run(args, { cwd: folderOf(files), stdin: files.wrong })
    expect(stdout).toMatch(
      /^refused with 401: invalid bearer token\n[^]*tokenFile: no opinion\n[^]*tokenFile does not know it/,
    )
    expect({ stderr, exitCode }).toEqual({ stderr: '', exitCode: 1 })
    expect(stdout).not.toContain('d3Jvbmc')
  })

  it('takes a password, and prints the explanation for programs', async () => {
    const args = [
      'explain',
      'users.csv',
      '--token-auth-file=tokens.csv',
      '--username',
      'joe',
      '--password-file',
      'password',
      '-o',
      'json',
    ]
    // The file has neither hashes nor a name of passwords.
    const asTokens = await run(args, { cwd: folderOf(files) })
    expect(asTokens.exitCode).toBe(1)
    const flags = ['explain', '--basic-auth-file=users.csv', ...args.slice(3)]
    const { stdout, exitCode } = await run(flags, { cwd: folderOf(files) })
    expect(JSON.parse(stdout)).toMatchObject({
      outcome: 'authenticated',
      user: { username: 'joe', uid: '2', groups: ['system:authenticated'] },
    })
    expect(exitCode).toBe(0)
  })

  it('takes client certificates', async () => {
    const pki = await createPki()
    const jane = await pki.issueClient({ commonName: 'jane', organizations: ['dev'] })
    const late = await pki.issueClient({ commonName: 'jane', wrong: 'expired' })
    const cwd = folderOf({ 'ca.crt': pki.caPem, 'jane.crt': jane.chainPem, 'late.crt': late.chainPem })
    const good = await run(['explain', 'ca.crt', '--certificate', 'jane.crt', '-o', 'json'], { cwd })
    expect(JSON.parse(good.stdout)).toMatchObject({
      user: { username: 'jane', groups: ['dev', 'system:authenticated'] },
    })
    const bad = await run(['explain', 'ca.crt', '--certificate', 'late.crt'], { cwd })
    expect(bad.stdout).toMatch(/^refused with 401: .*expired/)
    expect(bad.exitCode).toBe(1)
  })

  it('takes a whole request, as an authenticating proxy sends it', async () => {
    const pki = await createPki()
    const proxy = await pki.issueClient({ commonName: 'proxy' })
    const cwd = folderOf({ ...files, 'proxy-ca.crt': pki.caPem, 'proxy.crt': proxy.chainPem })
    const args = [
      'explain',
      '--requestheader-client-ca-file=proxy-ca.crt',
      '--requestheader-allowed-names=proxy',
      '--requestheader-username-headers=X-Remote-User',
      '--requestheader-group-headers=X-Remote-Group',
      '--requestheader-extra-headers-prefix=X-Remote-Extra-',
      '--certificate=proxy.crt',
      '--header=@headers',
      '--header=x-remote-group: dachshunds',
      '--method=POST',
      '--path=/apis?x=1',
      '--output=json',
    ]
    const { stdout } = await run(args, { cwd })
    expect(JSON.parse(stdout)).toMatchObject({
      user: {
        username: 'fido',
        groups: ['dogs', 'dachshunds', 'system:authenticated'],
        extra: { scopes: ['openid'] },
      },
    })
  })

  it('takes bootstrap tokens of a manifest', async () => {
    const secret = (data: string): string =>
      `apiVersion: v1\nkind: Secret\nmetadata: {name: bootstrap-token-abcdef, namespace: kube-system}\ntype: bootstrap.kubernetes.io/token\n${data}\n`
    const plain =
      'stringData: {token-id: abcdef, token-secret: 0123456789abcdef, usage-bootstrap-authentication: "true"}'
    const encoded = `data: {token-id: YWJjZGVm, token-secret: MDEyMzQ1Njc4OWFiY2RlZg==, usage-bootstrap-authentication: dHJ1ZQ==}`
    for (const data of [plain, encoded]) {
      const cwd = folderOf({ 'secrets.yaml': secret(data), token: 'abcdef.0123456789abcdef' })
      const args = [
        'explain',
        '--enable-bootstrap-token-auth',
        '--secrets',
        'secrets.yaml',
        '--token-file',
        'token',
      ]
      expect((await run(args, { cwd })).stdout).toContain('system:bootstrap:abcdef')
    }
  })

  it('warns of a secret in the command line, and does not print it', async () => {
    const args = ['explain', 'tokens.csv', '--token', 'c2VjcmV0']
    const { stdout, stderr, exitCode } = await run(args, { cwd: folderOf(files) })
    expect(stderr).toMatch(/^warning: --token can be seen/)
    expect(stdout + stderr).not.toContain('c2VjcmV0')
    expect(exitCode).toBe(0)
    const header = ['explain', 'tokens.csv', '-H', 'Authorization: Bearer c2VjcmV0']
    expect((await run(header, { cwd: folderOf(files) })).stderr).toMatch(
      /^warning: the header Authorization can be seen/,
    )
  })
})

describe('kube-authn explain, of what cannot be explained', () => {
  it('takes flags that kube-apiserver has, and says which are of no meaning here', async () => {
    const args = [
      'explain',
      'tokens.csv',
      '--token-file=token',
      '--etcd-servers=x',
      '--tls-sni-cert-key=x',
      '-v4',
    ]
    const { stderr, exitCode } = await run(args, { cwd: folderOf(files) })
    expect(stderr).toMatch(/ignored: --etcd-servers, --tls-sni-cert-key, -v4\n$/)
    expect(exitCode).toBe(0)
  })

  it.each([
    ['no authenticator', [], /^error: flags: no authentication method configured/],
    [
      'an unknown flag',
      ['--token-auth-fil=tokens.csv'],
      /^error: --token-auth-fil: unknown flag, did you mean --token-auth-file\?\n$/,
    ],
    [
      'a misspelt option of its own',
      ['tokens.csv', '--token-fil', 'token'],
      /^error: --token-fil: unknown flag, did you mean --token-file\?\n$/,
    ],
    [
      'options that no one has, without their values',
      ['tokens.csv', '--foo=c2VjcmV0', '--data-dir=x', '-x'],
      /^error: --foo: unknown flag; .*\nerror: --data-dir: unknown flag.*\nerror: -x: flags start with two dashes/,
    ],
    ['a missing file', ['nope.csv'], /^error: \/.*\/nope\.csv: no such file or directory/],
    [
      'a file that no flag takes',
      ['headers'],
      /^error: headers: not recognized as a file for authentication/,
    ],
    ['a flag with a bad file', ['--token-auth-file=headers'], /^error: --token-auth-file: .*columns/],
    ['an empty token', ['tokens.csv', '--token-file', '/dev/null'], /^error: .*not a regular file/],
    [
      'two tokens',
      ['tokens.csv', '--token', 'a', '--token-file', 'token'],
      /^error: --token and --token-file/,
    ],
    [
      'a token and a password',
      ['tokens.csv', '--token-file', 'token', '--username', 'joe', '--password-file', 'password'],
      /^error: a request has either/,
    ],
    [
      'a password of no user',
      ['tokens.csv', '--password-file', 'password'],
      /^error: --password-file: name the user/,
    ],
    [
      'a user without a password',
      ['tokens.csv', '--username', 'joe'],
      /^error: --username: name the password/,
    ],
    [
      'two files on standard input',
      ['tokens.csv', '--token-file', '-', '--header', '@-'],
      /^error: only one option can read standard input/,
    ],
    [
      'a header without a colon',
      ['tokens.csv', '-H', 'c2VjcmV0'],
      /^error: --header: the header must have the form/,
    ],
    [
      'a header with a line end',
      ['tokens.csv', '-H', 'a: b\nc: d'],
      /^error: --header: the header must have the form/,
    ],
    ['a path without a slash', ['tokens.csv', '--path', 'x'], /^error: --path: must start with/],
    [
      'a certificate that is none',
      ['tokens.csv', '--certificate', 'token'],
      /^error: --certificate: token: tls: failed to find any PEM/,
    ],
    ['secrets that are none', ['tokens.csv', '--secrets', 'headers'], /^error: headers: /],
    ['a time that is none', ['tokens.csv', '--wait', 'long'], /^error: --wait: must be a number/],
  ])('refuses %s in a line', async (_, args, expected) => {
    const { stdout, stderr, exitCode } = await run(['explain', ...args], { cwd: folderOf(files) })
    expect(stderr.replace(/^warning: .*\n/, '')).toMatch(expected)
    expect({ stdout, exitCode }).toEqual({ stdout: '', exitCode: 2 })
    expect(stderr).not.toMatch(/c2VjcmV0|cGFzc3dvcmQ/)
  })

  it('is not fooled by a token that names the prototype of objects', async () => {
    const claims = {
      iss: 'x',
      'kubernetes.io': { ['__proto__']: {}, namespace: 'a', serviceaccount: { name: '__proto__', uid: [] } },
    }
    const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url')
    const token = `${part({ alg: 'RS256' })}.${part(claims)}.c2lnbmF0dXJl`
    const { stdout, exitCode } = await run(['explain', 'tokens.csv', '--token-file', '-'], {
      cwd: folderOf(files),
      stdin: token,
    })
    expect(stdout).toMatch(/^refused with 401/)
    expect(exitCode).toBe(1)
  })
})
