import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { attributesOf, decide, noOpinion } from '@kube-authn/core/authorization'
import { createPki, fakeUser, fixedClock, recordEvents } from '@kube-authn/testing'
import { afterAll, afterEach, describe, expect, it } from 'vitest'
import { problemsOf } from '../../test/problems-of.ts'
import type { NodeAuthorizer } from '../index.ts'
import { authorizerFromFlags } from '../flags.ts'
import type { AuthorizerFromFlagsOptions } from './flags-options.ts'

const folder = mkdtempSync(join(tmpdir(), 'flags-'))
afterAll(() => rmSync(folder, { recursive: true }))
const rbac = join(folder, 'roles')
mkdirSync(rbac)
writeFileSync(
  join(rbac, 'pods.yaml'),
  `apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: pods}
rules: [{apiGroups: [""], resources: [pods], verbs: [get]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: pods}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: pods}
subjects: [{apiGroup: rbac.authorization.k8s.io, kind: User, name: jane}]
`,
)
const pki = await createPki()
const { chainPem: cert, privateKeyPem: key } = await pki.issueServer({ hosts: ['127.0.0.1'] })

const open: { close(): void }[] = []
afterEach(() => {
  for (const each of open.splice(0)) each.close()
})

async function start(argv: readonly string[], options?: AuthorizerFromFlagsOptions): Promise<NodeAuthorizer> {
  const authorizer = await authorizerFromFlags(argv, options)
  open.push(authorizer)
  return authorizer
}

const saidOf = (argv: readonly string[], options?: AuthorizerFromFlagsOptions): Promise<readonly string[]> =>
  problemsOf(() => start(argv, options))

const configuration = (...authorizers: readonly object[]): string =>
  JSON.stringify({
    apiVersion: 'apiserver.config.k8s.io/v1',
    kind: 'AuthorizationConfiguration',
    authorizers,
  })

async function verdictOf(authorizer: NodeAuthorizer, username: string, verb: string): Promise<string> {
  const user = fakeUser({ username, groups: username === 'root' ? ['system:masters'] : [] })
  const attributes = attributesOf(user, { verb, apiVersion: 'v1', resource: 'pods', namespace: 'n' })
  return (await decide(authorizer, attributes, {})).verdict
}

/** A webhook that allows joe, and the bodies that it received. */
async function webhook(): Promise<{ readonly kubeconfig: string; readonly asked: unknown[] }> {
  const asked: unknown[] = []
  const server = createServer({ cert, key }, (request, response) => {
    let body = ''
    request.on('data', (part) => (body += String(part)))
    request.on('end', () => {
      asked.push({ url: request.url, ...JSON.parse(body) })
      const allowed = body.includes('"joe"')
      response
        .writeHead(201, { 'content-type': 'application/json' })
        .end(JSON.stringify({ status: { allowed } }))
    })
  })
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve))
  open.push({ close: () => void server.close() })
  const { port } = server.address() as AddressInfo
  const kubeconfig = join(folder, `webhook-${port}`)
  const cluster = {
    server: `https://127.0.0.1:${port}`,
    'certificate-authority-data': Buffer.from(pki.caPem).toString('base64'),
  }
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'a', cluster }],
    contexts: [{ name: 'c', context: { cluster: 'a', user: 'u' } }],
    users: [{ name: 'u', user: {} }],
    'current-context': 'c',
  }
  writeFileSync(kubeconfig, JSON.stringify(config))
  return { kubeconfig, asked }
}

describe('an authorizer for the mode RBAC', () => {
  const roles = { name: 'roles', authorize: () => ({ verdict: 'allow', reason: 'by a role' }) as const }

  it.each([
    ['of --authorization-mode', () => ['--authorization-mode=AlwaysDeny,RBAC']],
    [
      'of --authorization-config',
      () => {
        const path = join(folder, 'rbac-alone.yaml')
        writeFileSync(path, configuration({ type: 'RBAC', name: 'rbac' }))
        return [`--authorization-config=${path}`]
      },
    ],
  ])('%s is asked', async (_, argv) => {
    expect(await verdictOf(await start(argv(), { rbac: roles }), 'anyone', 'delete')).toBe('allow')
  })

  it('must be one', async () => {
    const none: unknown = { authorize: 'yes' }
    expect(await saidOf(['--authorization-mode=RBAC'], { rbac: none as string })).toEqual([
      expect.stringMatching(/^rbac: must be an authorizer/),
    ])
  })
})

describe('the authorizer of a command line', () => {
  it.each([
    ['AlwaysAllow', {}, 'allow', 'allow', 'allow'],
    ['AlwaysDeny', {}, 'allow', 'noOpinion', 'noOpinion'],
    ['RBAC', { rbac }, 'allow', 'allow', 'noOpinion'],
    ['RBAC,AlwaysAllow', { rbac: [rbac] }, 'allow', 'allow', 'allow'],
  ] as const)('%s', async (mode, options, ofRoot, ofJane, ofOthers) => {
    const authorizer = await start(['node', 'server.js', `--authorization-mode=${mode}`], options)
    expect(await verdictOf(authorizer, 'root', 'delete')).toBe(ofRoot)
    expect(await verdictOf(authorizer, 'jane', 'get')).toBe(ofJane)
    expect(await verdictOf(authorizer, 'jane', 'delete')).toBe(ofOthers)
  })

  it('asks a webhook, by v1beta1 unless told otherwise, and masters first', async () => {
    const { kubeconfig, asked } = await webhook()
    const argv = ['--authorization-mode=Webhook', '--authorization-webhook-config-file', kubeconfig]
    const authorizer = await start(argv)
    expect(await verdictOf(authorizer, 'root', 'get')).toBe('allow')
    expect(asked).toEqual([])
    expect(await verdictOf(authorizer, 'joe', 'get')).toBe('allow')
    expect(await verdictOf(authorizer, 'jane', 'get')).toBe('noOpinion')
    const other = await start([...argv, '--authorization-webhook-version=v1'])
    await verdictOf(other, 'joe', 'get')
    expect(asked).toMatchObject([
      { apiVersion: 'authorization.k8s.io/v1beta1' },
      { apiVersion: 'authorization.k8s.io/v1beta1' },
      { apiVersion: 'authorization.k8s.io/v1' },
    ])
  })

  it.each([
    [[], 300, 30],
    [
      [
        '--authorization-webhook-cache-authorized-ttl=1m',
        '--authorization-webhook-cache-unauthorized-ttl=1s',
      ],
      60,
      1,
    ],
  ])('keeps what it said: %j', async (flags, allowedSeconds, deniedSeconds) => {
    const { kubeconfig, asked } = await webhook()
    const clock = fixedClock()
    const authorizer = await start(
      ['--authorization-mode=Webhook', `--authorization-webhook-config-file=${kubeconfig}`, ...flags],
      { clock },
    )
    for (const [username, seconds] of [
      ['joe', allowedSeconds],
      ['jane', deniedSeconds],
    ] as const) {
      asked.length = 0
      await verdictOf(authorizer, username, 'get')
      clock.advance(seconds * 1000 - 1)
      await verdictOf(authorizer, username, 'get')
      expect(asked).toHaveLength(1)
      clock.advance(1)
      await verdictOf(authorizer, username, 'get')
      expect(asked).toHaveLength(2)
    }
  })

  it('asks a cluster, except for always-allowed paths', async () => {
    const { kubeconfig, asked } = await webhook()
    const authorizer = await start([
      `--authorization-kubeconfig=${kubeconfig}`,
      '--authorization-always-allow-paths=/open',
    ])
    expect(await verdictOf(authorizer, 'joe', 'get')).toBe('allow')
    expect(asked).toMatchObject([{ url: expect.stringContaining('/subjectaccessreviews') }])
    const verdictAt = async (path: string): Promise<string> =>
      (await decide(authorizer, attributesOf(fakeUser(), { verb: 'get', path }), {})).verdict
    expect(await verdictAt('/open')).toBe('allow')
    expect(await verdictAt('/healthz')).toBe('noOpinion')
  })

  it('ignores flags that are about something else, and those of authentication without a word', async () => {
    const { events, observer } = recordEvents()
    await start(['--authorization-mode=AlwaysDeny', '--token-auth-file=/nope', '--v=2'], { observer })
    expect(events).toEqual([
      {
        type: 'fileNotice',
        file: 'flags',
        notice: {
          severity: 'advice',
          code: 'flagsIgnored',
          message: 'flags that are unrelated to authentication or authorization are ignored: --v',
        },
      },
    ])
  })
})

describe('what is wrong', () => {
  it.each<[readonly string[], AuthorizerFromFlagsOptions, ...RegExp[]]>([
    [
      [],
      {},
      /^--authorization-mode: at least one authorization-mode must be passed, of AlwaysAllow, AlwaysDeny, RBAC, Webhook$/,
    ],
    [['--authorization-mode='], {}, /^--authorization-mode: at least one/],
    [
      ['--authorization-mode=rbac'],
      {},
      /^--authorization-mode: authorization-mode "rbac" is not a valid mode$/,
    ],
    [['--authorization-mode=AlwaysDeny,'], {}, /authorization-mode "" is not a valid mode$/],
    [['--authorization-mode=__proto__'], {}, /is not a valid mode$/],
    [['--authorization-mode=constructor'], {}, /is not a valid mode$/],
    [
      ['--authorization-mode=AlwaysDeny,AlwaysDeny'],
      {},
      /^--authorization-mode: authorization-mode \["AlwaysDeny" "AlwaysDeny"\] has mode specified more than once$/,
    ],
    [['--authorization-mode=Node,RBAC'], { rbac }, /^--authorization-mode: the mode Node is not supported/],
    [
      ['--authorization-mode=ABAC', '--authorization-policy-file=p'],
      {},
      /^--authorization-policy-file: ABAC is not supported/,
      /^--authorization-mode: the mode ABAC/,
    ],
    [['--authorization-mode=RBAC'], {}, /^--authorization-mode: the mode RBAC needs the manifests/],
    [['--authorization-mode=RBAC'], { rbac: '/nope' }, /^rbac: \/nope: no such file or directory/],
    [['--authorization-mode=AlwaysDeny'], { rbac }, /^rbac: has no effect without the mode RBAC$/],
    [
      ['--authorization-mode=Webhook'],
      {},
      /^--authorization-webhook-config-file: authorization-mode Webhook's authorization config file not passed$/,
    ],
    [
      ['--authorization-mode=AlwaysDeny', '--authorization-webhook-config-file=/nope'],
      {},
      /cannot specify --authorization-webhook-config-file without mode Webhook$/,
    ],
    [
      ['--authorization-mode=Webhook', '--authorization-webhook-config-file=/nope'],
      {},
      /^--authorization-webhook-config-file: .*no such file/,
    ],
    [['--authorization-mode=AlwaysDeny', '--authorization-webhook-version=v2'], {}, /must be v1 or v1beta1$/],
    [
      ['--authorization-mode=AlwaysDeny', '--authorization-webhook-cache-authorized-ttl=x'],
      {},
      /time: invalid duration "x"$/,
    ],
    [['--authorization-config=/nope'], {}, /^--authorization-config: .*\/nope: no such file/],
    [['--authorization-config='], {}, /^--authorization-mode: at least one/],
    [
      ['--authorization-config=/nope', '--authorization-kubeconfig=/nope'],
      {},
      /^--authorization-config: cannot be set together with --authorization-kubeconfig/,
    ],
    [['--authorization-mode=AlwaysDeny', '--authorization-rbac-super-user=a'], {}, /system:masters/],
    [['--authorization-mod=AlwaysDeny'], {}, /did you mean --authorization-mode\?$/, /at least one/],
    [['--authorization-kubeconfig=/nope'], {}, /^--authorization-kubeconfig: .*no such file/],
    [
      ['--authorization-kubeconfig=/nope', '--authorization-mode=RBAC'],
      { rbac },
      /^--authorization-mode: cannot be set together with --authorization-kubeconfig/,
      /^rbac: cannot be set/,
    ],
  ])('%j %j', async (argv, options, ...said) => {
    expect(await saidOf(argv, options)).toEqual(said.map((each): unknown => expect.stringMatching(each)))
  })

  it.each([
    ['--authorization-mode=RBAC'],
    ['--authorization-mode='],
    ['--authorization-webhook-config-file=/nope'],
    ['--authorization-webhook-version=v1'],
    ['--authorization-webhook-cache-authorized-ttl=5m0s'],
    ['--authorization-webhook-cache-unauthorized-ttl=30s'],
  ])('does not take a file of --authorization-config beside %s', async (flag) => {
    const file = join(folder, 'authorization.yaml')
    writeFileSync(file, configuration({ type: 'AlwaysDeny', name: 'alwaysdeny' }))
    expect(await saidOf([`--authorization-config=${file}`, flag])).toEqual([
      '--authorization-config: --authorization-config can not be specified when --authorization-mode or --authorization-webhook-* flags are defined',
    ])
  })

  it.each<[readonly object[], AuthorizerFromFlagsOptions, RegExp]>([
    [
      [{ type: 'RBAC', name: 'rbac' }],
      {},
      /^--authorization-config: authorizers\[0\]\.type: the type RBAC needs the manifests/,
    ],
    [[{ type: 'RBAC', name: 'rbac' }], { rbac: '/nope' }, /^rbac: \/nope: no such file or directory/],
    [[], {}, /^--authorization-config: authorizers: Required value: at least one authorization mode/],
  ])('a file of --authorization-config with %j, and %j', async (authorizers, options, said) => {
    const file = join(folder, 'authorization.yaml')
    writeFileSync(file, configuration(...authorizers))
    expect(await saidOf([`--authorization-config=${file}`], options)).toEqual([expect.stringMatching(said)])
  })

  it('names the kubeconfig of a webhook and the path in it', async () => {
    const { kubeconfig } = await webhook()
    const bad = join(folder, 'bad.kubeconfig')
    writeFileSync(bad, readFileSync(kubeconfig, 'utf8').replace('https:', 'http:').replace('{', '{"frob":1,'))
    expect(
      await saidOf(['--authorization-mode=Webhook', `--authorization-webhook-config-file=${bad}`]),
    ).toEqual([
      `--authorization-webhook-config-file: ${bad}: frob: Unknown field`,
      `--authorization-webhook-config-file: ${bad}: clusters[0].cluster.server: Invalid value: must be an https URL`,
    ])
  })
})

describe('a negative time to keep answers', () => {
  const ttl = ['authorized', 'unauthorized'].map((kind) => `--authorization-webhook-cache-${kind}-ttl`)

  it.each([
    ['-1s', 4],
    ['5s', 2],
  ])('is none: %s', async (time, calls) => {
    const { kubeconfig, asked } = await webhook()
    const authorizer = await start([
      '--authorization-mode=Webhook',
      `--authorization-webhook-config-file=${kubeconfig}`,
      ...ttl.map((flag) => `${flag}=${time}`),
    ])
    for (const user of ['joe', 'jane', 'joe', 'jane']) await verdictOf(authorizer, user, 'get')
    expect(asked).toHaveLength(calls)
  })

  it('is none where authorization is delegated', async () => {
    const { kubeconfig, asked } = await webhook()
    const authorizer = await start([
      `--authorization-kubeconfig=${kubeconfig}`,
      ...ttl.map((flag) => `${flag}=-1s`),
    ])
    for (const user of ['joe', 'joe']) await verdictOf(authorizer, user, 'get')
    expect(asked).toHaveLength(2)
  })
})

describe('--emulated-version', () => {
  const lost = {
    name: 'own',
    authorize: () => noOpinion('RBAC: role "x" not found'),
  }
  const reasonWith = async (...argv: readonly string[]): Promise<string> => {
    const authorizer = await start(argv, { rbac: lost })
    return (await decide(authorizer, attributesOf(fakeUser(), { verb: 'get', path: '/x' }), {})).reason
  }

  it.each([
    [[], 'RBAC: role "x" not found\nEverything is forbidden.'],
    [['--emulated-version=1.36'], 'RBAC: role "x" not found\nEverything is forbidden.'],
    [['--emulated-version=1.37'], 'rbac: RBAC: role "x" not found\nalwaysdeny: Everything is forbidden.'],
    [
      ['--emulated-version', 'kube=1.37'],
      'rbac: RBAC: role "x" not found\nalwaysdeny: Everything is forbidden.',
    ],
  ])('%j: names of authorizers are in reasons since 1.37', async (argv, reason) => {
    expect(await reasonWith('--authorization-mode=RBAC,AlwaysDeny', ...argv)).toBe(reason)
    const path = join(folder, 'emulated.json')
    writeFileSync(
      path,
      configuration({ type: 'RBAC', name: 'rbac' }, { type: 'AlwaysDeny', name: 'alwaysdeny' }),
    )
    expect(await reasonWith(`--authorization-config=${path}`, ...argv)).toBe(reason)
  })

  it.each(['', '1', '1.34', '1.38', 'v1.36', '1.36.1', 'kube=', 'other=1.36', '1.35,1.36'])(
    '%j is no release',
    async (release) => {
      expect(await saidOf([`--emulated-version=${release}`, '--authorization-mode=AlwaysDeny'])).toEqual([
        '--emulated-version: invalid argument for "--emulated-version" flag: must be one of 1.35, 1.36, 1.37',
      ])
    },
  )
})
