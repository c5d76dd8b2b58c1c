import { describe, expect, it } from 'vitest'
import { fails, jane, knows, later, noOpinion, passwords, requests, tokens } from '../../../test/fakes.ts'
import type { Authenticator } from '../../authenticator/authenticator.ts'
import { rejected } from '../../authenticator/errors.ts'
import type { LogEntry } from '../../authenticator/log.ts'
import { authenticatorChain } from '../../chain/chain.ts'
import { explain } from '../../adapter/explain/explain.ts'
import { authenticateRequest } from '../../handler/authenticate-request.ts'
import { unlessRevoked } from '../../revocation/unless-revoked.ts'
import { basic } from '../basic.ts'
import { certificateHeaders } from '../certificate-headers/certificate-headers.ts'
import { fetchRequest } from '../fetch-request.ts'
import { exactHeaders } from '../headers/exact.ts'
import { requestHeader } from '../request-header/request-header.ts'
import type { AuthenticationRequest } from '../request.ts'
import { ambientCredential } from './ambient-credential.ts'

const HOST = 'app.example.com:8443'
const EVIL = 'https://evil.example'

type Fields = Readonly<Record<string, string>>

function asked(
  method: string,
  fields: Fields,
  others: Partial<AuthenticationRequest> = {},
): AuthenticationRequest {
  const headers = exactHeaders(Object.entries({ host: HOST, ...fields }).flat())
  return { method, path: '/a', query: '', headers, ...others }
}

async function statusOf(
  authenticator: Authenticator,
  request: AuthenticationRequest,
  options: Parameters<typeof authenticateRequest>[1] = {},
): Promise<number> {
  const outcome = await authenticateRequest(authenticator, { log: false, ...options })(request)
  return 'failure' in outcome ? outcome.failure.status : 200
}

const BASIC = { authorization: `Basic ${btoa('jane:secret')}` }
const chain = authenticatorChain({ passwords: [passwords(knows(jane))], tokens: [tokens(knows(jane))] })

describe('a credential that browsers send by themselves', () => {
  it.each([
    // What a browser says, whether the request is of another site.
    [{}, false],
    [{ 'sec-fetch-site': 'same-origin', origin: EVIL }, false],
    [{ 'sec-fetch-site': 'none' }, false],
    [{ 'sec-fetch-site': 'same-site' }, true],
    [{ 'sec-fetch-site': 'cross-site' }, true],
    [{ 'sec-fetch-site': 'Same-Origin' }, true],
    [{ 'sec-fetch-site': 'cross-site', origin: `https://${HOST}` }, true],
    [{ origin: `https://${HOST}` }, false],
    // TLS may end at a proxy.
    [{ origin: `http://${HOST}` }, false],
    [{ origin: EVIL }, true],
    [{ origin: 'null' }, true],
    [{ origin: '' }, true],
    [{ origin: 'https://app.example.com' }, true],
    [{ origin: `https://${HOST}.evil.example` }, true],
    [{ origin: `https://${HOST}/` }, true],
    [{ origin: `https://jane@${HOST}` }, true],
    [{ origin: `chrome-extension://${HOST}` }, true],
    [{ origin: `https://${HOST}`, host: 'other.example.com' }, true],
    [{ origin: 'https://app.example.com', host: 'APP.example.com:443' }, false],
    [{ origin: 'https://app.example.com', host: 'app.example.com:80' }, true],
    [{ origin: `https://${HOST}`, host: `${HOST}/` }, false],
    [{ origin: `https://${HOST}`, host: '' }, true],
    [{ origin: `https://${HOST}`, ':authority': HOST, host: 'other' }, false],
    // No browser sends only this.
    [{ referer: `${EVIL}/` }, false],
  ] satisfies [Fields, boolean][])('counts by %j (of another site: %s)', async (fields, isElsewhere) => {
    const refused = isElsewhere ? 403 : 200
    for (const method of ['POST', 'PUT', 'PATCH', 'DELETE', 'TRACE', 'CONNECT', 'PROPFIND', 'get', '']) {
      expect(await statusOf(chain, asked(method, { ...BASIC, ...fields }))).toBe(refused)
    }
    for (const method of ['GET', 'HEAD', 'OPTIONS']) {
      expect(await statusOf(chain, asked(method, { ...BASIC, ...fields }))).toBe(200)
    }
    for (const upgrade of [
      { connection: 'Upgrade', upgrade: 'websocket' },
      { connection: 'Upgrade', upgrade: 'SPDY/3.1' },
      { 'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==' },
      { 'sec-fetch-mode': 'websocket' },
    ]) {
      expect(await statusOf(chain, asked('GET', { ...BASIC, ...fields, ...upgrade }))).toBe(refused)
    }
    expect(await statusOf(chain, asked('POST', { authorization: 'Bearer t', ...fields }))).toBe(200)
  })

  it.each(['sec-fetch-site', 'origin', 'host'])(
    'does not count if the header %s is there twice',
    async (name) => {
      const own = {
        'sec-fetch-site': ['sec-fetch-site', 'same-origin'],
        origin: ['origin', `https://${HOST}`],
      }
      const fields = name === 'sec-fetch-site' ? own['sec-fetch-site'] : own.origin
      const twice = name === 'host' ? ['host', HOST] : fields
      const headers = exactHeaders(['host', HOST, 'authorization', BASIC.authorization, ...fields, ...twice])
      expect(await statusOf(chain, { method: 'POST', path: '/', query: '', headers })).toBe(403)
    },
  )

  it('counts for pages of trusted origins, and of no others', async () => {
    const trustedOrigins = ['https://console.example.com']
    const trusting = authenticatorChain({ passwords: [passwords(knows(jane))], trustedOrigins })
    // Whatever is put around the chain.
    for (const authenticator of [
      trusting,
      unlessRevoked(() => false, trusting),
      authenticatorChain({ requests: [trusting] }),
    ]) {
      for (const [origin, status] of [
        ['https://console.example.com', 200],
        ['http://console.example.com', 403],
        ['https://console.example.com:8443', 403],
        ['https://a.console.example.com', 403],
        [EVIL, 403],
      ] as const) {
        for (const site of [{}, { 'sec-fetch-site': 'same-site' }, { 'sec-fetch-site': 'cross-site' }]) {
          expect(await statusOf(authenticator, asked('POST', { ...BASIC, ...site, origin }))).toBe(status)
        }
      }
    }
  })

  it.each([
    ['a password', authenticatorChain({ passwords: [passwords(knows(jane))] }), BASIC],
    [
      'a password that is checked later',
      authenticatorChain({ passwords: [passwords(later(knows(jane)))] }),
      BASIC,
    ],
    [
      'the identity from a front proxy',
      requestHeader({ trusts: () => true, usernameHeaders: ['x-remote-user'] }),
      { 'x-remote-user': 'jane' },
    ],
    ['a credential of the app', ambientCredential(requests(knows(jane))), { cookie: 'a=b' }],
    ['one that is checked later', ambientCredential(requests(later(knows(jane)))), {}],
    ['one behind a wrapper that hides its description', hidden(basic(passwords(knows(jane)))), BASIC],
  ] satisfies [string, Authenticator, Fields][])('is %s', async (_, authenticator, fields) => {
    expect(await statusOf(authenticator, asked('POST', fields))).toBe(200)
    expect(await statusOf(authenticator, asked('POST', { ...fields, 'sec-fetch-site': 'cross-site' }))).toBe(
      403,
    )
    const optional = { optional: true }
    const elsewhere = asked('POST', { ...fields, 'sec-fetch-site': 'cross-site' })
    expect(await statusOf(authenticator, elsewhere, optional)).toBe(403)
  })

  it('leaves other outcomes as they are', async () => {
    const elsewhere = asked('POST', { 'sec-fetch-site': 'cross-site' })
    expect(await statusOf(ambientCredential(requests(noOpinion)), elsewhere)).toBe(401)
    expect(await statusOf(ambientCredential(requests(fails(rejected('bad')))), elsewhere)).toBe(401)
    expect(await statusOf(ambientCredential(requests(fails(new TypeError('broken')))), elsewhere)).toBe(401)
  })

  it('does not keep another credential from counting', async () => {
    const both = authenticatorChain({
      requests: [ambientCredential(requests(knows(jane)))],
      tokens: [tokens(knows(jane))],
    })
    const elsewhere = { 'sec-fetch-site': 'cross-site' }
    expect(await statusOf(both, asked('POST', { ...elsewhere, authorization: 'Bearer t' }))).toBe(200)
    expect(await statusOf(both, asked('POST', elsewhere))).toBe(403)
  })
})

/** An authenticator as an app may write it. */
function hidden(inner: Authenticator): Authenticator {
  return { name: 'mine', authenticate: (request, context) => inner.authenticate(request, context) }
}

it('is also a certificate in a header, with the same trusted origins', async () => {
  // A DER SEQUENCE, and a delegate that does not look into it.
  const sent = { 'client-cert': `:${btoa('\u{30}\u{1}a')}:` }
  const certificates = ambientCredential(requests(knows(jane)))
  const chainOf = (trustedOrigins: readonly string[]): Authenticator =>
    authenticatorChain({
      clientCertificate: certificateHeaders({ format: 'client-cert', trusts: () => true }, certificates),
      trustedOrigins,
    })
  const elsewhere = { ...sent, origin: 'https://console.example.com', 'sec-fetch-site': 'cross-site' }
  expect(await statusOf(chainOf([]), asked('POST', sent))).toBe(200)
  expect(await statusOf(chainOf([]), asked('POST', elsewhere))).toBe(403)
  expect(await statusOf(chainOf(['https://console.example.com']), asked('POST', elsewhere))).toBe(200)
})

it('compares Origin with the host of a Fetch request, or the one that the runtime tells', async () => {
  const init = { method: 'POST', headers: { ...BASIC, origin: 'https://app.example.com' } }
  const own = fetchRequest(new Request('https://app.example.com/a', init))
  expect(await statusOf(chain, own)).toBe(200)
  expect(await statusOf(chain, fetchRequest(new Request('https://other.example.com/a', init)))).toBe(403)
  const told = asked('POST', { ...BASIC, origin: EVIL }, { host: () => 'evil.example' })
  expect(await statusOf(chain, told)).toBe(200)
})

it('is a Status without a challenge, and a line in the log that names the origin and the option', async () => {
  const entries: LogEntry[] = []
  const log = (entry: LogEntry): void => void entries.push(entry)
  const request = asked('POST', { ...BASIC, origin: EVIL })
  const outcome = await authenticateRequest(chain, { log })(request)
  expect('failure' in outcome && outcome.failure.body).toMatchObject({
    kind: 'Status',
    message: 'requests of other sites are not accepted',
    reason: 'Forbidden',
    code: 403,
  })
  expect('failure' in outcome && outcome.failure.headers).not.toHaveProperty('www-authenticate')
  await expect.poll(() => entries.length).toBe(1)
  expect(entries[0]?.message).toBe(
    'kube-authn: 403 POST /a: Basic credentials refused by basic: the request comes from a page of another site (https://evil.example), with a credential that browsers send by ' +
      'themselves. If its pages may act for the users, name its origin in the option trustedOrigins (--trusted-origins) of the chain; if it is a page of this site, let the proxy before this ' +
      'server hand on the header Host.',
  )
})

it.each([`${EVIL}\r\nnext`, `https://${'a'.repeat(500)}.example`, 'javascript:alert(1)', `${EVIL}/path`])(
  'does not write the value %j into the log',
  async (origin) => {
    const outcome = await authenticateRequest(chain, { log: false })(asked('POST', { ...BASIC, origin }))
    expect(String('failure' in outcome && (outcome.failure.cause as Error).message)).toBe(
      'the request comes from a page of another site, with a credential that browsers send by themselves',
    )
  },
)

it('is explained', async () => {
  const { status, advice, steps } = await explain(chain, asked('POST', { ...BASIC, origin: EVIL }), {
    log: false,
  })
  expect([status, steps.length > 0]).toEqual([403, true])
  expect(advice).toContain('trustedOrigins')
})

it.each([['https://a.example/'], ['*'], ['https://*.a.example'], ['a.example'], ['null'], [7]])(
  'refuses the trusted origin %j',
  (origin) => {
    expect(() =>
      authenticatorChain({ tokens: [tokens(noOpinion)], trustedOrigins: [origin as never] }),
    ).toThrow('trustedOrigins[0]: must be an origin as browsers send it')
  },
)
