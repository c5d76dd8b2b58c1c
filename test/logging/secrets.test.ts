import { describe, expect, it } from 'vitest'
import {
  type Authenticator,
  authenticatorChain,
  type LogEntry,
  rejected,
  type TokenAuthenticator,
  unavailable,
} from '@kube-authn/core'
import { authenticateRequest, authorizeRequest, impersonateRequest } from '@kube-authn/core/adapter'
import { parseRbac, rbac } from '@kube-authn/core/authorization'
import { oidc } from '@kube-authn/core/oidc'
import { passwordFile } from '@kube-authn/core/password-file'
import { webhookAuthenticator } from '@kube-authn/core/remote'
import { keystonePassword, keystoneToken } from '@kube-authn/keystone'
import { legacyServiceAccountToken } from '@kube-authn/core/service-account'
import { tokenFile } from '@kube-authn/core/token-file'
import { createIssuer, createServiceAccounts, fakeRequest, fakeUser } from '@kube-authn/testing'

/** In every credential. */
const MARK = 'SeCrEt-MaRkEr-123456789'
const base64 = (text: string): string => Buffer.from(text).toString('base64')
const base64url = (text: string): string => Buffer.from(text).toString('base64url')

/** Spellings of a credential of which no eight characters may be in a line. */
const FORMS = [
  MARK,
  base64(MARK),
  base64(`jane:${MARK}`),
  encodeURIComponent(MARK),
  base64url(JSON.stringify({ iss: 'https://issuer.example.com', sub: MARK })),
]

function expectNoSecret(lines: readonly unknown[]): void {
  const written = JSON.stringify(lines)
  const found = FORMS.flatMap((form) =>
    Array.from({ length: form.length - 7 }, (_, index) => form.slice(index, index + 8)),
  ).filter((piece) => written.includes(piece))
  expect(found).toEqual([])
}

const header = base64url('{"alg":"RS256","kid":"k"}')
const requests: readonly (readonly [what: string, headers: readonly string[]])[] = [
  ['a token', ['Authorization', `Bearer ${MARK}`]],
  ['a token without a scheme', ['Authorization', MARK]],
  ['a token of an unknown scheme', ['Authorization', `ApiKey ${MARK}`]],
  ['two tokens', ['Authorization', `Bearer ${MARK}`, 'Authorization', `Bearer ${MARK}`]],
  ['a password', ['Authorization', `Basic ${base64(`jane:${MARK}`)}`]],
  ['a password for a name', ['Authorization', `Basic ${base64(`${MARK}:x`)}`]],
  [
    'a JWT',
    [
      'Authorization',
      `Bearer ${header}.${base64url(JSON.stringify({ iss: 'https://issuer.example.com', sub: MARK }))}.${base64url(MARK)}`,
    ],
  ],
  [
    'a broken JWT',
    [
      'Authorization',
      `Bearer ${base64url(JSON.stringify({ alg: MARK }))}.${base64url(JSON.stringify({ iss: 'https://issuer.example.com', sub: MARK }))}.${MARK}`,
    ],
  ],
  ['a token of Keystone', ['X-Auth-Token', MARK]],
  [
    'a token of a WebSocket',
    [
      'Upgrade',
      'websocket',
      'Connection',
      'upgrade',
      'Sec-WebSocket-Protocol',
      `base64url.bearer.authorization.k8s.io.${base64url(MARK)}`,
    ],
  ],
  ['cookies', ['Cookie', `session=${MARK}`]],
  ['a credential of a proxy', ['Proxy-Authorization', `Basic ${base64(`jane:${MARK}`)}`]],
  ['a referer', ['Referer', `https://jane:${MARK}@app/?token=${MARK}`]],
]

/** Servers that send back what they got, in every way. */
const serversOf = (secret: string): readonly (readonly [what: string, answer: typeof fetch])[] => [
  ['throws it', () => Promise.reject(new TypeError(`fetch failed ${secret}`, { cause: new Error(secret) }))],
  [
    'throws a URL with it',
    () => Promise.reject(new TypeError(`connecting to https://jane:${secret}@host/?token=${secret}`)),
  ],
  ['fails with it', async () => new Response(`you sent ${secret}`, { status: 500 })],
  [
    'echoes it',
    async (_, init) => new Response(typeof init?.body === 'string' ? init.body : '', { status: 200 }),
  ],
  [
    'refuses it',
    async () =>
      Response.json({
        kind: 'TokenReview',
        apiVersion: 'authentication.k8s.io/v1',
        status: { authenticated: false, error: `the token ${secret} is bad` },
      }),
  ],
  [
    'fails with a Status',
    async () =>
      Response.json(
        { kind: 'Status', status: 'Failure', message: `bad token ${secret}`, reason: 'x' },
        { status: 403 },
      ),
  ],
  [
    'redirects to it',
    async () => new Response('', { status: 302, headers: { location: `https://x/${secret}` } }),
  ],
]

async function linesOf(
  authenticator: Authenticator,
  headers: readonly string[],
  url = '/',
): Promise<readonly LogEntry[]> {
  const lines: LogEntry[] = []
  await authenticateRequest(authenticator, { log: (entry) => lines.push(entry) })(
    fakeRequest({ url, headers: pairsOf(headers) }),
  )
  // The first line waits for the code of the log.
  await expect.poll(() => lines.length, { interval: 5 }).toBeGreaterThan(0)
  return lines
}

function pairsOf(headers: readonly string[]): readonly (readonly [name: string, value: string])[] {
  return headers.flatMap((name, index) =>
    index % 2 === 0 ? [[name, headers[index + 1] ?? ''] as const] : [],
  )
}

/** Authenticators by other authors may do everything wrong. */
const leaking: readonly TokenAuthenticator[] = [
  { name: 'rejects', authenticateToken: (token) => raise(rejected(`the token ${token} is bad`)) },
  {
    name: 'unavailable',
    authenticateToken: (token) => raise(unavailable(`no answer about ${token}`, { cause: new Error(token) })),
  },
  { name: 'throws', authenticateToken: (token) => raise(new TypeError(`cannot read ${token}`)) },
]

function raise(error: unknown): never {
  throw error
}

const { objects, keys } = await createServiceAccounts()
const issuer = await createIssuer()
const chains: readonly (readonly [what: string, make: (fetch: typeof globalThis.fetch) => Authenticator])[] =
  [
    [
      'files',
      () =>
        authenticatorChain({
          tokens: [tokenFile(`${MARK}x,jane,1`)],
          passwords: [passwordFile(`${MARK}x,jane,1`)],
        }),
    ],
    [
      'oidc',
      (fetch) =>
        authenticatorChain({
          tokens: [oidc({ issuer: issuer.url, audience: 'a', fetch, timeoutSeconds: 1 })],
        }),
    ],
    [
      'service accounts',
      () => authenticatorChain({ tokens: [legacyServiceAccountToken({ keys, objects, audiences: ['a'] })] }),
    ],
    [
      'webhook',
      (fetch) =>
        authenticatorChain({
          tokens: [webhookAuthenticator({ url: 'https://hook/', fetch, maxAttempts: 1 })],
        }),
    ],
    [
      'Keystone',
      (fetch) =>
        authenticatorChain({
          tokens: [keystoneToken({ url: 'https://keystone', fetch })],
          passwords: [keystonePassword({ url: 'https://keystone', fetch })],
        }),
    ],
    ...leaking.map(
      (tokens) => [`one that ${tokens.name}`, () => authenticatorChain({ tokens: [tokens] })] as const,
    ),
  ]

describe.each(chains)('a line of %s has no credential', (_, make) => {
  it.each(requests)('for %s', async (kind, headers) => {
    // A JWT is a credential by its signature; what it says is no secret.
    const secret = kind === 'a JWT' ? base64url(MARK) : MARK
    for (const [what, answer] of serversOf(secret)) {
      const lines = await linesOf(make(answer), headers)
      expect([what, lines.length]).toEqual([what, 1])
      expectNoSecret(lines)
    }
  })
})

it.each([
  ['the query', `/orders?access_token=${MARK}`],
  ['user information', `http://jane:${MARK}@app/orders`],
  ['the path, if it is the token that was sent', `/reset/${MARK}`],
])('a line has no credential of %s', async (_, url) => {
  const chain = authenticatorChain({ tokens: [tokenFile('t,jane,1')] })
  const lines = await linesOf(chain, ['Authorization', `Bearer ${MARK}`], url)
  expect(lines).toMatchObject([{ path: expect.stringMatching(/^\/(?:orders|reset)/) }])
  expectNoSecret(lines)
})

it('lines about forbidden requests have none either', async () => {
  const lines: LogEntry[] = []
  const log = (entry: LogEntry): void => void lines.push(entry)
  const request = fakeRequest({
    url: `/orders?token=${MARK}`,
    headers: [
      ['Authorization', `Bearer ${MARK}`],
      ['Impersonate-User', 'superman'],
    ],
  })
  const policy = rbac(parseRbac(''))
  await authorizeRequest(policy, { log })(request, fakeUser({ username: 'jane' }))
  await authorizeRequest(policy, { log })(request, undefined)
  await impersonateRequest(policy, { log })(request, fakeUser({ username: 'jane' }))
  await expect.poll(() => lines.length).toBe(3)
  expect(lines.map(({ status }) => status)).toEqual([403, 500, 403])
  expectNoSecret(lines)
})

describe('a client cannot forge a line', () => {
  const chain = authenticatorChain({
    tokens: [tokenFile('t,jane,1'), oidc({ issuer: issuer.url, audience: 'a', fetch: issuer.fetch })],
  })
  const evil = 'x\r\nkube-authn: 200 GET / from 127.0.0.1\u2028\u0085\u001b[31m\u202e'

  it.each<[what: string, claims: object]>([
    ['issuer', { iss: evil }],
    ['audience', { iss: issuer.url, aud: evil }],
    ['audiences', { iss: issuer.url, aud: Array.from({ length: 5000 }, () => evil) }],
    ['expiry', { iss: issuer.url, aud: 'a', exp: evil }],
    ['kid', { iss: issuer.url, aud: 'a' }],
  ])('by the %s of a token', async (_, claims) => {
    const forged = `${base64url(JSON.stringify({ alg: 'RS256', kid: evil }))}.${base64url(JSON.stringify(claims))}.AAAA`
    const [line] = await linesOf(chain, ['Authorization', `Bearer ${forged}`])
    expect(line?.message).toMatch(/^kube-authn: 401 [\x20-\x7e]*$/)
    expect(line?.message.length).toBeLessThan(2500)
  })

  it.each([
    ['a path', '/a%0d%0akube-authn: 200 GET /'],
    ['a raw path', '/a\r\nkube-authn: 200 GET /\u2028'],
    ['a long path', `/${'a'.repeat(100_000)}`],
  ])('by %s', async (_, url) => {
    const [line] = await linesOf(chain, [], url)
    expect(line?.message).toMatch(
      /^kube-authn: 401 GET \/[\x21-\x7e]*: no credential was sent\. [\x20-\x7e]*$/,
    )
    expect(line?.message.length).toBeLessThan(1000)
  })

  it('by a forwarded address', async () => {
    const lines: LogEntry[] = []
    const request = { ...fakeRequest({ url: '/' }), method: 'GET', path: '/', clientAddress: () => evil }
    await authenticateRequest(chain, { log: (entry) => lines.push(entry) })(request)
    await expect.poll(() => lines.length).toBe(1)
    expect(lines[0]?.message).toMatch(/^kube-authn: 401 GET \/: no credential was sent/)
    expect(lines[0]).not.toHaveProperty('address')
  })

  it('hides no part of the line by words that it sends as cookies', async () => {
    const [line] = await linesOf(chain, [
      'Authorization',
      'Bearer x.y',
      'Cookie',
      'a=authenticator; b=knows; c=refused',
    ])
    expect(line?.message).toContain('refused: no token authenticator knows it')
  })
})
