import { randomUUID } from 'node:crypto'
import { userInfo } from '@kube-authn/core'
import { alwaysDeny, rbac, parseRbac } from '@kube-authn/core/authorization'
import { describe, expect, it } from 'vitest'
import { exchange, jane, proxyTo, until, upstreamServer, valuesOf } from '../test/servers.ts'

const CLOSE = 'Host: app.example.com\r\nConnection: close\r\n'
const get = (path: string, headers = ''): string => `GET ${path} HTTP/1.1\r\n${CLOSE}${headers}\r\n`
const statusOf = (answer: string): number => Number(/^HTTP\/1\.1 (\d+)/.exec(answer)?.[1])
const bodyOf = (answer: string): unknown =>
  JSON.parse(answer.slice(answer.indexOf('\r\n\r\n') + 4)) as unknown

describe('impersonatingProxy', () => {
  it('adds its credential and the user line by line, and forwards the rest as it is', async () => {
    const upstream = await upstreamServer()
    const { port } = await proxyTo(upstream)
    const answer = await exchange(port, get('/api/v1/pods?a=%2F', 'X-Odd: 1\r\nx-odd: 2\r\nACCEPT: a/b\r\n'))
    expect(statusOf(answer)).toBe(200)
    const [{ method, url, rawHeaders } = {}] = upstream.received
    expect([method, url]).toEqual(['GET', '/api/v1/pods?a=%2F'])
    expect(valuesOf(rawHeaders, 'impersonate-user')).toEqual(['jane'])
    expect(valuesOf(rawHeaders, 'impersonate-uid')).toEqual(['42'])
    expect(valuesOf(rawHeaders, 'impersonate-group')).toEqual(['dev', 'ops, with comma'])
    expect(valuesOf(rawHeaders, 'impersonate-extra-scopes')).toEqual(['read', 'write'])
    expect(valuesOf(rawHeaders, 'authorization')).toEqual(['Bearer own-token'])
    expect(valuesOf(rawHeaders, 'host')).toEqual([upstream.url.slice('https://'.length)])
    expect(valuesOf(rawHeaders, 'x-forwarded-for')).toEqual(['127.0.0.1'])
    expect(valuesOf(rawHeaders, 'via')).toEqual([expect.stringMatching(/^1\.1 kube-authn-[\da-f]{8}$/)])
    expect(rawHeaders).toEqual(expect.arrayContaining(['X-Odd', 'x-odd', 'ACCEPT']))
    expect(valuesOf(rawHeaders, 'x-odd')).toEqual(['1', '2'])
  })

  it('strips all that identifies the client', async () => {
    const upstream = await upstreamServer()
    const { port } = await proxyTo(upstream, { removeHeaders: ['X-Tenant', 'x-own-*'] })
    const sent = [
      'Authorization: Bearer client',
      'authorization: Basic x',
      'Proxy-Authorization: Basic y',
      'Cookie: session=1',
      'X-Remote-User: root',
      'X-Remote-Group: system:masters',
      'X_Remote_User: root',
      'X-Forwarded-For: 9.9.9.9',
      'X-Forwarded-User: root',
      'Forwarded: for=9.9.9.9',
      'Client-Cert: :AA==:',
      'X-Tenant: t',
      'X-Own-User: u',
      'Sec-WebSocket-Protocol: base64url.bearer.authorization.k8s.io.c2VjcmV0',
    ]
    await exchange(port, get('/', `${sent.join('\r\n')}\r\n`))
    const names = upstream.received[0]?.rawHeaders.filter((_, index) => index % 2 === 0).toSorted()
    expect(names).toEqual(
      [
        'Audit-ID',
        'Authorization',
        'Connection',
        'Host',
        'Impersonate-Extra-scopes',
        'Impersonate-Extra-scopes',
        'Impersonate-Group',
        'Impersonate-Group',
        'Impersonate-Uid',
        'Impersonate-User',
        'Via',
        'X-Forwarded-For',
      ].toSorted(),
    )
    expect(valuesOf(upstream.received[0]?.rawHeaders, 'x-forwarded-for')).toEqual(['127.0.0.1'])
  })

  it.each([
    'Connection: Impersonate-User, Impersonate-Group, Authorization',
    'Connection: close, impersonate-user\r\nConnection: Host, Content-Length',
    'Proxy-Connection: Impersonate-User',
    'Keep-Alive: Impersonate-User',
    'TE: trailers',
  ])('%j takes nothing away', async (header) => {
    const upstream = await upstreamServer()
    const { port } = await proxyTo(upstream)
    await exchange(port, `GET / HTTP/1.1\r\nHost: a\r\n${header}\r\nConnection: close\r\n\r\n`)
    const [{ rawHeaders } = {}] = upstream.received
    expect(valuesOf(rawHeaders, 'impersonate-user')).toEqual(['jane'])
    expect(valuesOf(rawHeaders, 'impersonate-group')).toEqual(['dev', 'ops, with comma'])
    expect(valuesOf(rawHeaders, 'authorization')).toEqual(['Bearer own-token'])
    expect(valuesOf(rawHeaders, 'host')).toHaveLength(1)
    expect(valuesOf(rawHeaders, 'connection')).toEqual(['keep-alive'])
    expect(valuesOf(rawHeaders, 'te')).toEqual([])
  })

  it.each([
    ['Impersonate-User: root', 403],
    ['impersonate-group: system:masters', 403],
    ['Impersonate-User: ', 403],
    ['Impersonate-X: y', 403],
    ['Impersonate_User: root', 200],
  ])('never forwards %s as it came', async (header, status) => {
    const upstream = await upstreamServer()
    const { port } = await proxyTo(upstream)
    expect(statusOf(await exchange(port, get('/', `${header}\r\n`)))).toBe(status)
    const sent = upstream.received.flatMap(({ rawHeaders }) => rawHeaders)
    expect(sent.join()).not.toMatch(/impersonate_|root|system:masters/i)
  })

  it.each([
    ['GET http://other.example.com/api HTTP/1.1', 400],
    ['GET //other.example.com/api HTTP/1.1', 400],
    ['GET /a/../b HTTP/1.1', 400],
    ['OPTIONS * HTTP/1.1', 400],
    ['TRACE / HTTP/1.1', 405],
  ])('answers to %s with %d, and calls no server', async (line, status) => {
    const upstream = await upstreamServer()
    const { port } = await proxyTo(upstream)
    const answer = await exchange(port, `${line}\r\n${CLOSE}\r\n`)
    expect(statusOf(answer)).toBe(status)
    expect(bodyOf(answer)).toMatchObject({
      kind: 'Status',
      apiVersion: 'v1',
      status: 'Failure',
      code: status,
    })
    expect(upstream.received).toEqual([])
  })

  it('refuses a request of which Node may have dropped headers, and takes one header less', async () => {
    const upstream = await upstreamServer()
    const { port, server } = await proxyTo(upstream)
    const headers = (count: number): string =>
      Array.from({ length: count }, (_, i) => `X-${i}: ${i}\r\n`).join('')
    expect(statusOf(await exchange(port, get('/', headers(1998))))).toBe(431)
    expect(upstream.received).toEqual([])
    server.maxHeadersCount = 0
    expect(statusOf(await exchange(port, get('/', headers(1998))))).toBe(200)
    expect(upstream.received[0]?.rawHeaders).toContain('X-1997')
    expect(valuesOf(upstream.received[0]?.rawHeaders, 'impersonate-user')).toEqual(['jane'])
  })

  it.each([
    [
      'a user of system:masters',
      { ...jane, user: userInfo({ username: 'root', groups: ['system:masters'] }) },
      {},
      403,
    ],
    [
      'one that is allowed',
      { ...jane, user: userInfo({ username: 'root', groups: ['system:masters'] }) },
      { allowMasters: true },
      200,
    ],
    [
      'a user of system:masters beside another refused group',
      { ...jane, user: userInfo({ username: 'root', groups: ['system:masters'] }) },
      { refusedGroups: ['contractors'] },
      403,
    ],
    [
      'a refused group beside masters that are allowed',
      { ...jane, user: userInfo({ username: 'root', groups: ['system:masters', 'dev'] }) },
      { allowMasters: true, refusedGroups: ['dev'] },
      403,
    ],
    ['another refused group', jane, { refusedGroups: ['dev'] }, 403],
    [
      'an anonymous user',
      { user: userInfo({ username: 'system:anonymous', groups: ['system:unauthenticated'] }) },
      {},
      401,
    ],
    [
      'one that is allowed',
      { user: userInfo({ username: 'system:anonymous', groups: ['system:unauthenticated'] }) },
      { allowAnonymous: true },
      200,
    ],
    ['an anonymous requester', { ...jane, requester: userInfo({ username: 'system:anonymous' }) }, {}, 401],
    [
      'a name with a line break',
      { user: userInfo({ username: 'jane\r\nImpersonate-Group: system:masters' }) },
      {},
      403,
    ],
    ['a group with a space at its end', { user: userInfo({ username: 'jane', groups: ['a '] }) }, {}, 403],
    ['a value with a zero byte', { user: userInfo({ username: 'jane', extra: { a: ['\0'] } }) }, {}, 403],
    ['an unpaired surrogate', { user: userInfo({ username: '\ud800' }) }, {}, 403],
  ] as const)('%s', async (_, authentication, options, status) => {
    const upstream = await upstreamServer()
    const { port } = await proxyTo(upstream, options, authentication)
    expect(statusOf(await exchange(port, get('/')))).toBe(status)
    expect(upstream.received).toHaveLength(status === 200 ? 1 : 0)
  })

  it('sends names as UTF-8, and keys of extra fields percent-encoded', async () => {
    const upstream = await upstreamServer()
    const user = userInfo({
      username: 'jürgen',
      extra: { 'Acme.com/Project:Ä': ['ü, ö'], ['__proto__']: ['p'] },
    })
    const { port } = await proxyTo(upstream, {}, { user })
    await exchange(port, get('/'))
    const raw = upstream.received[0]?.rawHeaders
    const utf8 = (values: readonly string[]): readonly string[] =>
      values.map((each) => Buffer.from(each, 'latin1').toString())
    expect(utf8(valuesOf(raw, 'impersonate-user'))).toEqual(['jürgen'])
    expect(utf8(valuesOf(raw, 'impersonate-extra-%41cme.com%2f%50roject%3a%c3%84'))).toEqual(['ü, ö'])
    expect(valuesOf(raw, 'impersonate-extra-__proto__')).toEqual(['p'])
  })

  it.each([
    [['system:authenticated'], 'jane', []],
    [['system:authenticated'], 'system:serviceaccount:a:b', ['system:authenticated']],
    [
      ['system:serviceaccounts', 'system:authenticated'],
      'system:serviceaccount:a:b',
      ['system:serviceaccounts'],
    ],
    [[], 'jane', []],
  ])(
    'leaves out system:authenticated of %j where the upstream adds it',
    async (groups, username, expected) => {
      const upstream = await upstreamServer()
      const { port } = await proxyTo(upstream, {}, { user: userInfo({ username, groups }) })
      await exchange(port, get('/'))
      expect(valuesOf(upstream.received[0]?.rawHeaders, 'impersonate-group')).toEqual(expected)
    },
  )

  it('asks the authorizer about the path without the prefix', async () => {
    const upstream = await upstreamServer()
    const authorization = rbac(
      parseRbac(
        JSON.stringify({
          apiVersion: 'v1',
          kind: 'List',
          items: [
            {
              apiVersion: 'rbac.authorization.k8s.io/v1',
              kind: 'ClusterRole',
              metadata: { name: 'pods' },
              rules: [{ apiGroups: [''], resources: ['pods'], verbs: ['list'] }],
            },
            {
              apiVersion: 'rbac.authorization.k8s.io/v1',
              kind: 'ClusterRoleBinding',
              metadata: { name: 'pods' },
              roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'pods' },
              subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'Group', name: 'dev' }],
            },
          ],
        }),
      ),
    )
    const { port } = await proxyTo(upstream, { authorization, prefix: '/cluster' })
    expect(statusOf(await exchange(port, get('/cluster/api/v1/pods')))).toBe(200)
    expect(statusOf(await exchange(port, get('/cluster/api/v1/secrets')))).toBe(403)
    expect(statusOf(await exchange(port, get('/api/v1/pods')))).toBe(404)
    expect(upstream.received.map(({ url }) => url)).toEqual(['/api/v1/pods'])
    const denied = await proxyTo(upstream, { authorization: alwaysDeny() })
    expect(statusOf(await exchange(denied.port, get('/api/v1/pods')))).toBe(403)
  })

  it.each([
    ['abc-1', 'abc-1'],
    ['x'.repeat(64), 'x'.repeat(64)],
    ['x'.repeat(65), undefined],
    ['a b', undefined],
    ['', undefined],
  ])('forwards the audit id %j if it is usable', async (sent, expected) => {
    // A pod behind the API server may have another one.
    const upstream = await upstreamServer((_, response) =>
      response.appendHeader('Audit-ID', 'of-upstream').end(),
    )
    const { port } = await proxyTo(upstream)
    const answer = await exchange(port, get('/', `Audit-ID: ${sent}\r\n`))
    const [forwarded = ''] = valuesOf(upstream.received[0]?.rawHeaders, 'audit-id')
    expect(forwarded).toEqual(expected ?? expect.stringMatching(/^[\da-f-]{36}$/))
    expect(answer.match(/^audit-id: (.*)$/gim)).toEqual([`Audit-ID: ${forwarded}`])
  })

  it('sends the token of the user in mode token, and refuses a request without one', async () => {
    const upstream = await upstreamServer((_, response) =>
      response.writeHead(401, { 'WWW-Authenticate': 'Bearer' }).end(),
    )
    const tokens = new Map([['/a', 'user-token']])
    const { port } = await proxyTo(upstream, {
      mode: 'token',
      userToken: ({ url }) => Promise.resolve(tokens.get(url ?? '')),
    })
    const answer = await exchange(port, get('/a', 'Authorization: Bearer client\r\n'))
    // The upstream speaks of the token of the user, so its 401 is for the user.
    expect(statusOf(answer)).toBe(401)
    expect(answer).toContain('WWW-Authenticate: Bearer')
    const raw = upstream.received[0]?.rawHeaders
    expect(valuesOf(raw, 'authorization')).toEqual(['Bearer user-token'])
    expect(valuesOf(raw, 'impersonate-user')).toEqual([])
    expect(statusOf(await exchange(port, get('/b')))).toBe(401)
    expect(upstream.received).toHaveLength(1)
  })

  it('in mode token, asks for no token of a request that is refused', async () => {
    const upstream = await upstreamServer()
    const asked: unknown[] = []
    const { port } = await proxyTo(upstream, {
      mode: 'token',
      userToken: ({ url }) => `${asked.push(url)}`,
      authorization: alwaysDeny(),
    })
    expect(statusOf(await exchange(port, get('/')))).toBe(403)
    expect(asked).toEqual([])
  })

  it('in mode token, impersonation is for the upstream to decide, by the rights of the user', async () => {
    const upstream = await upstreamServer()
    const authentication = { ...jane, requester: userInfo({ username: 'admin' }) }
    const { port } = await proxyTo(upstream, { mode: 'token', userToken: () => 'of-admin' }, authentication)
    await exchange(port, get('/'))
    expect(valuesOf(upstream.received[0]?.rawHeaders, 'authorization')).toEqual(['Bearer of-admin'])
    expect(valuesOf(upstream.received[0]?.rawHeaders, 'impersonate-user')).toEqual(['jane'])
  })

  it('does not pass on a 401 about its own credential', async () => {
    const upstream = await upstreamServer((_, response) =>
      response.writeHead(401, { 'WWW-Authenticate': 'Bearer' }).end('own-token'),
    )
    const { port } = await proxyTo(upstream)
    const answer = await exchange(port, get('/'))
    expect(statusOf(answer)).toBe(502)
    expect(answer).not.toMatch(/www-authenticate|own-token/i)
    expect(bodyOf(answer)).toMatchObject({ kind: 'Status', reason: 'BadGateway', code: 502 })
  })

  it('asks for its credential before each request, and answers 502 without one', async () => {
    const upstream = await upstreamServer()
    const secrets = ['one', 'two']
    const { port } = await proxyTo(upstream, {
      upstream: { server: upstream.url, ca: upstream.ca },
      credentials: () => secrets.shift() ?? Promise.reject(new Error('no secret')),
    })
    expect(statusOf(await exchange(port, get('/')))).toBe(200)
    expect(statusOf(await exchange(port, get('/')))).toBe(200)
    const answer = await exchange(port, get('/'))
    expect(statusOf(answer)).toBe(502)
    expect(answer).not.toContain('no secret')
    expect(upstream.received.map(({ rawHeaders }) => valuesOf(rawHeaders, 'authorization'))).toEqual([
      ['Bearer one'],
      ['Bearer two'],
    ])
  })

  it('tells the source of its credential once which one was refused', async () => {
    const upstream = await upstreamServer(({ headers }, response) => {
      response.statusCode = headers.authorization === 'Bearer old' ? 401 : 200
      response.end()
    })
    const told: (string | undefined)[] = []
    const { port } = await proxyTo(upstream, {
      credentials(refused) {
        told.push(refused)
        return refused === undefined && told.length < 3 ? 'old' : 'new'
      },
    })
    const statuses: (string | undefined)[] = []
    for (let attempt = 0; attempt < 4; attempt++) {
      const answer = await exchange(port, 'GET /x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n')
      statuses.push(answer.split(' ')[1])
    }
    expect(statuses).toEqual(['502', '200', '200', '200'])
    expect(told).toEqual([undefined, 'old', undefined, undefined])
  })

  it('a credential that no header can carry is a failure of the proxy, and is not logged', async () => {
    const upstream = await upstreamServer()
    const logged: string[] = []
    const { port } = await proxyTo(upstream, {
      credentials: () => 'secret\nX-A: b',
      log: (entry) => void logged.push(JSON.stringify(entry)),
    })
    const answer = await exchange(port, 'GET /x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n')
    expect(answer).toMatch(/^HTTP\/1\.1 502 /)
    expect(upstream.received).toEqual([])
    await until(() => logged.length > 0)
    expect(`${logged.join('\n')}${answer}`).not.toContain('secret')
  })

  it('refuses a request that has passed it before', async () => {
    const upstream = await upstreamServer()
    const { port } = await proxyTo(upstream)
    await exchange(port, get('/', 'Via: 1.0 other\r\n'))
    const [via = ''] = valuesOf(upstream.received[0]?.rawHeaders, 'via')
    expect(via).toMatch(/^1\.0 other, 1\.1 kube-authn-/)
    expect(statusOf(await exchange(port, get('/', `Via: ${via}\r\n`)))).toBe(508)
  })

  it('keeps responses from speaking for the whole site', async () => {
    const upstream = await upstreamServer((_, response) => {
      response.setHeader('Set-Cookie', 'session=evil')
      response.setHeader('Content-Type', 'text/html')
      response.setHeader('Warning', ['1', '2'])
      response.setHeader('Connection', 'X-Hop')
      response.setHeader('X-Hop', '1')
      response.end('<script>')
    })
    const { port } = await proxyTo(upstream)
    const answer = await exchange(port, get('/'))
    expect(answer).toContain('\r\nWarning: 1\r\nWarning: 2\r\n')
    expect(answer).toMatch(/^content-security-policy: sandbox$/im)
    expect(answer).not.toMatch(/set-cookie|x-hop/i)
    const open = await proxyTo(upstream, { sandbox: false })
    expect(await exchange(open.port, get('/'))).not.toMatch(/content-security-policy/i)
  })

  it.each([
    ['Content-Length: 1\r\nTransfer-Encoding: chunked', '0\r\n\r\n'],
    ['Content-Length: 1\r\nContent-Length: 2', 'ab'],
    ['Transfer-Encoding: gzip, chunked', '0\r\n\r\n'],
    ['Transfer-Encoding: identity\r\nContent-Length: 1', 'a'],
    ['Content-Length: +1', 'a'],
    ['Content-Length: 0x1', 'a'],
  ])('forwards no request with %j', async (headers, body) => {
    const upstream = await upstreamServer()
    const { port } = await proxyTo(upstream)
    const answer = await exchange(port, `POST / HTTP/1.1\r\n${CLOSE}${headers}\r\n\r\n${body}`)
    expect([400, 501]).toContain(statusOf(answer))
    expect(upstream.received).toEqual([])
  })

  it('forwards one request for each request, whatever is in a body', async () => {
    const upstream = await upstreamServer((message, response) =>
      message.resume().once('end', () => response.end('ok')),
    )
    const { port } = await proxyTo(upstream)
    const inner = `GET /smuggled HTTP/1.1\r\nHost: a\r\nImpersonate-User: root\r\n\r\n`
    await exchange(port, `POST /outer HTTP/1.1\r\n${CLOSE}Content-Length: ${inner.length}\r\n\r\n${inner}`)
    await exchange(
      port,
      `DELETE /chunked HTTP/1.1\r\n${CLOSE}Transfer-Encoding: chunked\r\n\r\n${inner.length.toString(16)}\r\n${inner}\r\n0\r\n\r\n`,
    )
    expect(upstream.received.map(({ url }) => url)).toEqual(['/outer', '/chunked'])
  })

  it('reports a failure with its cause, without a query or a credential', async () => {
    const lines: string[] = []
    const upstream = await upstreamServer((_, response) => response.destroy())
    const { port } = await proxyTo(upstream, { log: (entry) => void lines.push(JSON.stringify(entry)) })
    const secret = randomUUID()
    expect(statusOf(await exchange(port, get(`/api?token=${secret}`)))).toBe(502)
    // The log is loaded when it is first needed.
    await until(() => lines.length > 0)
    expect(lines).toHaveLength(1)
    expect(lines[0]).toContain('502 GET /api: socket hang up [KUBE_AUTHN_PROXY]')
    expect(lines.join()).not.toMatch(new RegExp(`own-token|${secret}`))
  })
})
