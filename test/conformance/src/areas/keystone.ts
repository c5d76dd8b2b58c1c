import { webhookAuthenticator } from '@kube-authn/core/remote'
import {
  type KeystoneCredential,
  type KeystoneDomain,
  type KeystoneFetch,
  keystonePassword,
  keystoneToken,
  keystoneTokenReview,
} from '@kube-authn/keystone'
import { keystoneClient } from '@kube-authn/keystone/internal'
import { fixedClock } from '@kube-authn/testing'
import { outcomeOf } from '../behaviour.ts'
import { ERROR, reading, USER } from '../reading.ts'
import type { Given, HeaderPair, UnitRunner } from '../vector.ts'

const url = 'https://keystone.example.com:5000'

/** Before any token of a vector expires. */
const clock = fixedClock(0)

/** The responses of a vector's Keystone. */
interface VectorResponse {
  readonly status: number
  readonly headers?: readonly HeaderPair[]
  readonly json?: unknown
}

interface Seen {
  readonly method: string
  readonly path: string
  readonly headers: readonly HeaderPair[]
  readonly json: unknown
}

const RESPONSE = 'status headers json'

/** Unit `keystone-v3-client`: requests to Keystone, and the interpretation of its responses. */
const v3Client: UnitRunner = reading(
  {
    given: [
      'operation user user_id domain_id domain_name password project_id token service_token groups',
      { response: RESPONSE },
    ],
    expect: ['method path headers json outcome audiences token_id expires_at', { user: USER, error: ERROR }],
  },
  async ({ given }) => {
    const seen: Seen[] = []
    const response = given['response'] as VectorResponse | undefined
    const fetch: KeystoneFetch = (target, { method, headers, body }) => {
      const { pathname: path } = new URL(target)
      seen.push({
        method,
        path,
        headers: Object.entries(headers)
          .filter(([name]) => name.startsWith('x-'))
          .map(([name, value]) => [asInVectors(name), value]),
        json: body === undefined ? undefined : JSON.parse(body),
      })
      if (!path.endsWith('/groups')) return Promise.resolve(responseOf(response ?? { status: 500 }))
      return Promise.resolve(
        groupsResponse((given['groups'] ?? []) as readonly string[], domainIdIn(response)),
      )
    }
    const came = given['operation'] === 'password' ? await logIn(given, fetch) : await validate(given, fetch)
    return { ...seen[0], ...came }
  },
)

async function logIn(given: Given, fetch: KeystoneFetch): Promise<Readonly<Record<string, unknown>>> {
  const { signal } = new AbortController()
  const login = given as Given & VectorLogin
  const { user = 'jane', password = 'pw', project_id: id } = login
  const scope = id === undefined ? undefined : { project: { id } }
  const created = await keystoneClient({ url, fetch })
    .createToken(credentialOf(login), scope, signal)
    .catch(() => undefined)
  const passwords = keystonePassword({ url, clock, domain: domainOf(login), fetch })
  return {
    ...(await outcomeOf(() => passwords.authenticatePassword(user, password, {}))),
    ...(created !== undefined &&
      'id' in created && { token_id: created.id, expires_at: created.token.expiresAt }),
  }
}

function validate(given: Given, fetch: KeystoneFetch): Promise<Readonly<Record<string, unknown>>> {
  const { token, service_token: serviceToken, response } = given as Given & VectorValidation
  const domainId = domainIdIn(response)
  const tokens = keystoneToken({
    ...anything,
    ...(domainId !== undefined && { domain: { id: domainId } }),
    fetch,
    ...(serviceToken !== undefined && { serviceToken }),
  })
  return outcomeOf(() => tokens.authenticateToken(token, {}))
}

/** Vectors have short tokens. */
const anything = { url, clock, tokenProvider: 'any' } as const

interface VectorLogin {
  readonly user?: string
  readonly user_id?: string
  readonly domain_id?: string
  readonly domain_name?: string
  readonly password?: string
  readonly project_id?: string
}

interface VectorValidation {
  readonly token: string
  readonly service_token?: string
  readonly response?: VectorResponse
}

function credentialOf(login: VectorLogin): KeystoneCredential {
  const { user: name = 'jane', user_id: id, password = 'pw' } = login
  return id === undefined ? { name, domain: domainOf(login), password } : { id, password }
}

function domainOf({ domain_id: id = 'default', domain_name: name }: VectorLogin): KeystoneDomain {
  return name === undefined ? { id } : { name }
}

function responseOf({ status, headers = [], json }: VectorResponse): Response {
  const init = { status, headers: headers.map(([name, value]): [string, string] => [name, value]) }
  return json === undefined ? new Response(null, init) : Response.json(withExpiry(json), init)
}

function domainIdIn(response: VectorResponse | undefined): string | undefined {
  return (response?.json as VectorKeystone | undefined)?.token?.user?.domain?.id
}

function asInVectors(name: string): string {
  return name.replaceAll(/(?<![a-z])[a-z]/g, (letter) => letter.toUpperCase())
}

/** The users of a vector's Keystone. */
interface VectorKeystone {
  readonly error?: string
  readonly token?: { readonly user?: { readonly domain?: { readonly id: string } } }
  readonly groups?: readonly string[]
  readonly groups_error?: number
}

interface VectorRoleMapping {
  readonly 'keystone-role': string
  readonly username?: string
  readonly groups?: readonly string[]
}

/** Unit `keystone-webhook`: responses to TokenReviews. */
const webhook: UnitRunner = reading(
  {
    given: [
      'request raw_body as_seen_by',
      {
        keystone: 'error token groups groups_error',
        role_mappings: 'keystone-role username groups',
        server_response: RESPONSE,
      },
    ],
    expect: ['status json_status outcome cached', { user: USER, error: ERROR }],
  },
  async ({ given }) => {
    if (given['as_seen_by'] === 'webhook client')
      return asClientSeesIt(given['server_response'] as VectorResponse)
    const mappings = (given['role_mappings'] ?? []) as readonly VectorRoleMapping[]
    const domain = (given['keystone'] as VectorKeystone | undefined)?.token?.user?.domain
    const review = keystoneTokenReview({
      ...anything,
      projects: 'any',
      ...(domain !== undefined && { domain: { id: domain.id } }),
      fetch: (target) => Promise.resolve(keystoneAnswer(target, given['keystone'] as VectorKeystone)),
      roleMappings: mappings.map(({ 'keystone-role': role, ...mapping }) => ({ role, ...mapping })),
    })
    const body = (given['raw_body'] as string | undefined) ?? JSON.stringify(given['request'])
    const response = await review(new Request('https://webhook/webhook', { method: 'POST', body }))
    const text = await response.text()
    const answer = text === '' ? undefined : (JSON.parse(text) as { readonly status: unknown })
    return { status: response.status, json_status: answer?.status }
  },
)

/** How kube-apiserver interprets a response, and whether it caches it. */
async function asClientSeesIt(response: VectorResponse): Promise<Readonly<Record<string, unknown>>> {
  let calls = 0
  const tokens = webhookAuthenticator({
    url: 'https://webhook.example.com/webhook',
    clock,
    fetch: () => {
      calls++
      return Promise.resolve(responseOf(response))
    },
  })
  const ask = (): Promise<Readonly<Record<string, unknown>>> =>
    outcomeOf(() => tokens.authenticateToken('token', {}))
  const first = await ask()
  await ask()
  return { ...first, cached: calls === 1 }
}

function keystoneAnswer(target: string, keystone: VectorKeystone): Response {
  const { error, token, groups = [], groups_error: groupsStatus } = keystone
  if (error !== undefined) return new Response(null, { status: 401 })
  if (!new URL(target).pathname.endsWith('/groups')) return Response.json(withExpiry({ token }))
  if (groupsStatus !== undefined) return new Response(null, { status: groupsStatus })
  return groupsResponse(groups, token?.user?.domain?.id)
}

function groupsResponse(names: readonly string[], domainId = 'default'): Response {
  return Response.json({ groups: names.map((name) => ({ id: `id of ${name}`, name, domain_id: domainId })) })
}

/** Vectors omit the common members of tokens. */
function withExpiry(json: unknown): unknown {
  const { token } = json as { readonly token?: object }
  return token === undefined ? json : { token: { expires_at: '2100-01-01T00:00:00Z', ...token } }
}

/** Area I: OpenStack Keystone. */
export const keystone: Readonly<Record<string, UnitRunner>> = {
  'keystone-v3-client': v3Client,
  'keystone-webhook': webhook,
}
