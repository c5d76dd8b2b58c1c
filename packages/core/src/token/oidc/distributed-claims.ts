import type { JsonObject } from '../../internal/objects.ts'
import type { Awaitable } from '../../internal/awaitable.ts'
import type { Context } from '../../authenticator/context.ts'
import { isAuthenticationError, rejected, unavailable } from '../../authenticator/errors.ts'
import { withFault } from '../../internal/http/fault.ts'
import { getText } from '../../internal/http/get-text.ts'
import type { KeySet } from '../jwt/key-set.ts'
import { readJwt } from '../jwt/read-jwt.ts'
import { quoted } from '@kube-authn/internal/quote'
import { type DiscoveryOptions, provider, type Provider } from './provider.ts'
import {
  type ClaimSource,
  issuerNamed,
  type RegisteredClaims,
  type TokenRules,
  verifyToken,
  wrapped,
} from './verify-token.ts'

/** The abort signal for fetches. It is read only if something is fetched. */
type Waiting = Pick<Context, 'signal'>

/** Options of {@link distributedClaims}. */
export interface DistributedClaimsOptions extends DiscoveryOptions {
  /** The groups claim, the only one that is resolved. */
  readonly claim: string
  readonly rules: TokenRules
  /** The issuer of the token itself, which often issues the distributed claims too. */
  readonly issuer: string
  readonly provider: Provider
}

/** Enough for any accepted token. */
const MAX_BYTES = 65_536
/** How many other issuers are remembered; the least recently used is dropped first. */
const MAX_ISSUERS = 16

/**
 * Resolves groups from distributed claims (OpenID Connect Core 1.0 section 5.6.2): the endpoint that a token names returns another token,
 * of any issuer, which is verified by the same rules. Results are not cached.
 *
 * Source: apiserver `plugin/pkg/authenticator/token/oidc/oidc.go` (`claimResolver`).
 *
 * Deviation: https only, responses of at most 64 KiB, and 16 issuers are remembered besides the configured one (`docs/deviations.md`,
 * requests to issuers).
 */
export function distributedClaims(
  options: DistributedClaimsOptions,
): (claims: JsonObject, registered: RegisteredClaims, context: Waiting) => Awaitable<JsonObject> {
  const { claim, rules } = options
  const providerOf = providers(options)

  /** Fetches the token of a source, verifies it and returns the claim in it. */
  const resolve = async (source: ClaimSource, context: Waiting): Promise<unknown> => {
    const endpoint = quoted(source.endpoint)
    const jwt = readJwt(await fetchJwt(source, options, context))
    if (jwt === undefined) {
      const what = `getting untrusted issuer from endpoint ${endpoint} failed for claim ${quoted(claim)}`
      throw rejected(`${what}: malformed token`)
    }
    const issuer = issuerNamed(jwt.issuer)
    const keySet = await keySetOf(providerOf(issuer), quoted(issuer))
    try {
      await verifyToken(jwt, keySet, rules)
    } catch (error) {
      throw wrapped('verify distributed claim token', error)
    }
    if (!Object.hasOwn(jwt.claims, claim)) {
      throw rejected(`jwt returned by distributed claim endpoint ${endpoint} did not contain claim: ${claim}`)
    }
    return jwt.claims[claim]
  }

  const expand = async (claims: JsonObject, source: ClaimSource | undefined, context: Waiting) => {
    try {
      if (!Object.hasOwn(claims, '_claim_sources')) throw rejected('oidc: no claim sources')
      // A source without an endpoint is an aggregated claim, which Kubernetes does not read either.
      if (source === undefined || source.endpoint === '') return claims
      return { ...claims, [claim]: await resolve(source, context) }
    } catch (error) {
      throw wrapped('oidc: could not expand distributed claims', error)
    }
  }

  return (claims, { distributed }, context) => {
    // A claim in the token itself takes precedence.
    if (Object.hasOwn(claims, claim) || !Object.hasOwn(claims, '_claim_names')) return claims
    return expand(claims, distributed.get(claim), context)
  }
}

/** Finds the provider of an issuer: that of the token itself, or one of the others that are remembered. */
function providers(options: DistributedClaimsOptions): (issuer: string) => Provider {
  /** Least recently used first. */
  const others = new Map<string, Provider>()
  return (issuer) => {
    if (issuer === options.issuer) return options.provider
    if (!issuer.startsWith('https://')) {
      throw rejected(`verifying untrusted issuer ${quoted(issuer)} failed: not an https URL`)
    }
    const found =
      others.get(issuer) ?? provider({ url: issuer, discoveryURL: '' }, { ...options, isEager: false })
    others.delete(issuer)
    others.set(issuer, found)
    const [oldest = ''] = others.keys()
    if (others.size > MAX_ISSUERS) others.delete(oldest)
    return found
  }
}

async function fetchJwt(
  { endpoint, accessToken }: ClaimSource,
  { claim, fetch, clock, timeoutSeconds }: DistributedClaimsOptions,
  { signal }: Waiting,
): Promise<string> {
  const what = `while getting distributed claim ${quoted(claim)}`
  // fetch() would repeat an invalid header value in its error.
  if (!/^[\t\x20-\x7e]*$/.test(accessToken)) {
    throw rejected(`${what}: invalid header field value for "Authorization"`)
  }
  const headers = accessToken === '' ? {} : { authorization: `Bearer ${accessToken}` }
  let response
  try {
    response = await getText(endpoint, { fetch, clock, timeoutSeconds, maxBytes: MAX_BYTES, headers, signal })
  } catch (thrown) {
    throw unavailable(withFault(what, thrown, [accessToken]))
  }
  const { status, text } = response
  if (status >= 200 && status <= 226) return text.trim()
  throw unavailable(`${what}: error while getting distributed claim JWT: HTTP status ${status}`)
}

async function keySetOf(issuerProvider: Provider, name: string): Promise<KeySet> {
  try {
    return await issuerProvider.keySet()
  } catch (error) {
    if (!isAuthenticationError(error)) throw error
    const message = `verifying untrusted issuer ${name} failed: verifier not initialized for issuer: ${name}`
    throw unavailable(message, { cause: error })
  }
}
