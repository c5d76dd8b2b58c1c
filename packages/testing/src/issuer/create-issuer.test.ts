import { createRemoteJWKSet, customFetch, decodeJwt, decodeProtectedHeader, jwtVerify } from 'jose'
import { describe, expect, test } from 'vitest'
import { fixedClock } from '../fixed-clock.ts'
import { createIssuer } from './create-issuer.ts'
import type { Issuer, IssuerAlgorithm } from './issuer.ts'

const NOW_MS = Date.UTC(2030, 0, 1, 0, 0, 0, 900)
const NOW = Math.floor(NOW_MS / 1000)
const quick = (options: Parameters<typeof createIssuer>[0] = {}) =>
  createIssuer({ signingAlgorithms: ['ES256'], clock: fixedClock(NOW_MS), ...options })

interface Jwks {
  readonly keys: readonly Readonly<Record<string, unknown>>[]
}

async function discovery(issuer: Issuer): Promise<Record<string, unknown>> {
  const response = await issuer.fetch(`${issuer.url.replace(/\/$/, '')}/.well-known/openid-configuration`)
  expect(response.status).toBe(200)
  return (await response.json()) as Record<string, unknown>
}

async function jwks(issuer: Issuer): Promise<Jwks['keys']> {
  return ((await (await issuer.fetch(issuer.jwksUri)).json()) as Jwks).keys
}

/** As a third party would: with only the name of the issuer, and its documents. */
async function verify(token: string, issuer: Issuer): Promise<Record<string, unknown>> {
  const { jwks_uri: uri } = await discovery(issuer)
  const keys = createRemoteJWKSet(new URL(uri as string), { [customFetch]: issuer.fetch })
  const { payload } = await jwtVerify(token, keys, { issuer: issuer.url, currentDate: new Date(NOW_MS) })
  return payload
}

describe('a token of an issuer', () => {
  test('is signed by RS256 by default, at the time of the system', async () => {
    const issuer = await createIssuer()
    const token = await issuer.sign({ sub: 'jane', aud: 'my-app' })
    expect(decodeProtectedHeader(token)).toEqual({ alg: 'RS256', kid: 'key-1', typ: 'JWT' })
    const keys = createRemoteJWKSet(new URL(issuer.jwksUri), { [customFetch]: issuer.fetch })
    const { payload } = await jwtVerify(token, keys, { issuer: issuer.url, audience: 'my-app' })
    expect(payload.sub).toBe('jane')
  })

  test.each<IssuerAlgorithm>(['RS512', 'PS256', 'ES256', 'ES384', 'ES512'])(
    'is verified by the documents alone, signed by %s',
    async (alg) => {
      const issuer = await quick({ signingAlgorithms: [alg] })
      const token = await issuer.sign({ sub: 'jane' })
      expect(decodeProtectedHeader(token).alg).toBe(alg)
      expect(await verify(token, issuer)).toMatchObject({ sub: 'jane' })
      expect((await discovery(issuer))['id_token_signing_alg_values_supported']).toEqual([alg])
    },
  )

  test('says who issued it, when, and until when', async () => {
    const issuer = await quick()
    expect(decodeJwt(await issuer.sign({}))).toEqual({ iss: issuer.url, iat: NOW, exp: NOW + 3600 })
    expect(decodeJwt(await issuer.sign({}, { expirationSeconds: -1 })).exp).toBe(NOW - 1)
  })

  test('says what it is told instead, or nothing', async () => {
    const issuer = await quick()
    const claims = { iss: 'https://other.example.com', exp: 'soon', iat: undefined, __proto__: null, n: null }
    expect(decodeJwt(await issuer.sign(claims))).toEqual({
      iss: 'https://other.example.com',
      exp: 'soon',
      n: null,
    })
  })

  test('has the header that it is told, but for the algorithm', async () => {
    const issuer = await quick()
    const token = await issuer.sign({}, { header: { kid: undefined, typ: 'at+jwt', x: 1, alg: 'none' } })
    expect(decodeProtectedHeader(token)).toEqual({ alg: 'ES256', typ: 'at+jwt', x: 1 })
  })

  test('is signed by the key or the algorithm that it is told', async () => {
    const issuer = await quick({ signingAlgorithms: ['ES256', 'ES384'] })
    const header = async (options: Parameters<Issuer['sign']>[1]) =>
      decodeProtectedHeader(await issuer.sign({}, options))
    expect(await header({})).toMatchObject({ alg: 'ES256', kid: 'key-1' })
    expect(await header({ alg: 'ES384' })).toMatchObject({ alg: 'ES384', kid: 'key-2' })
    expect(await header({ kid: 'key-2' })).toMatchObject({ alg: 'ES384', kid: 'key-2' })
  })

  test.each([
    ['a key', { kid: 'key-2' }, 'the issuer has no key "key-2"'],
    ['an algorithm', { alg: 'ES512' } as const, 'the issuer has no key for ES512'],
  ])('is not signed by %s that is not there', async (_, options, message) => {
    await expect((await quick()).sign({}, options)).rejects.toThrow(message)
  })
})

describe('the documents of an issuer', () => {
  test.each([
    ['https://issuer.example.com', 'https://issuer.example.com/jwks'],
    ['https://issuer.example.com/', 'https://issuer.example.com/jwks'],
    ['https://issuer.example.com:8443/realms/a', 'https://issuer.example.com:8443/realms/a/jwks'],
    ['https://issuer.example.com/realms/a/', 'https://issuer.example.com/realms/a/jwks'],
  ])('are below %s, whose name they have to the letter', async (url, jwksUri) => {
    const issuer = await quick({ url })
    expect(await discovery(issuer)).toEqual({
      issuer: url,
      jwks_uri: jwksUri,
      response_types_supported: ['id_token'],
      subject_types_supported: ['public'],
      id_token_signing_alg_values_supported: ['ES256'],
    })
    expect(await verify(await issuer.sign({ sub: 'jane' }), issuer)).toMatchObject({ sub: 'jane' })
  })

  test('have nothing of the private key', async () => {
    const [key] = await jwks(await quick())
    expect(key).toMatchObject({ use: 'sig', kid: 'key-1', alg: 'ES256', kty: 'EC', crv: 'P-256' })
    expect(Object.keys(key ?? {}).toSorted()).toEqual(['alg', 'crv', 'kid', 'kty', 'use', 'x', 'y'])
  })

  test('are of their types, and the keys may be kept as long as they say', async () => {
    const issuer = await quick({ cacheControl: 'public, max-age=60' })
    const { headers } = await issuer.fetch(issuer.jwksUri)
    expect(headers.get('content-type')).toBe('application/jwk-set+json')
    expect(headers.get('cache-control')).toBe('public, max-age=60')
    const silent = await quick()
    expect((await silent.fetch(silent.jwksUri)).headers.get('cache-control')).toBeNull()
    const described = await issuer.fetch(`${issuer.url}/.well-known/openid-configuration`)
    expect(described.headers.get('content-type')).toBe('application/json')
  })

  test('may say more, something else, or less', async () => {
    const metadata = { issuer: 'https://other.example.com', jwks_uri: undefined, token_endpoint: 'x' }
    expect(await discovery(await quick({ metadata }))).toEqual({
      issuer: 'https://other.example.com',
      response_types_supported: ['id_token'],
      subject_types_supported: ['public'],
      id_token_signing_alg_values_supported: ['ES256'],
      token_endpoint: 'x',
    })
  })

  test.each([
    ['the root', '/'],
    ['another path', '/realms/a/jwks/'],
    ['a path above', '/jwks'],
    ['a path beside', '/realms/abc/jwks'],
    ['unknown claims', '/realms/a/claims/1'],
  ])('are not at %s', async (_, path) => {
    const issuer = await quick({ url: 'https://issuer.example.com/realms/a' })
    expect((await issuer.fetch(`https://issuer.example.com${path}`)).status).toBe(404)
  })

  test('cannot be posted to', async () => {
    const issuer = await quick()
    const response = await issuer.fetch(issuer.jwksUri, { method: 'POST' })
    expect(response.status).toBe(405)
    expect(response.headers.get('allow')).toBe('GET')
  })

  test('are served under another host, as behind a proxy', async () => {
    const issuer = await quick({ url: 'https://issuer.example.com/realms/a' })
    const response = await issuer.handle(new Request('http://127.0.0.1:3000/realms/a/jwks'))
    expect(response.status).toBe(200)
  })

  test('are counted', async () => {
    const issuer = await quick()
    await verify(await issuer.sign({}), issuer)
    expect(issuer.requests.map(({ path }) => path)).toEqual(['/.well-known/openid-configuration', '/jwks'])
  })

  test('follow the issuer when it moves, as new tokens do', async () => {
    const issuer = await quick({ url: 'https://issuer.example.com/realms/a' })
    issuer.moveTo('https://127.0.0.1:8443')
    expect((await discovery(issuer))['issuer']).toBe('https://127.0.0.1:8443/realms/a')
    const token = await issuer.sign({ sub: 'jane' })
    expect(await verify(token, issuer)).toMatchObject({ iss: 'https://127.0.0.1:8443/realms/a' })
  })

  test('are not there during an outage', async () => {
    const issuer = await quick()
    issuer.stop({ status: 503 })
    expect((await issuer.fetch(issuer.jwksUri)).status).toBe(503)
    issuer.start()
    expect((await issuer.fetch(issuer.jwksUri)).status).toBe(200)
  })
})

describe('the keys of an issuer', () => {
  const kids = async (issuer: Issuer) => (await jwks(issuer)).map(({ kid }) => kid)

  test('are all published after a rotation, and the new one signs', async () => {
    const issuer = await quick()
    const before = await issuer.sign({ sub: 'jane' })
    const key = await issuer.rotate()
    expect(key).toMatchObject({ kid: 'key-2', alg: 'ES256', isPublished: true })
    const after = await issuer.sign({ sub: 'jane' })
    expect(decodeProtectedHeader(after).kid).toBe('key-2')
    expect(await kids(issuer)).toEqual(['key-1', 'key-2'])
    expect(await verify(before, issuer)).toMatchObject({ sub: 'jane' })
    expect(await verify(after, issuer)).toMatchObject({ sub: 'jane' })
  })

  test('do not verify what was signed by a key that is withdrawn', async () => {
    const issuer = await quick({ signingAlgorithms: ['ES256', 'ES384'] })
    const before = await issuer.sign({ sub: 'jane' })
    await issuer.rotate({ withdrawOthers: true })
    expect(await kids(issuer)).toEqual(['key-3'])
    await expect(verify(before, issuer)).rejects.toMatchObject({ code: 'ERR_JWKS_NO_MATCHING_KEY' })
  })

  test('are really others, also under the same name', async () => {
    const stranger = await quick()
    await expect(verify(await stranger.sign({}), await quick())).rejects.toMatchObject({
      code: 'ERR_JWS_SIGNATURE_VERIFICATION_FAILED',
    })
  })

  test('may sign before verifiers are told of them', async () => {
    const issuer = await quick()
    const { kid } = await issuer.rotate({ publish: false })
    const token = await issuer.sign({ sub: 'jane' })
    await expect(verify(token, issuer)).rejects.toMatchObject({ code: 'ERR_JWKS_NO_MATCHING_KEY' })
    issuer.publish(kid)
    expect(await verify(token, issuer)).toMatchObject({ sub: 'jane' })
    issuer.withdraw(kid)
    expect(await kids(issuer)).toEqual(['key-1'])
    expect(issuer.keys.map(({ isPublished }) => isPublished)).toEqual([true, false])
  })

  test('may change their algorithm by a rotation, and old ones still sign when told to', async () => {
    const issuer = await quick()
    await issuer.rotate({ alg: 'ES384' })
    expect(decodeProtectedHeader(await issuer.sign({})).alg).toBe('ES384')
    expect(decodeProtectedHeader(await issuer.sign({}, { alg: 'ES256' })).kid).toBe('key-1')
    await issuer.rotate({ alg: 'ES256' })
    expect(decodeProtectedHeader(await issuer.sign({}, { alg: 'ES256' })).kid).toBe('key-3')
  })

  test('have a name each, made at the same time or not', async () => {
    const issuer = await quick()
    await Promise.all([issuer.rotate(), issuer.rotate(), issuer.rotate()])
    expect(new Set(issuer.keys.map(({ kid }) => kid)).size).toBe(4)
  })

  test.each(['publish', 'withdraw'] as const)('are there, or there is nothing to %s', async (what) => {
    const issuer = await quick()
    expect(() => issuer[what]('__proto__')).toThrow('the issuer has no key "__proto__"')
  })
})

describe('distributed claims', () => {
  const source = (claims: Record<string, unknown>) => {
    const names = claims['_claim_names'] as Record<string, string>
    const sources = claims['_claim_sources'] as Record<string, { endpoint: string; access_token?: string }>
    return sources[names['groups'] ?? ''] ?? { endpoint: '' }
  }

  test('are at an endpoint that the token names, as a JWT of the issuer', async () => {
    const issuer = await quick({ url: 'https://issuer.example.com/realms/a/' })
    const elsewhere = issuer.distributedClaims(['groups'], { aud: 'my-app', groups: ['developers'] })
    const claims = await verify(await issuer.sign({ sub: 'jane', ...elsewhere }), issuer)
    expect(claims).not.toHaveProperty('groups')
    const { endpoint } = source(claims)
    expect(endpoint).toBe('https://issuer.example.com/realms/a/claims/1')
    const response = await issuer.fetch(endpoint)
    expect(response.headers.get('content-type')).toBe('application/jwt')
    expect(await verify(await response.text(), issuer)).toMatchObject({
      aud: 'my-app',
      groups: ['developers'],
    })
  })

  test('are each at an endpoint of their own', async () => {
    const issuer = await quick()
    const first = issuer.distributedClaims(['groups'], { groups: ['a'] })
    const second = issuer.distributedClaims(['groups'], { groups: ['b'] })
    const claimsAt = async (claims: object) =>
      decodeJwt(await (await issuer.fetch(source({ ...claims }).endpoint)).text())
    expect(await claimsAt(first)).toMatchObject({ groups: ['a'] })
    expect(await claimsAt(second)).toMatchObject({ groups: ['b'] })
  })

  test('may be for those who have the access token only', async () => {
    const issuer = await quick()
    const elsewhere = issuer.distributedClaims(['groups'], { groups: ['a'] }, { accessToken: 'ticket' })
    const { endpoint, access_token: accessToken } = source({ ...elsewhere })
    const status = async (headers: Record<string, string>) =>
      (await issuer.fetch(endpoint, { headers })).status
    expect(await status({})).toBe(401)
    expect(await status({ authorization: 'Bearer other' })).toBe(401)
    expect(await status({ authorization: `Bearer ${accessToken}` })).toBe(200)
  })

  test('have the members of the specification', async () => {
    const issuer = await quick()
    const endpoint = `${issuer.url}/claims/1`
    const elsewhere = issuer.distributedClaims(['groups', 'email'], {}, { accessToken: 'ticket' })
    const { _claim_sources: sources } = elsewhere
    const [name = ''] = Object.keys(sources)
    expect(elsewhere).toEqual({
      _claim_names: { groups: name, email: name },
      _claim_sources: { [name]: { endpoint, access_token: 'ticket' } },
    })
  })
})
