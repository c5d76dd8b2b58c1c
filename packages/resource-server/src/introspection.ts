import {
  type Authentication,
  type AuthenticationError,
  type Context,
  rejected,
  type TokenAuthenticator,
  unavailable,
  userInfo,
} from '@kube-authn/core'
import { aBoolean, aNonEmptyString, type OptionsShape, required, wholeNumber } from '@kube-authn/core/adapter'
import {
  CLIENT_ID_KEY,
  isAuthenticationError,
  isObject,
  type JsonObject,
  member,
  strictJson,
  systemClock,
  withFault,
  aString,
  atLeast,
  either,
  must,
  nonEmptyListOf,
  optionProblems,
  refuseProblems,
  requireConfirmation,
  withFurtherProblems,
  type WebhookFetchInit,
  WebhookCallError,
} from '@kube-authn/core/internal'
import {
  type ClientAuthenticationOptions,
  clientAuthenticationShape,
  scopesOfClaim,
} from '@kube-authn/core/oidc'
import { type WebhookCallOptions, webhookCallShape, webhookCall, cached } from '@kube-authn/core/remote'
import { CREDENTIAL_ID_KEY } from '@kube-authn/core/service-account'
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
 * A token that is not active results in no opinion. One of another issuer or for another audience, one that is no access token, and one that is bound to a certificate or a key that the request does not prove, is `rejected`. If the
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
  const userOfAnswer = answerReader(options)

  const call = webhookCall(
    { ...options, timeoutSeconds, fetch: (url, init) => fetch(url, { ...init, ...sentAs(init.body) }) },
    { title: TITLE, isTransientStatus: (status) => status === 429 || status >= 500 },
  )

  const introspecting: TokenAuthenticator = {
    name: options.name ?? 'introspection',
    async authenticateToken(token, context) {
      const { signal } = context
      // A form cannot represent ill-formed strings.
      if (!token.isWellFormed()) return undefined
      let secrets = spelled([token])
      try {
        const form = { token, token_type_hint: 'access_token' }
        const request = await authenticatedForm(form, options)
        secrets = [...secrets, ...request.secrets]
        return await userOfAnswer(await call(JSON.stringify(request), { signal }), clock.now(), context)
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

/** Neither what the endpoint answered nor what `fetch` threw is shown: both may repeat what was sent. */
function failureOf(thrown: unknown, secrets: readonly string[]): AuthenticationError {
  if (isAuthenticationError(thrown)) return thrown
  if (!(thrown instanceof WebhookCallError)) return unavailable(`${TITLE} could not be called`)
  const { message, cause, busySeconds } = thrown
  if (busySeconds !== undefined) return unavailable(message, { retryAfterSeconds: busySeconds })
  return unavailable(cause === undefined ? message : withFault(message, cause, secrets))
}

/** The name of the endpoint in errors. */
const TITLE = 'the introspection endpoint'

/**
 * Returns a function that returns the user of a token that an introspection endpoint knows; `undefined` if the token is not active.
 *
 * Source: RFC 7662 section 2.2 and 4 (which members must be checked), RFC 8705 section 3.2 and RFC 9449 section 6.2 (`cnf`).
 *
 * The function rejects with an {@link AuthenticationError}: `rejected` if the token is not for this server; `unavailable` if the answer cannot be used.
 */
function answerReader(
  options: IntrospectionOptions,
): (text: string, nowMs: number, context: Context) => Promise<Authentication | undefined> {
  const { issuer, audience, usernameClaim = 'sub', usernamePrefix = `${issuer}#` } = options
  const { groupsClaim, groupsPrefix = '', scopesClaim = 'scope', acceptUntyped = false } = options
  const audiences = audience === false ? undefined : [audience].flat()
  return async (text, nowMs, context) => {
    const answer = strictJson(text)
    if (!isObject(answer) || typeof member(answer, 'active') !== 'boolean') {
      throw unavailable(`${TITLE} gave no usable answer: it must be an object in JSON with the member active`)
    }
    if (member(answer, 'active') !== true) return undefined
    const expiresAtMs = timeOf(answer, 'exp')
    if (expiresAtMs !== undefined && expiresAtMs <= nowMs) return undefined
    const validFromMs = timeOf(answer, 'nbf')
    if (validFromMs !== undefined && validFromMs > nowMs + LEEWAY_MS) return undefined
    checkKind(answer)
    const iss = member(answer, 'iss')
    if (iss !== undefined && iss !== issuer) throw rejected('introspection: the token is of another issuer')
    const found = textsOf(answer, 'aud')
    if (audiences !== undefined && !audiences.some((each) => found.includes(each))) {
      throw rejected('introspection: the token is not for an audience of this server')
    }
    if (!acceptUntyped && expiresAtMs === undefined && KINDS.every((name) => textOf(answer, name) === '')) {
      throw rejected(
        'introspection: the answer has neither token_type nor exp, as of a refresh token; if your server leaves them out for access tokens, set acceptUntyped',
      )
    }
    if (Object.hasOwn(answer, 'cnf')) await requireConfirmation(context, answer['cnf'], 'introspection')
    const username = textOf(answer, usernameClaim)
    if (username === '')
      throw rejected(`introspection: the token has no claim ${JSON.stringify(usernameClaim)}`)
    if (usernameClaim === 'email' && member(answer, 'email_verified') === false) {
      throw rejected('introspection: email not verified')
    }
    const groups = groupsClaim === undefined ? [] : textsOf(answer, groupsClaim)
    const tokenId = textOf(answer, 'jti')
    const clientId = textOf(answer, 'client_id')
    const issuedAt = member(answer, 'iat')
    return {
      user: userInfo({
        username: usernamePrefix + username,
        groups: groups.map((group) => groupsPrefix + group),
        extra: {
          ...(tokenId !== '' && { [CREDENTIAL_ID_KEY]: [`JTI=${tokenId}`] }),
          ...(clientId !== '' && { [CLIENT_ID_KEY]: [clientId] }),
          ...scopesOfClaim(answer, scopesClaim),
        },
      }),
      ...(expiresAtMs !== undefined && { expiresAtMs }),
      ...(typeof issuedAt === 'number' && { issuedAtMs: issuedAt * 1000 }),
    }
  }
}

/** The clocks of both servers may differ. */
const LEEWAY_MS = 60_000

/**
 * Refuses what is not an access token. Servers also answer for refresh tokens and id tokens, which are never meant for a resource server (RFC 6749 section 1.5): ORY Hydra says so by
 * `token_use`, Keycloak by `typ`, and others leave out `token_type` and `exp`. A token of the type `DPoP` must say which key it is bound to (RFC 9449 section 6.2).
 */
function checkKind(answer: JsonObject): void {
  const type = textOf(answer, 'token_type').toLowerCase()
  const confirmation = member(answer, 'cnf')
  const isBoundToKey = isObject(confirmation) && Object.hasOwn(confirmation, 'jkt')
  if (type === 'dpop' ? !isBoundToKey : !['', 'bearer', 'access_token'].includes(type)) {
    throw rejected('introspection: the token is not a bearer token')
  }
  const use = textOf(answer, 'token_use').toLowerCase()
  if (!['', 'access_token'].includes(use) || OTHER_TYPES.has(textOf(answer, 'typ').toLowerCase())) {
    throw rejected('introspection: the token is not an access token')
  }
}

/** What says that it is an access token. */
const KINDS = ['token_type', 'token_use']

/** `typ` of tokens that are no access tokens, in lower case. */
const OTHER_TYPES: ReadonlySet<string> = new Set(['refresh', 'offline', 'id', 'logout', 'logout+jwt'])

function timeOf(answer: JsonObject, name: string): number | undefined {
  const value = member(answer, name)
  if (value === undefined) return undefined
  if (typeof value !== 'number' || !Number.isFinite(value)) throw malformed(name)
  return value * 1000
}

function textOf(answer: JsonObject, name: string): string {
  const value = member(answer, name) ?? ''
  if (typeof value !== 'string') throw malformed(name)
  return value
}

function textsOf(answer: JsonObject, name: string): readonly string[] {
  const value = member(answer, name) ?? []
  const values: readonly unknown[] = Array.isArray(value) ? value : [value]
  return values.map((each) => {
    if (typeof each !== 'string') throw malformed(name)
    return each
  })
}

function malformed(name: string): Error {
  return unavailable(`${TITLE} gave no usable answer: ${JSON.stringify(name)} has the wrong type`)
}
