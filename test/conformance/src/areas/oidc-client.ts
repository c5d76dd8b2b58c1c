import type { HttpFetch } from '@kube-authn/node'
import { closeable, type OidcProvider, parseClientKubeconfig } from '@kube-authn/node/internal'
import {
  authenticatedFetch,
  oidcSource,
  type RefreshedTokens,
  type TokenStore,
} from '@kube-authn/server/internal'
import { fixedClock } from '@kube-authn/testing'
import type { Given, UnitRunner } from '../vector.ts'
import { clientServer, failureOf } from './client-server.ts'
import { tokenOf, type VectorToken } from './signed-token.ts'
import { reading } from '../reading.ts'

type Fields = Readonly<Record<string, unknown>>

const SERVER = 'https://server.example.com'

/** Area F-oidc-client: a provider of a kubeconfig, with a stubbed issuer and no file. */
export const oidcClients: UnitRunner = reading(
  {
    given:
      'now config discovery discoveryStatus discoveryBody tokenResponse tokenStatus persistFails concurrentRequests requestHeader',
    expect:
      'error errorContains httpRequests refreshed oneRefresh persisted memoryUnchanged headerLeftAlone bearer',
  },
  async ({ given, expect }) => {
    const issuer = issuerOf(given)
    const written: RefreshedTokens[] = []
    const server = clientServer()
    const header = given['requestHeader']
    const headers = typeof header === 'string' ? { authorization: header } : {}
    const count = Number(given['concurrentRequests'] ?? 1)
    let outcome: Fields = {}
    let isUnchanged = false
    let own: string | undefined
    try {
      const provider = await providerOf(given)
      own = provider.idToken
      const source = oidcSource({
        provider,
        fetch: issuer.fetch,
        store: storeOf(given, provider, written),
        clock: fixedClock(Number(given['now'] ?? 1_257_894_000) * 1000),
      })
      const fetch = authenticatedFetch({ server: SERVER }, source, server.connect)
      const ended = await Promise.allSettled(Array.from({ length: count }, () => fetch(SERVER, { headers })))
      const failed = ended.find((each) => each.status === 'rejected')
      if (failed !== undefined) {
        outcome = failureOf(failed.reason)
        isUnchanged = await triesAgain(() => source.current(), issuer.refreshTokens)
      }
    } catch (error) {
      outcome = failureOf(error)
    }
    const refreshes = issuer.requests.filter((each) => each.startsWith('POST')).length
    const [tokens] = written
    const sent = server.seen[0]?.replace('Bearer ', '')
    return {
      ...outcome,
      httpRequests: issuer.requests,
      refreshed: refreshes > 0,
      oneRefresh: refreshes === 1,
      persisted: tokens && persisted(given, tokens, Object.keys(expect['persisted'] ?? {})),
      memoryUnchanged: isUnchanged && server.seen.length === 0,
      headerLeftAlone: server.seen[0],
      bearer: sent === own ? '@this-token' : sent,
    }
  },
)

/** The named fields of the provider after tokens were written. */
function persisted(
  given: Given,
  { idToken, refreshToken }: RefreshedTokens,
  names: readonly string[],
): unknown {
  const config: Fields = {
    ...(given['config'] as Fields | undefined),
    'id-token': idToken,
    ...(refreshToken !== undefined && { 'refresh-token': refreshToken }),
  }
  return Object.fromEntries(names.map((name) => [name, config[name]]))
}

/** Whether the next try begins with the same refresh token. */
async function triesAgain(current: () => Promise<unknown>, used: readonly string[]): Promise<boolean> {
  const before = used.length
  await current().catch(() => undefined)
  return used.length === before + 1 && used[before] === used[before - 1]
}

async function providerOf(given: Given): Promise<OidcProvider> {
  const { 'id-token': idToken, ...rest } = (given['config'] ?? {}) as Fields & {
    readonly 'id-token'?: IdToken
  }
  const config = { ...rest, ...(idToken !== undefined && { 'id-token': await textOf(idToken) }) }
  const user = { 'auth-provider': { name: 'oidc', config } }
  const text = JSON.stringify({
    clusters: [{ name: '', cluster: { server: SERVER } }],
    users: [{ name: '', user }],
  })
  const { provider } = parseClientKubeconfig(text, { folder: '/' })
  if (provider === undefined) throw new Error('the provider was not read')
  return provider
}

type IdToken = string | (VectorToken & { readonly signatureUnchecked?: boolean })

function textOf(token: IdToken): Promise<string> {
  if (typeof token === 'string') return Promise.resolve(token)
  const { signatureUnchecked: _, ...signed } = token
  return tokenOf(signed)
}

function storeOf(given: Given, provider: OidcProvider, written: RefreshedTokens[]): TokenStore {
  return {
    exclusively: (work) => work(provider),
    write(tokens) {
      if (given['persistFails'] === true) return Promise.reject(new Error('the disk is full'))
      written.push(tokens)
      return Promise.resolve()
    },
  }
}

interface StubbedIssuer {
  readonly fetch: HttpFetch
  /** In the words of vectors. */
  readonly requests: readonly string[]
  /** Those that were sent. */
  readonly refreshTokens: readonly string[]
}

function issuerOf(given: Given): StubbedIssuer {
  const { discoveryStatus, discoveryBody, tokenStatus } = given as {
    readonly discoveryStatus?: number
    readonly discoveryBody?: string
    readonly tokenStatus?: number
  }
  const requests: string[] = []
  const refreshTokens: string[] = []
  const issuer = String((given['config'] as Fields | undefined)?.['idp-issuer-url']).replace(/\/$/, '')
  const endpoint = `${issuer}/token`
  const call: (...args: Parameters<HttpFetch>) => Promise<Response> = (
    url,
    { method = 'GET', body } = {},
  ) => {
    if (String(url) !== endpoint) {
      requests.push(`${method} ${String(url)}`)
      const document = given['discovery'] ?? { issuer, token_endpoint: endpoint }
      const status = discoveryStatus ?? 200
      return Promise.resolve(new Response(discoveryBody ?? JSON.stringify(document), { status }))
    }
    const form = new URLSearchParams(String(body))
    requests.push(`${method} token_endpoint grant_type=${String(form.get('grant_type'))}`)
    refreshTokens.push(String(form.get('refresh_token')))
    return Promise.resolve(
      Response.json(given['tokenResponse'] ?? { id_token: 'new-id' }, { status: tokenStatus ?? 200 }),
    )
  }
  return { fetch: closeable(call, () => undefined), requests, refreshTokens }
}
