import type { ConfigurationProblem } from '../../authenticator/errors.ts'
import type { VerificationKey } from '../jwt/verification-key.ts'
import {
  aString,
  checkOptions,
  type OptionsShape,
  refuseProblems,
  required,
} from '../../internal/options/index.ts'
import { aKeySource, keysOf, type KeySource, maxAgeOf } from './key-source.ts'

/** Options of {@link issuerDiscovery}. */
export interface IssuerDiscoveryOptions {
  /** Who issues tokens (the first `--service-account-issuer`): an https URL without query and fragment. */
  readonly issuer: string
  /** What tokens are verified with. Keys that are `excludedFromDiscovery` are left out. */
  readonly keys: KeySource
  /** Where the keys are found (`--service-account-jwks-uri`): https. Default: `/openid/v1/jwks` at the external address. */
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

/** A document, ready to be sent. */
export interface DiscoveryDocument {
  readonly headers: Readonly<Record<'content-type' | 'cache-control', string>>
  /** JSON. */
  readonly body: string
}

/** The documents that others verify tokens with. */
export interface IssuerDiscovery {
  /** The document at exactly this path, without a query; `undefined` at any other. It tells the keys there are by now. */
  documentAt(path: string): DiscoveryDocument | undefined
}

/** Where the description of the issuer is. */
export const OPENID_CONFIGURATION_PATH = '/.well-known/openid-configuration'
/** Where the keys are. */
export const JWKS_PATH = '/openid/v1/jwks'

/**
 * What others need to verify the tokens of this issuer: its description (OpenID Connect Discovery 1.0) and its keys as a JWK set, of which
 * only public members are told. Whether a caller may read them is for others to say.
 *
 * Source: kubernetes `pkg/serviceaccount/openidmetadata.go`, `pkg/routes/openidmetadata.go`; KEP-1393.
 *
 * @throws {ConfigurationError} when the documents cannot be: others could not use them. Tokens can be issued nevertheless.
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
  // With anything else in the address the keys would be elsewhere.
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
            keys: published().map(publishedKey),
          })
        default:
          return undefined
      }
    },
  }
}

/** In the order of go-jose, so that the document is the same to the byte. */
function publishedKey({ kid, alg, jwk }: VerificationKey): object {
  if (jwk.kty === 'RSA') return { use: 'sig', kty: jwk.kty, kid, alg, n: jwk.n, e: jwk.e }
  return { use: 'sig', kty: jwk.kty, kid, crv: jwk.crv, alg, x: jwk.x, y: jwk.y }
}

function isHttpsUrl(text: string): boolean {
  // The parser forgives white space, which the text that is compared and sent would still have.
  return text.startsWith('https://') && !/\s/.test(text) && URL.canParse(text)
}

function documentOf(contentType: string, maxAgeSeconds: number, content: unknown): DiscoveryDocument {
  const cacheControl = `public, max-age=${maxAgeSeconds}`
  return Object.freeze({
    headers: Object.freeze({ 'content-type': contentType, 'cache-control': cacheControl }),
    body: JSON.stringify(content),
  })
}
