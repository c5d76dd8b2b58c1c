import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import type { RequestListener } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { authenticateRequest } from '@kube-authn/core/adapter'
import { ConfigurationError, explain } from '@kube-authn/core'
import {
  type CertificateAuthority,
  createPki,
  fakePasswordAuthenticator,
  fakeRequest,
  fakeTokenAuthenticator,
  fixedClock,
  type IssuedCredential,
  noOpinion,
  recordEvents,
} from '@kube-authn/testing'
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { httpServer, httpsServer, type RunningServer } from '../../test/servers.ts'
import { createAuthenticator, keystoneAt, type KeystoneOptions, type NodeAuthenticator } from '../index.ts'

const TOKEN = `gAAAAABrBlOA${'x'.repeat(150)}`
const SERVICE_TOKEN = `gAAAAABrBlOA${'s'.repeat(150)}`

let pki: CertificateAuthority
let otherPki: CertificateAuthority
let local: IssuedCredential
let folder: string
let caFile: string
const open: { close(): void }[] = []

beforeAll(async () => {
  pki = await createPki()
  otherPki = await createPki({ commonName: 'another CA' })
  local = await pki.issueServer({ hosts: ['127.0.0.1'] })
})
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'keystone-at-'))
  caFile = file('ca.crt', pki.caPem)
})
afterEach(() => {
  for (const each of open.splice(0)) each.close()
  rmSync(folder, { recursive: true, force: true })
})

function file(name: string, content: string): string {
  const path = join(folder, name)
  writeFileSync(`${path}.new`, content)
  renameSync(`${path}.new`, path)
  return path
}

const details = {
  user: { id: 'u1', name: 'jane', domain: { id: 'default', name: 'Default' } },
  expires_at: '2100-01-01T00:00:00.000000Z',
}

/** Accepts jane with the password `pw`, and her token. */
const keystone: RequestListener = (request, response) => {
  const answer = (status: number, body: object, headers = {}): void => {
    response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body))
  }
  let text = ''
  request.setEncoding('utf8').on('data', (chunk: string) => (text += chunk))
  request.on('end', () => {
    const subject = request.headers['x-subject-token']
    if (request.url?.endsWith('/groups') === true) {
      answer(200, { groups: [{ id: 'g1', name: 'developers', domain_id: 'default' }], links: {} })
    } else if (request.method === 'POST') {
      if (text.includes('"service-password"'))
        answer(201, { token: details }, { 'x-subject-token': SERVICE_TOKEN })
      else if (text.includes('"password":"pw"')) answer(201, { token: details }, { 'x-subject-token': TOKEN })
      else answer(401, { error: { code: 401 } })
    } else if (subject === TOKEN) answer(200, { token: details })
    else answer(404, { error: { code: 404 } })
  })
}

function create(url: string, options: Partial<KeystoneOptions> = {}, more = {}): NodeAuthenticator {
  const authenticator = createAuthenticator({ keystone: { url, caFile, ...options }, ...more })
  open.push(authenticator)
  return authenticator
}

async function usernameOf(
  authenticator: NodeAuthenticator,
  ...headers: readonly [string, string][]
): Promise<string | number> {
  const outcome = await authenticateRequest(authenticator, { unavailableStatus: 503 })(
    fakeRequest({ headers }),
  )
  return 'failure' in outcome ? outcome.failure.status : outcome.authentication.user.username
}

const basic = (password = 'pw'): [string, string] => ['Authorization', `Basic ${btoa(`jane:${password}`)}`]
const bearer: [string, string] = ['Authorization', `Bearer ${TOKEN}`]
const xAuthToken: [string, string] = ['X-Auth-Token', TOKEN]

describe('keystone of createAuthenticator', () => {
  it('knows users by password and by token', async () => {
    const { url } = await httpsServer(local, keystone)
    const authenticator = create(url)
    expect(await usernameOf(authenticator, basic())).toBe('jane')
    expect(await usernameOf(authenticator, bearer)).toBe('jane')
    expect(await usernameOf(authenticator, basic('wrong'))).toBe(401)
    expect(await usernameOf(authenticator, ['Authorization', `Bearer ${SERVICE_TOKEN}`])).toBe(401)
    expect(await usernameOf(authenticator, xAuthToken)).toBe(401)
  })

  it('can be its URL alone, and then has its certificate from an authority that comes with Node', async () => {
    const { url, requests } = await httpsServer(local, keystone)
    const authenticator = createAuthenticator({ keystone: url })
    open.push(authenticator)
    expect(await usernameOf(authenticator, basic())).toBe(503)
    expect(requests).toEqual([])
  })

  it.each([
    ['passwords', { acceptTokens: false }, ['jane', 401, 401]],
    ['tokens', { acceptPasswords: false }, [401, 'jane', 401]],
    [
      'tokens of OpenStack clients',
      { acceptPasswords: false, acceptTokens: false, acceptXAuthToken: true },
      [401, 401, 'jane'],
    ],
    ['all', { acceptXAuthToken: true }, ['jane', 'jane', 'jane']],
  ])('can be for %s', async (_, options, names) => {
    const { url } = await httpsServer(local, keystone)
    const authenticator = create(url, options)
    const asked = [basic(), bearer, xAuthToken].map((header) => usernameOf(authenticator, header))
    expect(await Promise.all(asked)).toEqual(names)
  })

  it('comes after files, and before what an app brings along', async () => {
    const { url } = await httpsServer(local, keystone)
    const passwordFile = file('passwords.csv', 'secret,joe,1\n')
    const tokenFile = file('tokens.csv', 'tok,jim,1\n')
    const authenticator = create(
      url,
      { acceptXAuthToken: true },
      {
        passwordFile,
        tokenFile,
        passwords: [fakePasswordAuthenticator(noOpinion(), { name: 'mine' })],
        tokens: [fakeTokenAuthenticator(noOpinion(), { name: 'mine' })],
      },
    )
    const namesIn = async (header: [string, string], kind: string): Promise<readonly string[]> => {
      const { steps } = await explain(authenticator, fakeRequest({ headers: [header] }))
      const found = steps[0]?.steps ?? []
      const asked = (found[0]?.authenticator === 'union' ? found[0].steps : found).find(
        ({ authenticator: name }) => name === kind,
      )
      const inner = asked?.steps ?? []
      return (inner[0]?.authenticator === 'union' ? inner[0].steps : inner).map(
        ({ authenticator: name }) => name,
      )
    }
    expect(await namesIn(basic('wrong'), 'basic')).toEqual(['passwordFile', 'keystonePassword', 'mine'])
    expect(await namesIn(['Authorization', 'Bearer x'], 'bearerToken')).toEqual([
      'tokenFile',
      'cached(keystoneToken)',
      'cached(mine)',
    ])
  })

  it('has one cache for tokens of both headers', async () => {
    const { url, requests } = await httpsServer(local, keystone)
    const authenticator = create(url, { acceptXAuthToken: true })
    expect(await usernameOf(authenticator, bearer)).toBe('jane')
    expect(await usernameOf(authenticator, xAuthToken)).toBe('jane')
    expect(requests.map(({ url: path }) => path)).toEqual([
      '/v3/auth/tokens?nocatalog',
      '/v3/users/u1/groups',
    ])
  })

  it('counts a changed CA file: a Keystone whose authority is gone is not asked', async () => {
    const { url, requests } = await httpsServer(local, keystone)
    const { observer, events } = recordEvents()
    const authenticator = create(url, { successTtlSeconds: 0, settleSeconds: 0.02 }, { observer })
    expect(await usernameOf(authenticator, basic())).toBe('jane')
    file('ca.crt', otherPki.caPem)
    await vi.waitFor(() => expect(events.some(({ type }) => type === 'reload')).toBe(true))
    const before = requests.length
    expect(await usernameOf(authenticator, basic())).toBe(503)
    expect(requests).toHaveLength(before)
    file('ca.crt', otherPki.caPem + pki.caPem)
    await vi.waitFor(async () => expect(await usernameOf(authenticator, basic())).toBe('jane'))
  })

  it('keeps the old CA file when the new one is none', async () => {
    const { url } = await httpsServer(local, keystone)
    const { observer, events } = recordEvents()
    const authenticator = create(url, { successTtlSeconds: 0, settleSeconds: 0.02 }, { observer })
    file('ca.crt', 'no certificate')
    await vi.waitFor(() => expect(events).toMatchObject([{ type: 'reload', outcome: 'failed' }]))
    expect(await usernameOf(authenticator, basic())).toBe('jane')
  })

  it.each<[string, () => Promise<RunningServer>]>([
    [
      'of another authority',
      async () => httpsServer(await otherPki.issueServer({ hosts: ['127.0.0.1'] }), keystone),
    ],
    [
      'for another host',
      async () => httpsServer(await pki.issueServer({ hosts: ['keystone.example.com'] }), keystone),
    ],
    [
      'that expired',
      async () => httpsServer(await pki.issueServer({ hosts: ['127.0.0.1'], wrong: 'expired' }), keystone),
    ],
  ])('is unavailable, and sees nothing, with a certificate %s', async (_, start) => {
    const { url, requests } = await start()
    const authenticator = create(url)
    expect(await usernameOf(authenticator, basic())).toBe(503)
    expect(await usernameOf(authenticator, bearer)).toBe(503)
    expect(requests).toEqual([])
  })

  it('is unavailable when it redirects, and no other server sees the password', async () => {
    const elsewhere = await httpsServer(local, keystone)
    const plain = await httpServer(keystone)
    for (const location of [elsewhere.url, plain.url]) {
      const { url } = await httpsServer(local, (_, response) =>
        response.writeHead(307, { location: `${location}/v3/auth/tokens` }).end(),
      )
      expect(await usernameOf(create(url), basic())).toBe(503)
    }
    expect([...elsewhere.requests, ...plain.requests]).toEqual([])
  })

  it('is unavailable when it says too much or nothing, and a moment later again what it was', async () => {
    let answer: 'too much' | 'nothing' | 'everything' = 'too much'
    const clock = fixedClock()
    const { url } = await httpsServer(local, (request, response) => {
      if (answer === 'everything') keystone(request, response)
      else if (answer === 'too much') response.end('x'.repeat(2_000_000))
    })
    const authenticator = create(url, { timeoutSeconds: 2 }, { clock })
    expect(await usernameOf(authenticator, basic())).toBe(503)
    answer = 'nothing'
    const asked = usernameOf(authenticator, basic())
    await clock.advanceAsync(2000)
    expect(await asked).toBe(503)
    answer = 'everything'
    expect(await usernameOf(authenticator, basic())).toBe('jane')
  })
})

describe('keystoneAt', () => {
  it('asks about tokens in the name of a service', async () => {
    const { url, requests } = await httpsServer(local, keystone)
    const service = {
      credential: { name: 'my-app', domain: { id: 'default' }, password: 'service-password' },
      scope: { project: { name: 'service', domain: { id: 'default' } } },
    } as const
    const { tokens, close } = keystoneAt(url, { caFile, service })
    open.push({ close })
    expect(await tokens.authenticateToken(TOKEN, {})).toMatchObject({ user: { username: 'jane' } })
    expect(
      requests.map(({ method, headers }) => [method, headers['x-auth-token'], headers['x-subject-token']]),
    ).toEqual([
      ['POST', undefined, undefined],
      ['GET', SERVICE_TOKEN, TOKEN],
      ['GET', TOKEN, undefined],
    ])
  })

  it('has users of the domain of the options, by token too', async () => {
    const { url } = await httpsServer(local, keystone)
    const { tokens, close } = keystoneAt(url, { caFile, domain: { name: 'Sales' } })
    open.push({ close })
    await expect(tokens.authenticateToken(TOKEN, {})).rejects.toThrow('in a domain that is not accepted')
  })

  it('is refused with every problem at once, each told once', () => {
    const make = (): unknown =>
      keystoneAt('http://keystone.example.com', {
        caFile: join(folder, 'none.crt'),
        timeoutSeconds: 0,
        domains: [],
        successTtlSeconds: -1,
        // A JavaScript caller.
        tokenProvider: 'uuid' as never,
        service: { credential: { id: 'x', password: '' }, scope: 'unscoped' },
      })
    expect(make).toThrow(ConfigurationError)
    try {
      make()
    } catch (error) {
      expect(error instanceof ConfigurationError && error.problems.map(({ path }) => path)).toEqual([
        'timeoutSeconds',
        'successTtlSeconds',
        'tokenProvider',
        'service.credential',
        'url',
        'domains',
        'caFile',
      ])
    }
  })

  it.each([
    [
      'is plain http',
      { keystone: 'http://127.0.0.1:5000' },
      'keystone.url: Auth URL should be secure and start with https',
    ],
    ['is empty', { keystone: '' }, 'keystone.url: Auth URL should be secure and start with https'],
    [
      'is for nothing',
      { keystone: { url: 'https://k', acceptPasswords: false, acceptTokens: false } },
      'keystone.acceptPasswords: one of acceptPasswords, acceptTokens and acceptXAuthToken must be true',
    ],
  ])('is refused by createAuthenticator when it %s', (_, options, message) => {
    expect(() => createAuthenticator(options)).toThrow(message)
  })

  it('is refused for a CA file without a certificate', () => {
    const empty = file('empty.crt', '')
    expect(() => createAuthenticator({ keystone: { url: 'https://k', caFile: empty } })).toThrow(
      /^keystone.caFile: unable to load/,
    )
  })
})
