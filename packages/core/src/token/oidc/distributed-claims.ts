import type { Awaitable } from '../../internal/awaitable.ts'
import { type Context, emptyContext } from '../../authenticator/context.ts'
import { isAuthenticationError, rejected, unavailable } from '../../authenticator/errors.ts'
import { withFault } from '../../internal/http/fault.ts'
import { getText } from '../../internal/http/get-text.ts'
import type { KeySet } from '../jwt/key-set.ts'
import { type JsonObject, readJwt } from '../jwt/read-jwt.ts'
import { quoted } from '../../internal/quote.ts'
import type { DiscoveryOptions } from './discovery.ts'
import { issuerNamed } from './issuer-alias.ts'
import { provider, type Provider } from './provider.ts'
import type { ClaimSource, RegisteredClaims } from './registered-claims.ts'
import { type TokenRules, verifyToken, wrapped } from './verify-token.ts'

/** A `signal` that ends what is fetched. It is read only where something is. */
type Waiting = Pick<Context, 'signal'>

/** Fetches a claim that a token says is elsewhere. */
export interface DistributedClaims {
  /**
   * The claims with the one that is elsewhere among them; the same ones where there is nothing to fetch.
   *
   * @throws {AuthenticationError}
   */
  expand(claims: JsonObject, registered: RegisteredClaims, context?: Waiting): Awaitable<JsonObject>
}

/** What distributed claims are fetched and verified with. */
export interface DistributedClaimsOptions extends DiscoveryOptions {
  /** The claim of groups; no other is looked for elsewhere. */
  readonly claim: string
  readonly rules: TokenRules
  /** The issuer of the token itself, which often issues these too. */
  readonly issuer: string
  readonly provider: Provider
}

/** A token has to fit in here. */
const MAX_BYTES = 65_536
/** Other issuers that are remembered; the one that was not used for longest goes first. */
const MAX_ISSUERS = 16

/**
 * Resolves groups that an issuer keeps elsewhere (OpenID Connect Core 1.0 section 5.6.2): the endpoint that a token names answers with
 * another token, of whichever issuer, which is verified by the same rules. Nothing of it is kept.
 *
 * Source: apiserver `plugin/pkg/authenticator/token/oidc/oidc.go` (`claimResolver`).
 *
 * Deviation: https only, answers of at most 64 KiB, and 16 issuers are remembered besides the configured one (`docs/deviations.md`, requests to
 * issuers).
 */
export function distributedClaims(options: DistributedClaimsOptions): DistributedClaims {
  const { claim, rules, fetch, clock, timeoutSeconds } = options
  /** In the order of their last use. */
  const others = new Map<string, Provider>()

  const providerOf = (issuer: string): Provider => {
    if (issuer === options.issuer) return options.provider
    if (!issuer.startsWith('https://')) {
      throw rejected(`verifying untrusted issuer ${quoted(issuer)} failed: it is no https URL`)
    }
    const found =
      others.get(issuer) ?? provider({ url: issuer, discoveryURL: '' }, { ...options, isEager: false })
    others.delete(issuer)
    others.set(issuer, found)
    const [oldest = ''] = others.keys()
    if (others.size > MAX_ISSUERS) others.delete(oldest)
    return found
  }

  const fetchJwt = async (source: ClaimSource, { signal }: Waiting): Promise<string> => {
    const { endpoint, accessToken } = source
    const what = `while getting distributed claim ${quoted(claim)}`
    // What sends it would repeat it in its error.
    if (!/^[\t\x20-\x7e]*$/.test(accessToken)) {
      throw rejected(`${what}: invalid header field value for "Authorization"`)
    }
    const headers = accessToken === '' ? {} : { authorization: `Bearer ${accessToken}` }
    const common = { fetch, clock, timeoutSeconds, maxBytes: MAX_BYTES }
    let response
    try {
      response = await getText(endpoint, { ...common, headers, signal })
    } catch (thrown) {
      throw unavailable(withFault(what, thrown, [accessToken]))
    }
    const { status, text } = response
    if (status >= 200 && status <= 226) return text.trim()
    throw unavailable(`${what}: error while getting distributed claim JWT: HTTP status ${status}`)
  }

  const resolve = async (source: ClaimSource, context: Waiting): Promise<unknown> => {
    const endpoint = quoted(source.endpoint)
    const jwt = readJwt(await fetchJwt(source, context))
    if (jwt === undefined) {
      const what = `getting untrusted issuer from endpoint ${endpoint} failed for claim ${quoted(claim)}`
      throw rejected(`${what}: malformed token`)
    }
    const issuer = issuerNamed(jwt.issuer)
    const keySet = await keySetOf(providerOf(issuer), issuer)
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

  const expand = async (
    claims: JsonObject,
    { distributed }: RegisteredClaims,
    context: Waiting,
  ): Promise<JsonObject> => {
    try {
      if (!Object.hasOwn(claims, '_claim_sources')) throw rejected('oidc: no claim sources')
      const source = distributed.get(claim)
      // Without an endpoint a source has the claim in a form that is not read.
      if (source === undefined || source.endpoint === '') return claims
      return { ...claims, [claim]: await resolve(source, context) }
    } catch (error) {
      throw wrapped('oidc: could not expand distributed claims', error)
    }
  }

  return {
    expand(claims, registered, context = emptyContext) {
      // What the token says itself counts.
      if (Object.hasOwn(claims, claim) || !Object.hasOwn(claims, '_claim_names')) return claims
      return expand(claims, registered, context)
    },
  }
}

async function keySetOf(issuerProvider: Provider, issuer: string): Promise<KeySet> {
  try {
    return await issuerProvider.keySet()
  } catch (error) {
    if (!isAuthenticationError(error)) throw error
    const name = quoted(issuer)
    const message = `verifying untrusted issuer ${name} failed: verifier not initialized for issuer: ${name}`
    throw unavailable(message, { cause: error })
  }
}
