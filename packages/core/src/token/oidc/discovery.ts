import type { Clock } from '../../internal/clock.ts'
import type { GetFetch } from '../../internal/http/get-fetch.ts'
import { getText } from '../../internal/http/get-text.ts'
import { isJsonObject, member } from '../jwt/read-jwt.ts'
import { quoted } from '../../internal/quote.ts'

/** Where an issuer says what there is to know about it. */
export interface DiscoveryTarget {
  /** What the issuer has to call itself. */
  readonly url: string
  /** Where the document is; `''` where it follows from the URL. */
  readonly discoveryURL: string
}

/** What reading the documents of issuers needs. */
export interface DiscoveryOptions {
  readonly fetch: GetFetch
  readonly clock: Clock
  readonly timeoutSeconds: number
}

const MAX_BYTES = 1_048_576

/** The address of the discovery document (OpenID Connect Discovery 1.0 section 4). */
export function discoveryUrlOf({ url, discoveryURL }: DiscoveryTarget): string {
  return discoveryURL === '' ? `${url.replace(/\/$/, '')}/.well-known/openid-configuration` : discoveryURL
}

/**
 * Finds out where the keys of an issuer are.
 *
 * Source: OpenID Connect Discovery 1.0 sections 4.1 to 4.3; coreos/go-oidc `oidc/oidc.go` (`NewProvider`).
 *
 * @returns the URL of its JWK set.
 * @throws {Error} when the issuer does not say, or calls itself otherwise.
 */
export async function discoverJwksUri(target: DiscoveryTarget, options: DiscoveryOptions): Promise<string> {
  const headers = { accept: 'application/json' }
  const { status, text } = await getText(discoveryUrlOf(target), { ...options, headers, maxBytes: MAX_BYTES })
  if (status !== 200) throw new Error(`the discovery document cannot be had: HTTP status ${status}`)
  const document = objectOf(text)
  const issuer = member(document, 'issuer') ?? ''
  if (issuer !== target.url) {
    const found = typeof issuer === 'string' ? quoted(issuer.slice(0, MAX_SHOWN)) : 'no text'
    throw new Error(
      `oidc: issuer did not match the issuer returned by provider, expected ${quoted(target.url)} got ${found}`,
    )
  }
  const jwksUri = member(document, 'jwks_uri') ?? ''
  if (jwksUri === '') throw new Error('oidc: provider did not return JWKS URL')
  if (typeof jwksUri !== 'string' || !isHttpsUrl(jwksUri)) throw new Error('jwks_uri is no https URL')
  return jwksUri
}

/** Characters of another's name in a message. */
const MAX_SHOWN = 256

function objectOf(text: string): Readonly<Record<string, unknown>> {
  let document: unknown
  try {
    document = JSON.parse(text)
  } catch {
    // What the parser says repeats a part of the text.
  }
  if (!isJsonObject(document)) throw new Error('the discovery document is no JSON object')
  return document
}

function isHttpsUrl(text: string): boolean {
  return /^https:\/\//i.test(text) && URL.canParse(text)
}
