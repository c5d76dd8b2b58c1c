import { X509Certificate } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, statSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { authorityFor } from '../../../test/file-authority.ts'
import { describe, expect, it } from 'vitest'
import { yamlDocuments } from '@kube-authn/core/internal/yaml'
import { folderOf, run } from '../../../test/command.ts'

const modeOf = (path: string): string => (statSync(path).mode & 0o777).toString(8)
const issuer = 'https://issuer.example.com'

describe('kube-authn create token', () => {
  it.each(['RSA-2048', 'P-256', 'P-384'])(
    'makes a token that a server accepts, with a key of %s',
    async (algorithm) => {
      const cwd = folderOf()
      const key = await run(
        ['create', 'signing-key', '--algorithm', algorithm, '--out', 'sa.key', '--public-key', 'sa.pub'],
        { cwd },
      )
      expect(key).toEqual({ stdout: '', stderr: '', exitCode: 0 })
      expect([modeOf(join(cwd, 'sa.key')), modeOf(join(cwd, 'sa.pub'))]).toEqual(['600', '644'])
      const bound = ['--bound-object-kind=Pod', '--bound-object-name=cart-0', '--bound-object-uid=5']
      const args = [
        'create',
        'token',
        'cart',
        '-n',
        'shop',
        '--uid=1',
        '--key=sa.key',
        `--issuer=${issuer}`,
        '--audience=vault',
        `--audience=${issuer}`,
        '--duration=2h',
        ...bound,
      ]
      const { stdout: token, exitCode } = await run(args, { cwd })
      expect(exitCode).toBe(0)
      const explain = [
        'explain',
        `--service-account-issuer=${issuer}`,
        '--service-account-key-file=sa.pub',
        '-o',
        'json',
        '--token-file=-',
      ]
      const { stdout } = await run(explain, { cwd, stdin: token })
      expect(JSON.parse(stdout)).toMatchObject({
        user: {
          username: 'system:serviceaccount:shop:cart',
          uid: '1',
          extra: {
            'authentication.kubernetes.io/pod-name': ['cart-0'],
            'authentication.kubernetes.io/pod-uid': ['5'],
          },
        },
      })
      const [, payload = ''] = token.split('.')
      const claims: unknown = JSON.parse(Buffer.from(payload, 'base64url').toString())
      expect(claims).toMatchObject({
        aud: ['vault', issuer],
        exp: expect.any(Number),
        iat: expect.any(Number),
      })
      const { exp, iat } = claims as { readonly exp: number; readonly iat: number }
      expect(exp - iat).toBe(7200)
    },
  )

  it('writes it to a new file for its owner only', async () => {
    const cwd = folderOf({ old: 'x' })
    await run(['create', 'signing-key', '--out', 'sa.key'], { cwd })
    const args = ['create', 'token', 'cart', '--uid=1', '--key=sa.key', '--issuer=x', '--out']
    expect(await run([...args, 'token'], { cwd })).toEqual({ stdout: '', stderr: '', exitCode: 0 })
    expect(modeOf(join(cwd, 'token'))).toBe('600')
    const refused = await run([...args, 'old'], { cwd })
    expect(refused).toEqual({
      stdout: '',
      stderr: 'error: old: exists; replace it with --force\n',
      exitCode: 2,
    })
    expect(readFileSync(join(cwd, 'old'), 'utf8')).toBe('x')
    expect((await run([...args, 'old', '--force'], { cwd })).exitCode).toBe(0)
    expect(readFileSync(join(cwd, 'old'), 'utf8')).toMatch(/^ey/)
    expect(readdirSync(cwd).toSorted()).toEqual(['old', 'sa.key', 'token'])
  })

  it.each([
    ['a name that is too long', 'x'.repeat(300), 'ENAMETOOLONG'],
    ['a link to itself', 'loop', 'ELOOP'],
  ])('says which file cannot be written: %s', async (_, out, code) => {
    const cwd = folderOf({})
    symlinkSync('loop', join(cwd, 'loop'))
    const { stderr, exitCode } = await run(['create', 'signing-key', '--out', out], { cwd })
    expect([stderr, exitCode]).toEqual([`error: ${join(cwd, out)}: cannot be written (${code})\n`, 2])
  })

  it.each([
    ['a short time', ['--duration=1m'], /less than 10 minutes/],
    ['a time that is none', ['--duration=soon'], /^error: --duration: must be a positive duration/],
    ['a negative time', ['--duration=-1h'], /^error: --duration: must be a positive duration/],
    [
      'half of an object',
      ['--bound-object-kind=Pod'],
      /^error: --bound-object-kind, --bound-object-name and --bound-object-uid/,
    ],
    ['another kind of object', ['--bound-object-kind=Deployment'], /Allowed choices are Pod, Secret, Node/],
    ['a namespace that is none', ['-n', '__proto__'], /^error: --namespace: /],
    ['no uid', ['--uid='], /^error: --uid: must not be empty/],
    [
      'a key that is none',
      ['--key=text'],
      /^error: key: data does not contain a valid RSA or ECDSA private key/,
    ],
    ['a missing key', ['--key=nope'], /^error: .*nope: no such file/],
    ['an issuer that is none', ['--issuer=a: b'], /^error: issuer: must be a name or a URL/],
  ])('refuses %s in a line', async (_, args, expected) => {
    const cwd = folderOf({ text: 'c2VjcmV0' })
    await run(['create', 'signing-key', '--algorithm=P-256', '--out=sa.key'], { cwd })
    const { stdout, stderr, exitCode } = await run(
      ['create', 'token', 'cart', '--uid=1', '--key=sa.key', '--issuer=x', ...args],
      { cwd },
    )
    expect(stderr).toMatch(expected)
    expect({ stdout, exitCode, lines: stderr.split('\n').length }).toEqual({
      stdout: '',
      exitCode: 2,
      lines: 2,
    })
    expect(stderr).not.toContain('c2VjcmV0')
  })

  it('refuses a name that no service account has', async () => {
    const { stderr, exitCode } = await run(['create', 'token', '../x', '--uid=1', '--key=x', '--issuer=x'])
    expect(stderr).toMatch(/^error: serviceaccount: /)
    expect(exitCode).toBe(2)
  })
})

describe('kube-authn create bootstrap-token', () => {
  it('prints a token that its Secret makes valid', async () => {
    const cwd = folderOf()
    const args = [
      'create',
      'bootstrap-token',
      '--secret-file=bootstrap.yaml',
      '--group=system:bootstrappers:workers',
      '--ttl=2h',
      '--signing',
    ]
    const { stdout: token, stderr, exitCode } = await run(args, { cwd })
    expect({ stderr, exitCode }).toEqual({ stderr: '', exitCode: 0 })
    expect(token).toMatch(/^[a-z0-9]{6}\.[a-z0-9]{16}\n$/)
    expect(modeOf(join(cwd, 'bootstrap.yaml'))).toBe('600')
    const explain = [
      'explain',
      '--enable-bootstrap-token-auth',
      '--secrets=bootstrap.yaml',
      '-o',
      'json',
      '--token-file=-',
    ]
    const { stdout } = await run(explain, { cwd, stdin: token })
    expect(JSON.parse(stdout)).toMatchObject({
      user: {
        username: `system:bootstrap:${token.slice(0, 6)}`,
        groups: ['system:bootstrappers', 'system:bootstrappers:workers', 'system:authenticated'],
      },
    })
  })

  it.each([
    ['a group of others', ['--group=system:masters'], /^error: groups\[0\]: must be "system:bootstrappers:"/],
    ['a file that exists', ['--secret-file=old'], /^error: old: exists/],
    [
      'a folder that does not',
      ['--secret-file=no/where'],
      /^error: .*no\/where: cannot be written \(ENOENT\)/,
    ],
  ])('refuses %s', async (_, args, expected) => {
    const cwd = folderOf({ old: '' })
    const { stdout, stderr, exitCode } = await run(
      ['create', 'bootstrap-token', '--secret-file=new', ...args],
      { cwd },
    )
    expect(stderr).toMatch(expected)
    expect({ stdout, exitCode }).toEqual({ stdout: '', exitCode: 2 })
    expect(readdirSync(cwd)).toEqual(['old'])
  })
})

describe('kube-authn create serviceaccount', () => {
  it('prints manifests', async () => {
    const { stdout } = await run(['create', 'serviceaccount', 'jenkins', '-n', 'ci', '--token-secret'])
    const documents = yamlDocuments(stdout, 'output')
    expect(documents).toEqual([
      { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'jenkins', namespace: 'ci' } },
      {
        apiVersion: 'v1',
        kind: 'Secret',
        metadata: {
          name: 'jenkins-token',
          namespace: 'ci',
          annotations: { 'kubernetes.io/service-account.name': 'jenkins' },
        },
        type: 'kubernetes.io/service-account-token',
      },
    ])
    const json = await run([
      'create',
      'serviceaccount',
      'jenkins',
      '-n',
      'ci',
      '--token-secret',
      '-o',
      'json',
    ])
    expect(JSON.parse(json.stdout)).toEqual({ apiVersion: 'v1', kind: 'List', items: documents })
  })

  it.each(['A', 'a b', '../a', '', '__proto__'])('refuses the name %j', async (name) => {
    const { stdout, stderr, exitCode } = await run(['create', 'serviceaccount', name])
    expect(stderr).toMatch(/^error: name: /)
    expect({ stdout, exitCode }).toEqual({ stdout: '', exitCode: 2 })
  })
})

describe('kube-authn create client-certificate', () => {
  const args = [
    'create',
    'client-certificate',
    '--ca=ca.crt',
    '--ca-key=ca.key',
    '--username=jane',
    '--out=jane.crt',
    '--key-out=jane.key',
  ]

  /** A CA of openssl's kind: its key is in a file. */
  async function folderWithCa(algorithm: 'P-256' | 'P-384' | 'RSA-2048'): Promise<string> {
    const { certificatePem, privateKeyPem } = await authorityFor(algorithm)
    return folderOf({ 'ca.crt': certificatePem, 'ca.key': privateKeyPem, text: 'c2VjcmV0' })
  }

  it.each(['P-256', 'P-384', 'RSA-2048'] as const)(
    'makes a certificate that a server accepts, with %s',
    async (algorithm) => {
      const cwd = await folderWithCa(algorithm)
      const all = [...args, '--group=dev', '--group=ops, "x"', '--uid=7', `--algorithm=${algorithm}`]
      expect(await run(all, { cwd })).toEqual({ stdout: '', stderr: '', exitCode: 0 })
      expect([modeOf(join(cwd, 'jane.key')), modeOf(join(cwd, 'jane.crt'))]).toEqual(['600', '644'])
      const { stdout } = await run(['explain', 'ca.crt', '--certificate=jane.crt', '-o', 'json'], { cwd })
      expect(JSON.parse(stdout)).toMatchObject({
        user: { username: 'jane', uid: '7', groups: ['dev', 'ops, "x"', 'system:authenticated'] },
      })
      const certificate = new X509Certificate(readFileSync(join(cwd, 'jane.crt')))
      expect(certificate.ca).toBe(false)
      expect(certificate.keyUsage).toEqual(['1.3.6.1.5.5.7.3.2'])
    },
  )

  it.each([
    ['a group that rules all', ['--group=system:masters'], /^warning: nothing limits/, 0],
    [
      'a time beyond that of the CA',
      ['--duration=200000d'],
      /^error: --duration: the certificate of the CA is valid until/,
      2,
    ],
    ['a CA that is none', ['--ca=text'], /^error: --ca: is not a certificate in PEM/, 2],
    ['the key in place of the CA', ['--ca=ca.key'], /^error: --ca: is not a certificate in PEM/, 2],
    ['a key that is none', ['--ca-key=text'], /^error: --ca-key: tls: failed to find any PEM data/, 2],
    ['the CA in place of the key', ['--ca-key=ca.crt'], /^error: --ca-key: tls: found a certificate/, 2],
    ['no user', ['--username='], /^error: --username: must not be empty/, 2],
    ['one file for both', ['--key-out=jane.crt'], /^error: --key-out: must be another file/, 2],
  ])('says so of %s', async (_, more, expected, exitCode) => {
    const cwd = await folderWithCa('P-256')
    const result = await run([...args, ...more], { cwd })
    expect(result.stderr).toMatch(expected)
    expect(result).toMatchObject({ stdout: '', exitCode })
    expect(existsSync(join(cwd, 'jane.key'))).toBe(exitCode === 0)
    expect(result.stderr).not.toContain('c2VjcmV0')
  })

  it('writes no key if there is a certificate already', async () => {
    const cwd = await folderWithCa('P-256')
    const { stderr, exitCode } = await run([...args, '--out=text'], { cwd })
    expect({ stderr, exitCode }).toEqual({
      stderr: 'error: text: exists; replace it with --force\n',
      exitCode: 2,
    })
    expect(existsSync(join(cwd, 'jane.key'))).toBe(false)
  })

  it('refuses a certificate that is not of a CA, and the key of another CA', async () => {
    const cwd = await folderWithCa('P-256')
    await run(args, { cwd })
    const leaf = await run([...args, '--ca=jane.crt', '--ca-key=jane.key', '--force'], { cwd })
    expect(leaf.stderr).toBe('error: --ca: is not the certificate of a CA\n')
    const other = await run([...args, '--ca-key=jane.key', '--force'], { cwd })
    expect(other.stderr).toBe('error: --ca-key: is not the key of --ca\n')
  })
})
