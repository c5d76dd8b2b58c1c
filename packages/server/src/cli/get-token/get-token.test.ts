import { createHash } from 'node:crypto'
import { chmodSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { folderOf, run } from '../../../test/command.ts'

// The logins are in the interop suite, against a real issuer.

/** Nothing listens there, and `fetch` does not refuse the port. */
const issuerUrl = 'https://127.0.0.1:3'
const args = ['get-token', `--issuer-url=${issuerUrl}`, '--client-id=kubectl', '--no-open', '--timeout=5m']
const unreachable = `error: ${issuerUrl}: cannot be reached (ECONNREFUSED)\n`

/** A cache with a token. */
function cacheWith(content: string): { readonly env: Record<string, string>; readonly path: string } {
  const folder = folderOf()
  const key = createHash('sha256')
    .update(JSON.stringify([issuerUrl, 'kubectl', []]))
    .digest('hex')
  mkdirSync(join(folder, 'kube-authn'))
  const path = join(folder, 'kube-authn', `${key}.json`)
  writeFileSync(path, content, { mode: 0o600 })
  return { env: { XDG_CACHE_HOME: folder }, path }
}

const fresh = JSON.stringify({ idToken: 'c2VjcmV0', expiresAtMs: 4_102_444_800_000 })

describe('kube-authn get-token', () => {
  it.each([
    ['v1', '{"apiVersion":"client.authentication.k8s.io/v1"}', 'client.authentication.k8s.io/v1'],
    [
      'v1beta1',
      '{"apiVersion":"client.authentication.k8s.io/v1beta1"}',
      'client.authentication.k8s.io/v1beta1',
    ],
    [
      'another version',
      '{"apiVersion":"client.authentication.k8s.io/v9"}',
      'client.authentication.k8s.io/v1',
    ],
    ['nothing that can be read', '{', 'client.authentication.k8s.io/v1'],
  ])(
    'prints a kept token without asking the issuer, to a client that asks for %s',
    async (_, info, apiVersion) => {
      const { env } = cacheWith(fresh)
      const { stdout, stderr, exitCode } = await run(args, { env: { ...env, KUBERNETES_EXEC_INFO: info } })
      expect(JSON.parse(stdout)).toEqual({
        kind: 'ExecCredential',
        apiVersion,
        spec: { interactive: false },
        status: { token: 'c2VjcmV0', expirationTimestamp: '2100-01-01T00:00:00Z' },
      })
      expect({ stderr, exitCode }).toEqual({ stderr: '', exitCode: 0 })
    },
  )

  it('finds the cache in the home folder', async () => {
    const { env } = cacheWith(fresh)
    const { XDG_CACHE_HOME: cache = '' } = env
    const home = folderOf()
    symlinkSync(cache, join(home, '.cache'))
    expect((await run(args, { env: { HOME: home } })).exitCode).toBe(0)
    // A relative path does not count.
    expect((await run(args, { env: { HOME: home, XDG_CACHE_HOME: 'x' } })).exitCode).toBe(0)
  })

  it.each([
    ['that has expired', JSON.stringify({ idToken: 'c2VjcmV0', expiresAtMs: 1 }), 0o600],
    ['that others can read', fresh, 0o644],
    ['that others can write', fresh, 0o620],
    ['that is damaged', fresh.slice(0, 20), 0o600],
    ['of another form', '{"idToken":1,"expiresAtMs":4102444800000}', 0o600],
    ['that names the prototype', '{"__proto__":{"idToken":"c2VjcmV0","expiresAtMs":4102444800000}}', 0o600],
  ])('does not use a kept token %s', async (_, content, mode) => {
    const { env, path } = cacheWith(content)
    chmodSync(path, mode)
    const { stdout, stderr, exitCode } = await run(args, { env })
    expect({ stdout, stderr, exitCode }).toEqual({ stdout: '', stderr: unreachable, exitCode: 2 })
    // The lock is gone.
    expect(readdirSync(join(env['XDG_CACHE_HOME'] ?? '', 'kube-authn'))).toHaveLength(1)
  })

  it('does not use a kept token behind a link, or another one', async () => {
    const { env, path } = cacheWith(fresh)
    expect((await run([...args, '--scope=email'], { env })).stderr).toBe(unreachable)
    expect((await run([...args, '--no-cache'], { env })).stderr).toBe(unreachable)
    const other = folderOf()
    mkdirSync(join(other, 'kube-authn'))
    symlinkSync(path, path.replace(env['XDG_CACHE_HOME'] ?? '', other))
    expect((await run(args, { env: { XDG_CACHE_HOME: other } })).stderr).toBe(unreachable)
  })

  it('takes the lock of a process that has ended, and waits for one that has not', async () => {
    const ended = cacheWith('')
    writeFileSync(`${ended.path}.lock`, '4194304')
    expect((await run(args, { env: ended.env })).stderr).toBe(unreachable)
    const running = cacheWith('')
    writeFileSync(`${running.path}.lock`, String(process.pid))
    const { stderr } = await run([...args, '--timeout=300ms'], { env: running.env })
    expect(stderr).toMatch(/^error: another login is under way; if it is not, remove .*\.lock\n$/)
  })

  it.each([
    [
      'no issuer',
      ['get-token', '--client-id=x'],
      /^error: required option '--issuer-url <url>' not specified/,
    ],
    [
      'an issuer without TLS',
      ['--issuer-url=http://127.0.0.1'],
      /^error: --issuer-url: must be an https URL/,
    ],
    ['an issuer that is none', ['--issuer-url=issuer'], /^error: --issuer-url: must be an https URL/],
    ['a time that is none', ['--timeout=0s'], /^error: --timeout: must be a positive duration/],
    ['a flow that is none', ['--flow=password'], /Allowed choices are browser, device-code/],
    ['a CA that is none', ['--ca-file=/dev/null'], /^error: caFile: .*/],
    ['a missing secret', ['--client-secret-file=/nowhere'], /cannot be reached|no such file/],
  ])('refuses %s in a line', async (_, more, expected) => {
    const given = more[0] === 'get-token' ? more : [...args, ...more]
    const { stdout, stderr, exitCode } = await run(given, { env: { XDG_CACHE_HOME: folderOf() } })
    expect(stderr).toMatch(expected)
    expect({ stdout, exitCode, lines: stderr.split('\n').length }).toEqual({
      stdout: '',
      exitCode: 2,
      lines: 2,
    })
  })
})
