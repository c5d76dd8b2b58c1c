import { lstatSync, readdirSync, readFileSync, statSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { folderOf, run } from '../../../test/command.ts'

const login = ['--issuer-url=https://issuer.example.com', '--client-id=kubectl']
const args = ['kubeconfig', '--kubeconfig=config', ...login]

const existing = `# Mine
apiVersion: v1
kind: Config
clusters:
- name: home # the old one
  cluster:
    server: https://home.example.com
contexts:
- {name: home, context: {cluster: home, user: jane}}
current-context: home
users:
# by hand
- name: jane
  user: {token: c2VjcmV0}
- name: oidc
  user: {token: old}
`

describe('kube-authn kubeconfig', () => {
  it('writes a user, a cluster and a context into a new file, which kubectl can use', async () => {
    const cwd = folderOf({ 'issuer.crt': 'x' })
    const more = [
      '--server=https://api.example.com:6443',
      '--use-context',
      '--scope=email',
      '--ca-file=issuer.crt',
      '--flow=device-code',
      '--no-open',
    ]
    const { stdout, stderr, exitCode } = await run(
      ['kubeconfig', '--kubeconfig=new/config', ...login, ...more],
      { cwd },
    )
    expect(stderr).toMatch(/\/new\/config: the user oidc logs in with https:\/\/issuer\.example\.com\n$/)
    expect({ stdout, exitCode }).toEqual({ stdout: '', exitCode: 0 })
    expect((statSync(join(cwd, 'new/config')).mode & 0o777).toString(8)).toBe('600')
    const text = readFileSync(join(cwd, 'new/config'), 'utf8')
    expect(text).toContain('current-context: oidc')
    expect(text).toContain(`- --ca-file=${join(cwd, 'issuer.crt')}`)
    expect(text).toMatch(
      /command: kube-authn\n\s+args:\n\s+- get-token\n\s+- --issuer-url=https:\/\/issuer\.example\.com\n/,
    )
    expect((await run(['check', 'new/config'], { cwd })).stdout).toMatch(
      /^new\/config: advice: its user has a plug-in/,
    )
  })

  it('writes the proxy in front of a cluster in place of its server', async () => {
    const cwd = folderOf()
    const through = '--through=https://proxy.example.com/cluster'
    expect((await run([...args, through, '--use-context'], { cwd })).exitCode).toBe(0)
    const text = readFileSync(join(cwd, 'config'), 'utf8')
    expect(text).toContain('server: https://proxy.example.com/cluster\n')
    expect(text).toContain('current-context: oidc')
    const both = await run([...args, through, '--server=https://api.example.com'], { cwd })
    expect(both).toMatchObject({
      exitCode: 2,
      stderr: expect.stringMatching(/^error: --through: stands for --server/),
    })
  })

  it('keeps everything else, with its comments', async () => {
    const cwd = folderOf({ config: existing })
    expect((await run(args, { cwd })).exitCode).toBe(0)
    const text = readFileSync(join(cwd, 'config'), 'utf8')
    // Only space may change.
    const [before = ''] = existing.split('- name: oidc')
    expect(text.replaceAll(/\s/g, '').startsWith(before.replaceAll(/\s/g, ''))).toBe(true)
    expect(text).toContain('command: kube-authn')
    expect(text).not.toContain('token: old')
    expect(readdirSync(cwd)).toEqual(['config'])
    // Once more: the same.
    await run(args, { cwd })
    expect(readFileSync(join(cwd, 'config'), 'utf8')).toBe(text)
  })

  it('follows a link, which stays one', async () => {
    const cwd = folderOf({ 'real/config': existing })
    symlinkSync('real/config', join(cwd, 'config'))
    await run(args, { cwd })
    expect(lstatSync(join(cwd, 'config')).isSymbolicLink()).toBe(true)
    expect(readFileSync(join(cwd, 'real/config'), 'utf8')).toContain('command: kube-authn')
  })

  it('finds the file of kubectl', async () => {
    const cwd = folderOf({ config: existing })
    await run(['kubeconfig', ...login], {
      cwd,
      env: { KUBECONFIG: `${join(cwd, 'nope')}:${join(cwd, 'config')}` },
    })
    expect(readFileSync(join(cwd, 'config'), 'utf8')).toContain('command: kube-authn')
    await run(['kubeconfig', ...login], { cwd, env: { HOME: cwd } })
    expect(readFileSync(join(cwd, '.kube/config'), 'utf8')).toContain('command: kube-authn')
  })

  it.each([
    ['broken YAML', { config: 'a: [c2VjcmV0' }, [], /^error: .*config: Wrong indentation/],
    ['a list', { config: '- c2VjcmV0' }, [], /^error: .*config: is not a kubeconfig/],
    [
      'users that are no list',
      { config: 'users: {a: c2VjcmV0}' },
      [],
      /^error: .*config: users: must be a list/,
    ],
    ['a key twice', { config: 'users: []\nusers: [c2VjcmV0]\n' }, [], /^error: .*Map keys must be unique/],
    [
      'a file that is in use',
      { config: '', 'config.lock': '' },
      [],
      /^error: .*config: another program writes to it/,
    ],
    [
      'an issuer without TLS',
      {},
      ['--issuer-url=http://issuer.example.com'],
      /^error: --issuer-url: must be an https URL/,
    ],
    ['two scopes in one', {}, ['--scope=a b'], /^error: --scope: must be one scope/],
    ['a port that is none', {}, ['--redirect-port=70000'], /^error: --redirect-port: must be a port/],
    ['a context without a server', {}, ['--use-context'], /^error: .*name the API server with --server/],
    [
      'a server without TLS',
      {},
      ['--server=http://api.example.com'],
      /^error: .*clusters\[0\]\.cluster\.server/,
    ],
    [
      'a CA that is none',
      { ca: 'c2VjcmV0' },
      ['--server=https://api.example.com', '--certificate-authority=ca'],
      /^error: .*certificate-authority-data/,
    ],
  ])('refuses %s, and changes nothing', async (_, files, more, expected) => {
    const cwd = folderOf(files)
    const { stdout, stderr, exitCode } = await run([...args, ...more], { cwd })
    expect(stderr).toMatch(expected)
    expect({ stdout, exitCode, lines: stderr.split('\n').length }).toEqual({
      stdout: '',
      exitCode: 2,
      lines: 2,
    })
    expect(stderr).not.toContain('c2VjcmV0')
    expect(readdirSync(cwd).toSorted()).toEqual(Object.keys(files).toSorted())
  })
})
