import { type TokenAuthenticator, type AuthenticationError, unavailable } from '@kube-authn/core'
import { aBoolean, aNonEmptyString, type OptionsShape, required, wholeNumber } from '@kube-authn/core/adapter'
import {
  isAuthenticationError,
  systemClock,
  withFault,
  aString,
  atLeast,
  either,
  must,
  nonEmptyListOf,
  optionProblems,
  refuseProblems,
  withFurtherProblems,
  type WebhookFetchInit,
  WebhookCallError,
} from '@kube-authn/core/internal'
import { type ClientAuthenticationOptions, clientAuthenticationShape } from '@kube-authn/core/oidc'
import { type WebhookCallOptions, webhookCallShape, webhookCall, cached } from '@kube-authn/core/remote'
import { type AnswerRules, TITLE, userOfAnswer } from './introspection-answer.ts'
import {
  authenticatedForm,
  clientAuthenticationProblems,
  type ClientRequest,
  spelled,
} from './client-request.ts'

/** Options of {@link introspection}: the endpoint, how this server authenticates to it, and how an answer becomes a user. */
export interface IntrospectionOptions extends WebhookCallOptions, ClientAuthenticationOptions {
  /** The issuer of the tokens, an https URL. An answer with another `iss` is refused; it is the default prefix of usernames. */
  readonly issuer: string
  /**
   * The accepted audience, or several: `aud` of the answer must contain one of them. `false`: it is not checked, for a server that answers only for
   * tokens of this resource.
   */
  readonly audience: string | readonly string[] | false
  /** The member with the username. Default `sub`. */
  readonly usernameClaim?: string
  /** Prefix of usernames; `''` for none. Default: the issuer and `#`. */
  readonly usernamePrefix?: string
  /** The member with the groups: a string or a list. Default: no groups. */
  readonly groupsClaim?: string
  /** Prefix of groups. Default none: a token can then name `system:masters`. */
  readonly groupsPrefix?: string
  /** The member with the OAuth scopes, which become the extra `scopes`. Default `scope`. */
  readonly scopesClaim?: string
  /**
   * Also accept an answer that has neither `token_type` nor `exp`. Some servers answer so for refresh tokens, which are no access tokens and do not expire: set it only if yours does for access tokens.
   * Default `false`.
   */
  readonly acceptUntyped?: boolean
  /** How long a user is cached, but never beyond `exp`: for so long a revoked token remains valid. Default 10; 0 disables it. */
  readonly successTtlSeconds?: number
  /** How long it is cached that a token is not active. Default 10. */
  readonly failureTtlSeconds?: number
  /** How many users are cached, and separately how many tokens that are not active. Default 32,768. */
  readonly maxEntries?: number
  /** The name of the authenticator in events. Default `introspection`. */
  readonly name?: string
}

const shape: OptionsShape<IntrospectionOptions> = {
  ...webhookCallShape,
  ...clientAuthenticationShape,
  issuer: required(aNonEmptyString),
  audience: required(
    either(
      Array.isArray,
      nonEmptyListOf(aNonEmptyString),
      must(
        'must be a string, a list of strings or false',
        (value) => value === false || (typeof value === 'string' && value !== ''),
      ),
    ),
  ),
  usernameClaim: aNonEmptyString,
  usernamePrefix: aString,
  groupsClaim: aNonEmptyString,
  groupsPrefix: aString,
  scopesClaim: aNonEmptyString,
  acceptUntyped: aBoolean,
  successTtlSeconds: atLeast(0),
  failureTtlSeconds: atLeast(0),
  maxEntries: wholeNumber(1),
  name: aNonEmptyString,
}

/**
 * Authenticates opaque access tokens by asking the authorization server that issued them, and caches the results. Concurrent requests with the same
 * token share one call.
 *
 * A token that is not active results in no opinion. One of another issuer or for another audience, one that is no access token, and one that is bound to a key, is `rejected`. If the
 * endpoint gives no usable answer, the error is `unavailable`; this is not cached.
 *
 * Source: RFC 7662.
 *
 * @throws {ConfigurationError} if an option is invalid.
 * @example
 * const tokens = introspection({
 *   url: 'https://issuer.example.com/introspect',
 *   issuer: 'https://issuer.example.com',
 *   audience: 'https://api.example.com',
 *   clientId: 'my-api',
 *   clientSecret,
 * })
 */
export function introspection(options: IntrospectionOptions): TokenAuthenticator {
  refuseProblems(withFurtherProblems(optionProblems(shape, options), options, clientAuthenticationProblems))
  const { clock = systemClock, successTtlSeconds = 10, failureTtlSeconds = 10 } = options
  const { fetch = (url, init) => globalThis.fetch(url, init), timeoutSeconds = 10, maxEntries } = options
  const rules = rulesOf(options)

  const call = webhookCall(
    { ...options, timeoutSeconds, fetch: (url, init) => fetch(url, { ...init, ...sentAs(init.body) }) },
    { title: TITLE, isTransientStatus: (status) => status === 429 || status >= 500 },
  )

  const introspecting: TokenAuthenticator = {
    name: options.name ?? 'introspection',
    async authenticateToken(token, { signal }) {
      // A form cannot represent ill-formed strings.
      if (!token.isWellFormed()) return undefined
      let secrets = spelled([token])
      try {
        const form = { token, token_type_hint: 'access_token' }
        const request = await authenticatedForm(form, options)
        secrets = [...secrets, ...request.secrets]
        return userOfAnswer(await call(JSON.stringify(request), { signal }), rules, clock.now())
      } catch (thrown) {
        throw failureOf(thrown, secrets)
      }
    },
  }
  if (successTtlSeconds === 0 && failureTtlSeconds === 0) return introspecting
  return cached(introspecting, {
    successTtlSeconds,
    failureTtlSeconds,
    clock,
    // Longer than the timeout of the call, whose error is more specific.
    timeoutSeconds: timeoutSeconds + 5,
    ...(maxEntries !== undefined && { maxEntries }),
  })
}

/** A call posts a string, so the headers of a request are in it until it is sent. */
function sentAs(request: string): Pick<WebhookFetchInit, 'headers' | 'body'> {
  const { headers, body } = JSON.parse(request) as ClientRequest
  return { headers: { ...FORM, ...headers }, body }
}

const FORM = { accept: 'application/json', 'content-type': 'application/x-www-form-urlencoded' }

function rulesOf(options: IntrospectionOptions): AnswerRules {
  const { issuer, audience, usernameClaim = 'sub', groupsClaim, groupsPrefix = '' } = options
  return {
    issuer,
    audiences: audience === false ? undefined : [audience].flat(),
    usernameClaim,
    usernamePrefix: options.usernamePrefix ?? `${issuer}#`,
    groupsClaim,
    groupsPrefix,
    scopesClaim: options.scopesClaim ?? 'scope',
    acceptUntyped: options.acceptUntyped ?? false,
  }
}

/** Neither what the endpoint answered nor what `fetch` threw is shown: both may repeat what was sent. */
function failureOf(thrown: unknown, secrets: readonly string[]): AuthenticationError {
  if (isAuthenticationError(thrown)) return thrown
  if (!(thrown instanceof WebhookCallError)) return unavailable(`${TITLE} could not be called`)
  const { message, cause, busySeconds } = thrown
  if (busySeconds !== undefined) return unavailable(message, { retryAfterSeconds: busySeconds })
  return unavailable(cause === undefined ? message : withFault(message, cause, secrets))
}
