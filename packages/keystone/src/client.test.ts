import { ConfigurationError } from '@kube-authn/core'
import { inspect } from 'node:util'
import { describe, expect, it } from 'vitest'
import {
  EXPIRES_AT_MS,
  fakeKeystone,
  FERNET,
  FERNET_2,
  groupsAnswer,
  JANES_TOKEN,
  type KeystoneScript,
  loginAnswer,
  refusalAnswer,
  tokenAnswer,
} from '../test/keystone.ts'
import { thrownBy } from '../../core/test/fakes.ts'
import { keystoneClient, type KeystoneClientOptions, type KeystoneScope } from './client.ts'

const url = 'https://keystone.example.com:5000'
const { signal } = new AbortController()
const jane = { name: 'jane', domain: { id: 'default' }, password: 'pä:ss' } as const

function clientOf(script: KeystoneScript, options: Partial<KeystoneClientOptions> = {}) {
  const { fetch, calls } = fakeKeystone(script)
  return { client: keystoneClient({ url, fetch, ...options }), calls }
}

describe('keystoneClient', () => {
  it.each<[string, unknown, KeystoneScope | undefined]>([
    ['whatever Keystone has as the default', undefined, undefined],
    ['nothing', 'unscoped', 'unscoped'],
    ['a project', { project: { id: 'p1' } }, { project: { id: 'p1' } }],
    [
      'a project by name',
      { project: { name: 'app', domain: { name: 'Default' } } },
      { project: { name: 'app', domain: { name: 'Default' } } },
    ],
    ['a domain', { domain: { id: 'd' } }, { domain: { id: 'd' } }],
    ['the system', { system: { all: true } }, { system: { all: true } }],
  ])('asks for a token for %s, without a catalog', async (_, sent, scope) => {
    const { client, calls } = clientOf(() => loginAnswer())
    const created = await client.createToken(jane, scope, signal)
    expect(created).toMatchObject({
      id: FERNET,
      token: { expiresAtMs: EXPIRES_AT_MS, roles: ['reader', 'member'] },
    })
    const [call] = calls
    expect([call?.method, call?.url.href]).toEqual(['POST', `${url}/v3/auth/tokens?nocatalog`])
    expect(call?.headers).toEqual({
      accept: 'application/json',
      'cache-control': 'no-store',
      'content-type': 'application/json',
    })
    expect(call?.init).toMatchObject({ redirect: 'manual', signal })
    expect(call?.body).toEqual({
      auth: {
        identity: { methods: ['password'], password: { user: jane } },
        ...(sent !== undefined && { scope: sent }),
      },
    })
  })

  it('logs in by id', async () => {
    const { client, calls } = clientOf(() => loginAnswer())
    await client.createToken({ id: 'u1', password: 'pw' }, undefined, signal)
    expect(calls[0]?.body).toMatchObject({
      auth: { identity: { password: { user: { id: 'u1', password: 'pw' } } } },
    })
  })

  it('asks about a token with another, or with itself, and keeps neither for the next call', async () => {
    const { client, calls } = clientOf(() => tokenAnswer())
    await Promise.all([
      client.validateToken(FERNET, 'svc', signal),
      client.validateToken(FERNET_2, FERNET_2, signal),
      client.groupsOf('u', FERNET, signal).catch(() => undefined),
    ])
    expect(calls.map(({ headers }) => [headers['x-auth-token'], headers['x-subject-token']])).toEqual([
      ['svc', FERNET],
      [FERNET_2, FERNET_2],
      [FERNET, undefined],
    ])
    expect(calls[0]?.url.href).toBe(`${url}/v3/auth/tokens?nocatalog`)
  })

  it('takes 203 for 200', async () => {
    const { client } = clientOf(() => tokenAnswer({}, { status: 203 }))
    expect(await client.validateToken(FERNET, FERNET, signal)).toMatchObject({ user: { name: 'jane' } })
  })

  it.each([401, 403, 404])('tells a refusal by %d', async (status) => {
    const { client } = clientOf(() => refusalAnswer(status))
    const refusal = { refusedWith: status, needsAnotherFactor: false }
    expect(await client.createToken(jane, undefined, signal)).toEqual(refusal)
    expect(await client.validateToken(FERNET, FERNET, signal)).toEqual(refusal)
    expect(await client.groupsOf('u', FERNET, signal)).toEqual(refusal)
  })

  it('tells that another factor is asked for', async () => {
    const { client } = clientOf(() => refusalAnswer(401, { 'openstack-auth-receipt': 'receipt' }))
    expect(await client.createToken(jane, undefined, signal)).toMatchObject({ needsAnotherFactor: true })
  })

  it.each([
    [
      'a refusal by a proxy that knows nothing of it',
      new Response('<html>', { status: 401, headers: { 'content-type': 'text/html' } }),
    ],
    [
      'a page that is not there',
      new Response('<html>', { status: 404, headers: { 'content-type': 'text/html; charset=utf-8' } }),
    ],
    [
      'a redirect',
      new Response(null, { status: 302, headers: { location: 'https://elsewhere.example.com/' } }),
    ],
    [
      'a redirect that keeps the method',
      new Response(null, { status: 307, headers: { location: '/v3/auth/tokens' } }),
    ],
    ['no content', new Response(null, { status: 204 })],
    ['a malformed request', refusalAnswer(400)],
    ['too many requests', refusalAnswer(429)],
    ['a fault', refusalAnswer(500)],
    ['an outage', refusalAnswer(503)],
    ['an outage of what is before it', new Response('', { status: 502 })],
    ['an opaque redirect', { status: 0, headers: new Headers(), body: null } as Response],
    ['nothing', new Response('')],
    ['HTML', new Response('<html>')],
    ['a list', Response.json([])],
    ['a number', Response.json(1)],
    ['null', Response.json(null)],
    ['no token', Response.json({})],
    ['a token that is null', Response.json({ token: null })],
    ['a token that is a text', Response.json({ token: 'jane' })],
    ['a token that is a list', Response.json({ token: [JANES_TOKEN] })],
    ['a token of the prototype', new Response(`{"__proto__":{"token":${JSON.stringify(JANES_TOKEN)}}}`)],
    ['half a token', new Response(JSON.stringify({ token: JANES_TOKEN }).slice(0, -10))],
    ['what is not UTF-8', new Response(new Uint8Array([0x7b, 0xff, 0x7d]))],
    ['no end', tokenAnswer({ expires_at: undefined })],
    ['an end that is null', tokenAnswer({ expires_at: null })],
    ['an end that is a number', tokenAnswer({ expires_at: 4_000_000_000 })],
    ['an end that is no time', tokenAnswer({ expires_at: 'never' })],
    ['an end that is no date', tokenAnswer({ expires_at: '2026-02-30T00:00:00Z' })],
    ['a user that is a text', tokenAnswer({ user: 'jane' })],
    ['a user that is a list', tokenAnswer({ user: [] })],
    ['a user without an id', tokenAnswer({ user: { ...JANES_TOKEN.user, id: '' } })],
    ['a user without a name', tokenAnswer({ user: { ...JANES_TOKEN.user, name: undefined } })],
    ['a user with an empty name', tokenAnswer({ user: { ...JANES_TOKEN.user, name: '' } })],
    ['a user whose name is a list', tokenAnswer({ user: { ...JANES_TOKEN.user, name: ['jane'] } })],
    ['a user without a domain', tokenAnswer({ user: { ...JANES_TOKEN.user, domain: null } })],
    ['a domain without an id', tokenAnswer({ user: { ...JANES_TOKEN.user, domain: { name: 'Default' } } })],
    ['a domain without a name', tokenAnswer({ user: { ...JANES_TOKEN.user, domain: { id: 'default' } } })],
    ['a project that is a text', tokenAnswer({ project: 'app' })],
    ['a project without an id', tokenAnswer({ project: { name: 'app' } })],
    ['roles that are no list', tokenAnswer({ roles: { name: 'admin' } })],
    ['a list of names as roles', tokenAnswer({ roles: ['admin'] })],
    ['a role without a name', tokenAnswer({ roles: [{ id: 'r' }] })],
    ['a response that is too large', tokenAnswer({ catalog: 'x'.repeat(1_048_576) })],
  ])('finds nothing out from %s', async (_, response) => {
    const { client } = clientOf(() => response)
    const thrown = await thrownBy(() => client.validateToken(FERNET, FERNET, signal))
    expect(thrown).toMatchObject({ name: 'AuthenticationError', code: 'unavailable' })
    expect(String(thrown)).not.toContain('gAAAAA')
  })

  it.each([
    ['without a token', undefined],
    ['with an empty one', ''],
    ['with one that no header can carry', 'tok en'],
    ['with two', 'one, two'],
    ['with one that is too long', 'x'.repeat(2049)],
  ])('takes a login %s for none', async (_, id) => {
    const headers = id === undefined ? {} : { 'x-subject-token': id }
    const { client } = clientOf(() => tokenAnswer({}, { status: 201, headers }))
    expect(await thrownBy(() => client.createToken(jane, undefined, signal))).toMatchObject({
      code: 'unavailable',
    })
  })

  it('reads no further than it may', async () => {
    let chunks = 0
    let isCancelled = false
    const endless = new ReadableStream<Uint8Array>({
      pull: (controller) => {
        chunks++
        controller.enqueue(new Uint8Array(1000).fill(0x20))
      },
      cancel: () => {
        isCancelled = true
      },
    })
    const { client } = clientOf(() => new Response(endless), { maxBytes: 5000 })
    expect(await thrownBy(() => client.validateToken(FERNET, FERNET, signal))).toMatchObject({
      message: 'Keystone gave no usable answer: it is longer than 5000 bytes',
    })
    expect(chunks).toBeLessThan(10)
    expect(isCancelled).toBe(true)
  })

  it('lets go of what it does not read', async () => {
    let isCancelled = false
    const body = new ReadableStream({ cancel: () => void (isCancelled = true) })
    const { client } = clientOf(() => new Response(body, { status: 503 }))
    await thrownBy(() => client.validateToken(FERNET, FERNET, signal))
    expect(isCancelled).toBe(true)
  })

  it.each([
    ['in words', new TypeError('fetch failed'), 'fetch failed'],
    [
      'by code',
      new TypeError('fetch failed', { cause: Object.assign(new Error('1.2.3.4'), { code: 'ECONNREFUSED' }) }),
      'connection refused',
    ],
  ])('says why Keystone could not be reached, %s', async (_, cause, reason) => {
    const { client } = clientOf(() => Promise.reject(cause))
    const error = await thrownBy(() => client.createToken(jane, undefined, signal))
    expect(error).toMatchObject({
      code: 'unavailable',
      message: `Keystone could not be reached: ${reason}`,
    })
    expect(error).not.toHaveProperty('cause')
  })

  it('says that an answer broke off', async () => {
    const broken = new ReadableStream({ pull: (controller) => controller.error(new Error('reset')) })
    const { client } = clientOf(() => new Response(broken))
    expect(await thrownBy(() => client.validateToken(FERNET, FERNET, signal))).toMatchObject({
      code: 'unavailable',
      message: 'Keystone gave no usable answer: it was cut off or is not UTF-8: reset',
    })
  })

  it('has nothing in an error of what a fetch keeps that it was given', async () => {
    const { client } = clientOf((call) =>
      Promise.reject(Object.assign(new Error(`POST ${JSON.stringify(call)}`), { config: call })),
    )
    const asks = [
      () => client.createToken({ ...jane, password: 'correct horse battery' }, undefined, signal),
      () => client.validateToken(FERNET, FERNET_2, signal),
      () => client.groupsOf('u', FERNET, signal),
    ]
    for (const ask of asks) {
      const shown = inspect(await thrownBy(ask), { depth: 20 })
      expect(shown).toContain('[hidden]')
      for (const secret of ['correct', FERNET.slice(8, 40), FERNET_2.slice(8, 40)]) {
        expect(shown).not.toContain(secret)
      }
    }
  })

  it.each([
    ['a line end', 'a\r\nX-Auth-Token: admin'],
    ['a space', 'a b'],
    ['a comma', 'a,b'],
    ['another alphabet', 'töken'],
    ['U+0000', 'a\0'],
    ['nothing', ''],
    ['too much', 'a'.repeat(2049)],
  ])('does not send a token with %s', async (_, token) => {
    const { client, calls } = clientOf(() => tokenAnswer())
    expect(await thrownBy(() => client.validateToken(token, 'svc', signal))).toMatchObject({
      code: 'unavailable',
    })
    expect(await thrownBy(() => client.validateToken(FERNET, token, signal))).toMatchObject({
      code: 'unavailable',
    })
    expect(await thrownBy(() => client.groupsOf('u', token, signal))).toMatchObject({ code: 'unavailable' })
    expect(calls).toEqual([])
  })
})

describe('groups', () => {
  it('are read from all pages, at the host that was asked first, whatever links say', async () => {
    const { client, calls } = clientOf(({ url: { searchParams } }) =>
      searchParams.get('marker') === '1'
        ? groupsAnswer(['b'])
        : groupsAnswer(['a'], 'http://evil.example.com/v3/elsewhere?marker=1'),
    )
    expect(await client.groupsOf('u1', FERNET, signal)).toEqual([
      { id: 'g0', name: 'a', domainId: 'default' },
      { id: 'g0', name: 'b', domainId: 'default' },
    ])
    expect(calls.map((call) => call.url.href)).toEqual([
      `${url}/v3/users/u1/groups`,
      `${url}/v3/users/u1/groups?marker=1`,
    ])
  })

  it('are not read for ever', async () => {
    const { client, calls } = clientOf(() => groupsAnswer(['a'], 'https://keystone/?marker=1'))
    expect(await thrownBy(() => client.groupsOf('u1', FERNET, signal))).toMatchObject({
      message: 'Keystone gave no usable answer: there are too many groups',
    })
    expect(calls).toHaveLength(10)
  })

  it('are no longer together than one answer may be', async () => {
    const names = Array.from({ length: 20 }, () => 'x'.repeat(100))
    const { client, calls } = clientOf(() => groupsAnswer(names, 'https://keystone/?marker=1'), {
      maxBytes: 10_000,
    })
    expect(await thrownBy(() => client.groupsOf('u1', FERNET, signal))).toMatchObject({ code: 'unavailable' })
    expect(calls.length).toBeLessThan(5)
  })

  it.each([
    ['u/../../projects', 'u%2F..%2F..%2Fprojects'],
    ['a?b#c', 'a%3Fb%23c'],
    ['a b', 'a%20b'],
    ['ä@b', '%C3%A4%40b'],
  ])('are asked for under the id %j as one part of the path', async (id, segment) => {
    const { client, calls } = clientOf(() => groupsAnswer([]))
    await client.groupsOf(id, FERNET, signal)
    expect(calls[0]?.url.pathname).toBe(`/v3/users/${segment}/groups`)
  })

  it.each(['.', '..', '\ud800'])('are not asked for under the id %j', async (id) => {
    const { client, calls } = clientOf(() => groupsAnswer([]))
    expect(await thrownBy(() => client.groupsOf(id, FERNET, signal))).toMatchObject({ code: 'unavailable' })
    expect(calls).toEqual([])
  })

  it.each([
    ['no groups', Response.json({ links: {} })],
    ['groups that are no list', Response.json({ groups: {} })],
    ['a list of names', Response.json({ groups: ['admins'] })],
    ['a group without a name', Response.json({ groups: [{ id: 'g', domain_id: 'default' }] })],
    ['a group without an id', Response.json({ groups: [{ name: 'g', domain_id: 'default' }] })],
    ['a group without a domain', Response.json({ groups: [{ id: 'g', name: 'g' }] })],
    ['links that are a text', Response.json({ groups: [], links: 'x' })],
    ['a next page that is a number', groupsAnswer([], 1)],
    [
      'a next page without a query, which is the same again',
      groupsAnswer([], 'https://keystone/v3/users/u/groups'),
    ],
    ['a second page that is refused by a fault', new Response('', { status: 500 })],
  ])('are unknown where Keystone answers with %s', async (_, response) => {
    const { client } = clientOf(() => response)
    expect(await thrownBy(() => client.groupsOf('u', FERNET, signal))).toMatchObject({ code: 'unavailable' })
  })
})

describe('the URL', () => {
  it.each([
    'https://k.example.com:5000',
    'https://k.example.com:5000/',
    'https://k.example.com:5000/v3',
    'https://k.example.com:5000/v3/',
    'https://k.example.com:5000/v3///',
    ' https://K.example.com:5000/v3',
  ])('may be %j', async (given) => {
    const { client, calls } = clientOf(() => tokenAnswer(), { url: given })
    await client.validateToken(FERNET, FERNET, signal)
    expect(calls[0]?.url.href).toBe('https://k.example.com:5000/v3/auth/tokens?nocatalog')
  })

  it('may have a path in front', async () => {
    const { client, calls } = clientOf(() => tokenAnswer(), { url: 'https://cloud.example.com/identity/' })
    await client.validateToken(FERNET, FERNET, signal)
    expect(calls[0]?.url.href).toBe('https://cloud.example.com/identity/v3/auth/tokens?nocatalog')
  })

  it.each([
    ['', 'Auth URL should be secure and start with https'],
    ['http://k.example.com:5000/v3', 'Auth URL should be secure and start with https'],
    ['httpsx://k.example.com', 'Auth URL should be secure and start with https'],
    ['k.example.com', 'Auth URL should be secure and start with https'],
    ['https://', 'Auth URL should be secure and start with https'],
    ['https://admin:secret@k.example.com', 'must not have credentials in it'],
    ['https://admin@k.example.com', 'must not have credentials in it'],
    ['https://k.example.com/?x', 'must not have a query or a fragment'],
    ['https://k.example.com/#x', 'must not have a query or a fragment'],
    ['https://k.example.com/v2.0', 'must be an Identity v3 URL: v2.0 no longer exists'],
    ['https://k.example.com/v2.0/', 'must be an Identity v3 URL: v2.0 no longer exists'],
  ])('%j is refused, without being repeated', (given, message) => {
    const make = (): unknown => keystoneClient({ url: given })
    expect(make).toThrow(ConfigurationError)
    expect(make).toThrow(`url: ${message}`)
    expect(make).not.toThrow('secret')
  })

  it.each([0, -1, 1.5, Infinity, Number.NaN])('goes with no answer of %d bytes', (maxBytes) => {
    expect(() => keystoneClient({ url, maxBytes })).toThrow('maxBytes: must be a whole number above 0')
  })
})
