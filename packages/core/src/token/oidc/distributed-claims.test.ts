import { inspect } from 'node:util'
import { beforeAll, describe, expect, it } from 'vitest'
import { fixedClock, thrownBy } from '../../../test/fakes.ts'
import {
  fakeFetch,
  ISSUER,
  issuerAnswers,
  jwksOf,
  type KeyPair,
  NOW,
  rsaKey,
  signed,
} from '../../../test/issuer.ts'
import { celCompiler } from '@kube-authn/cel/kubernetes'
import type { OidcClaimMappings, OidcOptions } from './oidc-options.ts'
import { oidc } from './oidc.ts'

let key: KeyPair
let other: KeyPair

beforeAll(() => {
  key = rsaKey('key')
  other = rsaKey('other')
})

const OPTIONS = {
  issuer: ISSUER,
  audience: 'app',
  claimMappings: {
    username: { claim: 'sub', prefix: 'oidc:' },
    groups: { claim: 'groups', prefix: 'oidc:' },
  },
}

const tokenWith = (claims: object, by: KeyPair = key): string =>
  signed(by, { alg: 'RS256', kid: 'key' }, { iss: ISSUER, aud: 'app', sub: 'jane', exp: NOW + 60, ...claims })

describe('distributed groups', () => {
  const GROUPS = `${ISSUER}/groups`
  const elsewhere = (endpoint = GROUPS, token: unknown = 'secret'): object => ({
    _claim_names: { groups: 'src' },
    _claim_sources: { src: { endpoint, access_token: token } },
  })
  const groupsJwt = (claims: object = {}, by: KeyPair = key): string =>
    signed(
      by,
      { alg: 'RS256', kid: by.kid },
      { iss: ISSUER, aud: 'app', exp: NOW + 60, groups: ['a'], ...claims },
    )

  function world(
    answer: Response | (() => Response | Promise<Response>),
    more: Record<string, Response> = {},
    options: Pick<Partial<OidcOptions>, 'claimMappings'> = {},
  ) {
    const fetch = fakeFetch({ ...issuerAnswers(jwksOf(key)), [GROUPS]: answer, ...more })
    const clock = fixedClock(NOW * 1000)
    const tokens = oidc({
      ...OPTIONS,
      compiler: celCompiler(),
      fetch,
      clock,
      discoverAtOnce: false,
      ...options,
    })
    const askToken = async (token: string) => tokens.authenticateToken(token, {})
    return { fetch, askToken, ask: async (claims: object) => askToken(tokenWith(claims)) }
  }

  it('are fetched with the token that the issuer gave for them', async () => {
    const { fetch, ask: askWorld } = world(new Response(groupsJwt()))
    expect((await askWorld(elsewhere()))?.user.groups).toEqual(['oidc:a'])
    expect(fetch.calls.at(-1)?.init.headers).toEqual({ authorization: 'Bearer secret' })
    await askWorld(elsewhere(GROUPS, ''))
    expect(fetch.calls.at(-1)?.init.headers).toEqual({})
  })

  it('may end with a new line, and come with any status that is a success', async () => {
    for (const status of [200, 206, 226]) {
      const { ask: askWorld } = world(() => new Response(`${groupsJwt()}\n`, { status }))
      expect((await askWorld(elsewhere()))?.user.groups).toEqual(['oidc:a'])
    }
  })

  it('may be Google’s by both its names', async () => {
    const google = 'https://accounts.google.com'
    const answers = {
      [`${google}/.well-known/openid-configuration`]: Response.json({
        issuer: google,
        jwks_uri: `${google}/keys`,
      }),
      [`${google}/keys`]: new Response(jwksOf(key)),
    }
    for (const iss of [google, 'accounts.google.com']) {
      const { ask: askWorld } = world(new Response(groupsJwt({ iss })), answers)
      expect((await askWorld(elsewhere()))?.user.groups).toEqual(['oidc:a'])
    }
  })

  it('are not fetched where the token has groups, or another claim is elsewhere', async () => {
    const { fetch, ask: askWorld } = world(new Response(groupsJwt()))
    await askWorld({ ...elsewhere(), groups: [] })
    await askWorld({ ...elsewhere(), _claim_names: { phone: 'src' } })
    await askWorld({ _claim_names: { groups: 'src' }, _claim_sources: { src: { JWT: groupsJwt() } } })
    expect(fetch.calls.map(({ url }) => url)).not.toContain(GROUPS)
  })

  it.each<[string, () => string]>([
    ['is signed by another key', () => tokenWith(elsewhere(), other)],
    ['expired', () => tokenWith({ ...elsewhere(), exp: NOW - 1 })],
    ['is for another audience', () => tokenWith({ ...elsewhere(), aud: 'another' })],
    ['is bound to a key', () => tokenWith({ ...elsewhere(), cnf: { jkt: 'x' } })],
    ['is not a login', () => tokenWith({ ...elsewhere(), events: {} })],
  ])('are not fetched for a token that %s', async (_, token) => {
    const { fetch, askToken } = world(new Response(groupsJwt()))
    await thrownBy(() => askToken(token()))
    expect(fetch.calls.length).toBeGreaterThan(0)
    expect(fetch.calls.map(({ url }) => url)).not.toContain(GROUPS)
  })

  it.each<[string, Pick<OidcClaimMappings, 'groups'>]>([
    ['an expression', { groups: { expression: 'claims.?groups.orValue([])' } }],
    ['nowhere', {}],
  ])('are not fetched where groups come from %s', async (_, groups) => {
    const claimMappings = { username: OPTIONS.claimMappings.username, ...groups }
    const { fetch, ask: askWorld } = world(new Response(groupsJwt()), {}, { claimMappings })
    expect((await askWorld(elsewhere()))?.user.groups).toEqual([])
    await askWorld({ ...elsewhere(), _claim_names: { groups: 'src', '': 'src' } })
    expect(fetch.calls.map(({ url }) => url)).not.toContain(GROUPS)
  })

  it.each<[string, () => Response, object, string, RegExp]>([
    [
      'signed by another key',
      () => new Response(groupsJwt({}, { ...other, kid: 'key' })),
      {},
      'rejected',
      /verify distributed claim token: failed to verify/,
    ],
    [
      'for another audience',
      () => new Response(groupsJwt({ aud: 'x' })),
      {},
      'rejected',
      /verify distributed claim token: oidc: expected audience/,
    ],
    ['that expired', () => new Response(groupsJwt({ exp: NOW - 1 })), {}, 'rejected', /token is expired/],
    [
      'without groups',
      () => new Response(groupsJwt({ groups: undefined })),
      {},
      'rejected',
      /did not contain claim: groups/,
    ],
    [
      'that are not a JWT',
      () => new Response('{"groups":["a"]}'),
      {},
      'rejected',
      /getting untrusted issuer from endpoint ".*\/groups" failed for claim "groups": malformed token/,
    ],
    [
      'without sources',
      () => new Response(groupsJwt()),
      { _claim_names: {}, _claim_sources: undefined },
      'rejected',
      /oidc: no claim sources/,
    ],
    [
      'with an access token that is not a header value',
      () => new Response(groupsJwt()),
      elsewhere(GROUPS, 'se\ncret'),
      'rejected',
      /invalid header field value for "Authorization"/,
    ],
    [
      'behind a password',
      () => new Response(groupsJwt()),
      elsewhere('https://user:secret@issuer.example.com/groups'),
      'unavailable',
      /while getting distributed claim "groups": a URL must not have credentials in it/,
    ],
    [
      'of an issuer without https',
      () => new Response(groupsJwt({ iss: 'http://x' })),
      {},
      'rejected',
      /not an https URL/,
    ],
    [
      'of an issuer that is out of reach',
      () => new Response(groupsJwt({ iss: 'https://x' })),
      {},
      'unavailable',
      /verifying untrusted issuer "https:\/\/x" failed: verifier not initialized for issuer: "https:\/\/x"/,
    ],
    [
      'behind an error',
      () => new Response('', { status: 500 }),
      {},
      'unavailable',
      /while getting distributed claim "groups": error while getting distributed claim JWT: HTTP status 500/,
    ],
    ['behind status 227', () => new Response('', { status: 227 }), {}, 'unavailable', /HTTP status 227/],
    [
      'behind a connection that fails',
      () => Promise.reject(new TypeError('fetch failed')) as never,
      {},
      'unavailable',
      /while getting distributed claim "groups": fetch failed/,
    ],
    [
      'behind a redirect',
      () => new Response('', { status: 302, headers: { location: GROUPS } }),
      {},
      'unavailable',
      /HTTP status 302/,
    ],
    ['larger than 64 KiB', () => new Response('x'.repeat(65_537)), {}, 'unavailable', /longer than/],
    [
      'behind no https',
      () => new Response(groupsJwt()),
      elsewhere('http://issuer.example.com/groups'),
      'unavailable',
      /only https/,
    ],
    ['behind no URL', () => new Response(groupsJwt()), elsewhere('x'), 'unavailable', /only https/],
  ])('are refused %s', async (_, answer, claims, code, message) => {
    const { ask: askWorld } = world(answer)
    const error = await thrownBy(() => askWorld({ ...elsewhere(), ...claims }))
    expect(error).toMatchObject({ code })
    expect(String(error)).toMatch(/oidc: could not expand distributed claims: /)
    expect(String(error)).toMatch(message)
    expect(String(error)).not.toContain('secret')
  })

  it('are an error without the token for them, whatever a fetch keeps of what it was given', async () => {
    const { ask: askWorld } = world(() =>
      Promise.reject(Object.assign(new Error('no way with secret'), { config: { token: 'secret' } })),
    )
    const error = await thrownBy(() => askWorld(elsewhere()))
    const shown = inspect(error, { depth: 20 })
    expect(shown).toContain('no way with [hidden]')
    expect(shown).not.toContain('secret')
  })

  it('may come from another issuer, of which few are remembered', async () => {
    const friend = 'https://other.example.com'
    let issuer = friend
    const { fetch, ask: askWorld } = world(() => new Response(groupsJwt({ iss: issuer })), {
      [`${friend}/.well-known/openid-configuration`]: Response.json({ issuer, jwks_uri: `${friend}/keys` }),
      [`${friend}/keys`]: new Response(jwksOf(key)),
    })
    const discoveries = (): number =>
      fetch.calls.filter(({ url }) => url === `${friend}/.well-known/openid-configuration`).length
    const visit = async (count: number): Promise<void> => {
      for (let index = 0; index < count; index++) {
        issuer = `https://${index}.example.com`
        await thrownBy(() => askWorld(elsewhere()))
      }
      issuer = friend
      expect((await askWorld(elsewhere()))?.user.groups).toEqual(['oidc:a'])
    }
    await visit(0)
    await visit(15)
    expect(discoveries()).toBe(1)
    await visit(16)
    expect(discoveries()).toBe(2)
  })
})
