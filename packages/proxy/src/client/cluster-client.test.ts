import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import { type Authentication, userInfo } from '@kube-authn/core'
import { fixedClock } from '@kube-authn/testing'
import { describe, expect, it, onTestFinished } from 'vitest'
import { echoing, jane, toBytes, until, upstreamServer, valuesOf } from '../../test/servers.ts'
import { clusterClient, type ClusterClientOptions } from './cluster-client.ts'

const PODS = '/api/v1/namespaces/default/pods'
const named = (username: string, groups: readonly string[] = []): Authentication => ({
  user: userInfo({ username, groups }),
})

/** A client of an upstream, with its own token. */
async function client(
  options: Partial<ClusterClientOptions> = {},
  listener?: Parameters<typeof upstreamServer>[0],
) {
  const upstream = await upstreamServer(listener)
  const { url: server, ca } = upstream
  const cluster = clusterClient({
    upstream: { server, ca, credential: { type: 'token', token: 'own-token' } },
    ...options,
  })
  onTestFinished(cluster.close)
  return { ...upstream, ...cluster, sent: (name: string) => valuesOf(upstream.received[0]?.rawHeaders, name) }
}

describe('a request', () => {
  it('names the user in full, each group by itself, with the credential of the app', async () => {
    const { asUser, received, sent } = await client()
    const answer = await asUser(jane)(PODS, { headers: { accept: 'application/json' } })
    expect([answer.status, await answer.text()]).toEqual([200, 'ok'])
    expect(received).toMatchObject([{ method: 'GET', url: PODS }])
    expect(sent('authorization')).toEqual(['Bearer own-token'])
    expect(sent('impersonate-user')).toEqual(['jane'])
    expect(sent('impersonate-uid')).toEqual(['42'])
    expect(sent('impersonate-group')).toEqual(['dev', 'ops, with comma'])
    expect(sent('impersonate-extra-scopes')).toEqual(['read', 'write'])
    expect(sent('accept')).toEqual(['application/json'])
    expect(sent('user-agent')).toEqual(['kube-authn'])
  })

  it('has a body, a method and a query, below the path of the server', async () => {
    const bodies: string[] = []
    const { asUser, received, url, ca } = await client({}, (message, response) => {
      message.setEncoding('utf8').on('data', (data) => bodies.push(String(data)))
      message.on('end', () => response.writeHead(201, { 'x-seen': ['a', 'b'] }).end())
    })
    const credential = { type: 'token', token: 'own-token' } as const
    const below = clusterClient({ upstream: { server: `${url}/k8s/`, ca, credential } })
    onTestFinished(below.close)
    const init = { method: 'post', body: '{"é":1}', headers: { 'content-type': 'application/json' } }
    const answers = [
      await asUser(jane)(`${url}${PODS}?dryRun=All`, init),
      await below.asUser(jane)(new URL(`${url}/k8s${PODS}`), {
        ...init,
        body: new TextEncoder().encode('x'),
      }),
    ]
    expect(answers.map(({ status, headers }) => [status, headers.get('x-seen')])).toEqual([
      [201, 'a, b'],
      [201, 'a, b'],
    ])
    expect(received.map(({ method, url: target }) => `${method} ${target}`)).toEqual([
      `POST ${PODS}?dryRun=All`,
      `POST /k8s${PODS}`,
    ])
    expect(bodies).toEqual(['{"é":1}', 'x'])
  })

  it('is that of its own user, though connections are shared', async () => {
    const { asUser, sockets } = await client({}, ({ headers }, response) =>
      response.end([headers['impersonate-user'], headers['impersonate-group']].join(' ')),
    )
    const users = Array.from({ length: 200 }, (_, index) => `user-${index % 7}`)
    const answers = await Promise.all(
      users.map(async (user) => (await asUser(named(user, [`group of ${user}`]))(PODS)).text()),
    )
    expect(answers).toEqual(users.map((user) => `${user} group of ${user}`))
    expect(sockets.size).toBeGreaterThan(0)
  })

  it('with the token of the user needs no other credential, and names the user that the sender impersonates', async () => {
    const { received, url, ca } = await client()
    const cluster = clusterClient({ upstream: { server: url, ca }, mode: 'token' })
    onTestFinished(cluster.close)
    await cluster.asUser(jane, 'janes-token')(PODS)
    await cluster.asUser({ ...named('bob', ['ops']), requester: jane.user }, 'janes-token')(PODS)
    const identities = received.map(({ rawHeaders }) =>
      ['authorization', 'impersonate-user', 'impersonate-group'].map((name) => valuesOf(rawHeaders, name)),
    )
    expect(identities).toEqual([
      [['Bearer janes-token'], [], []],
      [['Bearer janes-token'], ['bob'], ['ops']],
    ])
  })

  it('gets a new credential after the cluster refused the last one', async () => {
    const asked: (string | undefined)[] = []
    const credentials = (refused?: string): string => `token-${asked.push(refused)}`
    const { asUser } = await client({ credentials }, ({ headers }, response) =>
      response.writeHead(headers.authorization === 'Bearer token-1' ? 401 : 200).end(),
    )
    const statuses = [(await asUser(jane)(PODS)).status, (await asUser(jane)(PODS)).status]
    expect([statuses, asked]).toEqual([
      [401, 200],
      [undefined, 'token-1'],
    ])
  })
})

describe('no request is made', () => {
  it.each<[string, Authentication, Partial<ClusterClientOptions>, number]>([
    ['an anonymous user', named('system:anonymous', ['system:unauthenticated']), {}, 401],
    ['a user of system:masters', named('root', ['system:masters']), {}, 403],
    ['a user of a refused group', named('eve', ['ops', 'guests']), { refusedGroups: ['guests'] }, 403],
    ['a name with a line break', named('jane\r\nImpersonate-Group: system:masters'), {}, 403],
    ['a group with white space at its end', named('jane', ['dev ']), {}, 403],
    ['a user without a name', named(''), {}, 403],
    ['a user without a token of their own', jane, { mode: 'token' }, 401],
    [
      'one that an anonymous user impersonates',
      { ...jane, requester: named('system:anonymous', ['system:unauthenticated']).user },
      {},
      401,
    ],
  ])('for %s', async (_, authentication, options, status) => {
    const { received, url: server, ca } = await client()
    const credential = options.mode === 'token' ? {} : { credential: { type: 'token', token: 'x' } as const }
    const cluster = clusterClient({ upstream: { server, ca, ...credential }, ...options })
    onTestFinished(cluster.close)
    expect(() => cluster.asUser(authentication)).toThrow(expect.objectContaining({ status }))
    expect(received).toEqual([])
  })

  it('but for those that an option lets pass', async () => {
    const { asUser, received } = await client({ allowMasters: true, allowAnonymous: true })
    await asUser(named('root', ['system:masters']))(PODS)
    await asUser(named('system:anonymous', ['system:unauthenticated']))(PODS)
    expect(received.map(({ rawHeaders }) => valuesOf(rawHeaders, 'impersonate-user'))).toEqual([
      ['root'],
      ['system:anonymous'],
    ])
  })

  it.each([
    'Impersonate-User',
    'impersonate_group',
    'Impersonate-Extra-Scopes',
    'Authorization',
    'Cookie',
    'X-Remote-User',
    'X_Remote_Group',
    'X-Forwarded-For',
    'Connection',
    'Transfer-Encoding',
    'Upgrade',
    'TE',
    'Host',
    'Content-Length',
    'Audit-ID',
    'Via',
    'DPoP',
  ])('with the header %s of another request', async (name) => {
    const { asUser, received } = await client()
    const fetch = asUser(jane)
    await expect(fetch(PODS, { headers: { [name]: 'admin' } })).rejects.toThrow(TypeError)
    await expect(
      fetch(PODS, {
        headers: [
          ['accept', 'a'],
          [name, 'admin'],
        ],
      }),
    ).rejects.toThrow(TypeError)
    expect(received).toEqual([])
  })

  it.each([
    ['/api/v1/namespaces/../../secrets', 400],
    ['/api/v1/namespaces/%2e%2E/secrets', 400],
    ['/api/v1/namespaces/..%2f..%2fsecrets', 400],
    ['/api/v1/namespaces/..;a/secrets', 400],
    ['//evil.example.com/api', 400],
    ['/api\\v1', 400],
    ['/api#x', 400],
    ['/api/ü', 400],
    ['/api HTTP/1.1\r\nImpersonate-User: admin\r\n\r\n', 400],
    ['/api%', 400],
    ['api/v1', undefined],
    ['', undefined],
    ['https://evil.example.com/api', undefined],
    ['http://127.0.0.1/api', undefined],
  ])('to %j', async (url, status) => {
    const { asUser, received } = await client()
    const failure = await asUser(jane)(url).catch((error: unknown) => error)
    expect(failure).toMatchObject(status === undefined ? { name: 'TypeError' } : { status })
    expect(received).toEqual([])
  })

  it('to another server whose URL begins like that of the cluster, or with a path beside its own', async () => {
    const { asUser, received, url, ca } = await client()
    const fetch = asUser(jane)
    for (const other of [`${url}@evil.example.com/api`, `${url}.evil.example.com/api`, `${url}0/api`, url])
      await expect(fetch(other)).rejects.toThrow(TypeError)
    await expect(fetch(`${url}/api/../x`)).rejects.toMatchObject({ status: 400 })
    const credential = { type: 'token', token: 'x' } as const
    const below = clusterClient({ upstream: { server: `${url}/k8s`, ca, credential } })
    onTestFinished(below.close)
    await expect(below.asUser(jane)(`${url}/k8s-admin/api`)).rejects.toThrow(TypeError)
    await expect(below.asUser(jane)(`${url}/api`)).rejects.toThrow(TypeError)
    expect(received).toEqual([])
  })

  it.each(['TRACE', 'connect', 'TRACK', 'BAD METHOD'])('with the method %s', async (method) => {
    const { asUser, received } = await client()
    await expect(asUser(jane)(PODS, { method })).rejects.toThrow()
    expect(received).toEqual([])
  })
})

describe('a response', () => {
  const forever = (responses: ServerResponse[]) => (_: unknown, response: ServerResponse) => {
    responses.push(response)
    response.write('{"type":"ADDED"}\n')
  }

  it('streams, and ends with an error once the credential expires; later requests are a 401', async () => {
    const clock = fixedClock()
    const responses: ServerResponse[] = []
    const { asUser, sockets } = await client({ clock }, forever(responses))
    const fetch = asUser({ ...jane, expiresAtMs: clock.now() + 60_000 })
    const reader = (await fetch(`${PODS}?watch=1`)).body!.getReader()
    expect(new TextDecoder().decode((await reader.read()).value)).toContain('ADDED')
    responses[0]!.write('{"type":"MODIFIED"}\n')
    expect(new TextDecoder().decode((await reader.read()).value)).toContain('MODIFIED')
    const left = once(responses[0]!, 'close')
    await clock.advanceAsync(60_000)
    await expect(reader.read()).rejects.toThrow('the credential has expired')
    await left
    await expect(fetch(PODS)).rejects.toMatchObject({ status: 401 })
    expect([responses.length, sockets.size]).toEqual([1, 0])
  })

  it('ends once the credential is revoked, or the connection is older than allowed', async () => {
    const clock = fixedClock()
    const listeners = new Set<() => void>()
    const revocation: NonNullable<Authentication['revocation']> = {
      actingAs: () => revocation,
      isRevoked: () => false,
      watch(listener: () => void) {
        listeners.add(listener)
        return () => void listeners.delete(listener)
      },
    }
    const { asUser } = await client({ clock, maxConnectionSeconds: 30 }, forever([]))
    const revoked = await asUser({ ...jane, revocation })(PODS)
    const old = await asUser(jane)(PODS)
    for (const listener of listeners) listener()
    await expect(revoked.text()).rejects.toThrow('revoked')
    expect(listeners.size).toBe(0)
    await clock.advanceAsync(30_000)
    await expect(old.text()).rejects.toThrow('the connection has reached its limit')
  })

  it('leaves nothing that waits once it was read', async () => {
    const clock = fixedClock()
    const timers = new Set<object>()
    const counting = {
      now: () => clock.now(),
      after(ms: number, run: () => void) {
        const timer = {}
        timers.add(timer)
        const cancel = clock.after(ms, run)
        return () => {
          timers.delete(timer)
          cancel()
        }
      },
    }
    const { asUser } = await client({ clock: counting }, (message, response) =>
      response.writeHead(message.url === '/none' ? 204 : 200).end(),
    )
    const fetch = asUser({ ...jane, expiresAtMs: clock.now() + 60_000 })
    for (const path of ['/none', PODS, PODS]) await (await fetch(path)).text()
    await until(() => timers.size === 0)
    expect(timers.size).toBe(0)
  })

  it('and a request end with the signal of the caller', async () => {
    const responses: ServerResponse[] = []
    const { asUser, received } = await client({}, (message, response) => {
      if (message.url !== '/silent') forever(responses)(message, response)
    })
    const fetch = asUser(jane)
    const begun = new AbortController()
    const answer = await fetch(PODS, { signal: begun.signal })
    begun.abort(new Error('enough'))
    await expect(answer.text()).rejects.toThrow('enough')
    const waiting = new AbortController()
    const silent = fetch('/silent', { signal: waiting.signal })
    await until(() => received.length === 2)
    waiting.abort(new Error('too long'))
    await expect(silent).rejects.toThrow('too long')
    await expect(fetch(PODS, { signal: AbortSignal.abort(new Error('never')) })).rejects.toThrow('never')
    expect(received).toHaveLength(2)
  })

  it('that is late is a 504, and one that breaks off is an error', async () => {
    const clock = fixedClock()
    const { asUser, received } = await client({ clock, responseTimeoutSeconds: 5 }, ({ url }, response) => {
      if (url === PODS) response.write('half', () => response.destroy())
    })
    const late = asUser(jane)('/late').catch((error: unknown) => error)
    await until(() => received.length === 1)
    await clock.advanceAsync(5000)
    expect(await late).toMatchObject({ status: 504 })
    await expect((await asUser(jane)(PODS)).text()).rejects.toThrow()
  })

  it.each([
    ['of another request', 'HTTP/1.1 200 OK\r\nAudit-ID: other\r\nContent-Length: 2\r\n\r\nok'],
    [
      'that switches protocols unasked',
      'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n',
    ],
    ['that is not HTTP', 'SSH-2.0-OpenSSH\r\n'],
  ])('%s is a 502', async (_, bytes) => {
    const cluster = clusterClient(await toBytes(bytes))
    onTestFinished(cluster.close)
    await expect(cluster.asUser(jane)(PODS)).rejects.toMatchObject({ status: 502 })
  })

  it('with a status that is none of Fetch is a 502, and no server is one', async () => {
    const strange = clusterClient(await toBytes(echoing('HTTP/1.1 999 Odd\r\nContent-Length: 0\r\n\r\n')))
    const none = clusterClient({ upstream: { server: 'http://127.0.0.1:1' }, allowInsecureHttp: true })
    onTestFinished(strange.close)
    await expect(strange.asUser(jane)(PODS)).rejects.toMatchObject({ status: 502 })
    await expect(none.asUser(jane)(PODS)).rejects.toMatchObject({ status: 502 })
  })

  it('after a lost connection is that of a second request, if the first one changes nothing', async () => {
    let isLost = false
    const { asUser, received } = await client({}, ({ socket }, response) => {
      if (isLost) socket.destroy()
      else response.end('ok')
      isLost = !isLost
    })
    const fetch = asUser(jane)
    const read = async (init?: { method: string }): Promise<string> => (await fetch(PODS, init)).text()
    expect([await read(), await read()]).toEqual(['ok', 'ok'])
    expect(received).toHaveLength(3)
    await expect(read({ method: 'DELETE' })).rejects.toMatchObject({ status: 502 })
    expect(received).toHaveLength(4)
  })
})

it.each([
  [{}, 'upstream: is required'],
  [{ upstream: { server: 'https://a' } }, 'upstream.credential: is required'],
  [{ upstream: { server: 'http://a' }, allowInsecureHttp: true, mode: 'token' }, 'must be https'],
  [{ upstream: { server: 'https://a' }, mode: 'both' }, 'mode: must be'],
  [{ upstream: { server: 'https://a' }, mode: 'token', userToken: () => 'x' }, 'userToken: unknown option'],
  [{ upstream: { server: 'https://a' }, mode: 'token', refusedGroups: ['a*'] }, 'refusedGroups[0]: must be'],
])('refuses the options %j', (options, problem) => {
  expect(() => clusterClient(options as never)).toThrow(problem)
})
