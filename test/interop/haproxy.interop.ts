import { connect } from 'node:tls'
import type { Authenticator } from '@kube-authn/core'
import { type CertificateAuthority, createPki, type IssuedCredential } from '@kube-authn/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { has } from './components.ts'
import { curl, type CurlAnswer } from './curl.ts'
import { documented, documentedModule } from './documented.ts'
import { startHaproxy } from './haproxy.ts'
import { httpsApp, type Known, type Listening } from './https-app.ts'
import { makeScratch, type Scratch } from './scratch.ts'

const HOST = 'app.example.com'
const PASSWORD = 'correct horse'

/** All certificates. Users, proxies and servers have a CA each. */
interface World {
  readonly scratch: Scratch
  readonly users: CertificateAuthority
  readonly proxies: CertificateAuthority
  /** A client that haproxy accepts and the app does not know. */
  readonly partners: CertificateAuthority
  readonly app: Listening
  readonly haproxy: Listening
  /** Writes a certificate and its key into files, for curl. */
  credential(issued: IssuedCredential): readonly string[]
  close(): Promise<void>
}

/** The app and haproxy in front of it, both from a section of the page. */
async function worldOf(heading: string): Promise<World> {
  const scratch = makeScratch()
  const [users, proxies, servers] = await Promise.all([
    createPki({ commonName: 'users' }),
    createPki({ commonName: 'proxies' }),
    createPki({ commonName: 'servers' }),
  ])
  const [site, server, frontProxy, partners] = await Promise.all([
    servers.issueServer({ hosts: ['127.0.0.1'] }),
    servers.issueServer({ hosts: [HOST] }),
    proxies.issueClient({ commonName: 'front-proxy' }),
    createPki({ commonName: 'partners' }),
  ])
  scratch.write('site-ca.crt', servers.caPem)
  scratch.write('my-app/front-proxy-ca.crt', proxies.caPem)
  scratch.write('my-app/client-ca.crt', users.caPem)
  scratch.write('haproxy/site.pem', site.chainPem + site.privateKeyPem)
  scratch.write('haproxy/app-ca.crt', servers.caPem)
  scratch.write('haproxy/front-proxy.pem', frontProxy.chainPem + frontProxy.privateKeyPem)
  scratch.write('haproxy/client-ca.crt', users.caPem + partners.caPem)

  const { authenticator } = await documentedModule<{ readonly authenticator: Authenticator }>(heading, {
    '/etc/my-app': scratch.path('my-app'),
  })
  const app = await httpsApp({ cert: server.chainPem, key: server.privateKeyPem }, authenticator)
  const haproxy = await startHaproxy(scratch, (port) =>
    documented(heading, 'haproxy', {
      '/etc/haproxy': scratch.path('haproxy'),
      ' :443 ': ` 127.0.0.1:${port} `,
      '127.0.0.1:8443': `127.0.0.1:${app.port}`,
    }),
  )
  let files = 0
  return {
    scratch,
    users,
    proxies,
    partners,
    app,
    haproxy,
    credential({ chainPem, privateKeyPem }) {
      const name = `client-${++files}`
      return [
        '--cert',
        scratch.write(`${name}.crt`, chainPem),
        '--key',
        scratch.write(`${name}.key`, privateKeyPem),
      ]
    },
    async close() {
      await haproxy.close()
      await app.close()
      scratch.remove()
    },
  }
}

const askHaproxy = ({ scratch, haproxy }: World, ...args: readonly string[]): Promise<CurlAnswer> =>
  curl('--cacert', scratch.path('site-ca.crt'), ...args, `https://127.0.0.1:${haproxy.port}/`)

/** Past haproxy. */
const askApp = ({ scratch, app }: World, ...args: readonly string[]): Promise<CurlAnswer> =>
  curl(
    '--cacert',
    scratch.path('site-ca.crt'),
    '--resolve',
    `${HOST}:${app.port}:127.0.0.1`,
    ...args,
    `https://${HOST}:${app.port}/`,
  )

const headers = (...lines: readonly string[]): readonly string[] => lines.flatMap((line) => ['-H', line])

/** Sends raw bytes. Returns everything received. */
function sendRaw({ haproxy }: World, request: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = ''
    const socket = connect({ port: haproxy.port, host: '127.0.0.1', rejectUnauthorized: false })
    socket.setEncoding('latin1').on('data', (data) => (text += String(data)))
    socket.on('close', () => resolve(text)).on('error', reject)
    socket.on('secureConnect', () => socket.write(request, 'latin1'))
  })
}

/** Ways to claim an identity. */
const spoofs: readonly { readonly what: string; readonly lines: readonly string[] }[] = [
  { what: 'X-Remote-User', lines: ['X-Remote-User: admin'] },
  { what: 'x-remote-user', lines: ['x-remote-user: admin'] },
  { what: 'X-REMOTE-USER', lines: ['X-REMOTE-USER: admin'] },
  { what: 'X_Remote_User', lines: ['X_Remote_User: admin'] },
  { what: 'x_remote_user', lines: ['x_remote_user: admin'] },
  { what: 'X-Remote_User', lines: ['X-Remote_User: admin'] },
  { what: 'X_REMOTE-USER', lines: ['X_REMOTE-USER: admin'] },
  { what: 'a repeated X-Remote-User', lines: ['X-Remote-User: jane', 'X-Remote-User: admin'] },
  { what: 'an X-Remote-User with tabs', lines: ['X-Remote-User:\tadmin\t'] },
  { what: 'an empty X-Remote-User', lines: ['X-Remote-User;'] },
  { what: 'X-Remote-Group', lines: ['X-Remote-Group: system:masters'] },
  { what: 'a repeated X-Remote-Group', lines: ['X-Remote-Group: a', 'x-remote-group: system:masters'] },
  { what: 'X_Remote_Group', lines: ['X_Remote_Group: system:masters'] },
  { what: 'X-Remote-Uid', lines: ['X-Remote-Uid: 0'] },
  { what: 'X-Remote-Extra-Scopes', lines: ['X-Remote-Extra-Scopes: everything'] },
  { what: 'X_Remote_Extra_Scopes', lines: ['X_Remote_Extra_Scopes: everything'] },
  {
    what: 'everything at once',
    lines: ['X-Remote-User: admin', 'X-Remote-Group: system:masters', 'X-Remote-Extra-A: b'],
  },
  {
    what: 'a Connection header that has haproxy drop its own',
    lines: ['Connection: X-Remote-User, X-Remote-Group', 'X-Remote-User: admin'],
  },
]

/** Ways to send another user's certificate, `HERS`. */
const certificateSpoofs: readonly { readonly what: string; readonly lines: readonly string[] }[] = [
  { what: 'Client-Cert', lines: ['Client-Cert: HERS'] },
  { what: 'client-cert', lines: ['client-cert: HERS'] },
  { what: 'CLIENT-CERT', lines: ['CLIENT-CERT: HERS'] },
  { what: 'Client_Cert', lines: ['Client_Cert: HERS'] },
  { what: 'client_cert', lines: ['client_cert: HERS'] },
  { what: 'a Client-Cert with tabs', lines: ['Client-Cert:\tHERS\t'] },
  { what: 'a repeated Client-Cert', lines: ['Client-Cert: HERS', 'Client-Cert: HERS'] },
  { what: 'Client-Cert-Chain', lines: ['Client-Cert-Chain: HERS'] },
  { what: 'Client_Cert-Chain', lines: ['Client_Cert-Chain: HERS'] },
  { what: 'both', lines: ['Client-Cert: HERS', 'Client-Cert-Chain: HERS'] },
  {
    what: 'a Connection header that has haproxy drop its own',
    lines: ['Connection: Client-Cert', 'Client-Cert: HERS'],
  },
]

describe.runIf(has('haproxy', 'curl'))('haproxy that says who the caller is', () => {
  let world: World
  beforeAll(async () => {
    world = await worldOf('haproxy authenticates the users')
  })
  afterAll(() => world.close())

  const as = (user: string, password = PASSWORD): readonly string[] => ['--user', `${user}:${password}`]
  const jane = {
    username: 'jane',
    groups: ['developers', 'ops, by night', 'system:authenticated'],
    headers: [],
  }
  const jim = { username: 'jim', groups: ['developers', 'system:authenticated'], headers: [] }

  it.each(['--http1.1', '--http2'])(
    'tells jane and her two groups, one with a comma, over %s',
    async (http) => {
      expect(await askHaproxy(world, http, ...as('jane'))).toEqual(jane)
      expect(await askHaproxy(world, http, ...as('jim'))).toEqual(jim)
    },
  )

  it('tells one user from another on one connection', async () => {
    const { scratch, haproxy } = world
    const url = `https://127.0.0.1:${haproxy.port}/`
    const answers = await scratch.shell(
      `curl -qsS --noproxy '*' --cacert site-ca.crt -u 'jane:${PASSWORD}' ${url} --next \
            -sS --noproxy '*' --cacert site-ca.crt -u 'jim:${PASSWORD}' ${url}`,
    )
    expect(JSON.parse(`[${answers.replace('}{', '},{')}]`)).toEqual([jane, jim])
  })

  it.each([
    { what: 'no password', args: [] },
    { what: 'a wrong one', args: as('jane', 'wrong') },
    { what: 'that of an unknown user', args: as('joe') },
    { what: 'no password, but a name', args: headers('X-Remote-User: jane') },
  ])('lets no request through with $what', async ({ args }) => {
    expect(await askHaproxy(world, ...args)).toBe(401)
  })

  describe.each(spoofs)('when a client sends $what', ({ lines }) => {
    it.each(['--http1.1', '--http2'])('hears nothing of it over %s', async (http) => {
      expect(await askHaproxy(world, http, ...as('jim'), ...headers(...lines))).toEqual(jim)
    })
  })

  it.each([
    { what: 'a space before the colon', line: 'X-Remote-User : admin' },
    { what: 'a tab before the colon', line: 'X-Remote-User\t: admin' },
    { what: 'a line that goes on', line: 'X-Other: a\r\n X-Remote-User: admin' },
    { what: 'a line that goes on with a tab', line: 'X-Other: a\r\n\tX-Remote-User: admin' },
    { what: 'a bare carriage return', line: 'X-Other: a\rX-Remote-User: admin' },
    { what: 'a bare line feed', line: 'X-Other: a\nX-Remote-User: admin' },
    { what: 'a zero byte', line: 'X-Remote-User\0: admin' },
    { what: 'a name that starts with a byte of UTF-8', line: '\xefX-Remote-User: admin' },
  ])('gives no one admin rights by $what', async ({ line }) => {
    const authorization = `Basic ${btoa(`jim:${PASSWORD}`)}`
    const answer = await sendRaw(
      world,
      `GET / HTTP/1.1\r\nHost: site\r\nAuthorization: ${authorization}\r\n${line}\r\nConnection: close\r\n\r\n`,
    )
    expect(answer).toMatch(/^HTTP\/1\.[01] (200|400) /)
    if (answer.startsWith('HTTP/1.1 200'))
      expect(answer).toContain('"username":"jim","groups":["developers","sys')
    expect(answer).not.toContain('admin')
  })

  describe('past haproxy', () => {
    const claim = headers('X-Remote-User: admin', 'X-Remote-Group: system:masters')

    it.each([...spoofs, { what: 'nothing', lines: [] }])(
      'refuses $what without a certificate',
      async ({ lines }) => {
        expect(await askApp(world, ...headers(...lines))).toBe(401)
      },
    )

    it.each<[string, (world: World) => Promise<IssuedCredential>]>([
      ['a user', ({ users }) => users.issueClient({ commonName: 'front-proxy' })],
      ['another proxy', ({ proxies }) => proxies.issueClient({ commonName: 'other-proxy' })],
      ['a proxy without a name', ({ proxies }) => proxies.issueClient({ organizations: ['front-proxy'] })],
      [
        'an expired proxy',
        ({ proxies }) => proxies.issueClient({ commonName: 'front-proxy', wrong: 'expired' }),
      ],
      [
        'a forged proxy',
        ({ proxies }) => proxies.issueClient({ commonName: 'front-proxy', wrong: 'forged' }),
      ],
      [
        'a self-made proxy',
        ({ proxies }) => proxies.issueClient({ commonName: 'front-proxy', wrong: 'selfSigned' }),
      ],
      ['a server', ({ proxies }) => proxies.issueServer({ hosts: [HOST], commonName: 'front-proxy' })],
    ])('refuses whatever the certificate of %s says', async (_, issue) => {
      expect(await askApp(world, ...world.credential(await issue(world)), ...claim)).toBe(401)
    })

    it('trusts the certificate of the proxy, and no twin of its headers', async () => {
      const proxy = world.credential(await world.proxies.issueClient({ commonName: 'front-proxy' }))
      expect(await askApp(world, ...proxy, ...claim)).toMatchObject({ username: 'admin', headers: [] })
      expect(await askApp(world, ...proxy, ...claim, ...headers('x_remote_user: jane'))).toBe(401)
      expect(await askApp(world, ...proxy)).toBe(401)
    })
  })
})

describe.runIf(has('haproxy', 'curl'))('haproxy that hands on the certificate', () => {
  let world: World
  let jane: readonly string[]
  let janesHeader: string
  beforeAll(async () => {
    world = await worldOf('haproxy terminates TLS and forwards the certificate')
    const issued = await world.users.issueClient({
      commonName: 'jane',
      organizations: ['dev', 'ops, by night'],
    })
    jane = world.credential(issued)
    janesHeader = `:${Buffer.from(issued.certificateDer).toString('base64')}:`
  })
  afterAll(() => world.close())

  const known: Known = {
    username: 'jane',
    groups: ['dev', 'ops, by night', 'system:authenticated'],
    headers: [],
  }

  it.each(['--http1.1', '--http2'])('shows the app who jane is over %s', async (http) => {
    expect(await askHaproxy(world, http, ...jane)).toEqual(known)
  })

  it.each(['--tlsv1.2 --tls-max 1.2', '--tlsv1.3'])('knows two callers apart over %s', async (version) => {
    const joe = world.credential(await world.users.issueClient({ commonName: 'joe' }))
    const tls = version.split(' ')
    expect(await askHaproxy(world, ...tls, ...jane)).toEqual(known)
    expect(await askHaproxy(world, ...tls, ...joe)).toMatchObject({ username: 'joe' })
    expect(await askHaproxy(world, ...tls)).toBe(401)
  })

  it('refuses clients without a certificate', async () => {
    expect(await askHaproxy(world)).toBe(401)
  })

  it.each<[string, (world: World) => Promise<IssuedCredential>]>([
    [
      'of an authority that only haproxy knows',
      ({ partners }) => partners.issueClient({ commonName: 'jane' }),
    ],
    ['without a common name', ({ users }) => users.issueClient({ organizations: ['dev'] })],
  ])('refuses a certificate %s, which haproxy hands on', async (_, issue) => {
    expect(await askHaproxy(world, ...world.credential(await issue(world)))).toBe(401)
  })

  it.each<[string, (world: World) => Promise<IssuedCredential>]>([
    ['of an unknown CA', ({ proxies }) => proxies.issueClient({ commonName: 'jane' })],
    ['that expired', ({ users }) => users.issueClient({ commonName: 'jane', wrong: 'expired' })],
    ['for servers', ({ users }) => users.issueServer({ hosts: [HOST], commonName: 'jane' })],
  ])('ends the handshake over a certificate %s', async (_, issue) => {
    const credential = world.credential(await issue(world))
    await expect(askHaproxy(world, ...credential)).rejects.toThrow(/alert|SSL|TLS/)
  })

  const claim = (lines: readonly string[]): readonly string[] =>
    headers(...lines.map((line) => line.replace('HERS', janesHeader)))

  describe.each(certificateSpoofs)('when a client that has seen her certificate sends $what', ({ lines }) => {
    it.each(['--http1.1', '--http2'])('does not authenticate it, and joe as joe, over %s', async (http) => {
      expect(await askHaproxy(world, http, ...claim(lines))).toBe(401)
      const joe = world.credential(await world.users.issueClient({ commonName: 'joe' }))
      expect(await askHaproxy(world, http, ...joe, ...claim(lines))).toEqual({
        username: 'joe',
        groups: ['system:authenticated'],
        headers: [],
      })
    })
  })

  it.each(spoofs)('knows jane, and hears nothing of $what', async ({ lines }) => {
    expect(await askHaproxy(world, ...jane, ...headers(...lines))).toEqual(known)
    expect(await askHaproxy(world, ...headers(...lines))).toBe(401)
  })

  describe('past haproxy', () => {
    it.each(certificateSpoofs)('refuses $what without a certificate', async ({ lines }) => {
      expect(await askApp(world, ...claim(lines))).toBe(401)
    })

    it.each<[string, (world: World) => Promise<IssuedCredential>]>([
      ['a user', ({ users }) => users.issueClient({ commonName: 'front-proxy' })],
      ['another proxy', ({ proxies }) => proxies.issueClient({ commonName: 'other-proxy' })],
      [
        'an expired proxy',
        ({ proxies }) => proxies.issueClient({ commonName: 'front-proxy', wrong: 'expired' }),
      ],
      [
        'a forged proxy',
        ({ proxies }) => proxies.issueClient({ commonName: 'front-proxy', wrong: 'forged' }),
      ],
      ['a server', ({ proxies }) => proxies.issueServer({ hosts: [HOST], commonName: 'front-proxy' })],
    ])('refuses what %s writes into headers', async (_, issue) => {
      const credential = world.credential(await issue(world))
      expect(await askApp(world, ...credential, ...claim(['Client-Cert: HERS']))).toBe(401)
      expect(await askApp(world, ...credential)).toBe(401)
    })

    it('does not authenticate the proxy without a header, trusts it with one, but not with a twin', async () => {
      const proxy = world.credential(await world.proxies.issueClient({ commonName: 'front-proxy' }))
      expect(await askApp(world, ...proxy)).toBe(401)
      expect(await askApp(world, ...proxy, ...claim(['Client-Cert: HERS']))).toEqual(known)
      expect(
        await askApp(world, ...proxy, ...claim(['Client-Cert: HERS']), ...headers('client_cert: x')),
      ).toBe(401)
    })

    it.each(spoofs)('lets nothing of $what through to the app, even from the proxy', async ({ lines }) => {
      const proxy = world.credential(await world.proxies.issueClient({ commonName: 'front-proxy' }))
      expect(await askApp(world, ...proxy, ...claim(['Client-Cert: HERS']), ...headers(...lines))).toEqual(
        known,
      )
    })
  })
})
