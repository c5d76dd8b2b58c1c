import {
  CompactEncrypt,
  CompactSign,
  decodeJwt,
  generateKeyPair,
  generateSecret,
  jwtVerify,
  SignJWT,
} from 'jose'
import { revocationList } from '@kube-authn/core/revocation'
import { describe, expect, it } from 'vitest'
import { type Browser, browserOf, locationOf } from '../test/browser.ts'
import { logIn } from '../test/log-in.ts'
import { loginApp, type LoginAppOptions, ORIGIN } from '../test/login-app.ts'
import type { LoginProvider } from '../test/login-provider.ts'

// The relying party test cases of the OpenID Foundation, by the ids of its first list, which the modules of today's suite name too: the Basic and Config
// profiles with the code flow, and the logout profiles. Those of the Implicit and Hybrid profiles are of other flows.

type Signing = Parameters<LoginProvider['issuer']['sign']>[1]

interface Given {
  readonly provider: LoginProvider
  readonly browser: Browser
  /** Another browser of the same person. */
  readonly other: Browser
}

async function setUp(options: LoginAppOptions = {}): Promise<Given> {
  const { app, providers } = await loginApp(options)
  return { provider: providers[0]!, browser: browserOf(app, ORIGIN), other: browserOf(app, ORIGIN) }
}

interface Attempt {
  readonly status: number
  /** The authorization request. */
  readonly request: URLSearchParams
}

const DIRECT = '/login?returnTo=/'

async function attempt({ provider, browser }: Given, path = DIRECT): Promise<Attempt> {
  const first = await browser.open(path, { 'sec-fetch-site': 'cross-site' })
  if (first.status !== 303) return { status: first.status, request: new URLSearchParams() }
  const url = locationOf(first)
  const { status } = await browser.open(provider.logIn(url, 'jane'))
  return { status, request: new URL(url).searchParams }
}

const isLoggedIn = async (browser: Browser): Promise<boolean> => (await browser.open('/')).status === 200

/** Puts another id token into the next answer. */
function changeIdToken({ provider }: Given, change: (idToken: string) => string | Promise<string>): void {
  provider.answerNext(async (usual) => {
    const answer = await usual()
    const tokens: Readonly<Record<string, unknown>> = await answer.json()
    return Response.json({ ...tokens, id_token: await change(String(tokens['id_token'])) })
  })
}

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text)

/** Changes the first character of the signature. */
function badlySigned(token: string): string {
  const start = token.lastIndexOf('.') + 1
  return `${token.slice(0, start)}${token[start] === 'A' ? 'B' : 'A'}${token.slice(start + 1)}`
}

function unsigned(token: string): string {
  return `${btoa('{"alg":"none"}').replaceAll('=', '')}.${token.split('.')[1]}.`
}

async function signedBySecret(token: string, secret: string): Promise<string> {
  const payload = bytesOf(JSON.stringify(decodeJwt(token)))
  return new CompactSign(payload).setProtectedHeader({ alg: 'HS256' }).sign(bytesOf(secret))
}

async function encrypted(token: string, alg: 'dir' | 'A128KW'): Promise<string> {
  const key = await generateSecret(alg === 'dir' ? 'A256GCM' : alg)
  return new CompactEncrypt(bytesOf(token)).setProtectedHeader({ alg, enc: 'A256GCM' }).encrypt(key)
}

const signsBy = (alg: 'RS256' | 'ES256') => (given: Given) =>
  given.provider.issuer.rotate({ alg, withdrawOthers: true })

const withClaims = (claims: LoginProvider['claims']) => (given: Given) => {
  given.provider.claims = claims
}

const signedWith = (options: Signing) => (given: Given) =>
  changeIdToken(given, (token) => given.provider.issuer.sign({ ...decodeJwt(token) }, options))

/** A provider that offers these algorithms. */
const offering = (...algorithms: readonly string[]): LoginAppOptions => ({
  metadata: { id_token_signing_alg_values_supported: algorithms },
})

const SECRET = bytesOf('a secret of the client, 32 bytes or more')
const KEY_PAIR = await generateKeyPair('ES256')

/** A client that authenticates with a JWT. */
const asserting = (alg: 'HS256' | 'ES256', key: Parameters<SignJWT['sign']>[0]): LoginAppOptions => ({
  isPublic: true,
  options: {
    clientAssertion: () =>
      new SignJWT({ iss: 'my-app', sub: 'my-app', aud: 'https://issuer.example.com' })
        .setProtectedHeader({ alg })
        .sign(key),
  },
})

const asserted =
  (key: Parameters<SignJWT['sign']>[0]) =>
  async ({ provider }: Given): Promise<void> => {
    const { form, authorization } = provider.tokenRequests[0]!
    const { payload } = await jwtVerify(form.get('client_assertion') ?? '', key)
    expect([payload.sub, form.has('client_secret'), authorization]).toEqual(['my-app', false, null])
  }

interface LoginCase {
  readonly id: string
  /** 303: the person is logged in. 502: what the provider sent is refused; 403: the chain refuses it. */
  readonly status: 303 | 403 | 502
  readonly options?: LoginAppOptions
  readonly path?: string
  readonly prepare?: (given: Given) => unknown
  readonly check?: (given: Given, attempt: Attempt) => unknown
  /** Why the list permits, or expects of those who ask for it, the other outcome. */
  readonly stricter?: string
}

const NO_SECRETS = 'it is optional, and algorithms of secrets are refused as in kube-apiserver'
const NOT_ENCRYPTED = 'it is optional, and encrypted id tokens are not read'

const LOGINS: readonly LoginCase[] = [
  {
    id: 'rp-response_type-code',
    status: 303,
    check: (_, { request }) => expect(request.get('response_type')).toBe('code'),
  },
  {
    id: 'rp-nonce-unless-code-flow',
    status: 303,
    // Also with the code flow.
    check: (_, { request }) => expect(request.get('nonce')).toMatch(/^[\w-]{43}$/),
  },
  { id: 'rp-nonce-invalid', status: 502, prepare: withClaims({ nonce: 'another' }) },
  {
    id: 'rp-token_endpoint-client_secret_basic',
    status: 303,
    check: ({ provider }) =>
      expect(provider.tokenRequests[0]!.authorization).toBe(`Basic ${btoa('my%2Dapp:client%2Dsecret')}`),
  },
  {
    id: 'rp-token_endpoint-client_secret_post',
    status: 303,
    options: { metadata: { token_endpoint_auth_methods_supported: ['client_secret_post'] } },
    check: ({ provider }) =>
      expect(provider.tokenRequests[0]!.form.get('client_secret')).toBe('client-secret'),
  },
  {
    id: 'rp-token_endpoint-client_secret_jwt',
    status: 303,
    options: asserting('HS256', SECRET),
    check: asserted(SECRET),
  },
  {
    id: 'rp-token_endpoint-private_key_jwt',
    status: 303,
    options: asserting('ES256', KEY_PAIR.privateKey),
    check: asserted(KEY_PAIR.publicKey),
  },
  {
    id: 'rp-claims_request-id_token',
    status: 303,
    options: { options: { parameters: { claims: '{"id_token":{"name":null}}' } } },
    prepare: withClaims({ name: 'Jane Doe' }),
    check: (_, { request }) => expect(request.get('claims')).toBe('{"id_token":{"name":null}}'),
  },
  {
    id: 'rp-3rd_party-init-login',
    status: 303,
    path: '/login?iss=https%3A%2F%2Fissuer.example.com&login_hint=jane',
  },
  { id: 'rp-id_token-aud', status: 502, prepare: withClaims({ aud: 'another-app' }) },
  { id: 'rp-id_token-iat', status: 502, prepare: withClaims({ iat: undefined }) },
  { id: 'rp-id_token-sub', status: 502, prepare: withClaims({ sub: undefined }) },
  {
    id: 'rp-id_token-issuer-mismatch',
    status: 502,
    prepare: withClaims({ iss: 'https://evil.example' }),
  },
  { id: 'rp-id_token-sig-rs256', status: 303, prepare: signsBy('RS256') },
  { id: 'rp-id_token-sig-es256', status: 303, prepare: signsBy('ES256') },
  {
    id: 'rp-id_token-bad-sig-rs256',
    status: 403,
    prepare: async (given) => {
      await signsBy('RS256')(given)
      changeIdToken(given, badlySigned)
    },
  },
  {
    id: 'rp-id_token-bad-sig-es256',
    status: 403,
    prepare: (given) => changeIdToken(given, badlySigned),
  },
  {
    id: 'rp-id_token-kid-absent-single-jwks',
    status: 303,
    prepare: signedWith({ header: { kid: undefined } }),
  },
  {
    // The list permits both outcomes. As in kube-apiserver, each key is tried.
    id: 'rp-id_token-kid-absent-multiple-jwks',
    status: 303,
    prepare: async (given) => {
      await given.provider.issuer.rotate()
      signedWith({ kid: 'key-1', header: { kid: undefined } })(given)
    },
  },
  {
    id: 'rp-id_token-sig-none',
    status: 403,
    options: offering('ES256', 'none'),
    prepare: (given) => changeIdToken(given, unsigned),
    stricter: 'it is optional, and an id token without a signature is refused as in kube-apiserver',
  },
  {
    id: 'rp-id_token-sig-hs256',
    status: 403,
    options: offering('ES256', 'HS256'),
    prepare: (given) => changeIdToken(given, (token) => signedBySecret(token, 'client-secret')),
    stricter: NO_SECRETS,
  },
  {
    id: 'rp-id_token-bad-sig-hs256',
    status: 403,
    options: offering('ES256', 'HS256'),
    prepare: (given) => changeIdToken(given, (token) => signedBySecret(token, 'another-secret')),
  },
  {
    id: 'rp-id_token-sig+enc',
    status: 502,
    prepare: (given) => changeIdToken(given, (token) => encrypted(token, 'dir')),
    stricter: NOT_ENCRYPTED,
  },
  {
    id: 'rp-id_token-sig+enc-a128kw',
    status: 502,
    prepare: (given) => changeIdToken(given, (token) => encrypted(token, 'A128KW')),
    stricter: NOT_ENCRYPTED,
  },
  {
    id: 'rp-discovery-openid-configuration',
    status: 303,
    options: { metadata: { token_endpoint: 'https://issuer.example.com/elsewhere/token' } },
    check: ({ provider }) => {
      expect(provider.issuer.requests[0]!.path).toBe('/.well-known/openid-configuration')
      expect(provider.tokenRequests).toHaveLength(1)
    },
  },
  {
    id: 'rp-discovery-jwks_uri-keys',
    status: 303,
    check: ({ provider }) => expect(pathsOf(provider)).toContain('/jwks'),
  },
  {
    id: 'rp-discovery-issuer-not-matching-config',
    status: 502,
    options: { metadata: { issuer: 'https://issuer.example.com/another' } },
    check: ({ provider }) => expect(provider.tokenRequests).toEqual([]),
  },
  {
    id: 'rp-key-rotation-op-sign-key',
    status: 303,
    prepare: async ({ provider, other }) => {
      expect((await logIn(provider, other)).status).toBe(303)
      await provider.issuer.rotate({ withdrawOthers: true })
    },
  },
  {
    // The key changes between the authorization request and the signature.
    id: 'rp-key-rotation-op-sign-key-native',
    status: 303,
    prepare: async ({ provider, other }) => {
      expect((await logIn(provider, other)).status).toBe(303)
      provider.answerNext(async (usual) => {
        await provider.issuer.rotate({ withdrawOthers: true })
        return usual()
      })
    },
  },
]

function pathsOf({ issuer }: LoginProvider): readonly string[] {
  return issuer.requests.map(({ path }) => path)
}

describe('a login case of the foundation', () => {
  it.each(LOGINS.map((each) => [each.id, providerStep(each), each] as const))(
    '%s: %s',
    async (_, __, { options, path, prepare, check, status }) => {
      const given = await setUp(options)
      await prepare?.(given)
      const result = await attempt(given, path)
      expect(result.status).toBe(status)
      expect(await isLoggedIn(given.browser)).toBe(status === 303)
      expect([...given.browser.cookies.keys()]).toEqual(status === 303 ? ['__Host-session'] : [])
      await check?.(given, result)
    },
  )
})

function providerStep({ status, stricter }: LoginCase): string {
  const outcome = status === 303 ? 'accepted' : 'refused'
  return stricter === undefined ? outcome : `${outcome}, since ${stricter}`
}

interface BackChannelCase {
  readonly id: string
  readonly status: 200 | 400
  readonly options?: LoginAppOptions
  readonly claims?: LoginProvider['claims']
  readonly prepare?: (given: Given) => unknown
  readonly change?: (token: string) => string
}

const EVENT = 'http://schemas.openid.net/event/backchannel-logout'
const BACK_CHANNEL = 'rp-backchannel-rpinitlogout'

const BACK_CHANNEL_LOGOUTS: readonly BackChannelCase[] = [
  { id: BACK_CHANNEL, status: 200 },
  { id: `${BACK_CHANNEL}-lt-wrong-issuer`, status: 400, claims: { iss: 'https://evil.example' } },
  { id: `${BACK_CHANNEL}-lt-wrong-aud`, status: 400, claims: { aud: 'another-app' } },
  { id: `${BACK_CHANNEL}-lt-no-event`, status: 400, claims: { events: undefined } },
  { id: `${BACK_CHANNEL}-lt-wrong-event`, status: 400, claims: { events: { [`${EVENT}s`]: {} } } },
  { id: `${BACK_CHANNEL}-lt-with-nonce`, status: 400, claims: { nonce: 'x' } },
  {
    // Signed by a key of the provider, but with another algorithm than the client is registered with.
    id: `${BACK_CHANNEL}-lt-wrong-alg`,
    status: 400,
    options: { options: { signingAlgorithms: ['ES256'] }, ...offering('RS256', 'ES256') },
    prepare: ({ provider }) => provider.issuer.rotate({ alg: 'RS256' }),
  },
  { id: `${BACK_CHANNEL}-lt-alg-none`, status: 400, change: unsigned },
]

const FRONT_CHANNEL = 'rp-frontchannel-rpinitlogout'

const RETURNS: readonly (readonly [id: string, query: string])[] = [
  ['rp-init-logout', ''],
  ['rp-init-logout-no-state', ''],
  ['rp-init-logout-other-state', '?state=another'],
]

/** Two browsers of one session at the provider, the first of which logs out. Returns where that leads to. */
async function loggedOut({ provider, browser, other }: Given): Promise<URL> {
  for (const each of [browser, other]) expect((await logIn(provider, each)).status).toBe(303)
  return new URL(locationOf(await browser.submit('/logout')))
}

describe('a logout case of the foundation', () => {
  it.each(BACK_CHANNEL_LOGOUTS.map((each) => [each.id, each] as const))(
    '%s',
    async (_, { status, options, claims, prepare, change = (token) => token }) => {
      const given = await setUp(options)
      const { provider, browser, other } = given
      expect((await loggedOut(given)).pathname).toBe('/logout')
      await prepare?.(given)
      const usual = { aud: 'my-app', sub: 'jane', sid: 'sid-jane', jti: 'one', events: { [EVENT]: {} } }
      const token = await provider.issuer.sign({ ...usual, ...claims }, { header: { typ: 'logout+jwt' } })
      const response = await browser.fetch('/logout/backchannel', {
        method: 'POST',
        body: new URLSearchParams({ logout_token: change(token) }),
      })
      expect(response.status).toBe(status)
      expect(await isLoggedIn(other)).toBe(status === 400)
      expect(await isLoggedIn(browser)).toBe(false)
    },
  )

  it(FRONT_CHANNEL, async () => {
    const given = await setUp()
    await loggedOut(given)
    const query = new URLSearchParams({ iss: given.provider.issuer.url, sid: 'sid-jane' })
    const response = await given.browser.open(`/logout/frontchannel?${String(query)}`, {
      'sec-fetch-dest': 'iframe',
      'sec-fetch-site': 'cross-site',
    })
    expect(response.status).toBe(200)
    expect(await isLoggedIn(given.other)).toBe(false)
  })

  // The request has no state, which is optional. The page where people return to does nothing, so there is none to compare.
  it.each(RETURNS)('%s', async (_, query) => {
    const given = await setUp({ sessions: { revocations: revocationList() } })
    const url = await loggedOut(given)
    expect([...url.searchParams.keys()].toSorted()).toEqual([
      'client_id',
      'id_token_hint',
      'post_logout_redirect_uri',
    ])
    const returnTo = url.searchParams.get('post_logout_redirect_uri') ?? ''
    const page = await given.browser.open(returnTo + query, { 'sec-fetch-site': 'cross-site' })
    expect([page.status, page.headers.getSetCookie()]).toEqual([200, []])
    expect(await isLoggedIn(given.browser)).toBe(false)
    expect(await isLoggedIn(given.other)).toBe(true)
  })
})

/** Cases of things that are not offered: why, and what a login therefore never asks for. */
const NOT_OFFERED: readonly (readonly [reason: string, never: string, ids: readonly string[]])[] = [
  [
    'claims are those of the id token, and no UserInfo is requested',
    '/userinfo',
    [
      'rp-scope-userinfo-claims',
      'rp-userinfo-bearer-header',
      'rp-userinfo-bearer-body',
      'rp-userinfo-bad-sub-claim',
      'rp-userinfo-sig',
      'rp-userinfo-enc',
      'rp-userinfo-sig+enc',
      'rp-claims_request-userinfo',
      'rp-claims-aggregated',
      'rp-claims-distributed',
    ],
  ],
  [
    'the issuer is configured, and not found by the address of a person',
    '/.well-known/webfinger',
    [
      'rp-discovery-webfinger-acct',
      'rp-discovery-webfinger-url',
      'rp-discovery-webfinger-http-href',
      'rp-discovery-webfinger-unknown-member',
    ],
  ],
  ['the client is registered by an administrator', '/register', ['rp-registration-dynamic']],
  [
    'there are no request objects: the request is pushed where that is offered',
    'request_uri',
    [
      'rp-request_uri-unsigned',
      'rp-request_uri-sig',
      'rp-request_uri-enc',
      'rp-request_uri-sig+enc',
      'rp-key-rotation-op-enc-key',
    ],
  ],
  [
    'the provider answers in the query',
    'response_mode',
    ['rp-response_mode-form_post', 'rp-response_mode-form_post-error'],
  ],
  [
    'the provider tells of the end of a session itself, and no frame watches it',
    '/check-session',
    ['rp-init-logout-session'],
  ],
]

describe('what is not offered', () => {
  const cases = NOT_OFFERED.flatMap(([reason, never, ids]) => ids.map((id) => [id, reason, never] as const))

  it.each(cases)('%s does not apply: %s', async (_, __, never) => {
    const url = 'https://issuer.example.com'
    const given = await setUp({
      metadata: {
        userinfo_endpoint: `${url}/userinfo`,
        registration_endpoint: `${url}/register`,
        check_session_iframe: `${url}/check-session`,
        request_uri_parameter_supported: true,
        response_modes_supported: ['form_post', 'query'],
      },
    })
    const { status, request } = await attempt(given)
    expect(status).toBe(303)
    expect(await isLoggedIn(given.browser)).toBe(true)
    const asked = [...pathsOf(given.provider), ...request.keys()]
    expect(asked.filter((each) => each.startsWith(never))).toEqual([])
  })
})

it('each of the 64 cases is listed once, and 41 of them run', () => {
  const run = [
    ...LOGINS.map(({ id }) => id),
    ...BACK_CHANNEL_LOGOUTS.map(({ id }) => id),
    FRONT_CHANNEL,
    ...RETURNS.map(([id]) => id),
  ]
  const all = [...run, ...NOT_OFFERED.flatMap(([, , ids]) => ids)]
  expect(all).toHaveLength(new Set(all).size)
  const stricter = LOGINS.filter((each) => each.stricter !== undefined)
  expect([all.length, run.length, stricter.length]).toEqual([64, 41, 4])
})
