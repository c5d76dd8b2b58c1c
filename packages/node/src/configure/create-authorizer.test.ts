import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { allow, attributesOf, type Authorizer, decide, deny, noOpinion } from '@kube-authn/core/authorization'
import { createPki, fakeUser, fixedClock, recordEvents } from '@kube-authn/testing'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { problemsOf } from '../../test/problems-of.ts'
import { httpsServer } from '../../test/servers.ts'
import { createAuthorizer, type CreateAuthorizerOptions, type NodeAuthorizer } from '../index.ts'

const folder = mkdtempSync(join(tmpdir(), 'create-authorizer-'))
const open: NodeAuthorizer[] = []
afterAll(() => rmSync(folder, { recursive: true }))
afterEach(() => {
  for (const each of open.splice(0)) each.close()
})

const write = (name: string, content: unknown): string => {
  const path = join(folder, name)
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content))
  return path
}

const GROUP = 'rbac.authorization.k8s.io'
/** Lets this user get pods. */
const roleFor = (username: string): string =>
  [
    {
      apiVersion: `${GROUP}/v1`,
      kind: 'ClusterRole',
      metadata: { name: 'pods' },
      rules: [{ apiGroups: [''], resources: ['pods'], verbs: ['get'] }],
    },
    {
      apiVersion: `${GROUP}/v1`,
      kind: 'ClusterRoleBinding',
      metadata: { name: 'pods' },
      roleRef: { apiGroup: GROUP, kind: 'ClusterRole', name: 'pods' },
      subjects: [{ apiGroup: GROUP, kind: 'User', name: username }],
    },
  ]
    .map((each) => JSON.stringify(each))
    .join('\n---\n')
const configuration = (...authorizers: readonly object[]): object => ({
  apiVersion: 'apiserver.config.k8s.io/v1',
  kind: 'AuthorizationConfiguration',
  authorizers,
})
const RBAC = { type: 'RBAC', name: 'rbac' }
const DENY = { type: 'AlwaysDeny', name: 'alwaysdeny' }

const rbac = write('rbac.yaml', roleFor('jane'))
const authorizationConfig = write('authorization.yaml', configuration(RBAC))
let webhook: string
const asked: string[] = []

beforeAll(async () => {
  const pki = await createPki()
  const credential = await pki.issueServer({ hosts: ['127.0.0.1'] })
  webhook = write('webhook.kubeconfig', '')
  serve = async () => {
    asked.length = 0
    const { url } = await httpsServer(credential, (request, response) => {
      let text = ''
      request.on('data', (part: Buffer) => (text += part.toString()))
      request.on('end', () => {
        const { spec } = JSON.parse(text) as { spec: { user: string } }
        asked.push(spec.user)
        response.end(JSON.stringify({ status: { allowed: spec.user === 'joe' } }))
      })
    })
    write('webhook.kubeconfig', {
      clusters: [{ name: 'c', cluster: { server: url, 'certificate-authority-data': btoa(pki.caPem) } }],
      users: [{ name: 'u', user: { token: 't' } }],
      contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
      'current-context': 'x',
    })
  }
})
/** Starts the webhook, which allows joe. */
let serve: () => Promise<void>

function create(options: CreateAuthorizerOptions): NodeAuthorizer {
  const authorizer = createAuthorizer(options)
  open.push(authorizer)
  return authorizer
}

async function verdictOf(authorizer: NodeAuthorizer, username: string, path?: string): Promise<string> {
  const user = fakeUser({ username, groups: username === 'root' ? ['system:masters'] : [] })
  const attributes = attributesOf(
    user,
    path === undefined ? { verb: 'get', resource: 'pods' } : { verb: 'get', path },
  )
  return (await decide(authorizer, attributes, {})).verdict
}

/** Allows, denies, or has no opinion. */
const decides = (username: string, verdict: 'allow' | 'deny'): Authorizer => ({
  name: 'own',
  authorize: ({ user }) =>
    user.username !== username ? noOpinion() : verdict === 'allow' ? allow() : deny(),
})

describe('createAuthorizer', () => {
  it.each<[string, CreateAuthorizerOptions]>([
    ['a file', { rbac }],
    ['files', { rbac: [rbac] }],
    ['options with files', { rbac: { paths: rbac, reload: false } }],
    ['a configuration', { rbac, authorizationConfig }],
    [
      'a configuration with options',
      { rbac: [rbac], authorizationConfig: { path: authorizationConfig, reload: false } },
    ],
    ['an authorizer', { rbac: decides('jane', 'allow') }],
    ['an authorizer that a configuration asks', { rbac: decides('jane', 'allow'), authorizationConfig }],
    ['authorizers', { authorizers: [decides('jane', 'allow')] }],
  ])('asks roles of %s, and lets masters do everything', async (_, options) => {
    const authorizer = create(options)
    expect(await Promise.all(['jane', 'joe', 'root'].map((each) => verdictOf(authorizer, each)))).toEqual([
      'allow',
      'noOpinion',
      'allow',
    ])
  })

  it('asks roles, a webhook and others in this order', async () => {
    await serve()
    const own = [decides('jane', 'deny'), decides('joe', 'deny'), decides('eve', 'deny')]
    const authorizer = create({ rbac, webhook, authorizers: own })
    expect(await verdictOf(authorizer, 'jane')).toBe('allow')
    expect(asked).toEqual([])
    expect(await verdictOf(authorizer, 'joe')).toBe('allow')
    expect(await verdictOf(authorizer, 'eve')).toBe('deny')
    expect(asked).toEqual(['joe', 'eve'])
  })

  it.each<[CreateAuthorizerOptions, string]>([
    [{}, 'lost\nalone'],
    [{ kubernetesVersion: '1.37' }, 'roles: lost\nown: alone'],
    [{ kubernetesVersion: '1.37', authorizationConfig }, 'rbac: lost\nown: alone'],
  ])('with %j says why there was no opinion', async (options, reason) => {
    const says = (name: string, why: string): Authorizer => ({ name, authorize: () => noOpinion(why) })
    const authorizer = create({
      rbac: says('roles', 'lost'),
      authorizers: [says('own', 'alone')],
      ...options,
    })
    const attributes = attributesOf(fakeUser(), { verb: 'get', path: '/x' })
    expect((await decide(authorizer, attributes, {})).reason).toBe(reason)
  })

  it('gives a webhook its options', async () => {
    await serve()
    const authorizer = create({ webhook: { path: webhook, deniedTtlSeconds: 0 } })
    for (let round = 0; round < 2; round++) expect(await verdictOf(authorizer, 'eve')).toBe('noOpinion')
    expect(asked).toEqual(['eve', 'eve'])
  })

  it('allows paths to every user, and consults others after a configuration', async () => {
    const authorizer = create({
      rbac,
      authorizationConfig,
      alwaysAllowPaths: ['/healthz', '/public/*'],
      authorizers: [decides('joe', 'allow'), decides('jane', 'deny')],
    })
    expect(await verdictOf(authorizer, 'eve', '/healthz')).toBe('allow')
    expect(await verdictOf(authorizer, 'eve', '/public/a')).toBe('allow')
    expect(await verdictOf(authorizer, 'eve', '/private')).toBe('noOpinion')
    expect([await verdictOf(authorizer, 'joe'), await verdictOf(authorizer, 'jane')]).toEqual([
      'allow',
      'allow',
    ])
  })

  it('lists what members of system:masters may do once', () => {
    const root = fakeUser({ groups: ['system:masters'] })
    for (const options of [{ rbac }, { rbac, authorizationConfig }]) {
      expect(create(options).rulesFor?.(root, 'n').nonResourceRules).toHaveLength(1)
    }
  })

  it('follows its files until it is closed', async () => {
    const clock = fixedClock()
    const { observer, ofType } = recordEvents()
    const roles = write('followed.yaml', roleFor('jane'))
    const config = write('followed-config.yaml', configuration(RBAC))
    const authorizer = create({ rbac: roles, authorizationConfig: config, clock, observer })
    write('followed.yaml', roleFor('joe'))
    write('followed-config.yaml', configuration(DENY, RBAC))
    await vi.waitFor(() => {
      clock.advance(60_000)
      expect(
        ofType('reload')
          .map(({ source, outcome }) => `${source} ${outcome}`)
          .toSorted(),
      ).toEqual([`${config} loaded`, `${roles} loaded`])
      expect(ofType('authorizationConfigReload').map(({ outcome }) => outcome)).toEqual(['initial', 'loaded'])
    })
    expect([await verdictOf(authorizer, 'joe'), await verdictOf(authorizer, 'jane')]).toEqual([
      'allow',
      'noOpinion',
    ])
    authorizer.close()
    clock.advance(60_000)
    expect(clock.pending).toBe(0)
  })

  it.each<[CreateAuthorizerOptions, readonly (string | RegExp)[]]>([
    [{}, [/^authorizers: no authorizer configured; name one, as in createAuthorizer/]],
    [{ alwaysAllowPaths: ['/x'] }, [/^authorizers: no authorizer configured/]],
    [{ authorizers: [] }, [/^authorizers: no authorizer configured/]],
    [{ rbac: '' }, [/^rbac: must be the path of a file/]],
    [{ rbac: [] }, [/^rbac: /]],
    [{ rbac: { reload: false } } as never, [/^rbac\.paths: /]],
    [
      { rbac: { paths: 'x', reloads: false } } as never,
      [/^rbac\.reloads: unknown option, did you mean reload\?$/],
    ],
    [{ rbac: Promise.resolve(decides('a', 'allow')) } as never, [/^rbac: is a promise; await it first$/]],
    [{ rbac: 1 } as never, [/^rbac: must be the path of a file/]],
    [{ rbac: '/nope' }, [/^rbac: \/nope: no such file or directory/]],
    [{ rback: 'x', rbac } as never, [/^rback: unknown option, did you mean rbac\?$/]],
    [{ webhook: '/nope' }, [/^webhook: .*nope: no such file/]],
    [{ authorizers: [{ name: 'x' }] } as never, [/^authorizers\[0\]: must be an authorizer/]],
    [{ authorizationConfig: '/nope' }, [/^authorizationConfig: .*nope: no such file/]],
    [{ authorizationConfig }, [/^authorizationConfig: authorizers\[0\]\.type: the type RBAC needs/]],
    [
      { authorizationConfig: { path: authorizationConfig, rbac: 1 } } as never,
      [/^authorizationConfig\.rbac: unknown option/],
    ],
    [{ rbac: '/nope', authorizationConfig }, [/^rbac: \/nope: no such file/]],
    [
      { rbac, authorizationConfig, webhook: '/nope' },
      ['webhook: cannot be set together with authorizationConfig: configure the webhook in that file'],
    ],
    [{ rbac, alwaysAllowPaths: ['/a*b'] }, [/^alwaysAllowPaths.*only trailing \* allowed/]],
    [
      { rbac: '/nope', alwaysAllowPaths: ['*a'], authorizationConfig: '/nope' },
      [/^alwaysAllowPaths/, /^rbac: /, /^authorizationConfig: /],
    ],
    [{ rbac: '/nope', clock: 1 } as never, [/^clock: /, /^rbac: \/nope/]],
  ])('refuses %j', async (options, said) => {
    const problems = await problemsOf(() => create(options))
    expect(problems).toEqual(
      said.map((each): unknown => (typeof each === 'string' ? each : expect.stringMatching(each))),
    )
  })

  it('never keeps a process alive', () => {
    const script = `
      import { createAuthorizer } from ${JSON.stringify(fileURLToPath(new URL('../../dist/index.js', import.meta.url)))}
      createAuthorizer({ rbac: ${JSON.stringify(rbac)}, authorizationConfig: ${JSON.stringify(authorizationConfig)} })
      console.log('ready')
    `
    const run = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
      timeout: 120_000,
      encoding: 'utf8',
    })
    expect([run.stdout, run.stderr, run.status]).toEqual(['ready\n', '', 0])
  })
})
