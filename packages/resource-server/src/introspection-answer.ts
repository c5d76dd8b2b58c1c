import { type Authentication, rejected, unavailable, userInfo } from '@kube-authn/core'
import { CLIENT_ID_KEY, isObject, type JsonObject, member, strictJson } from '@kube-authn/core/internal'
import { scopesOfClaim } from '@kube-authn/core/oidc'
import { CREDENTIAL_ID_KEY } from '@kube-authn/core/service-account'

/** The name of the endpoint in errors. */
export const TITLE = 'the introspection endpoint'

/** How an answer becomes a user. */
export interface AnswerRules {
  readonly issuer: string
  /** `undefined`: not checked. */
  readonly audiences: readonly string[] | undefined
  readonly usernameClaim: string
  readonly usernamePrefix: string
  readonly groupsClaim: string | undefined
  readonly groupsPrefix: string
  readonly scopesClaim: string
  readonly acceptUntyped: boolean
}

/**
 * The user of a token that an introspection endpoint knows; `undefined` if the token is not active.
 *
 * Source: RFC 7662 section 2.2 and 4 (which members must be checked).
 *
 * @throws {AuthenticationError} `rejected` if the token is not for this server; `unavailable` if the answer cannot be used.
 */
export function userOfAnswer(text: string, rules: AnswerRules, nowMs: number): Authentication | undefined {
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
  const issuer = member(answer, 'iss')
  if (issuer !== undefined && issuer !== rules.issuer)
    throw rejected('introspection: the token is of another issuer')
  const audiences = textsOf(answer, 'aud')
  if (rules.audiences !== undefined && !rules.audiences.some((each) => audiences.includes(each))) {
    throw rejected('introspection: the token is not for an audience of this server')
  }
  if (
    !rules.acceptUntyped &&
    expiresAtMs === undefined &&
    KINDS.every((name) => textOf(answer, name) === '')
  ) {
    throw rejected(
      'introspection: the answer has neither token_type nor exp, as of a refresh token; if your server leaves them out for access tokens, set acceptUntyped',
    )
  }
  const username = textOf(answer, rules.usernameClaim)
  if (username === '')
    throw rejected(`introspection: the token has no claim ${JSON.stringify(rules.usernameClaim)}`)
  if (rules.usernameClaim === 'email' && member(answer, 'email_verified') === false) {
    throw rejected('introspection: email not verified')
  }
  const { groupsClaim } = rules
  const groups = groupsClaim === undefined ? [] : textsOf(answer, groupsClaim)
  const tokenId = textOf(answer, 'jti')
  const clientId = textOf(answer, 'client_id')
  const issuedAt = member(answer, 'iat')
  return {
    user: userInfo({
      username: rules.usernamePrefix + username,
      groups: groups.map((group) => rules.groupsPrefix + group),
      extra: {
        ...(tokenId !== '' && { [CREDENTIAL_ID_KEY]: [`JTI=${tokenId}`] }),
        ...(clientId !== '' && { [CLIENT_ID_KEY]: [clientId] }),
        ...scopesOfClaim(answer, rules.scopesClaim),
      },
    }),
    ...(expiresAtMs !== undefined && { expiresAtMs }),
    ...(typeof issuedAt === 'number' && { issuedAtMs: issuedAt * 1000 }),
  }
}

/** The clocks of both servers may differ. */
const LEEWAY_MS = 60_000

/**
 * Refuses what is not an access token that anyone may bear. One that is bound to a key proves nothing without the proof, which is not checked here. Servers also answer for refresh tokens and id
 * tokens, which are never meant for a resource server (RFC 6749 section 1.5): ORY Hydra says so by `token_use`, Keycloak by `typ`, and others leave out `token_type` and `exp`.
 */
function checkKind(answer: JsonObject): void {
  if (Object.hasOwn(answer, 'cnf')) throw rejected('introspection: the token is bound to a key (claim cnf)')
  const type = textOf(answer, 'token_type').toLowerCase()
  if (!['', 'bearer', 'access_token'].includes(type)) {
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
