import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders, type IncomingMessage, request } from 'node:http'
import { createServer as createHttpsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { cookieSessions } from '@kube-authn/login'
import { endpointFetch, readKubeconfig } from '@kube-authn/node'
import { createPki } from '@kube-authn/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startCaddy } from './caddy.ts'
import { has } from './components.ts'
import { documented } from './documented.ts'
import { startHaproxy } from './haproxy.ts'
import { type Cluster, startCluster } from './kubernetes-1.6-document/cluster.ts'
import { startNginx } from './nginx.ts'
import { freePort } from './ports.ts'
import { makeScratch } from './scratch.ts'

/** A proxy in front of an app that answers with the headers it got. */
interface Site {
  readonly port: number
  /** The names of headers with groups. */
  readonly groupHeaders: readonly string[]
  close(): Promise<void>
}

/** The server that the proxy asks. */
type Asks = Pick<Cluster, 'origin' | 'caFile'>

/** An answer to a client of the proxy. */
interface Asked {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  /** The values of a header that the app got. */
  values(name: string): readonly string[]
}

const PAGE = 'forward-authentication.md'

const proxies: Readonly<
  Record<string, { readonly flags: readonly string[]; start(server: Asks, app: number): Promise<Site> }>
> = {
  nginx: {
    flags: ['--forward-auth-original=x-original', '--forward-auth-max-numbered-groups=3'],
    async start({ origin, caFile }, app) {
      const port = await freePort()
      const configuration = documented(
        'nginx',
        'nginx',
        {
          'listen 8080': `listen 127.0.0.1:${port}`,
          'https://127.0.0.1:6443': origin,
          '/etc/nginx/kube-authn-ca.crt': caFile,
          '127.0.0.1:3000': `127.0.0.1:${app}`,
        },
        PAGE,
      )
      const { stop } = await startNginx(configuration, {}, port, MODULES)
      return { port, groupHeaders: ['x-remote-group'], close: stop }
    },
  },
  HAProxy: {
    flags: [],
    async start({ origin, caFile }, app) {
      const scratch = makeScratch()
      const port = new URL(origin).port
      scratch.write(
        'forward-auth.lua',
        documented('HAProxy', 'lua', { '127.0.0.1:6443': `127.0.0.1:${port}` }, PAGE),
      )
      const { port: listening, close } = await startHaproxy(scratch, (free) =>
        documented(
          'HAProxy',
          'haproxy',
          {
            'bind :8080': `bind 127.0.0.1:${free}`,
            '/etc/haproxy/forward-auth.lua': scratch.path('forward-auth.lua'),
            '/etc/haproxy/kube-authn-ca.crt': caFile,
            '127.0.0.1:3000': `127.0.0.1:${app}`,
          },
          PAGE,
        ),
      )
      return {
        port: listening,
        groupHeaders: ['x-remote-group'],
        async close() {
          await close()
          scratch.remove()
        },
      }
    },
  },
  Caddy: {
    flags: ['--forward-auth-max-numbered-groups=3'],
    async start({ origin, caFile }, app) {
      const scratch = makeScratch()
      const { port, close } = await startCaddy(scratch, (free) =>
        documented(
          'Caddy',
          'caddyfile',
          {
            ':8080 {': `http://127.0.0.1:${free} {`,
            'localhost:6443': `localhost:${new URL(origin).port}`,
            '/etc/caddy/kube-authn-ca.crt': caFile,
            '127.0.0.1:3000': `127.0.0.1:${app}`,
          },
          PAGE,
        ),
      )
      return {
        port,
        groupHeaders: ['x-remote-group-1', 'x-remote-group-2', 'x-remote-group-3'],
        async close() {
          await close()
          scratch.remove()
        },
      }
    },
  },
}

const MODULES = 'load_module /usr/lib/nginx/modules/ngx_http_headers_more_filter_module.so;'
const TOKENS = 'secret,jane,1,"developers,ops"\nfew,joe,2,\nmany,bob,3,"a,b,c,d"\ncommas,ann,4,"""a, b"""\n'

const installed = has('nginx', 'nginxHeadersMore', 'haproxy', 'caddy')

describe.runIf(installed).each(Object.entries(proxies))(
  'forward authentication for %s',
  (_, { flags, start }) => {
    let cluster: Cluster
    const scratch = makeScratch()
    let site: Site
    let app: ReturnType<typeof createServer>
    /** How many requests reached the app. */
    let reached = 0

    beforeAll(async () => {
      app = createServer((req, res) => {
        reached += 1
        req.resume().on('end', () => res.end(JSON.stringify({ url: req.url, raw: req.rawHeaders })))
      }).listen(0, '127.0.0.1')
      cluster = await startCluster(scratch, 'data', [
        '--forward-auth',
        '--forward-auth-login-url=/login',
        `--token-auth-file=${scratch.write('tokens.csv', TOKENS)}`,
        `--basic-auth-file=${scratch.write('passwords.csv', 'pw,eve,5\n')}`,
        ...flags,
      ])
      site = await start(cluster, (app.address() as AddressInfo).port)
    })
    afterAll(async () => {
      await site.close()
      app.close()
      await cluster.stop()
      scratch.remove()
    })

    const ask = async (
      headers: Readonly<Record<string, string>>,
      path = '/a/b?c=d',
      body?: string,
    ): Promise<Asked> => {
      const method = body === undefined ? 'GET' : 'POST'
      // Not `fetch`, which sends `Sec-Fetch-Mode` itself.
      const sent = request({ host: '127.0.0.1', port: site.port, path, method, headers, agent: false })
      sent.end(body)
      const [response] = (await once(sent, 'response')) as [IncomingMessage]
      const content = await text(response)
      const raw = response.statusCode === 200 ? (JSON.parse(content) as { raw: string[] }).raw : []
      return {
        status: response.statusCode ?? 0,
        headers: response.headers,
        values: (name) =>
          raw.filter((__, index) => index % 2 === 1 && raw[index - 1]?.toLowerCase() === name),
      }
    }
    const created = async (path: string, body: object): Promise<void> => {
      const admin = endpointFetch(readKubeconfig(cluster.adminConfig))
      const headers = { 'content-type': 'application/json' }
      const { status } = await admin(`${cluster.origin}${path}`, {
        method: 'POST',
        headers,
        body: JSON.stringify(body),
      })
      admin.close()
      expect(status).toBe(201)
    }
    // An empty one means nothing.
    const groupsOf = ({ values }: Awaited<ReturnType<typeof ask>>): readonly string[] =>
      site.groupHeaders.flatMap((name) => values(name)).filter((group) => group !== '')

    it('names the user, with each group on its own, and removes the credential', async () => {
      const answer = await ask({ authorization: 'Bearer secret' })
      expect(answer.status).toBe(200)
      expect(answer.values('x-remote-user')).toEqual(['jane'])
      expect(groupsOf(answer)).toEqual(['developers', 'ops', 'system:authenticated'])
      expect(answer.values('authorization')).toEqual([])
      const other = await ask({ authorization: 'Bearer few' })
      expect(other.values('x-remote-user')).toEqual(['joe'])
      expect(groupsOf(other)).toEqual(['system:authenticated'])
    })

    it('keeps nothing that the client says of its user', async () => {
      const forged = {
        'X-Remote-User': 'root',
        'X-Remote-Group': 'system:masters',
        'X-Remote-Group-2': 'system:masters',
        'X-Remote-Group-9': 'system:masters',
        'X-Remote-Uid': '0',
        'X-Remote-Extra-Scopes': 'all',
      }
      const answer = await ask({ authorization: 'Bearer few', ...forged })
      expect(answer.values('x-remote-user')).toEqual(['joe'])
      expect(groupsOf(answer)).toEqual(['system:authenticated'])
      for (const name of ['x-remote-group-2', 'x-remote-group-9', 'x-remote-extra-scopes'])
        expect(answer.values(name).join('')).toBe('')
      expect(answer.values('x-remote-uid')).not.toContain('0')
    })

    it('does not take a password that a browser sends for a page of another site', async () => {
      const host = `127.0.0.1:${site.port}`
      const basic = { authorization: `Basic ${btoa('eve:pw')}`, host }
      const websocket = {
        connection: 'Upgrade',
        upgrade: 'websocket',
        'sec-websocket-version': '13',
        'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
      }
      const elsewhere = { origin: 'https://evil.example', 'x-forwarded-host': 'evil.example' }
      const before = reached
      expect((await ask({ ...basic, ...elsewhere }, '/', 'a=b')).status).toBe(403)
      expect((await ask({ ...basic, 'sec-fetch-site': 'cross-site' }, '/', 'a=b')).status).toBe(403)
      expect((await ask({ ...basic, ...elsewhere, ...websocket })).status).toBe(403)
      expect(reached).toBe(before)
      const own = await ask({ ...basic, origin: `http://${host}` }, '/', 'a=b')
      expect([own.status, own.values('x-remote-user')]).toEqual([200, ['eve']])
      expect((await ask({ ...basic }, '/', 'a=b')).status).toBe(200)
      expect((await ask({ ...basic, ...elsewhere })).status).toBe(200)
      const token = { authorization: 'Bearer secret', host }
      expect((await ask({ ...token, ...elsewhere }, '/', 'a=b')).status).toBe(200)
    })

    it.each(['X_Remote_User', 'X_Remote-User', 'X-Remote_User', 'x_remote_group'])(
      'removes %s, which an app may read as the name with hyphens',
      async (name) => {
        const answer = await ask({ authorization: 'Bearer few', [name]: 'root', Impersonate_Group: 'root' })
        // Refused, or removed.
        if (answer.status === 200) expect(answer.values('x-remote-user')).toEqual(['joe'])
        expect(answer.values(name.toLowerCase())).toEqual([])
        expect(answer.values('impersonate_group')).toEqual([])
      },
    )

    it.each(['X-Remote-User', 'close, x-remote-group', 'x-remote-group-1, X-Remote-Group-2'])(
      'does not let a client remove what it adds, by Connection: %s',
      async (connection) => {
        const answer = await ask({ authorization: 'Bearer secret', connection })
        if (answer.status === 400) return
        expect(answer.values('x-remote-user')).toEqual(['jane'])
        expect(groupsOf(answer)).toEqual(['developers', 'ops', 'system:authenticated'])
        expect(answer.values('connection').join()).not.toMatch(/remote/i)
      },
    )

    it('does not let a request without a credential in, whatever the path', async () => {
      const before = reached
      for (const path of ['/healthz', '/livez', '/readyz', '/a/../healthz', '/healthz?x'])
        expect((await ask({}, path)).status).not.toBe(200)
      expect(reached).toBe(before)
    })

    it('does not take the word of the client for what it asks', async () => {
      const before = reached
      const forged = { 'x-forwarded-uri': '/other', 'x-original-uri': '/other', 'x-forwarded-method': 'HEAD' }
      const navigating = { 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' }
      const { status, headers } = await ask({ ...navigating, ...forged })
      expect([status, headers.location]).toEqual([302, '/login?returnTo=%2Fa%2Fb%3Fc%3Dd'])
      expect(reached).toBe(before)
    })

    it.each<[string, Readonly<Record<string, string>>]>([
      ['nothing', {}],
      ['a wrong token', { authorization: 'Bearer wrong' }],
      ['a token in front of a right one', { authorization: 'Bearer wrong, Bearer secret' }],
      ['names of users only', { 'X-Remote-User': 'root', 'X-Remote-Group': 'system:masters' }],
    ])('answers 401 to %s, with a challenge', async (__, headers) => {
      const before = reached
      const { status, headers: answered } = await ask(headers)
      expect(status).toBe(401)
      expect(answered['www-authenticate']).toMatch(/Bearer /)
      expect(reached).toBe(before)
    })

    it('answers 403 to a request that asks to be another user without being allowed', async () => {
      const before = reached
      expect(await ask({ authorization: 'Bearer secret', 'Impersonate-User': 'root' })).toMatchObject({
        status: 403,
      })
      expect(reached).toBe(before)
    })

    it('names the other user if it is allowed, and removes what was asked', async () => {
      await created('/apis/rbac.authorization.k8s.io/v1/clusterroles', {
        metadata: { name: 'as-ann' },
        rules: [{ apiGroups: [''], resources: ['users'], verbs: ['impersonate'], resourceNames: ['ann'] }],
      })
      await created('/apis/rbac.authorization.k8s.io/v1/clusterrolebindings', {
        metadata: { name: 'as-ann' },
        roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'as-ann' },
        subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: 'jane' }],
      })
      const answer = await ask({ authorization: 'Bearer secret', 'Impersonate-User': 'ann' })
      expect(answer.values('x-remote-user')).toEqual(['ann'])
      expect(answer.values('impersonate-user')).toEqual([])
    })

    it('hands on an extra field, or refuses the user, and removes what was asked', async () => {
      await created('/apis/rbac.authorization.k8s.io/v1/clusterroles', {
        metadata: { name: 'scoped' },
        rules: [
          { apiGroups: ['authentication.k8s.io'], resources: ['userextras/scopes'], verbs: ['impersonate'] },
        ],
      })
      await created('/apis/rbac.authorization.k8s.io/v1/clusterrolebindings', {
        metadata: { name: 'scoped' },
        roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'scoped' },
        subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: 'jane' }],
      })
      const before = reached
      const asking = { 'Impersonate-User': 'ann', 'Impersonate-Extra-Scopes': 'read' }
      const answer = await ask({ authorization: 'Bearer secret', ...asking })
      if (flags.some((flag) => flag.includes('groups'))) {
        expect([answer.status, reached]).toEqual([403, before])
        return
      }
      expect([answer.values('x-remote-user'), answer.values('x-remote-extra-scopes')]).toEqual([
        ['ann'],
        ['read'],
      ])
      expect(answer.values('impersonate-extra-scopes')).toEqual([])
    })

    it('hands on bodies and methods', async () => {
      const answer = await ask({ authorization: 'Bearer secret' }, '/x', 'x'.repeat(100_000))
      expect(answer.status).toBe(200)
      expect(answer.values('x-remote-user')).toEqual(['jane'])
    })

    it('hands on all groups of a user, or refuses a user with more than it can hand on', async () => {
      const before = reached
      const answer = await ask({ authorization: 'Bearer many' })
      if (flags.some((flag) => flag.includes('groups'))) {
        expect([answer.status, reached]).toEqual([403, before])
      } else {
        expect(groupsOf(answer)).toEqual(['a', 'b', 'c', 'd', 'system:authenticated'])
      }
    })

    it('waits for no continuation of what it asks', async () => {
      const expecting = { authorization: 'Bearer secret', expect: '100-continue', te: 'trailers' }
      const answer = await ask(expecting, '/x', 'x'.repeat(100_000))
      expect(answer.status).toBe(200)
      expect(answer.values('x-remote-user')).toEqual(['jane'])
      expect((await ask({ expect: '100-continue' }, '/x', 'x')).status).toBe(401)
    })

    it('asks about an upgrade as about any other request', async () => {
      const upgrade = {
        connection: 'Upgrade',
        upgrade: 'websocket',
        'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
        'sec-websocket-version': '13',
      }
      expect((await ask({ ...upgrade, authorization: 'Bearer secret' })).status).toBe(200)
      expect((await ask(upgrade)).status).toBe(401)
    })

    it('lets nobody in while the server is away', async () => {
      const before = reached
      await cluster.stop()
      const { status } = await ask({ authorization: 'Bearer secret' })
      expect(status).toBeGreaterThanOrEqual(500)
      expect(reached).toBe(before)
    })
  },
)

const CACHED = 'public, max-age=60'

describe.runIf(installed).each(Object.entries(proxies))('a renewed session behind %s', (_, { start }) => {
  const scratch = makeScratch()
  /** What `/authenticate` answers next. */
  let next: { readonly status: number; readonly setCookies: readonly string[] } = {
    status: 200,
    setCookies: [],
  }
  const app = createServer((req, res) => {
    res.setHeader('Cache-Control', CACHED).setHeader('Set-Cookie', 'own=1').end(req.headers.cookie)
  })
  let asked: ReturnType<typeof createHttpsServer>
  let site: Site

  beforeAll(async () => {
    const pki = await createPki()
    const { chainPem, privateKeyPem } = await pki.issueServer({ hosts: ['localhost', '127.0.0.1'] })
    asked = createHttpsServer({ cert: chainPem, key: privateKeyPem }, (_req, res) => {
      const { status, setCookies } = next
      res.writeHead(status, {
        'cache-control': 'no-store',
        'x-remote-user': 'jane',
        'x-remote-uid': '',
        'x-remote-group-1': '',
        'x-remote-group-2': '',
        'x-remote-group-3': '',
        ...(status === 401 && { 'www-authenticate': 'Bearer' }),
        ...(setCookies.length > 0 && { 'set-cookie': [...setCookies] }),
      })
      res.end()
    })
    await once(asked.listen(0, '127.0.0.1'), 'listening')
    await once(app.listen(0, '127.0.0.1'), 'listening')
    const origin = `https://127.0.0.1:${(asked.address() as AddressInfo).port}`
    site = await start(
      { origin, caFile: scratch.write('ca.crt', pki.caPem) },
      (app.address() as AddressInfo).port,
    )
  })
  afterAll(async () => {
    await site.close()
    app.close()
    asked.close()
    scratch.remove()
  })

  const open = async (): Promise<IncomingMessage> => {
    const sent = request({ host: '127.0.0.1', port: site.port, path: '/', agent: false })
    sent.end()
    const [response] = (await once(sent, 'response')) as [IncomingMessage]
    response.resume()
    return response
  }
  /** The lines of a real session, in as many cookies as its token needs. */
  const renewed = async (idToken: string): Promise<readonly string[]> => {
    const content = {
      provider: 'one',
      idToken,
      expiresAtMs: Date.now() + 60_000,
      subject: 'jane',
      username: 'jane',
    }
    return (await cookieSessions({ keys: [randomBytes(32).toString('base64')] }).begin(content)).setCookies
  }

  it.each([
    ['one cookie', 'x'.repeat(500)],
    ['two cookies', 'x'.repeat(4000)],
  ])('in %s reaches the browser, and no cache', async (__, idToken) => {
    next = { status: 200, setCookies: await renewed(idToken) }
    const { statusCode, headers } = await open()
    expect(statusCode).toBe(200)
    expect(headers['set-cookie']?.toSorted()).toEqual(['own=1', ...next.setCookies].toSorted())
    expect(headers['cache-control']?.split(', ')).toContain('no-store')
  })

  it('that has ended reaches the browser with the refusal', async () => {
    next = {
      status: 401,
      setCookies: (await renewed('x')).map((line) => line.replace(/=[^;]+; Max-Age=[0-9]+/, '=; Max-Age=0')),
    }
    const { statusCode, headers } = await open()
    expect(statusCode).toBe(401)
    expect(headers['set-cookie']?.toSorted()).toEqual(next.setCookies.toSorted())
  })

  it('is not there if nothing was renewed, and the app says what is cached', async () => {
    next = { status: 200, setCookies: [] }
    const { statusCode, headers } = await open()
    expect([statusCode, headers['set-cookie'], headers['cache-control']]).toEqual([200, ['own=1'], CACHED])
  })
})
