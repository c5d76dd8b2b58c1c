import { isObject, member } from '../../internal/objects.ts'
import type { Clock } from '../../internal/clock.ts'
import type { GetFetch } from '../../internal/http/get-fetch.ts'
import { getText } from '../../internal/http/get-text.ts'
import { quoted } from '@kube-authn/internal/quote'

/** An issuer to discover. */
export interface DiscoveryTarget {
  /** The issuer URL, which the document must repeat. */
  readonly url: string
  /** URL of the discovery document; `''`: derived from `url`. */
  readonly discoveryURL: string
}

/** Options of {@link discoverJwksUri}. */
export interface DiscoveryOptions {
  readonly fetch: GetFetch
  readonly clock: Clock
  readonly timeoutSeconds: number
}

const MAX_BYTES = 1_048_576

/** The URL of the discovery document (OpenID Connect Discovery 1.0 section 4). */
export function discoveryUrlOf({ url, discoveryURL }: DiscoveryTarget): string {
  return discoveryURL === '' ? `${url.replace(/\/$/, '')}/.well-known/openid-configuration` : discoveryURL
}

/**
 * Reads the URL of the JWK set from the discovery document.
 *
 * Source: OpenID Connect Discovery 1.0 sections 4.1 to 4.3; coreos/go-oidc `oidc/oidc.go` (`NewProvider`).
 *
 * @returns the URL of its JWK set.
 * @throws {Error} if the document has no `jwks_uri` or names another issuer.
 */
export async function discoverJwksUri(target: DiscoveryTarget, options: DiscoveryOptions): Promise<string> {
  const headers = { accept: 'application/json' }
  const { status, text } = await getText(discoveryUrlOf(target), { ...options, headers, maxBytes: MAX_BYTES })
  if (status !== 200) throw new Error(`fetching the discovery document failed: HTTP status ${status}`)
  const document = objectOf(text)
  const issuer = member(document, 'issuer') ?? ''
  if (issuer !== target.url) {
    const found =
      typeof issuer === 'string' ? quoted(issuer.slice(0, MAX_SHOWN)) : 'a value that is not a string'
    throw new Error(
      `oidc: issuer did not match the issuer returned by provider, expected ${quoted(target.url)} got ${found}`,
    )
  }
  const jwksUri = member(document, 'jwks_uri') ?? ''
  if (jwksUri === '') throw new Error('oidc: provider did not return JWKS URL')
  if (typeof jwksUri !== 'string' || !isHttpsUrl(jwksUri)) throw new Error('jwks_uri is not an https URL')
  return jwksUri
}

/** Maximum characters of a foreign issuer name in an error. */
const MAX_SHOWN = 256

function objectOf(text: string): Readonly<Record<string, unknown>> {
  let document: unknown
  try {
    document = JSON.parse(text)
  } catch {
    // The parser error would repeat a part of the document.
  }
  if (!isObject(document)) throw new Error('the discovery document is not a JSON object')
  return document
}

function isHttpsUrl(text: string): boolean {
  return /^https:\/\//i.test(text) && URL.canParse(text)
}
