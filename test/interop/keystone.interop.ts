import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { authenticateRequest } from '@kube-authn/core/adapter'
import type { Authenticator } from '@kube-authn/core'
import { systemClock } from '@kube-authn/core/internal'
import { keystoneTokenReview } from '@kube-authn/keystone'
import {
  createAuthenticator,
  createFetch,
  type KeystoneOptions,
  type NodeAuthenticator,
} from '@kube-authn/node'
import { type CertificateAuthority, createPki, fakeRequest } from '@kube-authn/testing'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { has } from './components.ts'
import { curl } from './curl.ts'
import { httpsApp } from './https-app.ts'
import { type Cloud, cloudOf, type Keystone, keystoneIn, type KeystoneRun } from './keystone.ts'
import { freePort } from './ports.ts'
import { makeScratch, type Scratch } from './scratch.ts'

const PASSWORD = 'pä:ss €" \\'
const DEFAULT = { id: 'default' }
const hasKeystone = has('keystone', 'sqlite', 'curl')

/** All users of the cloud. The two janes differ only in their domain. */
interface People {
  readonly jane: string
  readonly joe: string
  readonly otherJane: string
  readonly shop: string
  readonly sales: string
  readonly developers: string
}

/** The example and its output. */
interface Example {
  readonly output: () => string
  readonly stop: () => Promise<void>
}

function startExample(material: string, env: Readonly<Record<string, string>>): Example {
  const main = fileURLToPath(new URL('../../examples/keystone/dist/main.js', import.meta.url))
  const child = spawn(process.execPath, [main], {
    env: { ...process.env, PORT: '0', MATERIAL: material, ...env },
  })
  const exited = once(child, 'exit')
  let output = ''
  child.stdout.on('data', (data) => (output += String(data)))
  child.stderr.on('data', (data) => (output += String(data)))
  return {
    output: () => output,
    async stop() {
      child.kill()
      await exited
    },
  }
}

const exampleScratch = makeScratch()
let example: Example | undefined

// It starts its own Keystone, which takes as long as that of the suite: both in parallel.
beforeAll(async () => {
  if (!hasKeystone) return
  example = startExample(exampleScratch.path('material'), { KEYSTONE_PORT: String(await freePort()) })
})
afterAll(async () => {
  await example?.stop()
  exampleScratch.remove()
})

describe.runIf(hasKeystone)('Keystone', () => {
  let scratch: Scratch
  let servers: CertificateAuthority
  let run: KeystoneRun
  let ca: string
  let keystone: Keystone
  let cloud: Cloud
  let people: People
  const open: NodeAuthenticator[] = []

  beforeAll(async () => {
    scratch = makeScratch()
    servers = await createPki({ commonName: 'servers' })
    ca = scratch.write('ca.crt', servers.caPem)
    run = await certificateOf(servers, 'server')
    keystone = await keystoneIn(scratch)
    await keystone.start(run)
    cloud = await cloudOf(keystone.url, ca)
    people = await makePeople()
  })
  afterEach(() => {
    for (const authenticator of open.splice(0)) authenticator.close()
  })
  afterAll(async () => {
    cloud.close()
    await keystone.stop()
    scratch.remove()
  })

  async function certificateOf(authority: CertificateAuthority, name: string): Promise<KeystoneRun> {
    const { chainPem, privateKeyPem } = await authority.issueServer({ hosts: ['127.0.0.1', 'localhost'] })
    return { cert: scratch.write(`${name}.crt`, chainPem), key: scratch.write(`${name}.key`, privateKeyPem) }
  }

  async function makePeople(): Promise<People> {
    const sales = await cloud.create('domain', { name: 'Sales' })
    const shop = await cloud.create('project', { name: 'shop', domain_id: 'default' })
    const user = (name: string, attributes: object = {}): Promise<string> =>
      cloud.create('user', { name, domain_id: 'default', password: PASSWORD, ...attributes })
    const jane = await user('jane', { default_project_id: shop })
    const joe = await user('joe')
    const otherJane = await user('jane', { domain_id: sales })
    await user('off', { enabled: false })
    await user('system:admin')
    const developers = await cloud.create('group', { name: 'developers, by day', domain_id: 'default' })
    const masters = await cloud.create('group', { name: 'system:masters', domain_id: 'default' })
    const abroad = await cloud.create('group', { name: 'admins', domain_id: sales })
    for (const group of [developers, masters, abroad])
      await cloud.call('PUT', `/groups/${group}/users/${jane}`)
    await cloud.call('PUT', `/groups/${abroad}/users/${otherJane}`)
    const { roles } = (await cloud.call('GET', '/roles?name=member')) as { roles: readonly { id: string }[] }
    await cloud.call('PUT', `/projects/${shop}/users/${jane}/roles/${roles[0]?.id}`)
    return { jane, joe, otherJane, shop, sales, developers }
  }

  function create(options: Partial<KeystoneOptions> = {}, more = {}): NodeAuthenticator {
    const keystoneOptions = { url: keystone.url, caFile: ca, ...options }
    const authenticator = createAuthenticator({ keystone: keystoneOptions, ...more })
    open.push(authenticator)
    return authenticator
  }

  /** Without a cache. */
  const forgetful = (options: Partial<KeystoneOptions> = {}): NodeAuthenticator =>
    create({ successTtlSeconds: 0, failureTtlSeconds: 0, ...options }, { tokenCache: false })

  async function ask(authenticator: Authenticator, name: string, value: string): Promise<unknown> {
    const request = fakeRequest({ headers: [[name, value]] })
    const outcome = await authenticateRequest(authenticator, { unavailableStatus: 503 })(request)
    if ('failure' in outcome) return outcome.failure.status
    const { username, uid, groups, extra } = outcome.authentication.user
    return { username, uid, groups, extra: { ...extra } }
  }
  const basic = (authenticator: Authenticator, name: string, password = PASSWORD): Promise<unknown> =>
    ask(authenticator, 'Authorization', `Basic ${Buffer.from(`${name}:${password}`).toString('base64')}`)
  const bearer = (authenticator: Authenticator, token: string): Promise<unknown> =>
    ask(authenticator, 'Authorization', `Bearer ${token}`)
  const janesToken = (scope?: object | 'unscoped'): Promise<string> =>
    cloud.login({ id: people.jane, password: PASSWORD }, scope)

  const jane = () => ({
    username: 'jane',
    uid: people.jane,
    groups: ['developers, by day', people.shop, 'system:authenticated'],
    extra: {
      'alpha.kubernetes.io/identity/roles': expect.arrayContaining(['member', 'reader']) as unknown,
      'alpha.kubernetes.io/identity/project/id': [people.shop],
      'alpha.kubernetes.io/identity/project/name': ['shop'],
      'alpha.kubernetes.io/identity/user/domain/id': ['default'],
      'alpha.kubernetes.io/identity/user/domain/name': ['Default'],
    },
  })

  describe('passwords', () => {
    it('make jane, in her group, her project and her roles; groups of others and of Kubernetes are left out', async () => {
      expect(await basic(forgetful(), 'jane')).toEqual(jane())
      expect(await basic(forgetful({ url: `${keystone.url}/v3/` }), 'jane')).toEqual(jane())
    })

    it.each([
      ['jane', 'wrong'],
      ['jane', ''],
      ['jane', `${PASSWORD} `],
      ['nobody', PASSWORD],
      ['off', PASSWORD],
      ['system:admin', PASSWORD],
      ['jane@Sales', PASSWORD],
      ['jane\0', PASSWORD],
      ['', PASSWORD],
      ['x'.repeat(500), PASSWORD],
    ])('of %j do not help with %j', async (name, password) => {
      expect(await basic(forgetful(), name, password)).toBe(401)
    })

    it('that are no text are not even asked about', async () => {
      const bytes = Buffer.concat([Buffer.from('jane:'), Buffer.from([0xff, 0xfe])]).toString('base64')
      expect(await ask(forgetful(), 'Authorization', `Basic ${bytes}`)).toBe(401)
      // It would have closed the connection.
      expect(await basic(forgetful(), 'jane')).toMatchObject({ username: 'jane' })
    })

    it('tell the janes apart, where both count', async () => {
      const both = forgetful({
        domains: 'all',
        usernameFormat: '{domainName}/{name}',
        groupsFormat: '{domainName}/{name}',
        userAtDomain: true,
      })
      expect(await basic(both, 'jane')).toMatchObject({ username: 'Default/jane', uid: people.jane })
      expect(await basic(both, 'jane@Sales')).toMatchObject({
        username: 'Sales/jane',
        uid: people.otherJane,
        groups: ['Sales/admins', 'system:authenticated'],
      })
      expect(await basic(both, 'joe@Sales')).toBe(401)
      expect(await basic(both, 'jane@Nowhere')).toBe(401)
    })

    it('are those of the domain that counts', async () => {
      expect(await basic(forgetful({ domain: { name: 'Sales' } }), 'jane')).toMatchObject({
        uid: people.otherJane,
      })
      expect(await basic(forgetful({ domain: { name: 'sales' } }), 'jane')).toBe(401)
    })

    it('are good for a project that the user has a role in', async () => {
      const scope = { project: { name: 'shop', domain: DEFAULT } }
      expect(await basic(forgetful({ scope }), 'jane')).toEqual(jane())
      expect(await basic(forgetful({ scope }), 'joe')).toBe(401)
      expect(await basic(forgetful({ projects: [people.shop] }), 'jane')).toEqual(jane())
      expect(await basic(forgetful({ projects: ['another'] }), 'jane')).toBe(401)
      expect(await basic(forgetful({ scope: 'unscoped' }), 'jane')).toMatchObject({
        groups: ['developers, by day', 'system:authenticated'],
      })
    })

    it('give what roles mean', async () => {
      const roleMappings = [
        { role: 'member', groups: ['shoppers'] },
        { role: 'admin', groups: ['never'] },
      ]
      expect(await basic(forgetful({ projects: [people.shop], roleMappings }), 'jane')).toMatchObject({
        groups: ['developers, by day', people.shop, 'shoppers', 'system:authenticated'],
      })
    })

    it('come through an HTTPS app, which sees none of them', async () => {
      const { cert, key } = run
      const app = await httpsApp({ cert: readFileSync(cert), key: readFileSync(key) }, forgetful())
      const asked = ['--cacert', ca, `https://127.0.0.1:${app.port}/`]
      expect(await curl('--user', `jane:${PASSWORD}`, ...asked)).toEqual({
        username: 'jane',
        groups: jane().groups,
        headers: [],
      })
      expect(await curl('--user', 'jane:wrong', ...asked)).toBe(401)
      await app.close()
    })
  })

  describe('tokens', () => {
    const shop = () => ({ project: { id: people.shop } })

    it('make jane, as bearer token and as X-Auth-Token', async () => {
      const token = await janesToken(shop())
      const authenticator = forgetful({ acceptXAuthToken: true })
      expect(await bearer(authenticator, token)).toEqual(jane())
      expect(await ask(authenticator, 'X-Auth-Token', token)).toEqual(jane())
      expect(await ask(forgetful(), 'X-Auth-Token', token)).toBe(401)
    })

    it('need be for no project, unless one is asked for', async () => {
      const token = await janesToken('unscoped')
      expect(await bearer(forgetful(), token)).toMatchObject({
        username: 'jane',
        groups: ['developers, by day', 'system:authenticated'],
      })
      expect(await bearer(forgetful({ requireProject: true }), token)).toBe(401)
    })

    it('of another domain do not count', async () => {
      const token = await cloud.login({ id: people.otherJane, password: PASSWORD })
      expect(await bearer(forgetful(), token)).toBe(401)
      expect(await bearer(forgetful({ domain: { id: people.sales } }), token)).toMatchObject({
        uid: people.otherJane,
      })
    })

    it('that are none are refused', async () => {
      const token = await janesToken(shop())
      const authenticator = forgetful()
      const wrong = `${token.slice(0, -10)}AAAAAAAAAA`
      for (const each of [wrong, `${token}=`, token.slice(1), 'x'.repeat(3000), `${token},${token}`]) {
        expect(await bearer(authenticator, each)).toBe(401)
      }
    })

    it('that were revoked are refused, and counted behind the cache for ten seconds at most', async () => {
      const token = await janesToken(shop())
      let offsetMs = 0
      const clock = { ...systemClock, now: () => Date.now() + offsetMs }
      const remembering = create({}, { clock })
      const authenticator = forgetful()
      expect([await bearer(remembering, token), await bearer(authenticator, token)]).toEqual([jane(), jane()])
      await cloud.call('DELETE', '/auth/tokens', undefined, token)
      expect([await bearer(remembering, token), await bearer(authenticator, token)]).toEqual([jane(), 401])
      offsetMs = 10_000
      expect(await bearer(remembering, token)).toBe(401)
    })

    it('of many at once are not mixed up', async () => {
      const tokens = [await janesToken(shop()), await cloud.login({ id: people.joe, password: PASSWORD })]
      const authenticator = forgetful({ maxConcurrent: 8 })
      const asked = Array.from({ length: 40 }, (_, index) => bearer(authenticator, tokens[index % 2] ?? ''))
      expect(await Promise.all(asked)).toMatchObject(
        Array.from({ length: 40 }, (_, index) => ({ username: index % 2 === 0 ? 'jane' : 'joe' })),
      )
    })

    it('of an application credential have its roles, and none of the groups; with access rules they are none', async () => {
      const token = await janesToken(shop())
      const credential = async (attributes: object): Promise<string> => {
        const path = `/users/${people.jane}/application_credentials`
        const body = { application_credential: { name: crypto.randomUUID(), ...attributes } }
        const made = (await cloud.call('POST', path, body, token)) as {
          application_credential: { id: string; secret: string }
        }
        const { id, secret } = made.application_credential
        return cloud.loginBy({ methods: ['application_credential'], application_credential: { id, secret } })
      }
      const [reader] = (
        (await cloud.call('GET', '/roles?name=reader')) as { roles: readonly { id: string }[] }
      ).roles
      expect(await bearer(forgetful(), await credential({ roles: [{ id: reader?.id }] }))).toMatchObject({
        username: 'jane',
        groups: [people.shop, 'system:authenticated'],
        extra: { 'alpha.kubernetes.io/identity/roles': ['reader'] },
      })
      const rules = [{ path: '/v2.1/servers', method: 'GET', service: 'compute' }]
      expect(await bearer(forgetful(), await credential({ access_rules: rules }))).toBe(401)
    })

    it('of a trust are refused, with themselves and in the name of a service', async () => {
      const { roles } = (await cloud.call('GET', '/roles?name=member')) as {
        roles: readonly { id: string }[]
      }
      const trust = {
        trustor_user_id: people.jane,
        trustee_user_id: people.joe,
        impersonation: true,
        project_id: people.shop,
        roles: [{ id: roles[0]?.id }],
      }
      const { trust: made } = (await cloud.call(
        'POST',
        '/OS-TRUST/trusts',
        { trust },
        await janesToken(shop()),
      )) as {
        trust: { id: string }
      }
      const token = await cloud.login(
        { id: people.joe, password: PASSWORD },
        { 'OS-TRUST:trust': { id: made.id } },
      )
      expect(await bearer(forgetful(), token)).toBe(401)
      expect(await bearer(forgetful({ service: service() }), token)).toBe(401)
    })

    const service = () => ({
      credential: { name: 'admin', domain: DEFAULT, password: 'of the administrator' },
      scope: { project: { name: 'admin', domain: DEFAULT } },
    })

    it('can be asked about in the name of a service, of which Keystone lets one in only', async () => {
      const token = await janesToken(shop())
      expect(await bearer(forgetful({ service: service() }), token)).toEqual(jane())
      expect(await bearer(forgetful({ service: service() }), `${token.slice(0, -4)}AAAA`)).toBe(401)
      const { credential, scope } = service()
      const wrong = { credential: { ...credential, password: 'wrong' }, scope }
      expect(await bearer(forgetful({ service: wrong }), token)).toBe(503)
      const nobody = { credential: { id: people.joe, password: PASSWORD }, scope: 'unscoped' as const }
      expect(await bearer(forgetful({ service: nobody }), token)).toBe(503)
    })

    it('are answered for kube-apiserver, as by k8s-keystone-auth', async () => {
      const fetch = createFetch({ caFile: ca })
      const review = keystoneTokenReview({ url: keystone.url, fetch })
      const post = async (token: string): Promise<unknown> => {
        const body = { apiVersion: 'authentication.k8s.io/v1beta1', kind: 'TokenReview', spec: { token } }
        const response = await review(
          new Request('https://webhook/webhook', { method: 'POST', body: JSON.stringify(body) }),
        )
        return [response.status, ((await response.json()) as { status: unknown }).status]
      }
      const { groups, ...user } = jane()
      expect(await post(await janesToken(shop()))).toEqual([
        200,
        { authenticated: true, user: { ...user, groups: groups.slice(0, -1) } },
      ])
      expect(await post(await janesToken('unscoped'))).toEqual([401, { authenticated: false }])
      expect(await post('nonsense')).toEqual([401, { authenticated: false }])
      fetch.close()
    })
  })

  it('that disables a user ends their password and their tokens', async () => {
    const token = await cloud.login({ id: people.joe, password: PASSWORD })
    const authenticator = forgetful()
    expect(await basic(authenticator, 'joe')).toMatchObject({ username: 'joe' })
    expect(await bearer(authenticator, token)).toMatchObject({ username: 'joe' })
    await cloud.call('PATCH', `/users/${people.joe}`, { user: { enabled: false } })
    expect(await basic(authenticator, 'joe')).toBe(401)
    expect(await bearer(authenticator, token)).toBe(401)
    await cloud.call('PATCH', `/users/${people.joe}`, { user: { enabled: true } })
    // Within the same second, Keystone mistakes new tokens for the old ones that it just revoked.
    await vi.waitFor(async () => expect(await basic(authenticator, 'joe')).toMatchObject({ username: 'joe' }))
  })

  it('that does not respond delays no other request, and only until the timeout', async () => {
    const passwordFile = scratch.write('passwords.csv', 'secret,jim,1\n')
    const authenticator = create({ timeoutSeconds: 1 }, { passwordFile })
    const token = await janesToken({ project: { id: people.shop } })
    expect(await bearer(authenticator, token)).toEqual(jane())
    keystone.freeze()
    try {
      const stuck = Array.from({ length: 300 }, (_, index) => basic(authenticator, `user ${index}`))
      expect(await basic(authenticator, 'jim', 'secret')).toMatchObject({ username: 'jim' })
      expect(await bearer(authenticator, token)).toEqual(jane())
      expect(new Set(await Promise.all(stuck))).toEqual(new Set([503]))
    } finally {
      keystone.thaw()
    }
    await vi.waitFor(async () => expect(await basic(authenticator, 'jane')).toEqual(jane()))
  })

  it('that is stopped is unavailable to all but who is remembered; started again it is back, and old tokens with it', async () => {
    const token = await janesToken({ project: { id: people.shop } })
    const remembering = create()
    const authenticator = forgetful()
    expect([await basic(remembering, 'jane'), await bearer(authenticator, token)]).toEqual([jane(), jane()])
    await keystone.stop()
    expect(await basic(remembering, 'jane')).toEqual(jane())
    expect(await basic(authenticator, 'jane')).toBe(503)
    expect(await basic(authenticator, 'jane', 'wrong')).toBe(503)
    expect(await bearer(authenticator, token)).toBe(503)
    await keystone.start({ ...run, tokenSeconds: 4 })
    expect(await bearer(authenticator, token)).toEqual(jane())
    expect(await basic(authenticator, 'jane')).toEqual(jane())
    expect(await basic(authenticator, 'jane', 'wrong')).toBe(401)
  })

  it('has tokens that expire, for the cache too', async () => {
    const token = await janesToken({ project: { id: people.shop } })
    const remembering = create({}, { tokenCache: { successTtlSeconds: 3600 } })
    const authenticator = forgetful()
    expect([await bearer(remembering, token), await bearer(authenticator, token)]).toEqual([jane(), jane()])
    await vi.waitFor(async () => expect(await bearer(remembering, token)).toBe(401))
    expect(await bearer(authenticator, token)).toBe(401)
  })

  it('of another authority is unavailable until the CA file says otherwise', async () => {
    const others = await createPki({ commonName: 'other servers' })
    const authenticator = forgetful({ settleSeconds: 0.02 })
    expect(await basic(authenticator, 'jane')).toEqual(jane())
    await keystone.stop()
    await keystone.start(await certificateOf(others, 'other'))
    expect(await basic(authenticator, 'jane')).toBe(503)
    scratch.write('ca.crt', others.caPem)
    await vi.waitFor(async () => expect(await basic(authenticator, 'jane')).toEqual(jane()))
  })
})

describe.runIf(hasKeystone)('examples/keystone', () => {
  const folder = exampleScratch.path('material')
  const material = (name: string): string => join(folder, name)

  beforeAll(async () => {
    await vi.waitFor(() => expect(example?.output()).toContain('Ctrl+C'))
  })

  it('prints lines to paste, and each answers what it says', () => {
    const printed = [...(example?.output() ?? '').matchAll(/^# .*\n(.*)\n#=> (.*)$/gm)]
    expect(printed).toHaveLength(8)
    for (const [, command = '', answer = ''] of printed) {
      const { stdout, stderr } = spawnSync('sh', ['-c', command], { encoding: 'utf8' })
      expect({ command, answer: stdout.trim(), error: stderr }).toEqual({ command, answer, error: '' })
    }
  })

  it('takes users of another Keystone, which is that of the example here', async () => {
    const keystone = /Keystone (https:\S+)\.$/m.exec(example?.output() ?? '')?.[1] ?? ''
    const { janesPassword } = JSON.parse(readFileSync(material('secrets.json'), 'utf8')) as {
      janesPassword: string
    }
    const app = startExample(folder, { KEYSTONE_URL: keystone, KEYSTONE_CA: material('ca.crt') })
    try {
      await vi.waitFor(() => expect(app.output()).toContain('The app is'))
      const url = /The app is (https:\S+),/.exec(app.output())?.[1] ?? ''
      const ca = material('ca.crt')
      expect(await curl('--cacert', ca, '--user', `jane:${janesPassword}`, url)).toMatchObject({
        username: 'jane',
        groups: ['developers', 'system:authenticated'],
      })
      expect(await curl('--cacert', ca, '--user', 'jane:wrong', url)).toBe(401)
    } finally {
      await app.stop()
    }
  })
})
