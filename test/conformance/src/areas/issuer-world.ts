import type { GetFetch } from '@kube-authn/core/oidc'
import type { Given } from '../vector.ts'
import { keyNamed, tokenOf, type VectorToken } from './signed-token.ts'

/** A stubbed response in a vector. */
interface StubbedAnswer {
  readonly networkError?: boolean
  readonly expectRequestHeaders?: Readonly<Record<string, string>>
  readonly status?: number
  readonly json?: unknown
  readonly body?: string
  readonly bodyJwt?: VectorToken
}

/** A key of the harness, with overridden JWK members. */
interface PublishedKey {
  readonly key: string
}

/** The external services of a case. */
export interface IssuerWorld {
  readonly fetch: GetFetch
  /** All requests, as in `GET https://issuer.example.com/keys`. */
  readonly requests: readonly string[]
  /** Those that were not for an issuer's own documents. */
  readonly otherRequests: () => readonly string[]
  readonly jwksFetches: () => number
  /** Answers requests for keys with this status, or not at all. */
  answerWith(status: number | 'unreachable' | undefined): void
  /** Publishes these keys for every issuer. */
  publish(keys: readonly string[]): void
}

/** The issuers of a case: what they publish, and which are unreachable. */
export function issuerWorld(given: Given, issuers: readonly string[]): IssuerWorld {
  const stubs = (given['http'] ?? {}) as Readonly<Record<string, StubbedAnswer>>
  const published = new Map(
    Object.entries((given['jwks'] ?? {}) as Readonly<Record<string, readonly PublishedKey[]>>),
  )
  const requests: string[] = []
  let answered: number | 'unreachable' | undefined
  const isReachable = given['issuerState'] !== 'uninitialized' && !hasDiscovery(stubs)

  const own = async (url: string): Promise<Response | undefined> => {
    if (!isReachable) return undefined
    for (const issuer of issuers) {
      const base = issuer.replace(/\/$/, '')
      if (url === `${base}/.well-known/openid-configuration`) {
        return Response.json({ issuer, jwks_uri: `${base}/keys` })
      }
      if (url === `${base}/keys`) {
        if (answered === 'unreachable') return undefined
        if (answered !== undefined) return new Response('', { status: answered })
      }
      if (url === `${base}/keys`) return jwks(given, published.get(issuer) ?? [{ key: 'rsaA' }])
    }
    return undefined
  }

  return {
    requests,
    otherRequests: () => requests.filter((request) => !/openid-configuration$|\/keys$/.test(request)),
    jwksFetches: () => requests.filter((request) => request.endsWith('/keys')).length,
    answerWith(status) {
      answered = status
    },
    publish(keys) {
      const all = keys.map((key) => ({ key }))
      for (const issuer of issuers) published.set(issuer, all)
    },
    async fetch(url, init) {
      requests.push(`GET ${url}`)
      const stub = stubs[`GET ${url}`]
      if (stub !== undefined) return answer(stub, init.headers)
      const response = await own(url)
      if (response === undefined) throw new TypeError('unreachable')
      return response
    },
  }
}

function hasDiscovery(stubs: Readonly<Record<string, StubbedAnswer>>): boolean {
  return Object.keys(stubs).some((request) => request.endsWith('/.well-known/openid-configuration'))
}

async function jwks(given: Given, published: readonly PublishedKey[]): Promise<Response> {
  const { jwksStatus, jwksBody, jwksCacheControl } = given
  if (jwksStatus !== undefined) return new Response('', { status: Number(jwksStatus) })
  if (typeof jwksBody === 'string') return new Response(jwksBody)
  const keys = await Promise.all(
    published.map(async ({ key, ...members }) => {
      const { kid, alg, jwk } = await keyNamed(key)
      return { ...jwk, kid, alg, use: 'sig', ...members }
    }),
  )
  const headers = typeof jwksCacheControl === 'string' ? { 'cache-control': jwksCacheControl } : {}
  return Response.json({ keys }, { headers })
}

async function answer(
  { networkError, expectRequestHeaders = {}, status = 200, json, body = '', bodyJwt }: StubbedAnswer,
  headers: Readonly<Record<string, string>>,
): Promise<Response> {
  if (networkError === true) throw new TypeError('fetch failed')
  const sent = new Headers(headers)
  for (const [name, value] of Object.entries(expectRequestHeaders)) {
    if (sent.get(name) !== value) throw new TypeError(`the request lacks ${name}`)
  }
  if (json !== undefined) return Response.json(json, { status })
  return new Response(bodyJwt === undefined ? body : await tokenOf(bodyJwt), { status })
}
