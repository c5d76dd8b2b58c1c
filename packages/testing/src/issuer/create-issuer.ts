import { aClock, anything, aString, systemClock } from '@kube-authn/core/internal'
import { checkOptions, listOf, type OptionsShape } from '@kube-authn/core/adapter'
import { fakeService } from '../service/fake-service.ts'
import type { Issuer, IssuerOptions } from './issuer.ts'

const shape: OptionsShape<IssuerOptions> = {
  url: aString,
  signingAlgorithms: listOf(aString),
  cacheControl: aString,
  metadata: anything,
  clock: aClock,
}

/**
 * Creates an OpenID Connect issuer with new keys, for tests. Use its `fetch` without a network, its `handle` in any server, or `listen` of
 * `@kube-authn/testing/node` over TLS.
 *
 * It has no login: a test signs the tokens that it needs.
 *
 * Source: OpenID Connect Discovery 1.0, RFC 7517, RFC 7519.
 *
 * @example
 * const issuer = await createIssuer({ signingAlgorithms: ['ES256'] })
 * const token = await issuer.sign({ aud: 'my-app', sub: 'jane', groups: ['developers'] })
 * await issuer.rotate({ withdrawOthers: true }) // the token becomes invalid once verifiers fetch the keys
 * issuer.stop() // but they cannot
 */
export async function createIssuer(options: IssuerOptions = {}): Promise<Issuer> {
  checkOptions(shape, options)
  const { url = 'https://issuer.example.com', signingAlgorithms = ['RS256'], cacheControl } = options
  const { metadata = {}, clock = systemClock } = options
  // Loaded when needed, like the certificate library.
  const { keyRing } = await import('./key-ring.ts')
  const ring = await keyRing(signingAlgorithms)
  const jwksHeaders = {
    'content-type': 'application/jwk-set+json',
    ...(cacheControl !== undefined && { 'cache-control': cacheControl }),
  }
  const endpoints = claimsEndpoints((claims) => issuer.sign(claims))
  const at = (path: string): string => service.url.replace(/\/$/, '') + path

  const service = fakeService(url, async (request, path) => {
    if (request.method !== 'GET') return new Response(null, { status: 405, headers: { allow: 'GET' } })
    const folder = new URL(service.url).pathname.replace(/\/$/, '')
    if (!path.startsWith(`${folder}/`)) return new Response(null, { status: 404 })
    switch (path.slice(folder.length)) {
      case '/.well-known/openid-configuration':
        return Response.json(description())
      case '/jwks':
        return Response.json(await ring.publicKeys(), { headers: jwksHeaders })
      default:
        return endpoints.answer(request, path.slice(folder.length))
    }
  })

  const description = (): object => ({
    issuer: service.url,
    jwks_uri: issuer.jwksUri,
    response_types_supported: ['id_token'],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: ring.publishedAlgorithms(),
    ...metadata,
  })

  const issuer: Issuer = {
    ...service,
    get url() {
      return service.url
    },
    get jwksUri() {
      return at('/jwks')
    },
    keys: ring.keys,
    sign(claims, { expirationSeconds = 3600, ...how } = {}) {
      const now = Math.floor(clock.now() / 1000)
      return ring.sign({ iss: service.url, iat: now, exp: now + expirationSeconds, ...claims }, how)
    },
    rotate: (rotation) => ring.rotate(rotation),
    publish: (kid) => ring.publish(kid, true),
    withdraw: (kid) => ring.publish(kid, false),
    distributedClaims(names, claims, { accessToken = '' } = {}) {
      const endpoint = at(endpoints.keep(claims, accessToken))
      const source = { endpoint, ...(accessToken !== '' && { access_token: accessToken }) }
      return {
        _claim_names: Object.fromEntries(names.map((name) => [name, endpoint])),
        _claim_sources: { [endpoint]: source },
      }
    },
  }
  return issuer
}

type Claims = Readonly<Record<string, unknown>>

/** @param sign signs the JWT, again for each request, so that it never expires. */
function claimsEndpoints(sign: (claims: Claims) => Promise<string>) {
  const kept = new Map<string, { readonly claims: Claims; readonly accessToken: string }>()
  return {
    /** Adds an endpoint for claims, and returns its path below the issuer's. */
    keep(claims: Claims, accessToken: string): string {
      const path = `/claims/${kept.size + 1}`
      kept.set(path, { claims, accessToken })
      return path
    },
    async answer(request: Request, path: string): Promise<Response> {
      const found = kept.get(path)
      if (found === undefined) return new Response(null, { status: 404 })
      const { claims, accessToken } = found
      if (accessToken !== '' && request.headers.get('authorization') !== `Bearer ${accessToken}`) {
        return new Response(null, { status: 401, headers: { 'www-authenticate': 'Bearer' } })
      }
      return new Response(await sign(claims), { headers: { 'content-type': 'application/jwt' } })
    },
  }
}
