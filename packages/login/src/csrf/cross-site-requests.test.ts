import type { AuthenticationRequest } from '@kube-authn/core'
import { fetchRequest } from '@kube-authn/core/adapter'
import { exactHeaders } from '@kube-authn/core/internal'
import { describe, expect, it } from 'vitest'
import { crossSiteRequests } from './cross-site-requests.ts'
import { csrfToken } from './csrf-token.ts'

const session = { id: 'A'.repeat(43) }
const OWN = 'https://app.example.com'
const origins = [OWN, 'https://admin.example.com:8443']
const crossSiteRefusal = crossSiteRequests(origins, false)
const withToken = crossSiteRequests(origins, true)

type Sent = Readonly<Record<string, string>>
const requestOf = (method: string, headers: Sent): AuthenticationRequest =>
  fetchRequest(new Request('https://internal/path', { method, headers }))

/** As browsers send it. */
const from = (site: string | undefined, origin?: string, referer?: string): Sent => ({
  ...(site !== undefined && { 'sec-fetch-site': site }),
  ...(origin !== undefined && { origin }),
  ...(referer !== undefined && { referer }),
})

const ELSEWHERE = 'the request comes from a page of another site'
const UNKNOWN = 'the request has none of Sec-Fetch-Site, Origin and Referer, and no token of this session'

/** Fetch does not let scripts set these names: a plain object is what a server gets. */
const received = (method: string, headers: Sent): Pick<AuthenticationRequest, 'method' | 'headers'> => ({
  method,
  headers: exactHeaders(Object.entries(headers).flat()),
})

const CASES: readonly (readonly [string, Sent, string | undefined])[] = [
  ['of the same origin', from('same-origin', OWN), undefined],
  ['of the same origin, behind a proxy', from('same-origin', 'https://other.example.com'), undefined],
  ['of the user, not of a page', from('none'), undefined],
  ['of the user, after a reload', from('none', 'null'), undefined],
  ['of another subdomain', from('same-site', 'https://evil.example.com'), ELSEWHERE],
  ['of another site', from('cross-site', 'https://evil.example'), ELSEWHERE],
  ['of a sandboxed frame', from('cross-site', 'null'), ELSEWHERE],
  ['of another site without an origin', from('cross-site'), ELSEWHERE],
  ['of a trusted origin of the same site', from('same-site', 'https://admin.example.com:8443'), undefined],
  ['of a trusted origin that calls itself elsewhere', from('cross-site', OWN), undefined],
  ['of another port', from('same-site', 'https://admin.example.com'), ELSEWHERE],
  ['of another scheme', from('same-site', 'http://app.example.com'), ELSEWHERE],
  ['with an unknown value', from('same-galaxy', 'https://evil.example'), ELSEWHERE],
  ['with an empty value', from('', 'https://evil.example'), ELSEWHERE],
  ['with another case', from('Same-Origin'), ELSEWHERE],
  ['with two values', from('same-origin, cross-site', 'https://evil.example'), ELSEWHERE],
  ['of an old browser and the same origin', from(undefined, OWN), undefined],
  ['of an old browser and another site', from(undefined, 'https://evil.example'), ELSEWHERE],
  ['of an old browser and no origin', from(undefined, 'null'), ELSEWHERE],
  ['of an old browser and an empty origin', from(undefined, ''), ELSEWHERE],
  ['of a longer host', from(undefined, `${OWN}.evil.example`), ELSEWHERE],
  ['of a shorter host', from(undefined, 'https://example.com'), ELSEWHERE],
  ['of a host with a user', from(undefined, `https://app.example.com@evil.example`), ELSEWHERE],
  ['of an origin with a path', from(undefined, `${OWN}/`), ELSEWHERE],
  ['of an origin in upper case', from(undefined, 'https://APP.example.com'), ELSEWHERE],
  ['of an own origin and another referer', from(undefined, OWN, 'https://evil.example/'), undefined],
  ['of another origin and an own referer', from(undefined, 'https://evil.example', `${OWN}/`), ELSEWHERE],
  ['with an own referer only', from(undefined, undefined, `${OWN}/page?a=b`), undefined],
  ['with a referer of another site', from(undefined, undefined, 'https://evil.example/'), ELSEWHERE],
  [
    'with a referer that names the own site',
    from(undefined, undefined, `https://evil.example/${OWN}`),
    ELSEWHERE,
  ],
  [
    'with a referer with a user',
    from(undefined, undefined, `https://app.example.com@evil.example/`),
    ELSEWHERE,
  ],
  ['with a referer that is no URL', from(undefined, undefined, 'app.example.com'), ELSEWHERE],
  ['with an empty referer', from(undefined, undefined, ''), ELSEWHERE],
  ['with none of the headers', {}, UNKNOWN],
]

describe('a request with the cookie of a session', () => {
  it.each(CASES)('%s', async (_, headers, expected) => {
    for (const method of ['POST', 'PUT', 'PATCH', 'DELETE', 'TRACE', 'CONNECT', 'PROPFIND', 'get', '']) {
      expect(await crossSiteRefusal(received(method, headers), session)).toBe(expected)
    }
  })

  it.each(CASES)('may read, %s', async (_, headers) => {
    for (const method of ['GET', 'HEAD', 'OPTIONS']) {
      expect(await crossSiteRefusal(received(method, headers), session)).toBeUndefined()
    }
  })

  it.each(CASES)('may open a WebSocket only as it may write, %s', async (_, headers, expected) => {
    const upgrade = { ...headers, connection: 'Upgrade', upgrade: 'websocket' }
    expect(await crossSiteRefusal(received('GET', upgrade), session)).toBe(expected)
    // Pages cannot add a token to it.
    expect(await withToken(received('GET', upgrade), session)).toBe(expected)
    expect(await withToken(received('CONNECT', headers), session)).toBe(expected)
  })

  it('is refused if a header is there twice', async () => {
    const twice = (...fields: readonly string[]) => ({ method: 'POST', headers: exactHeaders(fields) })
    const headers = [
      ['sec-fetch-site', 'same-origin', 'sec-fetch-site', 'same-origin'],
      ['origin', OWN, 'origin', OWN],
      ['referer', `${OWN}/`, 'referer', `${OWN}/`],
    ]
    for (const each of headers) expect(await crossSiteRefusal(twice(...each), session)).toBe(ELSEWHERE)
  })

  it('is judged alike with headers of Fetch', async () => {
    expect(await crossSiteRefusal(requestOf('POST', from('same-origin')), session)).toBeUndefined()
    expect(await crossSiteRefusal(requestOf('POST', from('cross-site')), session)).toBe(ELSEWHERE)
    expect(await crossSiteRefusal(requestOf('POST', {}), session)).toBe(UNKNOWN)
  })
})

describe('the token', () => {
  it('makes up for the absence of the other headers, and for nothing else', async () => {
    const token = { 'x-csrf-token': await csrfToken(session) }
    expect(await crossSiteRefusal(received('POST', token), session)).toBeUndefined()
    expect(await crossSiteRefusal(received('POST', { ...token, ...from('cross-site') }), session)).toBe(
      ELSEWHERE,
    )
    expect(await crossSiteRefusal(received('POST', token), { id: 'B'.repeat(43) })).toBe(UNKNOWN)
    expect(
      await crossSiteRefusal(received('GET', { ...token, upgrade: 'websocket' }), session),
    ).toBeUndefined()
  })

  it('can be required besides', async () => {
    const missing = 'the header X-CSRF-Token must be a token of this session'
    const token = await csrfToken(session)
    const own = from('same-origin', OWN)
    expect(await withToken(received('POST', own), session)).toBe(missing)
    expect(await withToken(received('POST', { ...own, 'x-csrf-token': '' }), session)).toBe(missing)
    expect(await withToken(received('POST', { ...own, 'x-csrf-token': token }), session)).toBeUndefined()
    expect(await withToken(received('GET', own), session)).toBeUndefined()
    const twice = exactHeaders([...Object.entries(own).flat(), 'x-csrf-token', token, 'x-csrf-token', token])
    expect(await withToken({ method: 'POST', headers: twice }, session)).toBe(missing)
  })
})

describe('requests without a header or a session', () => {
  // nginx removes `Upgrade` from what it asks an authentication server.
  it.each<Sent>([
    { 'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==' },
    { 'sec-websocket-version': '13' },
    { 'sec-fetch-mode': 'websocket' },
  ])('know a WebSocket without Upgrade by %j', async (headers) => {
    const elsewhere = { ...headers, origin: 'https://evil.example.com' }
    expect(await crossSiteRefusal(received('GET', elsewhere), session)).toBe(ELSEWHERE)
    expect(await crossSiteRefusal(received('GET', headers), session)).toBe(UNKNOWN)
    expect(await crossSiteRefusal(received('GET', { ...headers, origin: OWN }), session)).toBeUndefined()
  })

  it('are refused without a session too, if that is asked', async () => {
    const token = { 'x-csrf-token': await csrfToken(session) }
    expect(await crossSiteRefusal(received('POST', from('cross-site')), undefined)).toBe(ELSEWHERE)
    expect(await crossSiteRefusal(received('POST', token), undefined)).toBe(UNKNOWN)
    expect(await withToken(received('POST', from('same-origin')), undefined)).toBeUndefined()
  })
})
