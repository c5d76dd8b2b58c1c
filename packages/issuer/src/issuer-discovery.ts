import type { ConfigurationProblem } from '@kube-authn/core'
import { checkOptions, type OptionsShape, required } from '@kube-authn/core/adapter'
import { aString, refuseProblems } from '@kube-authn/core/internal'
import {
  type VerificationKey,
  aKeySource,
  type KeySource,
  keysOf,
  maxAgeOf,
} from '@kube-authn/core/service-account'

/** Options of {@link issuerDiscovery}. */
export interface IssuerDiscoveryOptions {
  /** The issuer of tokens (the first `--service-account-issuer`): an https URL without query and fragment. */
  readonly issuer: string
  /** The verification keys. Those with `excludedFromDiscovery` are not published. */
  readonly keys: KeySource
  /** The https URL of the keys (`--service-account-jwks-uri`). Default: `/openid/v1/jwks` at the external address. */
  readonly jwksUri?: string
  /** Host and port of this server (`--external-hostname`). */
  readonly externalAddress?: string
}

const shape: OptionsShape<IssuerDiscoveryOptions> = {
  issuer: required(aString),
  keys: required(aKeySource),
  jwksUri: aString,
  externalAddress: aString,
}

/** A document with its response headers. */
export interface DiscoveryDocument {
  readonly headers: Readonly<Record<'content-type' | 'cache-control', string>>
  /** JSON. */
  readonly body: string
}

/** The discovery documents of an issuer. */
export interface IssuerDiscovery {
  /** The document at exactly this path, without a query; `undefined` for other paths. It has the current keys. */
  documentAt(path: string): DiscoveryDocument | undefined
}

/** The path of the OpenID configuration. */
export const OPENID_CONFIGURATION_PATH = '/.well-known/openid-configuration'
/** The path of the JWK set. */
export const JWKS_PATH = '/openid/v1/jwks'

/**
 * The documents that third parties need to verify tokens of this issuer: the OpenID configuration (OpenID Connect Discovery 1.0) and a
 * JWK set with the public members of the keys. The app must authorize access to them.
 *
 * Source: kubernetes `pkg/serviceaccount/openidmetadata.go`, `pkg/routes/openidmetadata.go`; KEP-1393.
 *
 * @throws {ConfigurationError} if valid documents cannot be built from the options. Tokens can be issued nevertheless.
 * @example
 * const { documentAt } = issuerDiscovery({ issuer, keys, externalAddress: 'api.example.com' })
 * const document = documentAt(new URL(request.url).pathname)
 */
export function issuerDiscovery(options: IssuerDiscoveryOptions): IssuerDiscovery {
  checkOptions(shape, options)
  const { issuer, keys, jwksUri = '', externalAddress = '' } = options
  const keysAt = jwksUri === '' && externalAddress !== '' ? `https://${externalAddress}${JWKS_PATH}` : jwksUri
  const problems: ConfigurationProblem[] = []
  if (!isHttpsUrl(issuer) || /[?#]/.test(issuer)) {
    problems.push({ path: 'issuer', message: 'must be an https URL without query and fragment' })
  }
  // Any of these characters would change the path of the keys.
  const isAddress = jwksUri !== '' || !/[/\\?#@]/.test(externalAddress)
  if (!isHttpsUrl(keysAt) || !isAddress) {
    const path = jwksUri === '' ? 'externalAddress' : 'jwksUri'
    problems.push({ path, message: path === 'jwksUri' ? 'must be an https URL' : 'must be a host and port' })
  }
  const published = (): readonly VerificationKey[] =>
    keysOf(keys).filter(({ excludedFromDiscovery }) => excludedFromDiscovery !== true)
  if (published().length === 0) {
    problems.push({ path: 'keys', message: 'no keys provided for validating keyset' })
  }
  refuseProblems(problems)

  return {
    documentAt(path) {
      switch (path) {
        case OPENID_CONFIGURATION_PATH:
          return documentOf('application/json', maxAgeOf(keys), {
            issuer,
            jwks_uri: keysAt,
            response_types_supported: ['id_token'],
            subject_types_supported: ['public'],
            id_token_signing_alg_values_supported: [...new Set(published().map(({ alg }) => alg))].toSorted(),
          })
        case JWKS_PATH:
          return documentOf('application/jwk-set+json', maxAgeOf(keys), {
            keys: distinct(published().map(publishedKey)),
          })
        default:
          return undefined
      }
    },
  }
}

/** A key may be given twice: as the one that signs, and among those that verify. */
function distinct(keys: readonly object[]): readonly object[] {
  return [...new Map(keys.map((key) => [JSON.stringify(key), key])).values()]
}

/** Members in the order of go-jose, so that the document is byte-identical. */
function publishedKey({ kid, alg, jwk }: VerificationKey): object {
  if (jwk.kty === 'RSA') return { use: 'sig', kty: jwk.kty, kid, alg, n: jwk.n, e: jwk.e }
  return { use: 'sig', kty: jwk.kty, kid, crv: jwk.crv, alg, x: jwk.x, y: jwk.y }
}

function isHttpsUrl(text: string): boolean {
  // The URL parser ignores white space, but the original string is compared and sent.
  return text.startsWith('https://') && !/\s/.test(text) && URL.canParse(text)
}

function documentOf(contentType: string, maxAgeSeconds: number, content: unknown): DiscoveryDocument {
  const cacheControl = `public, max-age=${maxAgeSeconds}`
  return Object.freeze({
    headers: Object.freeze({ 'content-type': contentType, 'cache-control': cacheControl }),
    body: JSON.stringify(content),
  })
}
