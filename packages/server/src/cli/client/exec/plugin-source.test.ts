import type { ExecPlugin } from '@kube-authn/node/internal'
import { createPki, fixedClock } from '@kube-authn/testing'
import { describe, expect, it } from 'vitest'
import { pluginSource, type PluginSourceOptions } from './plugin-source.ts'
import type { Program, ProgramEnd } from './run-program.ts'

const V1 = 'client.authentication.k8s.io/v1'
const V1BETA1 = 'client.authentication.k8s.io/v1beta1'

const plugin: ExecPlugin = {
  apiVersion: V1,
  command: 'plugin',
  args: ['a'],
  env: [],
  installHint: '',
  interactiveMode: 'IfAvailable',
  provideClusterInfo: false,
  disableCompression: false,
  config: undefined,
}

/** A source whose plug-in prints these, run after run. */
function sourceOf(
  ends: readonly (ProgramEnd | string | object)[],
  more: Partial<ExecPlugin> = {},
  options: Partial<PluginSourceOptions> = {},
) {
  const clock = fixedClock()
  const runs: Program[] = []
  const errors: string[] = []
  const source = pluginSource({
    plugin: { ...plugin, ...more },
    cluster: { server: 'https://server.example.com' },
    run: (program) => {
      const end = ends[Math.min(runs.length, ends.length - 1)] ?? ''
      runs.push(program)
      if (typeof end === 'object' && 'type' in end) return Promise.resolve(end as ProgramEnd)
      const stdout = typeof end === 'string' ? end : JSON.stringify(end)
      return Promise.resolve({ type: 'exited', code: 0, stdout })
    },
    env: { PATH: '/bin', HOME: '/home/jane' },
    stdin: { isTerminal: false },
    clock,
    onError: ({ message }) => errors.push(message),
    ...options,
  })
  return { source, clock, runs, errors }
}

const messageOf = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'no error',
    (error: unknown) => (error instanceof Error ? error.message : 'no error either'),
  )

const credential = (status: unknown, apiVersion: string = V1): object => ({
  apiVersion,
  kind: 'ExecCredential',
  status,
})
const { chainPem: cert, privateKeyPem: key } = await (await createPki()).issueClient({})
const { privateKeyPem: otherKey } = await (await createPki()).issueClient({})

describe('pluginSource', () => {
  it.each([
    ['a token', { token: 't' }, { token: 't' }],
    ['a certificate', { clientCertificateData: cert, clientKeyData: key }, { certificate: { cert, key } }],
    [
      'both',
      { token: 't', clientCertificateData: cert, clientKeyData: key, expirationTimestamp: null },
      { token: 't', certificate: { cert, key } },
    ],
  ])('returns %s', async (_, status, expected) => {
    expect(await sourceOf([credential(status)]).source.current()).toEqual(expected)
    const old = sourceOf([credential(status, V1BETA1)], { apiVersion: V1BETA1, interactiveMode: '' })
    expect(await old.source.current()).toEqual(expected)
  })

  it('reads YAML too, as client-go does', async () => {
    const printed = `apiVersion: ${V1}\nkind: ExecCredential\nstatus:\n  token: t\n`
    expect(await sourceOf([printed]).source.current()).toEqual({ token: 't' })
  })

  it.each([
    ['nothing', '', /^decoding stdout: kind: must be ExecCredential$/],
    ['garbage', '\0\u{1f4a9}hunter2: [', /^decoding stdout: it is neither JSON nor YAML$/],
    ['a list', '["hunter2"]', /^decoding stdout: kind/],
    ['null', 'null', /^decoding stdout: kind/],
    ['another kind', { apiVersion: V1, kind: 'hunter2', status: { token: 't' } }, /^decoding stdout: kind/],
    ['no version', { kind: 'ExecCredential', status: { token: 't' } }, /^decoding stdout: apiVersion/],
    ['an unknown version', credential({ token: 't' }, 'hunter2'), /^decoding stdout: apiVersion: must be /],
    [
      'another version',
      credential({ token: 't' }, V1BETA1),
      `exec plugin is configured to use API version ${V1}, plugin returned version ${V1BETA1}`,
    ],
    ['no status', credential(undefined), "exec plugin didn't return a status field"],
    ['a null status', credential(null), "exec plugin didn't return a status field"],
    ['a status that is none', credential('hunter2'), /^decoding stdout: status: must be an object$/],
    ['an empty status', credential({}), "exec plugin didn't return a token or cert/key pair"],
    [
      'a status in the prototype',
      `{"apiVersion":"${V1}","kind":"ExecCredential","__proto__":{"status":{"token":"hunter2"}}}`,
      "exec plugin didn't return a status field",
    ],
    ['an empty token', credential({ token: '' }), "exec plugin didn't return a token or cert/key pair"],
    ['a number', credential({ token: 5 }), 'decoding stdout: status.token: must be a string'],
    ['a line break', credential({ token: 'hunter2\n' }), 'decoding stdout: status.token: must be a token'],
    [
      'half a pair',
      credential({ clientCertificateData: cert }),
      'exec plugin returned only certificate or key, not both',
    ],
    [
      'half a pair and a token',
      credential({ token: 't', clientKeyData: key }),
      'exec plugin returned only certificate or key, not both',
    ],
    [
      'a bad pair',
      credential({ clientCertificateData: 'bar', clientKeyData: 'hunter2' }),
      'failed parsing client key/certificate: tls: failed to find any PEM data in certificate input',
    ],
    [
      'a foreign key',
      credential({ clientCertificateData: cert, clientKeyData: otherKey }),
      'failed parsing client key/certificate: tls: private key does not match public key',
    ],
    [
      'no time',
      credential({ token: 't', expirationTimestamp: 'hunter2' }),
      'decoding stdout: status.expirationTimestamp: must be a time',
    ],
    [
      'an empty time',
      credential({ token: 't', expirationTimestamp: '' }),
      'decoding stdout: status.expirationTimestamp: must be a time',
    ],
    [
      'a failure',
      { type: 'exited', code: 73, stdout: 'hunter2' },
      'exec: executable plugin failed with exit code 73',
    ],
    [
      'a signal',
      { type: 'exited', code: -1, stdout: '' },
      'exec: executable plugin failed with exit code -1',
    ],
    ['a missing program', { type: 'missing', code: 'ENOENT' }, 'exec: executable plugin not found'],
    [
      'a file that is none',
      { type: 'missing', code: 'EACCES' },
      'exec: executable plugin not found (EACCES)',
    ],
    ['another failure', { type: 'failed', reason: 'E2BIG' }, 'exec: executable plugin: E2BIG'],
  ] satisfies readonly (readonly [string, ProgramEnd | string | object, string | RegExp])[])(
    'refuses %s, without what was printed',
    async (_, end, message) => {
      const thrown = await messageOf(sourceOf([end]).source.current())
      expect(thrown).toMatch(message)
      expect(thrown).not.toContain('hunter2')
    },
  )

  it.each(['client.authentication.k8s.io/v1alpha1', '', 'v1'])('knows no version %j', (apiVersion) => {
    expect(() => sourceOf([], { apiVersion })).toThrow(`exec plugin: invalid apiVersion "${apiVersion}"`)
  })

  it('tells the plug-in what is asked for, over its own environment', async () => {
    const { source, runs } = sourceOf([credential({ token: 't' })], {
      env: [
        { name: 'HOME', value: '/home/plugin' },
        { name: 'KUBERNETES_EXEC_INFO', value: 'x' },
        { name: '__proto__', value: 'x' },
      ],
    })
    await source.current()
    const { KUBERNETES_EXEC_INFO: info, ...env } = runs[0]?.env ?? {}
    expect(info).toBe(`{"kind":"ExecCredential","apiVersion":"${V1}","spec":{"interactive":false}}`)
    expect(Object.entries(env)).toEqual([
      ['PATH', '/bin'],
      ['HOME', '/home/plugin'],
      ['__proto__', 'x'],
    ])
    expect(runs[0]).toMatchObject({ command: 'plugin', args: ['a'], hasInput: false })
  })

  it.each([
    [
      true,
      { server: 'https://s', 'tls-server-name': 'n', 'certificate-authority-data': 'cGVt', config: [1] },
    ],
    [false, undefined],
  ])(
    'tells the plug-in about the cluster if provideClusterInfo is %s',
    async (provideClusterInfo, cluster) => {
      const { source, runs } = sourceOf(
        [credential({ token: 't' })],
        { provideClusterInfo, config: [1] },
        { cluster: { server: 'https://s', tlsServerName: 'n', certificateAuthority: 'pem' } },
      )
      await source.current()
      const { spec } = JSON.parse(runs[0]?.env['KUBERNETES_EXEC_INFO'] ?? '') as { readonly spec: object }
      expect(spec).toEqual({ ...(cluster && { cluster }), interactive: false })
    },
  )

  it('tells it of an insecure cluster, a proxy and compression', async () => {
    const { source, runs } = sourceOf(
      [credential({ token: 't' })],
      { provideClusterInfo: true, disableCompression: true },
      { cluster: { server: 'https://s', insecureSkipTlsVerify: true, proxyUrl: 'http://p' } },
    )
    await source.current()
    expect(JSON.parse(runs[0]?.env['KUBERNETES_EXEC_INFO'] ?? '')).toMatchObject({
      spec: {
        cluster: {
          server: 'https://s',
          'insecure-skip-tls-verify': true,
          'proxy-url': 'http://p',
          'disable-compression': true,
        },
      },
    })
  })

  const TERMINAL = { isTerminal: true }
  it.each([
    ['Never', TERMINAL, false],
    ['IfAvailable', TERMINAL, true],
    ['IfAvailable', { isTerminal: false }, false],
    ['IfAvailable', { isTerminal: true, usedFor: '' }, false],
    ['Always', TERMINAL, true],
    ['Always', { isTerminal: false }, 'standard input is not a terminal'],
    ['Always', { isTerminal: false, usedFor: 'x' }, 'standard input is not a terminal'],
    ['Always', { isTerminal: true, usedFor: '' }, 'standard input is unavailable'],
    ['Always', { isTerminal: true, usedFor: 'some message' }, 'standard input is unavailable: some message'],
    ['', TERMINAL, 'unknown interactiveMode: ""'],
    ['always', TERMINAL, 'unknown interactiveMode: "always"'],
  ])('with the mode %j and %j', async (interactiveMode, stdin, expected) => {
    const { source, runs } = sourceOf([credential({ token: 't' })], { interactiveMode }, { stdin })
    if (typeof expected === 'string') {
      await expect(source.current()).rejects.toThrow(
        `exec plugin cannot support interactive mode: ${expected}`,
      )
      expect(runs).toEqual([])
      return
    }
    await source.current()
    expect(runs[0]?.hasInput).toBe(expected)
    expect(runs[0]?.env['KUBERNETES_EXEC_INFO']).toContain(`"interactive":${expected}`)
  })

  it('keeps a credential until its last moment, and one without an end for ever', async () => {
    const { source, clock, runs } = sourceOf([
      credential({ token: 'a', expirationTimestamp: new Date(fixedClock().now() + 60_000).toISOString() }),
      credential({ token: 'b' }),
    ])
    expect(await source.current()).toEqual({ token: 'a' })
    clock.advance(60_000)
    expect(await source.current()).toEqual({ token: 'a' })
    clock.advance(1)
    expect(await source.current()).toEqual({ token: 'b' })
    clock.advance(1e12)
    expect(await source.current()).toEqual({ token: 'b' })
    expect(runs).toHaveLength(2)
  })

  it('runs once for callers at the same time, and again after a failure', async () => {
    const { source, runs } = sourceOf([{ type: 'exited', code: 1, stdout: '' }, credential({ token: 't' })])
    const first = await Promise.allSettled([source.current(), source.current(), source.current()])
    expect(first.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected'])
    expect(runs).toHaveLength(1)
    expect(await Promise.all([source.current(), source.current()])).toEqual([{ token: 't' }, { token: 't' }])
    expect(runs).toHaveLength(2)
  })

  it('runs once more after a 401, unless the credential has changed since', async () => {
    const { source, runs } = sourceOf([credential({ token: 'a' }), credential({ token: 'b' })])
    const old = await source.current()
    await Promise.all([source.refused(old), source.refused(old), source.refused(old)])
    expect(runs).toHaveLength(2)
    await source.refused(old)
    expect(runs).toHaveLength(2)
    expect(await source.current()).toEqual({ token: 'b' })
  })

  it('keeps the credential when the run after a 401 fails, and says why', async () => {
    const { source, errors } = sourceOf([credential({ token: 'a' }), { type: 'exited', code: 1, stdout: '' }])
    const used = await source.current()
    await source.refused(used)
    expect(errors).toEqual(['exec: executable plugin failed with exit code 1'])
    expect(await source.current()).toBe(used)
  })

  it('gives the hint to install it ten times an hour, on a line, without control characters', async () => {
    const { source, clock } = sourceOf([{ type: 'missing', code: 'ENOENT' }], {
      installHint: ' get it\n at \u001b[31mhome\n',
      command: './p\n',
    })
    const message = (): Promise<string> => messageOf(source.current())
    const hinted = 'exec: executable ./p\\u{a} not found: get it at \\u{1b}[31mhome'
    for (let time = 0; time < 10; time++) expect(await message()).toBe(hinted)
    expect(await message()).toBe('exec: executable ./p\\u{a} not found')
    clock.advance(3_599_999)
    expect(await message()).not.toBe(hinted)
    clock.advance(1)
    expect(await message()).toBe(hinted)
  })
})
